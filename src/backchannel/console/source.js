// The source of video and audio, and its recorder: a camera and a microphone, or a file that is played. A MediaRecorder
// cuts both into short chunks, so a file is streamed in real time like a camera.

/** The interval at which the server answers. Longer chunks would only add latency. */
export const CHUNK_MS = 500;
const VIDEO_BITS = 900_000;
const AUDIO_BITS = 64_000;
const FORMATS = {
  video: [
    "video/webm;codecs=vp8,opus",
    "video/webm;codecs=h264,opus",
    "video/webm",
    "video/mp4;codecs=avc1.42E01E,mp4a.40.2",
    "video/mp4",
  ],
  audio: ["audio/webm;codecs=opus", "audio/webm", "audio/mp4"],
};

/** A problem with the source that the user can fix. `kind` is its name. */
export class SourceError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Session time: seconds recorded so far, without pauses. */
export class Clock {
  #recordedMs = 0;
  #sinceMs = null;

  get running() {
    return this.#sinceMs !== null;
  }

  get nowS() {
    return (this.#recordedMs + (this.running ? performance.now() - this.#sinceMs : 0)) / 1000;
  }

  start() {
    this.#sinceMs ??= performance.now();
  }

  stop() {
    this.#recordedMs = this.nowS * 1000;
    this.#sinceMs = null;
  }
}

/** Open a camera and a microphone. "" is the default device, "none" is no device. */
export async function openDevices(camera, microphone) {
  if (!navigator.mediaDevices) {
    throw new SourceError(
      "insecure",
      "Browsers allow the camera only on pages from this machine or over https. Use https, or play a file.",
    );
  }
  const video = constraintsOf(camera, { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, max: 30 } });
  // The server measures loudness, so the browser must not adjust it.
  const audio = constraintsOf(microphone, { echoCancellation: true, noiseSuppression: false, autoGainControl: false });
  if (!video && !audio) throw new SourceError("nothing", "Choose a camera, a microphone, or both.");
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio });
  } catch (error) {
    throw new SourceError(...describe(error));
  }
}

function constraintsOf(device, constraints) {
  if (device === "none") return false;
  return device ? { ...constraints, deviceId: { exact: device } } : constraints;
}

function describe(error) {
  switch (error.name) {
    case "NotAllowedError":
      return [
        "permission",
        "The browser blocked the camera or the microphone. Allow both in the address bar, then press Start again.",
      ];
    case "NotFoundError":
    case "OverconstrainedError":
      return ["missing", "The camera or the microphone was not found. Connect it or choose another, then press Start."];
    case "NotReadableError":
      return ["busy", "Another program uses the camera or the microphone. Close it, then press Start."];
    default:
      return ["failed", "The camera or the microphone could not be opened. Choose another, then press Start."];
  }
}

/** List the devices. Before permission is granted they have no names. */
export async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const of = (kind) => devices.filter((device) => device.kind === kind && device.deviceId && device.label);
  return { cameras: of("videoinput"), microphones: of("audioinput") };
}

/** Load a file into a video element. Resolves to whether the browser can play it. */
export async function loadFile(file, video) {
  video.srcObject = null;
  video.src = URL.createObjectURL(file);
  try {
    await new Promise((resolve, reject) => {
      video.oncanplay = resolve;
      video.onerror = () => reject(new Error("cannot play"));
    });
    return true;
  } catch {
    closeFile(video);
    return false;
  }
}

/** Play a file in a video element, and return the video as a stream. */
export async function openFile(file, video) {
  const capture = video.captureStream ?? video.mozCaptureStream;
  if (!capture) {
    throw new SourceError(
      "unsupported",
      "This browser cannot stream files. Use Chrome, Edge or Firefox, or use the camera.",
    );
  }
  if (!(await loadFile(file, video))) {
    throw new SourceError("unplayable", "This browser cannot play the file. Try mp4 (H.264) or webm.");
  }
  return capture.call(video);
}

/** Close a file. */
export function closeFile(video) {
  video.oncanplay = video.onerror = null;
  video.pause();
  if (video.src) URL.revokeObjectURL(video.src);
  video.removeAttribute("src");
  video.load();
}

/** Records a stream in chunks, in order. Each `begin` starts a new recording, whose container clock starts at zero. */
export class Recorder {
  #stream;
  #onChunk;
  #clock;
  #recorder = null;
  #sending = Promise.resolve();

  /**
   * @param {MediaStream} stream
   * @param {Clock} clock
   * @param {(chunk: ArrayBuffer, startS: number) => void} onChunk
   */
  constructor(stream, clock, onChunk) {
    this.#stream = stream;
    this.#clock = clock;
    this.#onChunk = onChunk;
  }

  begin() {
    const kind = this.#stream.getVideoTracks().length ? "video" : "audio";
    const mimeType = FORMATS[kind].find((format) => MediaRecorder.isTypeSupported(format));
    const recorder = new MediaRecorder(this.#stream, {
      ...(mimeType && { mimeType }),
      videoBitsPerSecond: VIDEO_BITS,
      audioBitsPerSecond: AUDIO_BITS,
    });
    let startS = this.#clock.nowS;
    recorder.ondataavailable = ({ data }) => {
      const begins = startS;
      startS = this.#clock.nowS;
      if (data.size) this.#sending = this.#sending.then(async () => this.#onChunk(await data.arrayBuffer(), begins));
    };
    this.#clock.start();
    recorder.start(CHUNK_MS);
    this.#recorder = recorder;
  }

  /** Whether there is a recording, running or paused. */
  get begun() {
    return this.#recorder !== null;
  }

  pause() {
    this.#clock.stop();
    if (this.#recorder?.state === "recording") {
      this.#recorder.requestData();
      this.#recorder.pause();
    }
  }

  resume() {
    if (this.#recorder?.state === "paused") this.#recorder.resume();
    this.#clock.start();
  }

  /** Stop the recording. Resolves after its last chunk. The clock keeps running. */
  async end() {
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder) await this.#stop(recorder);
    await this.#sending;
  }

  /** Stop the recording and discard its last chunk. */
  async drop() {
    if (this.#recorder) this.#recorder.ondataavailable = null;
    await this.end();
  }

  async #stop(recorder) {
    if (recorder.state === "inactive") return;
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.stop();
    await stopped;
  }
}
