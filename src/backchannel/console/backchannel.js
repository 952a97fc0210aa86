// A browser client for /v2/stream/analyze: sends what a recorder makes, hands on typed events, and comes back after
// a lost connection. It has the shape of `backchannel.client.events` for Python and needs nothing else:
//
//   const stream = await new EventClient(location.origin, token, { include: ["evidence"] }).open();
//   recorder.ondataavailable = async ({ data }) => stream.send(await data.arrayBuffer());
//   for await (const event of stream) console.log(event.type, event.data);
//
// Each connection is a session of its own, whose clock begins at zero and which does not know the person yet. So a
// lost connection is told ("disconnected"), a new one too ("reconnected"), and every event has the `offset` of its
// session on the caller's clock: `event.offset + event.data.start` keeps counting. What is recorded while there is
// no connection is not kept: it would only come late.

/** @typedef {"low" | "medium" | "high"} Probability */
/** @typedef {{start: number, end: number}} Range */
/** @typedef {{quality_index: number, clarity: number, authority: number, energy: number, rapport: number,
 *   learning: number}} Quality */
/**
 * A number that a signal rests on. Times are session seconds; `weight` is what it adds to the log-odds.
 * @typedef {{cue: string, modality: "visual" | "audio" | "text", start: number, end: number, value: number,
 *   unit: string, baseline: number | null, weight: number, direction?: string}} Evidence
 */
/** @typedef {{engine?: string, extensions?: string[], session_idle_timeout_seconds: number,
 *   session_max_duration_seconds: number, max_segment_size_bytes: number}} SessionReady */
/** @typedef {{signal_type: string, start: number, probability: Probability, rationale: string,
 *   evidence?: Evidence[]}} SignalDetected */
/** @typedef {{signal_type: string, end: number}} SignalEnded */
/** @typedef {{state: "engaged" | "neutral" | "disengaged", start: number}} EngagementUpdated */
/** @typedef {{overall?: Quality, timeline?: {start: number, end: number, values: Quality}[]}} QualityUpdated */
/** @typedef {{cue: string, modality: "visual" | "audio" | "text", start: number, end: number, value: number,
 *   unit: string, baseline: number | null, certainty: number, direction?: string}} CueDetected */
/** @typedef {{left: number, top: number, width: number, height: number, gaze_yaw_deg: number | null,
 *   gaze_pitch_deg: number | null}} Face */
/** @typedef {{start: number, end: number, picture: boolean, sound: boolean, face_share: number | null,
 *   brightness: number | null, level_dbfs: number | null, face: Face | null,
 *   analysis_rate_hz: number | null}} CoverageMeasured */
/** @typedef {{ranges: Range[], reason?: string}} Coverage */
/** @typedef {{reason: string}} SessionEnded */
/** @typedef {{code: string, message: string, link: string, segment: number | null, retryable: boolean}} ServerError */
/** @typedef {{sessions: number, lostChunks: number, reason: string}} Reconnected */
/** @typedef {{reason: string}} Disconnected */
/**
 * What a client hears. `data` is spelled as on the wire (snake_case; docs/streams.md says when what is told).
 * @typedef {{type: "session.ready", data: SessionReady} | {type: "signal.detected" | "signal.updated",
 *   data: SignalDetected} | {type: "signal.ended", data: SignalEnded} | {type: "engagement.updated",
 *   data: EngagementUpdated} | {type: "conversation_quality.updated", data: QualityUpdated} |
 *   {type: "cue.detected", data: CueDetected} | {type: "coverage.measured", data: CoverageMeasured} |
 *   {type: "coverage.dropped" | "coverage.degraded", data: Coverage} | {type: "session.ended", data: SessionEnded} |
 *   {type: "error", data: ServerError} | {type: "reconnected", data: Reconnected} |
 *   {type: "disconnected", data: Disconnected}} AnyEvent
 */
/** @typedef {AnyEvent & {timestamp: string, correlationId: string, offset: number}} StreamEvent */

export const STREAM_PATH = "v2/stream/analyze";
/** How long to wait before each further attempt to connect, s; then it is given up. */
export const RETRY_AFTER_S = [0.25, 0.5, 1, 2, 4, 8, 8, 8];
/** Close codes after which asking again changes nothing. */
export const CLOSED_BY_CHOICE = new Set([1008, 4001, 4003, 4029]);
/** A chunk is lost when this much waits to leave already: a line that is too slow must not fill the memory. */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;

const CONNECT_WITHIN_S = 20;
const NORMAL_CLOSURE = 1000;

/** The server cannot be reached, or was given up. */
export class ClientError extends Error {}
/** The server does not want this session, and asking again changes nothing. */
export class RefusedError extends ClientError {}

/** A live v2 stream that outlives its connection. Iterate over it once. */
export class EventClient {
  #url;
  #credential;
  #config;
  #raw;
  #retryAfterS;
  #socket = null;
  #events = new Events();
  #opening = deferred();
  #finishing = false;
  #closed = false;
  #sessions = 0;
  #reason = "";
  #lostChunks = 0;
  #header = null;
  #headerDue = false;
  #offset = 0;
  #offsetKnown = false;
  #beganMs = null;
  #sent = deferred();
  #hungUp = deferred();

  /**
   * @param {string} url The server, for example `location.origin`; a path is kept.
   * @param {string | (() => Promise<string>)} credential A client token, or what gets a fresh one for each connection.
   * @param {object} [options]
   * @param {string} [options.model] What analyses.
   * @param {string[]} [options.include] Sections: the published flags, and "evidence".
   * @param {object} [options.audioFormat] `{encoding: "pcm_s16le", sample_rate: 16000, channels: 1}` when chunks are
   *   raw samples.
   * @param {number[]} [options.retryAfterS] Pauses between attempts to connect again; empty never tries again.
   */
  constructor(url, credential, { model = "inter-2", include = [], audioFormat, retryAfterS = RETRY_AFTER_S } = {}) {
    this.#url = new URL(STREAM_PATH, url.endsWith("/") ? url : `${url}/`);
    this.#url.protocol = this.#url.protocol === "https:" ? "wss:" : "ws:";
    this.#credential = typeof credential === "function" ? credential : async () => credential;
    this.#config = JSON.stringify({ include, model, ...(audioFormat && { audio_format: audioFormat }) });
    this.#raw = Boolean(audioFormat);
    this.#retryAfterS = [...retryAfterS];
  }

  /** Whether there is a connection to send on. */
  get connected() {
    return this.#socket !== null;
  }

  /**
   * Connect; the session is ready for media when this resolves.
   * @returns {Promise<EventClient>}
   * @throws {ClientError}
   */
  async open() {
    this.#keepConnected().then(
      () => this.#events.end(),
      (error) => {
        this.#opening.reject(error);
        this.#events.end(error);
      },
    );
    await this.#opening.promise;
    return this;
  }

  /**
   * Send the next chunk.
   * @param {ArrayBuffer} chunk
   * @param {number} [startS] When it begins on the caller's clock, s; by default, the time since the first chunk.
   * @returns {boolean} False if there was no connection to send it on, or too much waits to leave.
   */
  send(chunk, startS) {
    this.#beganMs ??= performance.now();
    startS ??= (performance.now() - this.#beganMs) / 1000;
    const begins = this.#raw ? null : headerOf(chunk);
    if (begins) {
      this.#header = begins;
      this.#headerDue = false;
    }
    this.#sent.resolve();
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > MAX_WAITING_BYTES) {
      this.#lostChunks += 1;
      return false;
    }
    if (!this.#offsetKnown) {
      this.#offset = startS;
      this.#offsetKnown = true;
    }
    // The recorder goes on in the middle of its stream, whose header the new session has not seen.
    if (this.#headerDue && this.#header) socket.send(this.#header);
    this.#headerDue = false;
    socket.send(chunk);
    return true;
  }

  /** Say that there is no more media; iteration ends when the rest has been heard. */
  finish() {
    this.#finishing = true;
    this.#sent.resolve();
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send('{"type":"session.close"}');
  }

  /** Hang up at once; call `finish` and read to the end first to hear everything. */
  close() {
    this.#closed = true;
    this.#hungUp.resolve();
    this.#socket?.close(NORMAL_CLOSURE);
  }

  /** @returns {AsyncGenerator<StreamEvent>} Ends when the session has ended by our own wish. */
  async *[Symbol.asyncIterator]() {
    for (;;) {
      const event = await this.#events.next();
      if (event === null) return;
      yield event;
    }
  }

  // --- the connection --------------------------------------------------------------------------------------------

  async #keepConnected() {
    let attempt = 0;
    for (;;) {
      try {
        if (await this.#listen(await this.#credential())) attempt = 0;
      } catch (error) {
        if (error instanceof RefusedError || !this.#sessions) throw error;
      }
      if (this.#closed || (this.#finishing && this.#reason === "client_shutdown")) return;
      if (!this.#sessions) throw new ClientError("The server ended the connection before the session was ready.");
      if (attempt === 0) this.#tell("disconnected", { reason: this.#reason });
      if (this.#finishing || attempt >= this.#retryAfterS.length) {
        throw new ClientError(`The session ended before everything was heard (${this.#reason}).`);
      }
      // Who was silent for too long is come back to with the next chunk.
      if (this.#reason === "idle_timeout") await Promise.race([this.#sent.promise, this.#hungUp.promise]);
      await Promise.race([sleep(this.#retryAfterS[attempt++]), this.#hungUp.promise]);
      if (this.#closed) return;
    }
  }

  /** Hand on a connection's events until it closes; resolves to whether there was a session. */
  async #listen(token) {
    const socket = new WebSocket(this.#url, ["access_token", token]);
    const giveUp = setTimeout(() => socket.close(), CONNECT_WITHIN_S * 1000);
    let ready = false;
    let reason = "connection lost";
    let fault = null;
    socket.onmessage = ({ data: text }) => {
      const message = parsed(text);
      if (!message) return; // a newer server may say things that we do not know
      const { type, data } = message;
      if (type === "session.ready") {
        ready = true;
        clearTimeout(giveUp);
        this.#begin(socket);
      }
      if (type === "session.ended") reason = data.reason;
      if (type === "error") fault = data;
      this.#tell(type, data, message);
    };
    const code = await new Promise((resolve) => (socket.onclose = (event) => resolve(event.code)));
    clearTimeout(giveUp);
    this.#socket = null;
    this.#sent = deferred();
    this.#reason = reason;
    if (CLOSED_BY_CHOICE.has(code) && fault) throw new RefusedError(`${fault.message} (${fault.code})`);
    if (!ready) throw new ClientError(fault ? fault.message : "The server did not accept the connection.");
    return ready;
  }

  #begin(socket) {
    this.#sessions += 1;
    this.#offsetKnown = false;
    this.#headerDue = this.#sessions > 1;
    if (this.#sessions > 1) {
      this.#tell("reconnected", { sessions: this.#sessions, lostChunks: this.#lostChunks, reason: this.#reason });
      this.#lostChunks = 0;
    }
    socket.send(this.#config);
    this.#socket = socket;
    this.#opening.resolve();
    if (this.#finishing) this.finish();
  }

  #tell(type, data, { timestamp = new Date().toISOString(), correlation_id: correlationId = "" } = {}) {
    this.#events.put({ type, data, timestamp, correlationId, offset: this.#offset });
  }
}

/** A line of events that one reader waits at. */
class Events {
  #waiting = [];
  #reader = null;
  #over = false;
  #error = null;

  put(event) {
    this.#waiting.push(event);
    this.#reader?.resolve();
  }

  end(error = null) {
    this.#over = true;
    this.#error = error;
    this.#reader?.resolve();
  }

  async next() {
    while (!this.#waiting.length) {
      if (this.#error) throw this.#error;
      if (this.#over) return null;
      this.#reader = deferred();
      await this.#reader.promise;
    }
    return this.#waiting.shift();
  }
}

/**
 * Return what a chunk begins with that every continuation needs: a WebM's bytes up to its first cluster, an MP4's up
 * to its first fragment; null for a chunk that begins with neither.
 * @param {ArrayBuffer} chunk
 */
export function headerOf(chunk) {
  const bytes = new Uint8Array(chunk);
  if (startsWith(bytes, 0, [0x1a, 0x45, 0xdf, 0xa3])) return upTo(chunk, bytes, [0x1f, 0x43, 0xb6, 0x75], 0);
  if (startsWith(bytes, 4, [0x66, 0x74, 0x79, 0x70])) return upTo(chunk, bytes, [0x6d, 0x6f, 0x6f, 0x66], 4);
  return null;
}

function upTo(chunk, bytes, mark, back) {
  for (let at = 0; at + mark.length <= bytes.length; at += 1) {
    if (startsWith(bytes, at, mark)) return chunk.slice(0, at - back);
  }
  return chunk;
}

function startsWith(bytes, at, mark) {
  return mark.every((byte, place) => bytes[at + place] === byte);
}

function parsed(text) {
  try {
    const message = JSON.parse(text);
    return typeof message?.type === "string" && message.data ? message : null;
  } catch {
    return null;
  }
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  made.promise.catch(() => {});
  return made;
}

function sleep(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
