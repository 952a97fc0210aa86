// The status of the page: its state, conditions that impair the analysis, and errors.

import { KeyNeededError } from "./access.js";
import { ClientError, RefusedError } from "./backchannel.js";
import { byId, element, reconcile, setText } from "./dom.js";
import { SourceError } from "./source.js";
import { clock, share } from "./words.js";

const STATES = {
  setup: "Not started",
  starting: "Starting",
  analysing: "Analysing",
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
  late: ["Late.", "The results arrive several seconds behind the video."],
  missing: ["A part is missing.", "It was not analysed. The timeline marks it."],
  tooLarge: ["Large file.", "Uploads take up to 32 MB, so this file is played and analysed while it plays."],
  starting: ["Starting.", "If the browser asks, allow access to the camera and the microphone."],
  reconnecting: [
    "Reconnecting.",
    "The connection to the server was lost. Recording goes on; the analysis catches up when the connection is back.",
  ],
  resumed: ["Reconnected, nothing lost.", "The analysis goes on where it was."],
  resumedInPart: ["Reconnected.", "The analysis goes on, but a part of the recording or of the results was lost."],
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
  unplayable: ["This browser cannot play the file.", "The server could analyse it. Its results are on this page."],
  setup: ["See what a face and a voice show, and why.", "Use your camera or a video file."],
  ended: ["The session has ended.", "Explore the timeline, save a report, or start a new session."],
};
const CONTROLS = ["start", "sample", "pause", "end", "cancel", "file"];

/**
 * Show the controls and panels of a state.
 * @param {string} state
 * @param {object} source
 * @param {boolean} source.file Whether the source is a file.
 * @param {boolean} source.sample Whether the server has a sample.
 * @param {boolean} source.soundOnly Whether there is no picture.
 * @param {boolean} source.results Whether there are results to show.
 * @param {boolean} source.playable Whether the browser can play the file.
 */
export function drawState(state, { file, sample, soundOnly, results, playable }) {
  const focused = document.activeElement;
  const idle = IDLE.includes(state);
  const running = RUNNING.includes(state);
  const label = byId("state");
  label.dataset.state = state;
  setText(label, STATES[state]);
  document.body.dataset.state = state;
  show("start", (idle && !(file && state === "ended")) || state === "starting");
  show("sample", idle && sample);
  show("setup", idle && !file);
  show("file-row", idle);
  show("pause", running);
  show("end", running);
  show("cancel", state === "analysing");
  show("working", state === "analysing");
  show("save", (running || state === "ended") && results);
  show("words-switch", "words" in document.body.dataset && (idle || running || state === "starting"));
  // A session that has once stopped listening does not begin again.
  byId("words-on").disabled = !idle && !byId("words-on").checked;
  show("overlay-switch", running);
  show("time", running || state === "ending" || state === "ended");
  show("health", running);
  show("welcome", idle && !(file && state === "ended" && playable));
  show("before", !results && (idle || state === "starting" || state === "analysing"));
  show("course", results);
  show("sound-only", running && soundOnly);
  // Not `disabled`, because the button would lose the focus.
  byId("start").setAttribute("aria-disabled", String(state === "starting"));
  byId("pause").setAttribute("aria-disabled", String(state === "reconnecting"));
  setText(byId("start"), file ? "Analyse" : "Start");
  setText(byId("pause"), state === "paused" ? "Resume" : "Pause");
  const [lead, more] = WELCOME[state === "ended" && file ? "unplayable" : state] ?? WELCOME.setup;
  setText(byId("welcome-lead"), lead);
  setText(byId("welcome-more"), sample && state !== "ended" ? "Try the sample, or use your camera or a video file." : more);
  byId("frame").classList.toggle("mirrored", !file && !idle);
  // If the focused button is hidden now, focus the one that replaces it.
  const hidden = focused?.hidden || focused?.closest("[hidden]");
  const next = running ? "pause" : state === "analysing" ? "cancel" : byId("start").hidden ? "save" : "start";
  if (CONTROLS.includes(focused?.id) && hidden) byId(next).focus();
}

function show(id, shown) {
  byId(id).hidden = !shown;
}

/** Show the dot in the header, and the figures behind it. */
export function drawHealth({ level, text }, { delayS, analysed, face }) {
  byId("health-dot").dataset.level = level;
  setText(byId("health-text"), text);
  setText(byId("latency"), delayS === null ? "–" : `${delayS.toFixed(1)} s`);
  setText(byId("coverage"), analysed === null ? "–" : share(analysed));
  setText(byId("face-share"), face === null ? "–" : share(face));
}

/** Show how far an upload is. `share` is the share that was sent, `durationS` the length of the file, null if unknown. */
export function drawWorking(phase, shareSent, durationS, sinceS) {
  const whole = durationS === null ? "the file" : clock(durationS);
  const text = {
    uploading: durationS === null ? `Uploading: ${share(shareSent)}` : `Uploading: ${clock(durationS * shareSent)} of ${whole}`,
    analysing: `Analysing ${whole} (${clock(sinceS)} so far)`,
  }[phase];
  setText(byId("working-text"), text);
  const bar = byId("working-bar");
  if (phase === "uploading") bar.value = shareSent;
  else bar.removeAttribute("value");
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
  if (error instanceof RefusedError) return ["The server refused this.", error.message];
  if (error instanceof ClientError) return [begun ? "The connection ended." : "Not connected.", error.message];
  // Browsers throw a TypeError if no server answers.
  if (error instanceof TypeError) return ["Not connected.", "The server does not answer. Check that it is running, then press Start again."];
  return ["Something went wrong.", error.message || "Press Start again."];
}

/** Announce text to screen readers. */
export function announce(text) {
  setText(byId("announce"), text);
}
