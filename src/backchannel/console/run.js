// What belongs to one press of Start: the source, its recording, the stream, and what is heard on it.

import { EventClient } from "./backchannel.js";
import { Clock, openDevices, openFile, Recorder } from "./source.js";

const INCLUDE = ["evidence", "conversation_quality_overall", "conversation_quality_timeline"];
/** A server that restarts is waited for two minutes. */
const RETRY_AFTER_S = [0.25, 0.5, 1, 2, 4, ...Array(14).fill(8)];

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
  #told;
  #lostS = 0;
  #wanted = "live";

  /**
   * @param {import("./model.js").Conversation} conversation What takes the events.
   * @param {{file: File | null, camera: string, microphone: string}} chosen The source.
   * @param {HTMLVideoElement} video Where it is shown.
   * @param {object} told Whom to tell: `state(name)`, `event(event, signal)`, and `over()` when the source has ended.
   */
  constructor(conversation, chosen, video, told) {
    this.#conversation = conversation;
    this.#chosen = chosen;
    this.#video = video;
    this.#told = told;
  }

  /** What a report is called. */
  get title() {
    return this.#chosen.file?.name ?? "Live conversation";
  }

  get soundOnly() {
    return Boolean(this.stream) && !this.stream.getVideoTracks().length;
  }

  /** Open the source and the stream, and begin to record. */
  async open(url, token) {
    const { file, camera, microphone } = this.#chosen;
    this.stream = file ? await openFile(file, this.#video) : await openDevices(camera, microphone);
    if (!file) this.#video.srcObject = this.stream;
    this.client = await new EventClient(url, token, { include: INCLUDE, retryAfterS: RETRY_AFTER_S }).open();
    await this.#play();
    this.recorder = new Recorder(this.stream, this.clock, (chunk, startS) => this.client.send(chunk, startS));
    this.recordedAt = new Date();
    this.recorder.begin();
    if (file) this.#video.onended = this.#told.over;
    else for (const track of this.stream.getTracks()) track.onended = this.#told.over;
  }

  async #play() {
    const video = this.#video;
    video.muted = !this.#chosen.file;
    await video.play().catch(() => {
      video.muted = true; // the click was too long ago for sound
      return video.play();
    });
  }

  /** Hear everything that is told. */
  async listen() {
    for await (const event of this.client) {
      this.#told.event(event, this.#conversation.apply(event));
      if (event.type === "disconnected") await this.#lose();
      if (event.type === "reconnected") await this.#comeBack();
    }
  }

  async #lose() {
    this.#lostS = this.#conversation.reachedS;
    this.#conversation.closeSession(this.#lostS);
    await this.recorder.drop();
    if (this.#wanted === "live") this.#told.state("reconnecting");
  }

  async #comeBack() {
    await this.recorder.drop();
    // What was recorded last, and what went by meanwhile, was never analysed.
    this.#conversation.lose(this.#lostS, this.clock.nowS);
    this.#conversation.join(this.clock.nowS);
    if (this.#wanted === "live") this.recorder.begin();
    if (this.#wanted !== "ended") this.#told.state(this.#wanted);
  }

  pause() {
    this.#wanted = "paused";
    this.recorder.pause();
    if (this.#chosen.file) this.#video.pause();
    this.#told.state("paused");
  }

  async resume() {
    this.#wanted = "live";
    if (this.#chosen.file) await this.#video.play();
    if (this.recorder.begun) this.recorder.resume();
    else this.recorder.begin(); // its first chunk calls back a server that had heard nothing for too long
    this.#told.state(this.client.connected ? "live" : "reconnecting");
  }

  /** Record no more, and hear the rest; where nobody is there to tell it, hang up. */
  async finish() {
    this.#wanted = "ended";
    const { connected } = this.client;
    await this.recorder.end();
    this.clock.stop();
    this.client.finish();
    if (!connected) this.client.close();
  }

  /** Let go of everything. */
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
