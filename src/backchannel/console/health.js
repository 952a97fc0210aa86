// How well the analysis is going: conditions that impair it, and one short word for the dot in the header.

import { FACE_SEEN } from "./model.js";

// Thresholds for advice to the user. All are judgement, and none affects what is measured.
const LOOK_BACK_S = 2.5;
const LISTEN_BACK_S = 10;
/** Mean brightness of the picture, 0..1. */
const DARK = 0.12;
/** Height of the face as a share of the picture. Below it, lids and brows are only a few pixels. */
const FAR = 0.14;
/** A live microphone has noise above this level. One that is switched off or unplugged has none. */
const SILENT_DBFS = -80;
/** The full analysis rate of the server. */
const FULL_RATE_HZ = 15;
/** How long the page shows a loss, s. */
const LOSS_SHOWN_S = 10;
/** From this delay on, the analysis is late, s. */
const LATE_S = 3;

/**
 * Names of the conditions that impair the analysis now. Late results and missing ones have a name each.
 * @param {import("./model.js").Conversation} conversation
 * @param {number} nowS The recorder's clock.
 */
export function conditionsOf(conversation, nowS) {
  const { measured, reachedS, lossS } = conversation;
  const lately = (backS) => measured.filter(({ end }) => end > reachedS - backS);
  const spans = (found, backS) => found.length > 0 && reachedS - found[0].start >= backS * 0.8;
  const found = [];
  const seen = lately(LOOK_BACK_S);
  if (spans(seen, LOOK_BACK_S)) found.push(...sight(seen.filter(({ picture }) => picture)));
  const heard = lately(LISTEN_BACK_S);
  const silent = ({ sound, level_dbfs: level }) => !sound || level < SILENT_DBFS;
  if (spans(heard, LISTEN_BACK_S) && heard.every(silent)) found.push("noSound");
  if (delayOf(conversation, nowS) >= LATE_S) found.push("late");
  if (reachedS - lossS < LOSS_SHOWN_S) found.push("missing");
  if ((measured.at(-1)?.analysis_rate_hz ?? FULL_RATE_HZ) < FULL_RATE_HZ) found.push("reduced");
  return found;
}

function sight(pictured) {
  const brightness = mean(pictured.map((one) => one.brightness));
  const face = mean(pictured.map((one) => one.face_share));
  const height = mean(pictured.filter((one) => one.face).map((one) => one.face.height));
  if (brightness !== null && brightness < DARK) return ["dark"];
  if (face !== null && face < FACE_SEEN) return ["noFace"];
  if (height !== null && height < FAR) return ["far"];
  return [];
}

/** How far the analysis is behind the recorder, s; 0 before its first result. */
export function delayOf({ reachedS }, nowS) {
  return reachedS ? Math.max(0, nowS - reachedS) : 0;
}

/** The word beside the dot, and whether it is `good` or `poor`. */
export function healthOf(conversation, nowS) {
  const found = conditionsOf(conversation, nowS);
  if (!conversation.reachedS) return { level: "", text: "waiting for the first result" };
  if (found.includes("late")) return { level: "poor", text: `${Math.round(delayOf(conversation, nowS))} s behind` };
  if (found.includes("missing")) return { level: "poor", text: "a part is missing" };
  if (found.includes("dark")) return { level: "poor", text: "too dark" };
  if (found.includes("noFace")) return { level: "poor", text: "no face" };
  if (found.includes("noSound")) return { level: "poor", text: "no sound" };
  return { level: "good", text: "keeping up" };
}

function mean(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
