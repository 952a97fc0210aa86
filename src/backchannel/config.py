"""Settings, their defaults and their bounds.

This is the only module that reads the environment. The variable of a setting is ``BACKCHANNEL_`` and its name
in capitals. The command line has an option of the same name for the common ones.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from platformdirs import user_data_path

from backchannel.values import MediaLimits, Policy

ENV_PREFIX: Final = "BACKCHANNEL_"
MIB: Final = 1024 * 1024
FILE_TOLERANCE_S: Final = 1.0
WORDS_NETWORK: Final = Path(__file__).with_name("perception") / "network_files" / "words" / "model.bin"
"""Where a package with the network for words has it."""

LogLevel = Literal["debug", "info", "warning", "error"]
ConsoleAccess = Literal["on", "key", "off"]
Switch = Literal["on", "off"]
Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
NonNegativeSeconds = Annotated[float, Meta(ge=0)]
Bytes = Annotated[int, Meta(ge=1)]


class SettingsError(ValueError):
    """A setting has an invalid value. The message names the setting."""


def _default_data_dir() -> Path:
    """The user's data folder, ~/.local/share/backchannel on Linux."""
    return user_data_path("backchannel", appauthor=False)


def _default_workers() -> int:
    """One per core."""
    return len(os.sched_getaffinity(0))


def _default_file_workers() -> int:
    """One per two cores."""
    return max(1, _default_workers() // 2)


def _default_words() -> Switch:
    """On, if the package has the network for words."""
    return "on" if WORDS_NETWORK.is_file() else "off"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of a server. Default limits follow section 8 of the wire contract.

    Attributes
    ----------
    host, port
        The address to listen on. With port 0 the system chooses a free port.
    data_dir
        The folder of the key store. The server creates it on first use, readable only by its owner.
    store_url
        A database to use instead of a file in `data_dir`, for example ``postgresql+psycopg://host/name``.
    workers
        The number of analysis processes. The default is one per core available to this process.
    public_url
        The address by which clients reach this server, used in links. Empty means ``http://host:port``.
    console
        Access to the page at ``/``. ``on`` lets browsers on this machine in without an API key, ``key``
        requires a key from everybody, ``off`` disables the console.
    metrics
        Whether ``/metrics`` answers, in the format of Prometheus. Anyone who reaches the server can read it.
        It has no key and no person in it.
    log_level
        The lowest level to log: ``debug``, ``info``, ``warning`` or ``error``.
    policy
        What the server reports. ``behaviour`` leaves out all signals that are named after a state of mind,
        and conversation quality; see the page on responsible use. A key's own policy can leave out more,
        never less.
    weights
        A file of calibrated weights, as `backchannel calibrate` writes it. Without one, the server uses the
        shipped weights.
    max_message_bytes
        The largest segment, inclusive. A larger message gets the error ih6002.
    hard_message_bytes
        The largest message that the server reads. A larger one closes the connection with code 1009.
    queue_segments, queue_bytes
        How much a session may queue. When the queue is full, the server stops reading from the socket.
    idle_timeout_s, session_max_s, drain_s
        The longest silence in a session, its longest duration, and the time it has to finish accepted media
        when it closes.
    send_timeout_s
        How long a client may leave messages unread before the server disconnects it.
    vanished_timeout_s
        How long a stream's client may send nothing, not even the answer to a ping, before the server takes it
        for gone and frees its place. Time in which the server does not read does not count.
    resume_s
        How long the server keeps a session whose connection is lost, so that its client can resume it. With 0
        it keeps none. Only clients that ask for it are affected.
    header_timeout_s, idle_connections
        How long the headers of a request may take, and how many connections may wait without a request. For
        one more, the server closes the one that has waited longest.
    sessions_per_key, requests_per_minute, video_s_per_month
        Limits for keys without limits of their own: concurrent sessions and uploads, requests and handshakes
        per minute, and analysed video per calendar month (0 means no limit).
    min_segment_s
        The shortest v0 segment. The default is 3 s minus a tolerance of 0.25 s, because recorders cut early.
    max_segment_s
        The longest segment.
    max_width_px, max_height_px, max_frame_rate_hz, max_pixel_rate_hz
        The largest picture, the highest frame rate, and the most pixels per second of media that the server
        decodes.
    max_packet_rate_hz
        The most packets per second of media, all tracks together. Beyond its first 10 000 packets, media with
        more is refused.
    wall_factor, wall_min_s
        The time limit for analysing a segment: `wall_factor` times its duration, but at least `wall_min_s`.
    uploads_held
        How many uploads may be in memory at once, each up to `max_message_bytes`.
    jobs_per_key
        How many jobs the server keeps per key, including finished ones.
    upload_idle_s, upload_receive_s
        The longest pause within an upload, and the longest time that a whole upload may take.
    file_workers
        The number of processes that analyse uploaded files, and the number that analyse segments longer than
        10 s. They start when first needed and yield to short segments.
    max_file_s
        The longest file.
    file_wall_factor, file_wall_min_s
        The time limit for analysing a file: `file_wall_factor` times its duration, but at least
        `file_wall_min_s`.
    worker_memory_bytes
        How much memory a worker may allocate beyond what it holds once its networks are loaded.
    sandbox
        ``on`` takes the network, files and programs from workers before they decode media. The server logs a
        warning if the system cannot do that. ``off`` disables it.
    worker_start_s
        How long a worker may take to start and load its networks.
    worker_segments, worker_rss_bytes
        The server replaces a worker after this many segments, or when its resident memory exceeds this size.
    overload_wait_s
        The longest wait for a worker at the lowest analysis rate. Beyond it, event streams drop media that
        has waited longer, and the server refuses new streams.
    streams_per_worker
        How many streams may be open at once per worker. The server refuses more.
    words
        Whether the server listens for words. With ``on``, every worker loads the network for words, what a
        person says counts for signals, and rationales quote it. A client can switch it off for its session.
        The default is ``on`` if there is a network for words, in the package or in `words_model`.
    words_model
        The folder of a Whisper network in CTranslate2 form, to use instead of the one in the package.
    guidance_url, guidance_model, guidance_key
        A language model that words the recommendations of the realtime stream: the base address of its chat
        completions, such as ``http://localhost:11434/v1``, its name, and its credential. It gets evidence,
        transcripts and instructions, so name only a server that may have them. The default is none.
    guidance_timeout_s
        How long the server waits for its sentence. Then it sends its own.
    """

    host: str = "127.0.0.1"
    port: Port = 8000
    data_dir: Path = msgspec.field(default_factory=_default_data_dir)
    store_url: str = ""
    workers: Count = msgspec.field(default_factory=_default_workers)
    public_url: str = ""
    log_level: LogLevel = "info"
    console: ConsoleAccess = "on"
    metrics: Switch = "on"
    policy: Policy = "full"
    weights: Path | None = None

    max_message_bytes: Bytes = 32 * MIB
    hard_message_bytes: Bytes = 64 * MIB
    queue_segments: Count = 8
    queue_bytes: Bytes = 64 * MIB
    idle_timeout_s: Seconds = 300.0
    session_max_s: Seconds = 3600.0
    drain_s: NonNegativeSeconds = 30.0
    send_timeout_s: Seconds = 60.0
    vanished_timeout_s: Seconds = 40.0
    resume_s: NonNegativeSeconds = 60.0
    header_timeout_s: Seconds = 10.0
    idle_connections: Count = 256
    sessions_per_key: Count = 10
    requests_per_minute: Annotated[float, Meta(gt=0)] = 600.0
    video_s_per_month: NonNegativeSeconds = 0.0

    min_segment_s: NonNegativeSeconds = 2.75
    max_segment_s: Seconds = 60.0
    max_width_px: Count = 4096
    max_height_px: Count = 2304
    max_frame_rate_hz: Seconds = 120.0
    max_pixel_rate_hz: Seconds = 4096.0 * 2304.0 * 60.0
    max_packet_rate_hz: Seconds = 1000.0
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
    sandbox: Switch = "on"
    worker_start_s: Seconds = 120.0
    worker_segments: Count = 2000
    worker_rss_bytes: Bytes = 600 * MIB
    overload_wait_s: Seconds = 2.0
    streams_per_worker: Count = 64
    words: Switch = msgspec.field(default_factory=_default_words)
    words_model: Path | None = None
    guidance_url: str = ""
    guidance_model: str = ""
    guidance_key: str = ""
    guidance_timeout_s: Seconds = 2.0

    @property
    def base_url(self) -> str:
        """The address by which clients reach this server, without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def segment_limits(self) -> MediaLimits:
        """Limits for decoding a v0 segment."""
        return MediaLimits(
            max_duration_s=self.max_segment_s,
            min_duration_s=self.min_segment_s,
            max_width_px=self.max_width_px,
            max_height_px=self.max_height_px,
            max_frame_rate_hz=self.max_frame_rate_hz,
            max_pixel_rate_hz=self.max_pixel_rate_hz,
            max_packet_rate_hz=self.max_packet_rate_hz,
        )

    @property
    def file_limits(self) -> MediaLimits:
        """Limits for decoding an uploaded file."""
        # A recorder set to stop after half an hour stops a moment later.
        longest_s = self.max_file_s + FILE_TOLERANCE_S
        return msgspec.structs.replace(self, max_segment_s=longest_s).segment_limits


def load_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Load the settings: overrides first, then the environment, then the defaults.

    Parameters
    ----------
    environ
        Environment variables. The default is the environment of this process.
    **overrides
        Values by field name, from the command line. None means not given.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        If a value has the wrong type or is out of bounds.

    Examples
    --------
    >>> load_settings({"BACKCHANNEL_PORT": "9000"}, host="localhost").base_url
    'http://localhost:9000'
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        variable = ENV_PREFIX + field.name.upper()
        given = overrides.pop(field.name, None)
        raw = environ.get(variable) or None if given is None else given
        if raw is not None:
            values[field.name] = _convert(variable, raw, field.type)
    if values.get("words_model"):
        values.setdefault("words", "on")
    if overrides:
        raise TypeError(f"unknown settings: {', '.join(sorted(overrides))}")
    return Settings(**values)


def _convert(variable: str, raw: object, kind: Any) -> Any:
    try:
        return msgspec.convert(raw, kind, strict=False, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{variable} is invalid: {error}") from None


def _to_path(kind: type, raw: object) -> Path:
    if kind is not Path or not isinstance(raw, str | Path):
        raise NotImplementedError(kind)
    return Path(raw).expanduser()
