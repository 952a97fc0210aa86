"""Pictures and sound to tracks: numbers per frame. The only room that knows OpenVINO."""

import sys

# On import OpenVINO reports its use to an analytics service over the network, from a process of its own.
# Nothing here may tell anybody anything: without this package it takes its own silent stand-in.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
