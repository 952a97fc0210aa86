"""Settings: every knob, its default and its bounds.

The only room that reads the environment. Each field is ``BACKCHANNEL_`` and its name in capitals; the
command line declares the same names so that ``--help`` shows them.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from platformdirs import user_data_path

from backchannel.values import MediaLimits

ENV_PREFIX: Final = "BACKCHANNEL_"
MIB: Final = 1024 * 1024
FILE_TOLERANCE_S: Final = 1.0

LogLevel = Literal["debug", "info", "warning", "error"]
ConsoleAccess = Literal["on", "key", "off"]
Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
NonNegativeSeconds = Annotated[float, Meta(ge=0)]
Bytes = Annotated[int, Meta(ge=1)]


class SettingsError(ValueError):
    """A setting has a value that cannot be used. The message names the setting."""


def _default_data_dir() -> Path:
    """The user's data folder."""
    return user_data_path("backchannel", appauthor=False)


def _default_workers() -> int:
    """One a core."""
    return len(os.sched_getaffinity(0))


def _default_file_workers() -> int:
    """Half as many as cores."""
    return max(1, _default_workers() // 2)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How this server behaves; the limits' defaults are section 8 of the wire contract.

    Attributes
    ----------
    host, port
        Where to listen. Port 0 lets the system choose.
    data_dir
        Folder of the key store; made on first use, readable by its owner only.
    store_url
        Database instead of a file in `data_dir`, for example ``postgresql+psycopg://host/name``.
    workers
        Processes that analyse; by default one for each core this process may use.
    public_url
        How clients reach this server, for links in errors; empty means ``http://host:port``.
    console
        The page at ``/``: ``on`` lets who sits at this machine in without an API key, ``key`` asks everybody
        for one, ``off`` serves no console.
    log_level
        Least level that is logged: ``debug``, ``info``, ``warning`` or ``error``.
    max_message_bytes
        Largest segment, inclusive. A larger message is answered with ih6002.
    hard_message_bytes
        Largest message that is read at all; a larger one ends the connection with close code 1009.
    queue_segments, queue_bytes
        What one session may have waiting before its socket is no longer read.
    idle_timeout_s, session_max_s, drain_s
        When a silent session ends, when any session ends, and how long it may finish what it accepted.
    send_timeout_s
        How long a client may leave what we send unread before it is given up.
    sessions_per_key, requests_per_minute, video_s_per_month
        Sessions and uploads that one key may have at once, requests and handshakes it may make a minute, and
        video it may have analysed in a calendar month (0 is as much as it likes); for keys that have no
        limits of their own.
    min_segment_s
        Shortest v0 segment, its tolerance already taken off: 3 s less 0.25 s, since recorders cut early.
    max_segment_s
        Longest segment.
    max_width_px, max_height_px, max_frame_rate_hz
        Largest picture that is decoded, and most frames a second.
    wall_factor, wall_min_s
        A segment may take `wall_factor` times its duration to analyse, but always `wall_min_s`.
    uploads_held
        Uploads whose bytes may be in memory at once, each up to `max_message_bytes`.
    jobs_per_key
        Jobs of one key that are kept at once, the finished ones too.
    upload_idle_s, upload_receive_s
        How long a client may send nothing amid an upload, and how long all of it may take.
    file_workers
        Processes that analyse uploaded files, and as many for segments of more than 10 s; they start with
        the first one and stand back for usual segments.
    max_file_s
        Longest file.
    file_wall_factor, file_wall_min_s
        A file may take `file_wall_factor` times its duration to analyse, but always `file_wall_min_s`.
    worker_memory_bytes
        What a worker may allocate beyond what it holds when it is warm.
    worker_start_s
        How long a worker may take to import and to load its networks.
    worker_segments, worker_rss_bytes
        Another worker takes the place of one that has analysed so many segments, or that holds more memory
        after one.
    overload_wait_s
        When segments wait longer for a worker, although pictures are looked at as rarely as may be, event
        streams leave out media that has waited as long, and new streams are refused.
    streams_per_worker
        Streams that may be open at once, for each worker; more are refused.
    """

    host: str = "127.0.0.1"
    port: Port = 8000
    data_dir: Path = msgspec.field(default_factory=_default_data_dir)
    store_url: str = ""
    workers: Count = msgspec.field(default_factory=_default_workers)
    public_url: str = ""
    log_level: LogLevel = "info"
    console: ConsoleAccess = "on"

    max_message_bytes: Bytes = 32 * MIB
    hard_message_bytes: Bytes = 64 * MIB
    queue_segments: Count = 8
    queue_bytes: Bytes = 64 * MIB
    idle_timeout_s: Seconds = 300.0
    session_max_s: Seconds = 3600.0
    drain_s: NonNegativeSeconds = 30.0
    send_timeout_s: Seconds = 60.0
    sessions_per_key: Count = 10
    requests_per_minute: Annotated[float, Meta(gt=0)] = 600.0
    video_s_per_month: NonNegativeSeconds = 0.0

    min_segment_s: NonNegativeSeconds = 2.75
    max_segment_s: Seconds = 60.0
    max_width_px: Count = 4096
    max_height_px: Count = 2304
    max_frame_rate_hz: Seconds = 120.0
    wall_factor: Annotated[float, Meta(gt=0)] = 10.0
    wall_min_s: Seconds = 20.0
    uploads_held: Count = 16
    jobs_per_key: Count = 1000
    upload_idle_s: Seconds = 30.0
    upload_receive_s: Seconds = 600.0
    file_workers: Count = msgspec.field(default_factory=_default_file_workers)
    max_file_s: Seconds = 1800.0
    file_wall_factor: Annotated[float, Meta(gt=0)] = 4.0
    file_wall_min_s: Seconds = 120.0
    worker_memory_bytes: Bytes = 1024 * MIB
    worker_start_s: Seconds = 120.0
    worker_segments: Count = 2000
    worker_rss_bytes: Bytes = 600 * MIB
    overload_wait_s: Seconds = 2.0
    streams_per_worker: Count = 64

    @property
    def base_url(self) -> str:
        """How clients reach this server, without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def segment_limits(self) -> MediaLimits:
        """What a v0 segment may cost to decode."""
        return MediaLimits(
            max_duration_s=self.max_segment_s,
            min_duration_s=self.min_segment_s,
            max_width_px=self.max_width_px,
            max_height_px=self.max_height_px,
            max_frame_rate_hz=self.max_frame_rate_hz,
        )

    @property
    def file_limits(self) -> MediaLimits:
        """What an uploaded file may cost to decode."""
        # Recorders that are told to stop after half an hour stop a moment later.
        longest_s = self.max_file_s + FILE_TOLERANCE_S
        return msgspec.structs.replace(self, max_segment_s=longest_s).segment_limits


def load_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings: overrides first, then the environment, then the defaults.

    Parameters
    ----------
    environ
        The environment; the process's own by default.
    **overrides
        Values by field name, from the command line. None means not given.

    Raises
    ------
    SettingsError
        A value is of the wrong kind or out of its bounds.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        variable = ENV_PREFIX + field.name.upper()
        given = overrides.pop(field.name, None)
        raw = environ.get(variable) or None if given is None else given
        if raw is not None:
            values[field.name] = _convert(variable, raw, field.type)
    if overrides:
        raise TypeError(f"unknown settings: {', '.join(sorted(overrides))}")
    return Settings(**values)


def _convert(variable: str, raw: object, kind: Any) -> Any:
    try:
        return msgspec.convert(raw, kind, strict=False, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{variable} cannot be used: {error}") from None


def _to_path(kind: type, raw: object) -> Path:
    if kind is not Path or not isinstance(raw, str | Path):
        raise NotImplementedError(kind)
    return Path(raw).expanduser()
