// One run of the console, from Start to End: the source, its recorder, the stream and its events.

import { EventClient } from "./backchannel.js";
import { Clock, openDevices, openFile, Recorder } from "./source.js";

const INCLUDE = ["evidence", "conversation_quality_overall", "conversation_quality_timeline"];
/** Pauses before each attempt to reconnect, s: two minutes in total, enough for a restart of the server. */
const RETRY_AFTER_S = [0.25, 0.5, 1, 2, 4, ...Array(14).fill(8)];
/** How long End waits for a connection, so that a lost one costs no results. */
const RESUME_WITHIN_S = 10;

/** One conversation, from Start to its end. */
export class Run {
  clock = new Clock();
  recordedAt = new Date();
  stream = null;
  recorder = null;
  client = null;
  #conversation;
  #chosen;
  #video;
  #callbacks;
  #lostS = 0;
  #goesOn = false;
  #wanted = "live";

  /**
   * @param {import("./model.js").Conversation} conversation Collects the events.
   * @param {{file: File | null, camera: string, microphone: string, words: boolean}} chosen The source, and whether
   *   words may be heard.
   * @param {HTMLVideoElement} video Shows the source.
   * @param {object} callbacks `state(name)`, `event(event, signal)`, `resumed(whole)` after a lost connection, with
   *   whether nothing was lost, and `over()` when the source ends.
   */
  constructor(conversation, chosen, video, callbacks) {
    this.#conversation = conversation;
    this.#chosen = chosen;
    this.#video = video;
    this.#callbacks = callbacks;
  }

  /** The title of the report. */
  get title() {
    return this.#chosen.file?.name ?? "Live conversation";
  }

  get soundOnly() {
    return Boolean(this.stream) && !this.stream.getVideoTracks().length;
  }

  /** Open the source and the stream, and start recording. */
  async open(url, token) {
    const { file, camera, microphone } = this.#chosen;
    this.stream = file ? await openFile(file, this.#video) : await openDevices(camera, microphone);
    if (!file) this.#video.srcObject = this.stream;
    const { words } = this.#chosen; // It may have changed while the browser asked for the camera.
    this.client = new EventClient(url, token, { include: INCLUDE, words, retryAfterS: RETRY_AFTER_S });
    await this.client.open();
    await this.#play();
    this.recorder = new Recorder(this.stream, this.clock, (chunk, startS) => this.client.send(chunk, startS));
    this.recordedAt = new Date();
    this.recorder.begin();
    if (file) this.#video.onended = this.#callbacks.over;
    else for (const track of this.stream.getTracks()) track.onended = this.#callbacks.over;
  }

  async #play() {
    const video = this.#video;
    video.muted = !this.#chosen.file;
    await video.play().catch(() => {
      video.muted = true; // Browsers allow sound only shortly after a click.
      return video.play();
    });
  }

  /** Handle all events of the stream. */
  async listen() {
    for await (const event of this.client) {
      this.#callbacks.event(event, this.#conversation.apply(event));
      if (event.type === "disconnected") await this.#handleDisconnect(event.data);
      if (event.type === "reconnected") await this.#handleReconnect(event.data);
    }
  }

  async #handleDisconnect({ resumable }) {
    this.#lostS = this.#conversation.reachedS;
    // If the session can be resumed, the recorder goes on, and its chunks wait for the next connection.
    this.#goesOn = resumable;
    if (!resumable) await this.#closeSession();
    if (this.#wanted === "live") this.#callbacks.state("reconnecting");
  }

  async #handleReconnect({ resumed, lostChunks, lostMessages }) {
    if (!resumed) await this.#joinSessions();
    if (this.#wanted !== "ended") this.#callbacks.state(this.#wanted);
    if (resumed) this.#callbacks.resumed(!lostChunks && !lostMessages);
  }

  async #closeSession() {
    this.#conversation.closeSession(this.#lostS);
    await this.recorder.drop();
  }

  async #joinSessions() {
    if (this.#goesOn) await this.#closeSession();
    await this.recorder.drop();
    // The end of the last recording and the time without a connection were not analysed.
    this.#conversation.lose(this.#lostS, this.clock.nowS);
    this.#conversation.join(this.clock.nowS);
    if (this.#wanted === "live") this.recorder.begin();
  }

  pause() {
    this.#wanted = "paused";
    this.recorder.pause();
    if (this.#chosen.file) this.#video.pause();
    this.#callbacks.state("paused");
  }

  async resume() {
    this.#wanted = "live";
    if (this.#chosen.file) await this.#video.play();
    if (this.recorder.begun) this.recorder.resume();
    else this.recorder.begin(); // After an idle timeout, the first chunk reconnects.
    this.#callbacks.state(this.client.connected ? "live" : "reconnecting");
  }

  /** Have nobody listen for words from now on. */
  stopWords() {
    this.#chosen.words = false;
    this.client?.stopWords();
  }

  /** Stop recording and wait for the remaining results. Without a connection, wait only a moment for one. */
  async finish() {
    this.#wanted = "ended";
    const { connected, resumable } = this.client;
    await this.recorder.end();
    this.clock.stop();
    this.client.finish();
    if (!connected && !resumable) this.client.close();
    else if (!connected) setTimeout(() => this.client.connected || this.client.close(), RESUME_WITHIN_S * 1000);
  }

  /** Release the source and the connection. */
  release() {
    this.clock.stop();
    this.client?.close();
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.#video.onended = null;
    this.#video.pause();
    if (!this.#chosen.file) this.#video.srcObject = null;
  }
}
