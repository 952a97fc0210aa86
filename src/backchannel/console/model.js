// The results of one conversation on one clock: events in, plain values out. Independent of the page.
//
// All lists are bounded, so a page left open for a day needs no more memory than after a few hours. Times are seconds
// since the start of the recording. Sessions after a lost connection share this clock.

import { DIMENSIONS, rebased } from "./words.js";

export const MAX_SIGNALS = 4000;
export const MAX_CUES = 20_000;
export const MAX_SPANS = 4000;
/** How many of the newest measurements decide the conditions. */
const MAX_MEASURED = 40;

// Thresholds for advice to the user. All are judgement, and none affects what is measured.
const LOOK_BACK_S = 2.5;
const LISTEN_BACK_S = 10;
/** Mean brightness of the picture, 0..1. */
const DARK = 0.12;
/** Height of the face as a share of the picture. Below it, lids and brows are only a few pixels. */
const FAR = 0.14;
const FACE_SEEN = 0.2;
/** A live microphone has noise above this level. One that is switched off or unplugged has none. */
const SILENT_DBFS = -80;
/** The full analysis rate of the server. */
const FULL_RATE_HZ = 15;
/** How long the page shows a loss, s. */
const LOSS_SHOWN_S = 10;
const LATE_S = 6;

export class Conversation {
  signals = [];
  cues = [];
  engagement = [];
  quality = [];
  dropped = [];
  degraded = [];
  /** Start times of all sessions but the first, s. */
  joins = [];
  measured = [];
  engine = "";
  /** What the server may report. It leaves out feelings and quality under "behaviour". */
  policy = "full";
  /** How far the analysis has come, s. */
  reachedS = 0;
  /** Grows with each change. Views draw when it has changed. */
  version = 0;
  #active = new Map();
  #lossS = -Infinity;
  #nextId = 1;
  #overalls = new Map();
  #pictureS = 0;
  #facedS = 0;
  #soundS = 0;
  #droppedS = 0;

  /** Apply an event of the stream. Returns the signal that it is about, if any. */
  apply({ type, data, offset }) {
    this.version += 1;
    switch (type) {
      case "session.ready":
        this.engine = data.engine ?? "";
        this.policy = data.policy ?? "full";
        return null;
      case "signal.detected":
      case "signal.updated":
        return this.#signal(data, offset);
      case "signal.ended":
        return this.#end(data.signal_type, offset + data.end);
      case "engagement.updated":
        this.#engagement(data.state, offset + data.start);
        return null;
      case "conversation_quality.updated":
        this.#quality(data, offset);
        return null;
      case "cue.detected":
        keep(this.cues, { ...shifted(data, offset), id: this.#nextId++ }, MAX_CUES);
        return null;
      case "coverage.measured":
        this.#measure(shifted(data, offset));
        return null;
      case "coverage.dropped":
        for (const range of data.ranges) this.lose(offset + range.start, offset + range.end);
        this.#lossS = this.reachedS;
        return null;
      case "coverage.degraded":
        for (const range of data.ranges) keep(this.degraded, shifted(range, offset), MAX_SPANS);
        return null;
      default:
        return null;
    }
  }

  /** Record a period that was not analysed. */
  lose(start, end) {
    if (end <= start) return;
    this.version += 1;
    keep(this.dropped, { start, end }, MAX_SPANS);
    this.#droppedS += end - start;
    this.reachedS = Math.max(this.reachedS, end);
  }

  /** End everything that is active, because the session is over. */
  closeSession(atS) {
    for (const type of [...this.#active.keys()]) this.#end(type, atS);
    if (this.engagement.length) this.#engagement(null, atS);
    this.measured = [];
    this.version += 1;
  }

  /** Record the start of another session. */
  join(atS) {
    keep(this.joins, atS, MAX_SPANS);
    this.version += 1;
  }

  #signal(data, offset) {
    const { signal_type: type, probability, rationale } = data;
    const evidence = (data.evidence ?? []).map((entry) => shifted(entry, offset));
    let signal = this.#active.get(type);
    if (signal) Object.assign(signal, { probability, rationale, evidence });
    else {
      signal = { id: this.#nextId++, type, start: offset + data.start, end: null, probability, rationale, evidence, sessionS: offset };
      this.#active.set(type, signal);
      keep(this.signals, signal, MAX_SIGNALS);
    }
    signal.version = this.version;
    return signal;
  }

  #end(type, end) {
    const signal = this.#active.get(type);
    if (!signal) return null;
    this.#active.delete(type);
    signal.end = Math.max(signal.start, end);
    signal.version = this.version;
    return signal;
  }

  #engagement(state, start) {
    if (this.engagement.at(-1)?.state !== state) keep(this.engagement, { state, start }, MAX_SPANS);
  }

  #quality({ overall, timeline = [] }, offset) {
    if (this.policy === "behaviour") return; // every score is 50, because none was judged
    for (const entry of timeline) keep(this.quality, shifted(entry, offset), MAX_SPANS);
    if (!overall) return;
    // The overall quality of a session is cumulative from the start of that session.
    const before = this.#overalls.get(offset)?.seconds ?? 0;
    this.#overalls.set(offset, { overall, seconds: timeline.at(-1)?.end ?? before + 1 });
  }

  #measure(measured) {
    const length = measured.end - measured.start;
    this.reachedS = Math.max(this.reachedS, measured.end);
    if (measured.picture) this.#pictureS += length;
    if (measured.sound) this.#soundS += length;
    this.#facedS += length * (measured.face_share ?? 0);
    keep(this.measured, measured, MAX_MEASURED);
  }

  // --- queries ---------------------------------------------------------------------------------------------------

  get active() {
    return [...this.#active.values()];
  }

  /** Quality so far: the mean over all sessions, weighted by their duration. Null before the first. */
  get overall() {
    const sessions = [...this.#overalls.values()];
    if (!sessions.length) return null;
    const totalS = sessions.reduce((sum, { seconds }) => sum + seconds, 0);
    const over = (name) => sessions.reduce((sum, { overall, seconds }) => sum + overall[name] * seconds, 0) / totalS;
    return Object.fromEntries(["quality_index", ...DIMENSIONS].map((name) => [name, Math.round(over(name))]));
  }

  /** Share of the time analysed, and of frames with a face. Null if there are none yet. */
  get coverage() {
    const { reachedS } = this;
    return {
      analysed: reachedS ? Math.max(0, 1 - this.#droppedS / reachedS) : null,
      face: this.#pictureS ? Math.min(1, this.#facedS / this.#pictureS) : null,
      sound: this.#soundS > 0,
      picture: this.#pictureS > 0,
    };
  }

  /** When a signal ends, as far as is known. */
  endOf(signal) {
    return signal.end ?? Math.max(this.reachedS, signal.start);
  }

  /** Periods of engagement, the last one up to now. There is none between two sessions. */
  periods() {
    return this.engagement
      .map(({ state, start }, place) => ({
        state,
        start,
        end: this.engagement[place + 1]?.start ?? Math.max(this.reachedS, start),
      }))
      .filter(({ state }) => state !== null);
  }

  /** Everything known about one moment. */
  at(timeS) {
    const during = (one) => one.start <= timeS && timeS <= one.end;
    const started = this.engagement.filter(({ start }) => start <= timeS);
    return {
      timeS,
      engagement: started.at(-1)?.state ?? null,
      signals: this.signals.filter((signal) => signal.start <= timeS && timeS <= this.endOf(signal)),
      cues: this.cues.filter(during),
      quality: this.quality.find(during) ?? null,
      dropped: this.dropped.some(during),
      degraded: this.degraded.some(during),
    };
  }

  /** Names of the conditions that impair the analysis now. `nowS` is the recorder's clock. */
  conditions(nowS) {
    const found = [];
    const seen = this.#lately(LOOK_BACK_S);
    if (seen.length && this.#spans(seen, LOOK_BACK_S)) {
      const pictured = seen.filter(({ picture }) => picture);
      const brightness = mean(pictured.map((one) => one.brightness));
      const face = mean(pictured.map((one) => one.face_share));
      const height = mean(pictured.filter((one) => one.face).map((one) => one.face.height));
      if (brightness !== null && brightness < DARK) found.push("dark");
      else if (face !== null && face < FACE_SEEN) found.push("noFace");
      else if (height !== null && height < FAR) found.push("far");
    }
    const heard = this.#lately(LISTEN_BACK_S);
    if (heard.length && this.#spans(heard, LISTEN_BACK_S)) {
      if (heard.every(({ sound, level_dbfs: level }) => !sound || level < SILENT_DBFS)) found.push("noSound");
    }
    if (this.reachedS - this.#lossS < LOSS_SHOWN_S || (this.reachedS && nowS - this.reachedS > LATE_S)) {
      found.push("overloaded");
    } else if ((this.measured.at(-1)?.analysis_rate_hz ?? FULL_RATE_HZ) < FULL_RATE_HZ) {
      found.push("reduced");
    }
    return found;
  }

  #lately(backS) {
    return this.measured.filter(({ end }) => end > this.reachedS - backS);
  }

  #spans(measured, backS) {
    return this.reachedS - measured[0].start >= backS * 0.8;
  }

  /** The conversation as a recording, in the JSON format of `backchannel.report`. */
  recording({ source, recordedAt }) {
    const duration = this.reachedS;
    const within = (one) => ({ ...one, start: Math.min(one.start, duration), end: Math.min(one.end, duration) });
    const { picture, sound, face } = this.coverage;
    return {
      source,
      recorded_at: recordedAt.toISOString(),
      analyzed_at: new Date().toISOString(),
      duration,
      signals: this.signals.map(({ id, version, sessionS, ...signal }) => {
        const rationale = [signal.rationale, rebased({ sessionS })].filter(Boolean).join(" ");
        return within({ ...signal, rationale, end: this.endOf(signal) });
      }),
      cues: this.cues.map(({ id, ...cue }) => within(cue)),
      engagement: this.periods().map(within),
      quality: {
        overall: this.overall,
        timeline: this.quality.map(({ start, end, values }) => within({ start, end, values })),
      },
      coverage: {
        picture,
        sound,
        face_share: face,
        speech_share: null,
        dropped: this.dropped.map(within),
        degraded: this.degraded.map(within),
        policy: this.policy,
      },
      ...(this.engine && { engine: this.engine }),
    };
  }
}

function keep(list, entry, max) {
  list.push(entry);
  if (list.length > max) list.splice(0, list.length - max);
}

function shifted(entry, offset) {
  return { ...entry, start: entry.start + offset, end: entry.end + offset };
}

function mean(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
