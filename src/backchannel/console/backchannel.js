// A browser client for /v2/stream/analyze: sends a recorder's chunks, yields typed events, and resumes after a lost
// connection. It works like `backchannel.client.events` for Python and has no dependencies:
//
//   const stream = await new EventClient(location.origin, token, { include: ["evidence"] }).open();
//   recorder.ondataavailable = async ({ data }) => stream.send(await data.arrayBuffer());
//   for await (const event of stream) console.log(event.type, event.data);
//
// After a lost connection the client yields "disconnected", reconnects, sends again what the server does not have, and
// yields "reconnected". Chunks that the recorder makes meanwhile wait. So nothing is lost, and the session goes on.
//
// If the server cannot resume the session, a new one begins: its clock starts at zero and it has no baseline of the
// person yet. Chunks that were not answered for are then dropped, because they would arrive late. Every event has the
// `offset` of its session on the caller's clock: `event.offset + event.data.start` is continuous.

/** @typedef {"low" | "medium" | "high"} Probability */
/** @typedef {{start: number, end: number}} Range */
/** @typedef {{quality_index: number, clarity: number, authority: number, energy: number, rapport: number,
 *   learning: number}} Quality */
/**
 * A measurement that a signal is based on. Times in session seconds. `weight` is what it adds to the log-odds.
 * `measure` says which of the cue's measures it is, for example "rate"; empty for the cue's own value.
 * @typedef {{cue: string, measure: string, modality: "visual" | "audio" | "text", start: number, end: number,
 *   value: number, unit: string, baseline: number | null, weight: number, direction?: string}} Evidence
 */
/** @typedef {{engine?: string, extensions?: string[], session_idle_timeout_seconds: number,
 *   session_max_duration_seconds: number, max_segment_size_bytes: number, policy?: "full" | "behaviour"}} SessionReady */
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
/**
 * `resumed` says whether the session goes on. `lostMessages` of the server's messages were too old to be sent again.
 * @typedef {{sessions: number, lostChunks: number, reason: string, resumed: boolean, lostMessages: number}} Reconnected
 */
/** @typedef {{reason: string, resumable: boolean}} Disconnected */
/**
 * An event. `data` has the field names of the wire (snake_case). docs/streams.md describes each event.
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
/** Pauses before each attempt to reconnect, s. After the last one the client gives up. */
export const RETRY_AFTER_S = [0.25, 0.5, 1, 2, 4, 8, 8, 8];
/** Close codes after which a new attempt would fail too. */
export const FINAL_CLOSE_CODES = new Set([1008, 4001, 4003, 4029]);
/** If this much is waiting to be sent, new chunks are dropped, so that a slow connection does not fill the memory. */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Chunks that wait for the next connection, or that the server may ask for again. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;

const CONNECT_WITHIN_S = 20;
const NOT_RESUMED = "ih4005";
const NORMAL_CLOSURE = 1000;

/** The server cannot be reached, or the client gave up. */
export class ClientError extends Error {}
/** The server refused the session. A new attempt would fail too. */
export class RefusedError extends ClientError {}

/** A live v2 stream that survives lost connections. Iterate over it once. */
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
  #outbox = new Outbox();
  #configDue = false;
  #header = null;
  #headerDue = false;
  #offset = 0;
  #offsetKnown = false;
  #beganMs = null;
  #sent = deferred();
  #disconnected = deferred();

  /**
   * @param {string} url Address of the server, for example `location.origin`. Its path is kept.
   * @param {string | (() => Promise<string>)} credential A client token, or a function that returns a new one for each
   *   connection.
   * @param {object} [options]
   * @param {string} [options.model] The model to use.
   * @param {string[]} [options.include] Optional sections: the published flags, and "evidence".
   * @param {boolean} [options.words] False if the server must not listen for words.
   * @param {object} [options.audioFormat] `{encoding: "pcm_s16le", sample_rate: 16000, channels: 1}` if chunks are
   *   raw samples.
   * @param {number[]} [options.retryAfterS] Pauses before each attempt to reconnect, s. Empty means never.
   */
  constructor(url, credential, { model = "inter-2", include = [], words = true, audioFormat, retryAfterS = RETRY_AFTER_S } = {}) {
    this.#url = new URL(STREAM_PATH, url.endsWith("/") ? url : `${url}/`);
    this.#url.protocol = this.#url.protocol === "https:" ? "wss:" : "ws:";
    this.#credential = typeof credential === "function" ? credential : async () => credential;
    this.#config = { include, model, ...(!words && { words }), ...(audioFormat && { audio_format: audioFormat }) };
    this.#raw = Boolean(audioFormat);
    this.#retryAfterS = [...retryAfterS];
  }

  /** Whether there is a connection. */
  get connected() {
    return this.#socket !== null;
  }

  /** Whether the session goes on if the connection is lost. */
  get resumable() {
    return this.#outbox.token !== "";
  }

  /**
   * Connect. When this resolves, the session accepts media.
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
   * @param {number} [startS] Start of the chunk on the caller's clock, s. Default: the time since the first chunk.
   * @returns {boolean} False if the chunk was dropped: there is no connection and no session that could be resumed, or
   *   too much is waiting to be sent.
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
    const socket = this.#socket?.readyState === WebSocket.OPEN ? this.#socket : null;
    const full = socket?.bufferedAmount > MAX_WAITING_BYTES;
    if (full || (this.resumable ? !this.#outbox.put(chunk) : !socket)) {
      this.#lostChunks += 1;
      return false;
    }
    if (!this.#offsetKnown) {
      this.#offset = startS;
      this.#offsetKnown = true;
    }
    // The recorder continues in the middle of its stream. The new session needs the stream's header.
    if (this.#headerDue && this.#header) {
      if (this.resumable) this.#outbox.putBefore(this.#header);
      socket?.send(this.#header);
    }
    this.#headerDue = false;
    socket?.send(chunk);
    return true;
  }

  /** Have the server stop listening for words, until the end of the session and after a lost connection too. */
  stopWords() {
    this.#config.words = false;
    this.#configDue = true;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(this.#config));
  }

  /** Close the session. Iteration ends after its last event. */
  finish() {
    this.#finishing = true;
    this.#sent.resolve();
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send('{"type":"session.close"}');
  }

  /** Disconnect at once. To get all events, call `finish` and iterate to the end first. */
  close() {
    this.#closed = true;
    this.#disconnected.resolve();
    this.#socket?.close(NORMAL_CLOSURE);
  }

  /** @returns {AsyncGenerator<StreamEvent>} Ends after the last event of the session that `finish` closed. */
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
      if (attempt === 0) this.#emit("disconnected", { reason: this.#reason, resumable: this.resumable });
      if ((this.#finishing && !this.resumable) || attempt >= this.#retryAfterS.length) {
        throw new ClientError(`The session ended before all results arrived (${this.#reason}).`);
      }
      // After an idle timeout, wait for the next chunk before reconnecting.
      if (this.#reason === "idle_timeout") await Promise.race([this.#sent.promise, this.#disconnected.promise]);
      await Promise.race([sleep(this.#retryAfterS[attempt++]), this.#disconnected.promise]);
      if (this.#closed) return;
    }
  }

  /** Pass on the events of a connection until it closes. Resolves to whether a session was opened. */
  async #listen(token) {
    const socket = new WebSocket(this.#outbox.addressOf(this.#url), ["access_token", token]);
    const giveUp = setTimeout(() => socket.close(), CONNECT_WITHIN_S * 1000);
    let ready = false;
    let reason = "connection lost";
    let fault = null;
    socket.onmessage = ({ data: text }) => {
      const message = parsed(text);
      if (!message) return; // A newer server may send unknown messages.
      const { type, data } = message;
      if (type === "media.received") this.#outbox.acknowledge(data.resend_from, data.through);
      if (type === "media.received" || !this.#outbox.isNew(message.seq)) return;
      if (type === "session.ready") {
        ready = true;
        clearTimeout(giveUp);
        this.#begin(socket, data);
        if (data.resumed) return;
      }
      if (type === "session.updated") this.#configDue = false;
      if (type === "session.ended") {
        reason = data.reason;
        this.#outbox = new Outbox(); // The next session is a new one.
      }
      if (type === "error") fault = data;
      this.#emit(type, data, message);
    };
    const code = await new Promise((resolve) => (socket.onclose = (event) => resolve(event.code)));
    clearTimeout(giveUp);
    this.#socket = null;
    this.#sent = deferred();
    this.#reason = reason;
    if (!ready && this.resumable && fault?.code === NOT_RESUMED) {
      this.#lostChunks += this.#outbox.unanswered;
      this.#outbox = new Outbox();
    } else if (FINAL_CLOSE_CODES.has(code) && fault) throw new RefusedError(`${fault.message} (${fault.code})`);
    if (!ready) throw new ClientError(fault ? fault.message : "The server did not accept the connection.");
    return ready;
  }

  #begin(socket, { resume_token: token = "", resumed }) {
    if (resumed) this.#outbox.acknowledge(resumed.resend_from, resumed.through);
    else this.#beginSession(token);
    if (this.#sessions > 1 || resumed) {
      this.#emit("reconnected", {
        sessions: this.#sessions,
        lostChunks: this.#lostChunks,
        reason: this.#reason,
        resumed: Boolean(resumed),
        lostMessages: resumed?.lost_messages ?? 0,
      });
      this.#lostChunks = 0;
    }
    if (!resumed?.last_seq || this.#configDue) socket.send(JSON.stringify(this.#config));
    for (const chunk of this.#outbox.chunks) socket.send(chunk);
    this.#socket = socket;
    this.#opening.resolve();
    if (this.#finishing) this.finish();
  }

  #beginSession(token) {
    this.#sessions += 1;
    this.#offsetKnown = false;
    this.#headerDue = this.#sessions > 1;
    this.#lostChunks += this.#outbox.unanswered;
    this.#outbox = new Outbox(token);
  }

  #emit(type, data, { timestamp = new Date().toISOString(), correlation_id: correlationId = "" } = {}) {
    this.#events.put({ type, data, timestamp, correlationId, offset: this.#offset });
  }
}

/** What the server may ask for again when the session is resumed. */
class Outbox {
  chunks = [];
  #first = 1; // The number of the first chunk in it.
  #through = 0;
  #bytes = 0;
  #lastSeq = 0;

  constructor(token = "") {
    this.token = token;
  }

  /** How many chunks are not answered for, as far as is known. */
  get unanswered() {
    return this.chunks.length - Math.max(0, this.#through + 1 - this.#first);
  }

  addressOf(url) {
    const address = new URL(url);
    address.searchParams.set("resume", this.token);
    if (this.token) address.searchParams.set("after", this.#lastSeq);
    return address;
  }

  put(chunk) {
    if (this.#bytes + chunk.byteLength > MAX_KEPT_BYTES) return false;
    this.chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    return true;
  }

  /** Put a chunk before the last one. */
  putBefore(chunk) {
    this.chunks.splice(-1, 0, chunk);
    this.#bytes += chunk.byteLength;
  }

  acknowledge(resendFrom, through) {
    while (this.chunks.length && this.#first < resendFrom) {
      this.#bytes -= this.chunks.shift().byteLength;
      this.#first += 1;
    }
    this.#through = Math.max(this.#through, through);
  }

  /** Whether a message of the server was not read before. Messages without a number always are. */
  isNew(seq) {
    if (seq === undefined) return true;
    const isNew = seq > this.#lastSeq;
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    return isNew;
  }
}

/** A queue of events with one reader. */
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
 * Return the header at the start of a chunk: the bytes before the first cluster of a WebM or the first fragment of an
 * MP4. Null if the chunk begins with neither.
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
