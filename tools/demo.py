"""What `make run` does: serve, and stream a sample through the server so that there is something to see.

The server starts at once; the sample is rendered while it already serves.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from backchannel.config import SettingsError, load_settings
from backchannel.explain.labels import labels_of
from backchannel.server.pages.console import SAMPLE_NAME
from backchannel.store import STREAM_SCOPE, StoreError, open_store

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache"
BACKCHANNEL = Path(sys.executable).with_name("backchannel")
KEY_NAME = "make run"
KEY_FILE = "demo.key"
LOG_LEVEL = "BACKCHANNEL_LOG_LEVEL"
SHOWN_CUES = ("nod", "shake", "gaze_away", "smile", "brow_raise")
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0
POLL_S = 0.1
NICENESS = 10


class DemoError(Exception):
    """The demo cannot go on; the message is one sentence for the person at the keyboard."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    args = _parser().parse_args(arguments)
    # When make is stopped, or its terminal closed, the server must stop too.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        _run(args.host, args.port, args.data_dir, args.serve_only, args.video)
    except (DemoError, SettingsError, StoreError) as error:
        print(f"backchannel: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description="Serve, and stream a sample.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--data-dir", type=Path, help="folder of the key store (default: that of backchannel)"
    )
    parser.add_argument("--serve-only", action="store_true", help="do not stream anything")
    parser.add_argument("--video", type=Path, help="stream this file instead of the sample")
    return parser


def _run(host: str, port: int, data_dir: Path | None, serve_only: bool, video: Path | None) -> None:
    if video is not None and not video.is_file():
        raise DemoError(f"there is no file {video}.")
    _require_free(host, port)
    server = _start_server(host, port, data_dir, quiet=not serve_only)
    try:
        # A server that listens on every address is reached at this one.
        url = f"http://{'127.0.0.1' if host in {'0.0.0.0', '::', ''} else host}:{port}"  # noqa: S104
        _wait_until_ready(server, url)
        if not serve_only:
            clip = video or _sample(server, url)
            if video is None:
                offer_sample(clip, load_settings(data_dir=data_dir).data_dir)
            _stream(clip, url, demo_key(data_dir))
            _print_script(clip)
        print(f"\nOpen the console at {url} and press Start. Ctrl-C stops the server.", flush=True)
        server.wait()
        _require_running(server)
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
            why = f"cannot listen on {host}:{port} ({(error.strerror or 'refused').lower()})"
            raise DemoError(f"{why}. Choose another port: make run PORT={port + 1}") from None


# --- the server ------------------------------------------------------------------------------------


def _start_server(host: str, port: int, data_dir: Path | None, *, quiet: bool) -> subprocess.Popen[bytes]:
    command = [str(BACKCHANNEL), "serve", "--host", host, "--port", str(port)]
    if data_dir is not None:
        command += ["--data-dir", str(data_dir)]
    if quiet and LOG_LEVEL not in os.environ:
        # Log lines would come between the lines of the stream.
        command += ["--log-level", "warning"]
    # In a session of its own: Ctrl-C reaches only this process, which then stops the server.
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603


def _wait_until_ready(server: subprocess.Popen[bytes], url: str) -> None:
    give_up_s = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < give_up_s:
        _require_running(server)
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(POLL_S)
    raise DemoError(f"the server was not ready within {READY_WITHIN_S:.0f} s.")


def _require_running(server: subprocess.Popen[bytes]) -> None:
    if (code := server.poll()) is not None:
        raise DemoError(f"the server stopped (exit code {code}); its last words are above.")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the server and wait for its end; a second Ctrl-C, or too long a wait, kills it."""
    try:
        server.terminate()
        server.wait(STOP_WITHIN_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        server.kill()
        server.wait()


def demo_key(data_dir: Path | None) -> str:
    """Return the demo's own key: made once and kept beside the key store, so that keys do not pile up."""
    settings = load_settings(data_dir=data_dir)
    kept = settings.data_dir / KEY_FILE
    with open_store(settings.data_dir, url=settings.store_url) as store:
        secret = kept.read_text(encoding="utf-8") if kept.is_file() else ""
        if store.keys.verify(secret) is not None:
            return secret
        _, secret = store.keys.create(KEY_NAME, (STREAM_SCOPE,))
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret)
    return secret


# --- the sample ------------------------------------------------------------------------------------


def _sample(server: subprocess.Popen[bytes], url: str) -> Path:
    clip = CACHE / "sample.mp4"
    if not (clip.is_file() and labels_of(clip).is_file()):
        print(f"Making a sample to stream, once (about 20 s). You can already open {url}.", flush=True)
        make_sample(clip, server)
    return clip


def offer_sample(clip: Path, data_dir: Path) -> None:
    """Put the sample where the console finds it, in one step, so that it never offers half a clip."""
    draft = data_dir / f"{SAMPLE_NAME}.draft"
    shutil.copyfile(clip, draft)
    draft.replace(data_dir / SAMPLE_NAME)


def make_sample(clip: Path, server: subprocess.Popen[bytes]) -> None:
    """Render the sample and its labels in a process of its own, for as long as the server runs.

    An interrupted run leaves no draft, and never half a clip.
    """
    clip.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="draft-", dir=clip.parent) as folder:
        draft = Path(folder) / clip.name
        command = (sys.executable, "-m", "tools.sample", str(draft))
        making = subprocess.Popen(  # noqa: S603
            command,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            # As the server: Ctrl-C reaches only this process.
            start_new_session=True,
        )
        # The server goes first: the console is in use meanwhile.
        os.setpriority(os.PRIO_PROCESS, making.pid, NICENESS)
        try:
            while making.poll() is None:
                _require_running(server)
                time.sleep(POLL_S)
        finally:
            making.kill()
            making.wait()
        if making.returncode != 0:
            raise DemoError("the sample could not be made; the reason is above.")
        labels_of(draft).replace(labels_of(clip))
        draft.replace(clip)


def _stream(clip: Path, url: str, key: str) -> None:
    shown = clip.relative_to(Path.cwd()) if clip.is_relative_to(Path.cwd()) else clip
    print(f"Streaming {shown} in real time.\n", flush=True)
    # The key travels in the environment: arguments can be read by every user of the machine.
    command = (BACKCHANNEL, "stream", str(clip), "--url", url)
    finished = subprocess.run(command, env=os.environ | {"BACKCHANNEL_KEY": key}, check=False)  # noqa: S603
    if finished.returncode != 0:
        raise DemoError(f"streaming failed (exit code {finished.returncode}); the reason is above.")


def _print_script(clip: Path) -> None:
    """Print what happens in a scripted clip, to compare with what was found."""
    if not labels_of(clip).is_file():
        return
    print("\nWhat the script of this sample contains:")
    for cue in json.loads(labels_of(clip).read_text(encoding="utf-8"))["cues"]:
        if cue["cue"] in SHOWN_CUES:
            what = f"{cue['cue'].replace('_', ' ')} {cue.get('direction', '')}".strip()
            size = f", {cue['value']:.0f}°" if cue.get("unit") == "deg" else ""
            print(f"  {cue['start']:4.1f} to {cue['end']:4.1f} s  {what}{size}")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
