// Where the picture and the sound come from, and how they are recorded: a camera and a microphone, or a file that is
// played. Either way a MediaRecorder cuts them into short chunks, so a file is streamed as live as a camera.

/** As often as the server answers; longer chunks would only come later. */
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

/** Something about the source that the person at the page can mend; `kind` names the state. */
export class SourceError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Session time: seconds recorded so far, pauses left out. */
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

/** Open a camera and a microphone; "" is the usual device, "none" leaves it out. */
export async function openDevices(camera, microphone) {
  if (!navigator.mediaDevices) {
    throw new SourceError(
      "insecure",
      "Browsers open a camera only on pages from this machine or over https. A file can be played here all the same.",
    );
  }
  const video = wanted(camera, { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, max: 30 } });
  // Loudness is measured, so nothing may even it out.
  const audio = wanted(microphone, { echoCancellation: true, noiseSuppression: false, autoGainControl: false });
  if (!video && !audio) throw new SourceError("nothing", "Choose a camera, a microphone, or both.");
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio });
  } catch (error) {
    throw new SourceError(...told(error));
  }
}

function wanted(device, constraints) {
  if (device === "none") return false;
  return device ? { ...constraints, deviceId: { exact: device } } : constraints;
}

function told(error) {
  switch (error.name) {
    case "NotAllowedError":
      return [
        "permission",
        "The browser did not let this page use the camera or the microphone. Allow both in the address bar, then " +
          "press Start again.",
      ];
    case "NotFoundError":
    case "OverconstrainedError":
      return ["missing", "No such camera or microphone was found. Connect one or choose another, then press Start."];
    case "NotReadableError":
      return ["busy", "The camera or the microphone is in use by another program. Close that, then press Start."];
    default:
      return ["failed", "The camera or the microphone could not be opened."];
  }
}

/** The devices there are; without permission they have no names yet. */
export async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const of = (kind) => devices.filter((device) => device.kind === kind && device.deviceId && device.label);
  return { cameras: of("videoinput"), microphones: of("audioinput") };
}

/** Play a file in a video element and return what it shows as a stream. */
export async function openFile(file, video) {
  const capture = video.captureStream ?? video.mozCaptureStream;
  if (!capture) {
    throw new SourceError(
      "unsupported",
      "This browser cannot stream a file that it plays. Chrome, Edge and Firefox can; the camera works here too.",
    );
  }
  video.srcObject = null;
  video.src = URL.createObjectURL(file);
  try {
    await new Promise((resolve, reject) => {
      video.oncanplay = resolve;
      video.onerror = () => reject(new Error("cannot play"));
    });
  } catch {
    closeFile(video);
    throw new SourceError("unplayable", "This browser cannot play the file. Try mp4 (H.264) or webm.");
  }
  return capture.call(video);
}

/** Let go of a file. */
export function closeFile(video) {
  video.pause();
  if (video.src) URL.revokeObjectURL(video.src);
  video.removeAttribute("src");
  video.load();
}

/** Records a stream in chunks, in order. Each `begin` makes a new recording, whose own clock starts at zero. */
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

  /** Whether a recording goes on, or pauses. */
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

  /** Stop the recording; resolves when its last chunk has been handed on. The clock goes on. */
  async end() {
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder) await this.#stop(recorder);
    await this.#sending;
  }

  /** Stop the recording; what it has not handed on yet is of no use any more. */
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
