// The results of one conversation on one clock: events in, plain values out. Independent of the page.
//
// All lists are bounded, so a page left open for a day needs no more memory than after a few hours. Times are seconds
// since the start of the recording. Sessions after a lost connection share this clock.

import { DIMENSIONS } from "./words.js";

export const MAX_SIGNALS = 4000;
export const MAX_CUES = 20_000;
export const MAX_SPANS = 4000;
/** How many of the newest measurements decide the conditions. */
const MAX_MEASURED = 40;

/** Below this share of frames with a face, the person is not visible (judgement). */
export const FACE_SEEN = 0.2;
/** A shorter time without a face is a blink of the detector, and not shown, s (judgement). */
const UNSEEN_S = 1;
/** How many signals are listed, newest first. */
const LISTED = 12;

export class Conversation {
  signals = [];
  cues = [];
  engagement = [];
  quality = [];
  dropped = [];
  degraded = [];
  /** Periods with a picture but without a face in it. */
  unseen = [];
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
  /** Where the analysis was when it last lost media, s. */
  lossS = -Infinity;
  #nextId = 1;
  #overalls = new Map();
  #speechShare = null;
  #rateHz = null;
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
        this.lossS = this.reachedS;
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

  /** Record a period without a face. It continues the one before, if there is no gap. */
  hide({ start, end }) {
    const last = this.unseen.at(-1);
    if (last && start - last.end < 0.1) last.end = Math.max(last.end, end);
    else keep(this.unseen, { start, end }, MAX_SPANS);
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
      signal = { id: this.#nextId++, type, start: offset + data.start, end: null, probability, rationale, evidence };
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
    if (measured.picture && measured.face_share !== null && measured.face_share < FACE_SEEN) this.hide(measured);
    keep(this.measured, measured, MAX_MEASURED);
  }

  /**
   * Take the result of an uploaded file: of a job with all sections, or of an upload in one request.
   */
  load({ signals, engagement_state: engagement, cues = [], conversation_quality: quality = {}, coverage, duration_seconds: durationS }) {
    this.version += 1;
    const reachedS = durationS ?? engagement.at(-1)?.end ?? 0;
    for (const signal of signals) keep(this.signals, { ...signal, evidence: signal.evidence ?? [], id: this.#nextId++, version: this.version }, MAX_SIGNALS);
    for (const cue of cues) keep(this.cues, { baseline: null, ...cue, id: this.#nextId++ }, MAX_CUES);
    for (const { state, start } of engagement) this.#engagement(state, start);
    this.#quality(quality, 0);
    this.reachedS = reachedS;
    this.#pictureS = coverage.picture ? reachedS : 0;
    this.#soundS = coverage.sound ? reachedS : 0;
    this.#facedS = this.#pictureS * (coverage.face_share ?? 0);
    this.#speechShare = coverage.speech_share;
    this.#rateHz = coverage.analysis_rate_hz;
    if (coverage.face_share === 0) this.hide({ start: 0, end: reachedS });
    else for (const cue of cues.filter(({ cue }) => cue === "face_absent")) this.hide(cue);
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

  /** Periods of engagement as people see them: a time without a face is "unseen", whatever was decided from the rest. */
  seenPeriods() {
    const hidden = this.unseen.filter(({ start, end }) => end - start >= UNSEEN_S).map((one) => ({ ...one, state: "unseen" }));
    const shown = this.periods().flatMap((period) => without(period, hidden));
    return [...shown, ...hidden].sort((one, other) => one.start - other.start);
  }

  /**
   * What to show of the moment `atS`, or of now if it is null: signals of that moment, those before it, newest first, and
   * the cues. During the session a signal stays active until it ends.
   */
  view(atS = null) {
    const live = atS === null;
    const timeS = live ? this.reachedS : atS;
    const during = (one) => one.start <= timeS && timeS <= one.end;
    const active = live ? this.active : this.signals.filter((one) => during({ start: one.start, end: this.endOf(one) }));
    const past = this.signals.filter((one) => one.start <= timeS && !active.includes(one));
    const periods = this.seenPeriods();
    const period = periods.findLast((one) => during(one));
    return {
      timeS,
      live,
      periods,
      engagement: period?.state ?? null,
      active: active.toReversed().slice(0, LISTED),
      before: past.slice(-LISTED).toReversed(),
      cues: this.cues.filter(during),
      dropped: this.dropped.some(during),
      degraded: this.degraded.some(during),
    };
  }

  /** How often a cue repeated its movement, for example a nod. It is in the evidence of a signal. Undefined if unknown. */
  countOf({ cue, start, measures = [] }) {
    const counted = measures.find(([name]) => name === "count");
    if (counted) return counted[1];
    const same = (entry) => entry.cue === cue && entry.measure === "count" && Math.abs(entry.start - start) < 0.5;
    return this.signals.slice(-LISTED).flatMap(({ evidence }) => evidence).findLast(same)?.value;
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
      signals: this.signals.map(({ id, version, ...signal }) => within({ ...signal, end: this.endOf(signal) })),
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
        speech_share: this.#speechShare,
        analysis_rate_hz: this.#rateHz,
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

/** The parts of a period that no gap covers. */
function without(period, gaps) {
  return gaps.reduce(
    (parts, gap) =>
      parts.flatMap(({ start, end, state }) =>
        [
          { start, end: Math.min(end, gap.start), state },
          { start: Math.max(start, gap.end), end, state },
        ].filter((part) => part.end > part.start),
      ),
    [period],
  );
}
