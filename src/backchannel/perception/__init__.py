"""Turn pictures and sound into tracks. Only this package uses OpenVINO."""

import sys

# On import OpenVINO reports its use to an analytics service over the network, from its own process.
# Nothing here may report anything to anybody. Without this package it uses its own silent replacement.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
