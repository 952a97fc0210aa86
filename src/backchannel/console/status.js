// What the page says of itself: its state, what stands in the way, and what went wrong.

import { KeyNeededError } from "./access.js";
import { ClientError, RefusedError } from "./backchannel.js";
import { byId, element, reconcile, setText } from "./dom.js";
import { SourceError } from "./source.js";

const STATES = {
  setup: "Not started",
  starting: "Starting",
  live: "Live",
  paused: "Paused",
  reconnecting: "Reconnecting",
  ending: "Finishing",
  ended: "Ended",
  failed: "Not started",
};
export const IDLE = ["setup", "failed", "ended"];
export const RUNNING = ["live", "paused", "reconnecting"];

const CONDITIONS = {
  dark: ["Too dark.", "The picture is too dark to measure a face well. Turn on a light in front of you."],
  noFace: ["No face in view.", "Nothing is said about the face meanwhile. Sit in front of the camera."],
  far: ["Too far away.", "The face is small in the picture, so fine movements are lost. Come closer."],
  noSound: ["No sound.", "Nothing is heard, so nothing is said about the voice. Check the microphone."],
  reduced: ["A busy server.", "It looks at fewer pictures a second than usual, so quick movements may be missed."],
  overloaded: ["Running behind.", "Some of it was not analysed or comes late; the timeline marks what is missing."],
  starting: ["Starting.", "If the browser asks, allow the camera and the microphone."],
  reconnecting: [
    "Reconnecting.",
    "The connection to the server was lost. What happens meanwhile is not analysed; what was told is kept.",
  ],
};
const PROBLEMS = {
  permission: "No permission.",
  missing: "Nothing found.",
  busy: "In use.",
  insecure: "Not from here.",
  unsupported: "Not in this browser.",
  unplayable: "Cannot be played.",
};
const WELCOME = {
  setup: [
    "Social signals from live video, each with what it rests on.",
    "Press Start to use your camera and microphone, or drop a video file here.",
  ],
  ended: ["The session has ended.", "Look around in its timeline, save a report, or start another one."],
};
const CONTROLS = ["start", "pause", "end"];

/**
 * Show what can be done and seen in a state.
 * @param {string} state
 * @param {{file: boolean, soundOnly: boolean}} source
 */
export function drawState(state, { file, soundOnly }) {
  const focused = document.activeElement;
  const idle = IDLE.includes(state);
  const running = RUNNING.includes(state);
  const label = byId("state");
  label.dataset.state = state;
  setText(label, STATES[state]);
  show("start", idle || state === "starting");
  show("setup", idle);
  show("pause", running);
  show("end", running);
  show("save", running || state === "ended");
  show("overlay-switch", running);
  show("welcome", idle && !(file && state === "ended"));
  show("before", state === "setup" || state === "failed");
  show("sound-only", running && soundOnly);
  // Not `disabled`, which would take the focus away from whoever pressed it.
  byId("start").setAttribute("aria-disabled", String(state === "starting"));
  byId("pause").setAttribute("aria-disabled", String(state === "reconnecting"));
  setText(byId("pause"), state === "paused" ? "Resume" : "Pause");
  const [lead, more] = WELCOME[state] ?? WELCOME.setup;
  setText(byId("welcome-lead"), lead);
  setText(byId("welcome-more"), more);
  byId("frame").classList.toggle("mirrored", !file && !idle);
  // Whoever pressed a button that has gone is left at the one in its place.
  if (CONTROLS.includes(focused?.id) && focused.hidden) byId(running ? "pause" : "start").focus();
}

function show(id, shown) {
  byId(id).hidden = !shown;
}

/** Show what stands in the way, by name, and what the server said last. */
export function drawConditions(names, said) {
  const shown = names.map((name) => ({ key: name, told: CONDITIONS[name] }));
  if (said) shown.push({ key: said, told: ["The server says:", said] });
  reconcile(
    byId("conditions"),
    shown,
    ({ told: [head, text] }) => element("p", { class: "condition" }, element("strong", { text: head }), text),
    () => {},
  );
}

/** Say what went wrong; null for nothing. `begun` is whether there had been a session. */
export function drawProblem(error, begun = false) {
  const box = byId("problem");
  box.hidden = error === null;
  if (error !== null) {
    const [head, text] = described(error, begun);
    box.replaceChildren(element("strong", { text: head }), text);
  }
}

function described(error, begun) {
  if (error instanceof SourceError) return [PROBLEMS[error.kind] ?? "That did not work.", error.message];
  if (error instanceof KeyNeededError) {
    return ["An API key is needed.", "This page is not opened on the server's own machine. Enter a key, then press Start."];
  }
  if (error instanceof RefusedError) return ["Refused.", error.message];
  if (error instanceof ClientError) return [begun ? "The connection ended." : "Not connected.", error.message];
  // What browsers throw when nobody answers.
  if (error instanceof TypeError) return ["Not connected.", "The server does not answer. Is it running?"];
  return ["That did not work.", error.message || "Press Start again."];
}

/** Tell those who listen to the page. */
export function announce(text) {
  setText(byId("announce"), text);
}
