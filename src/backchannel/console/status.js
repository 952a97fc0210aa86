// The status of the page: its state, conditions that impair the analysis, and errors.

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
  dark: ["Too dark.", "The video is too dark to measure the face well. Turn on a light in front of you."],
  noFace: ["No face in view.", "Facial signals are paused. Sit in front of the camera."],
  far: ["Too far away.", "The face is too small to measure fine movements. Come closer."],
  noSound: ["No sound.", "Voice signals are paused. Check the microphone."],
  reduced: ["Busy server.", "The server analyses fewer frames per second, so it may miss quick movements."],
  overloaded: ["Running behind.", "The analysis is late or incomplete. The timeline marks gaps."],
  starting: ["Starting.", "If the browser asks, allow access to the camera and the microphone."],
  reconnecting: [
    "Reconnecting.",
    "The connection to the server was lost. The analysis is paused; earlier results are kept.",
  ],
};
const PROBLEMS = {
  permission: "No permission.",
  missing: "No device found.",
  busy: "Device in use.",
  insecure: "Insecure connection.",
  unsupported: "Unsupported browser.",
  unplayable: "The file cannot be played.",
};
const WELCOME = {
  setup: [
    "Social signals from live video, each with its evidence.",
    "Press Start to use your camera and microphone, or drop a video file here.",
  ],
  ended: ["The session has ended.", "Explore the timeline, save a report, or start a new session."],
};
const CONTROLS = ["start", "pause", "end"];

/**
 * Show the controls and panels of a state.
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
  // Not `disabled`, because the button would lose the focus.
  byId("start").setAttribute("aria-disabled", String(state === "starting"));
  byId("pause").setAttribute("aria-disabled", String(state === "reconnecting"));
  setText(byId("pause"), state === "paused" ? "Resume" : "Pause");
  const [lead, more] = WELCOME[state] ?? WELCOME.setup;
  setText(byId("welcome-lead"), lead);
  setText(byId("welcome-more"), more);
  byId("frame").classList.toggle("mirrored", !file && !idle);
  // If the focused button is hidden now, focus the one that replaces it.
  if (CONTROLS.includes(focused?.id) && focused.hidden) byId(running ? "pause" : "start").focus();
}

function show(id, shown) {
  byId(id).hidden = !shown;
}

/** Show conditions by name, and the latest error message of the server. */
export function drawConditions(names, serverMessage) {
  const shown = names.map((name) => ({ key: name, content: CONDITIONS[name] }));
  if (serverMessage) shown.push({ key: serverMessage, content: ["Server message:", serverMessage] });
  reconcile(
    byId("conditions"),
    shown,
    ({ content: [head, text] }) => element("p", { class: "condition" }, element("strong", { text: head }), text),
    () => {},
  );
}

/** Show an error, or hide the box if it is null. `begun` is whether a session had started. */
export function drawProblem(error, begun = false) {
  const box = byId("problem");
  box.hidden = error === null;
  if (error !== null) {
    const [head, text] = describe(error, begun);
    box.replaceChildren(element("strong", { text: head }), text);
  }
}

function describe(error, begun) {
  if (error instanceof SourceError) return [PROBLEMS[error.kind] ?? "Something went wrong.", error.message];
  if (error instanceof KeyNeededError) {
    return ["An API key is needed.", "Only a browser on the server's own machine needs none. Enter a key, then press Start."];
  }
  if (error instanceof RefusedError) return ["Refused.", error.message];
  if (error instanceof ClientError) return [begun ? "The connection ended." : "Not connected.", error.message];
  // Browsers throw a TypeError if no server answers.
  if (error instanceof TypeError) return ["Not connected.", "The server does not answer. Check that it is running."];
  return ["Something went wrong.", error.message || "Press Start again."];
}

/** Announce text to screen readers. */
export function announce(text) {
  setText(byId("announce"), text);
}
