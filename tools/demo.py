"""What `make run` does: serve, and stream a sample through the server so that there is something to see.

Only public commands are used: `backchannel serve`, `keys` and `stream`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from backchannel.store import STREAM_SCOPE
from synthesis import labels_path
from tools.sample import write_sample

CACHE = Path(__file__).resolve().parents[1] / ".cache"
BACKCHANNEL = (sys.executable, "-c", "from backchannel.cli import main; main()")
KEY_NAME = "demo"
LOG_LEVEL = "BACKCHANNEL_LOG_LEVEL"
TOLD = ("nod", "shake", "gaze_away", "smile", "brow_raise")
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0


class DemoError(Exception):
    """The demo cannot go on; the message is one sentence for the person at the keyboard."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    args = _parser().parse_args(arguments)
    # Whoever stops make with a signal means the server too.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(args.host, args.port, args.data_dir, args.serve_only, args.video)
    except DemoError as error:
        print(f"backchannel: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description="Serve, and stream a sample.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data-dir", type=Path, default=Path(".data"), help="folder of the key store")
    parser.add_argument("--serve-only", action="store_true", help="do not stream anything")
    parser.add_argument("--video", type=Path, help="stream this file instead of the sample")
    return parser


def _run(host: str, port: int, data_dir: Path, serve_only: bool, video: Path | None) -> int:
    if video is not None and not video.is_file():
        raise DemoError(f"there is no file {video}.")
    _require_free(host, port)
    clip = None if serve_only else video or _sample()
    server = _start_server(host, port, data_dir, quiet=clip is not None)
    try:
        # A server that listens everywhere is reached here.
        url = f"http://{'127.0.0.1' if host in {'0.0.0.0', '::', ''} else host}:{port}"  # noqa: S104
        _wait_until_ready(server, url)
        if clip is not None:
            _stream(clip, url, demo_key(data_dir))
            _tell_script(clip)
        print(f"\nThe console is at {url}. Ctrl-C stops the server.", flush=True)
        code = server.wait()
        raise DemoError(f"the server stopped by itself (exit code {code}).")
    finally:
        _stop(server)


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are only winding down counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = error.strerror or "refused"
            raise DemoError(
                f"cannot listen on {host}:{port} ({why.lower()}); another port: make run PORT={port + 1}"
            ) from None


def _sample() -> Path:
    clip = CACHE / "sample.mp4"
    if clip.is_file() and labels_path(clip).is_file():
        return clip
    print("Making the sample, this once (about 20 s): a portrait that talks, nods, glances away.", flush=True)
    CACHE.mkdir(exist_ok=True)
    draft = CACHE / "draft" / clip.name
    write_sample(draft)
    # Moved into place whole, so that an interrupted run leaves no half of a film to be shown next time.
    labels_path(draft).replace(labels_path(clip))
    draft.replace(clip)
    draft.parent.rmdir()
    return clip


def _start_server(host: str, port: int, data_dir: Path, *, quiet: bool) -> subprocess.Popen[bytes]:
    command = [*BACKCHANNEL, "serve", "--host", host, "--port", str(port), "--data-dir", str(data_dir)]
    if quiet and LOG_LEVEL not in os.environ:
        # Its log would run between the lines of the answers.
        command += ["--log-level", "warning"]
    # In a session of its own: Ctrl-C reaches this process alone, which then stops the server, once.
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603


def _wait_until_ready(server: subprocess.Popen[bytes], url: str) -> None:
    give_up_s = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < give_up_s:
        if server.poll() is not None:
            raise DemoError("the server did not start; what it said is above.")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    raise DemoError(f"the server was not ready within {READY_WITHIN_S:.0f} s.")


def demo_key(data_dir: Path) -> str:
    """Return the demo's own key: made once, kept beside the key store, so that keys do not pile up."""
    kept = data_dir / "demo.key"
    listed = json.loads(backchannel("keys", "list", "--json", "--data-dir", str(data_dir)))
    alive = [key for key in listed if key["name"] == KEY_NAME and key.get("revoked_at") is None]
    if alive and kept.is_file():
        return kept.read_text(encoding="utf-8").strip()
    for key in alive:
        backchannel("keys", "revoke", key["id"], "--data-dir", str(data_dir))
    options = ("--name", KEY_NAME, "--scope", STREAM_SCOPE, "--json", "--data-dir", str(data_dir))
    made = backchannel("keys", "create", *options)
    secret = str(json.loads(made)["key"])
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret)
    return secret


def _stream(clip: Path, url: str, key: str) -> None:
    shown = clip.relative_to(Path.cwd()) if clip.is_relative_to(Path.cwd()) else clip
    print(f"Streaming {shown} as if it were live.\n", flush=True)
    # The key travels in the environment: arguments can be read by every user of the machine.
    command = (*BACKCHANNEL, "stream", str(clip), "--url", url)
    finished = subprocess.run(command, env=os.environ | {"BACKCHANNEL_KEY": key}, check=False)  # noqa: S603
    if finished.returncode != 0:
        raise DemoError(f"streaming failed (exit code {finished.returncode}); what it said is above.")


def _tell_script(clip: Path) -> None:
    """Print what a scripted clip really does, to be compared with what was found."""
    if not labels_path(clip).is_file():
        return
    print("\nWhat the script of this sample says:")
    for cue in json.loads(labels_path(clip).read_text(encoding="utf-8"))["cues"]:
        if cue["cue"] in TOLD:
            what = f"{cue['cue'].replace('_', ' ')} {cue.get('direction', '')}".strip()
            size = f", {cue['value']:.0f}°" if cue.get("unit") == "deg" else ""
            print(f"  {cue['start']:4.1f} to {cue['end']:4.1f} s  {what}{size}")


def backchannel(*arguments: str) -> str:
    """Run the command to its end and return what it printed; a failure is a `DemoError` with its message."""
    finished = subprocess.run((*BACKCHANNEL, *arguments), capture_output=True, text=True, check=False)  # noqa: S603
    if finished.returncode != 0:
        raise DemoError(f"backchannel {arguments[0]} {arguments[1]} failed: {finished.stderr.strip()}")
    return finished.stdout


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
