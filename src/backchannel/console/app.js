// The page: from a click on Start to a saved report.

import { Access, KeyNeededError } from "./access.js";
import { ClientError, EventClient, RefusedError } from "./backchannel.js";
import { byId, element, reconcile, setText } from "./dom.js";
import { Conversation } from "./model.js";
import { drawMoment } from "./moment.js";
import { NowView } from "./now.js";
import { Overlay } from "./overlay.js";
import { saveReport } from "./save.js";
import { Clock, closeFile, listDevices, openDevices, openFile, Recorder, SourceError } from "./source.js";
import { Timeline } from "./timeline.js";
import { clock as clockText, ENGAGEMENT, named, share } from "./words.js";

const INCLUDE = ["evidence", "conversation_quality_overall", "conversation_quality_timeline"];
const DRAW_MS = 250;
const NOTICE_MS = 10_000;
/** A server that restarts is waited for two minutes. */
const RETRY_AFTER_S = [0.25, 0.5, 1, 2, 4, ...Array(14).fill(8)];

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
const CONDITIONS = {
  dark: ["Too dark.", "The picture is too dark to measure a face well. Turn on a light in front of you."],
  noFace: ["No face in view.", "Nothing is said about the face meanwhile. Sit in front of the camera."],
  far: ["Too far away.", "The face is small in the picture, so fine movements are lost. Come closer."],
  noSound: ["No sound.", "Nothing is heard, so nothing is said about the voice. Check the microphone."],
  reduced: ["A busy server.", "It looks at fewer pictures a second than usual, so quick movements may be missed."],
  overloaded: ["Running behind.", "Some of it was not analysed or comes late; the timeline marks what is missing."],
};

const WELCOME = "Social signals from live video, each with what it rests on.";
const WELCOME_MORE = "Press Start to use your camera and microphone, or drop a video file here.";

const CONTROLS = ["start", "pause", "end"];

const base = new URL(".", document.baseURI);
const access = new Access(base);
const video = byId("video");
const overlay = new Overlay(video);
const timeline = new Timeline(showMoment, (following) => (byId("follow").hidden = following));
const now = new NowView((timeS, signal) => timeline.show(timeS, signal));

let state = "setup";
let conversation = new Conversation();
let run = null; // what belongs to one press of Start
let file = null;

/** One conversation, from Start to its end. */
class Run {
  clock = new Clock();
  recordedAt = new Date();
  stream = null;
  recorder = null;
  client = null;
  lostS = 0;
  wanted = "live";

  constructor(source) {
    this.source = source;
  }

  async open() {
    if (file) {
      this.stream = await openFile(file, video);
    } else {
      this.stream = await openDevices(byId("camera").value, byId("microphone").value);
      video.srcObject = this.stream;
    }
    const token = () => access.token();
    this.client = await new EventClient(base.href, token, { include: INCLUDE, retryAfterS: RETRY_AFTER_S }).open();
    video.muted = !file;
    await video.play().catch(() => {
      video.muted = true; // the click was too long ago for sound
      return video.play();
    });
    this.recorder = new Recorder(this.stream, this.clock, (chunk, startS) => this.client.send(chunk, startS));
    this.recordedAt = new Date();
    this.recorder.begin();
    if (file) video.onended = () => end();
    for (const track of this.stream.getTracks()) track.onended = () => file || end();
  }

  async listen() {
    for await (const event of this.client) await this.hear(event);
  }

  async hear(event) {
    const signal = conversation.apply(event);
    if (event.type === "signal.detected") announce(`${named(signal.type)}, ${signal.probability}. ${signal.rationale}`);
    if (event.type === "engagement.updated") announce(`Engagement: ${ENGAGEMENT[event.data.state]}`);
    if (event.type === "coverage.measured") overlay.draw(event.data.face);
    if (event.type === "error") notice(event.data.message);
    if (event.type === "disconnected") await this.lose();
    if (event.type === "reconnected") await this.comeBack();
  }

  async lose() {
    this.lostS = conversation.reachedS;
    conversation.closeSession(this.lostS);
    overlay.draw(null);
    await this.recorder.drop();
    if (this.wanted === "live") setState("reconnecting");
  }

  async comeBack() {
    notice("");
    await this.recorder.drop();
    // What was recorded last, and what went by meanwhile, was never analysed.
    conversation.lose(this.lostS, this.clock.nowS);
    conversation.join(this.clock.nowS);
    if (this.wanted === "live") this.recorder.begin();
    if (this.wanted !== "ended") setState(this.wanted);
  }

  pause() {
    this.wanted = "paused";
    this.recorder.pause();
    if (file) video.pause();
  }

  async resume() {
    this.wanted = "live";
    if (file) await video.play();
    if (this.recorder.begun) this.recorder.resume();
    else this.recorder.begin(); // its first chunk calls back a server that had heard nothing for too long
    setState(this.client.connected ? "live" : "reconnecting");
  }

  /** Record no more, and hear the rest. */
  async finish() {
    this.wanted = "ended";
    await this.recorder?.end();
    this.clock.stop();
    this.client?.finish();
  }

  release() {
    this.clock.stop();
    this.client?.close();
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    video.onended = null;
    video.pause();
    if (!file) video.srcObject = null;
    overlay.draw(null);
  }
}

// --- what the buttons do -------------------------------------------------------------------------------------------

async function start() {
  if (!["setup", "failed", "ended"].includes(state)) return;
  setState("starting");
  problem(null);
  notice("");
  conversation = new Conversation();
  now.reset();
  timeline.reset();
  run = new Run(file?.name ?? "Live conversation");
  try {
    await unlock();
    await run.open();
    setState("live");
    refreshDevices();
    await run.listen();
    finished(null);
  } catch (error) {
    finished(error);
  }
}

/** Get a token, with the key on the page if there is one. */
async function unlock() {
  const field = byId("key");
  if (field.value.trim()) {
    const key = field.value.trim();
    field.value = "";
    await access.useKey(key);
  }
  await access.token();
  byId("key-row").hidden = true;
}

async function end() {
  if (!["live", "paused", "reconnecting"].includes(state)) return;
  const connected = run.client.connected;
  setState("ending");
  await run.finish();
  if (!connected) run.client.close();
}

function togglePause() {
  if (state === "live") {
    run.pause();
    setState("paused");
  } else if (state === "paused") {
    run.resume();
  }
}

function finished(error) {
  const before = state;
  const begun = run.recorder !== null;
  run.release();
  conversation.closeSession(conversation.reachedS);
  if (error instanceof KeyNeededError) {
    byId("key-row").hidden = false;
    byId("key").focus();
  }
  const stopped = error !== null && before !== "ending";
  if (stopped) problem(error);
  if (begun && file) video.controls = true;
  setState(begun ? "ended" : "failed");
  announce(begun ? "The session has ended." : "");
}

async function save() {
  const button = byId("save");
  button.disabled = true;
  try {
    const recording = conversation.recording({ source: run.source, recordedAt: run.recordedAt });
    await saveReport(base, await access.token(), recording);
    problem(null);
  } catch (error) {
    problem(error);
  } finally {
    button.disabled = false;
  }
}

function showMoment(timeS) {
  drawMoment(conversation.at(timeS));
  // A file that has been played is still there to be looked at.
  if (state === "ended" && file && video.src) video.currentTime = timeS;
}

// --- what the page says --------------------------------------------------------------------------------------------

function setState(next) {
  const focused = document.activeElement;
  state = next;
  const label = byId("state");
  label.dataset.state = next;
  setText(label, STATES[next]);
  const idle = ["setup", "failed", "ended"].includes(next);
  const running = ["live", "paused", "reconnecting"].includes(next);
  const begun = next === "ended";
  byId("start").hidden = !idle && next !== "starting";
  // Not `disabled`, which would take the focus away from whoever pressed it.
  byId("start").setAttribute("aria-disabled", String(next === "starting"));
  byId("setup").hidden = !idle;
  byId("pause").hidden = !running;
  byId("pause").setAttribute("aria-disabled", String(next === "reconnecting"));
  setText(byId("pause"), next === "paused" ? "Resume" : "Pause");
  byId("end").hidden = !running;
  byId("save").hidden = !(running || next === "ended");
  byId("overlay-switch").hidden = !running;
  byId("welcome").hidden = !(next === "setup" || next === "failed" || (next === "ended" && !file));
  setText(byId("welcome-lead"), begun ? "The session has ended." : WELCOME);
  setText(byId("welcome-more"), begun ? "Look around in its timeline, save a report, or start another one." : WELCOME_MORE);
  byId("frame").classList.toggle("mirrored", !file && !idle);
  byId("sound-only").hidden = !(running && run.stream.getVideoTracks().length === 0);
  byId("before").hidden = next !== "setup" && next !== "failed";
  if (idle) overlay.draw(null);
  // Whoever pressed a button that has gone is left at the one in its place.
  if (CONTROLS.includes(focused?.id) && focused.hidden) byId(running ? "pause" : "start").focus();
  draw();
}

const PROBLEMS = {
  permission: "No permission.",
  missing: "Nothing found.",
  busy: "In use.",
  insecure: "Not from here.",
  unsupported: "Not in this browser.",
  unplayable: "Cannot be played.",
};

function problem(error) {
  const box = byId("problem");
  box.hidden = error === null;
  if (error === null) return;
  let head = "That did not work.";
  let text = "The page met a fault of its own. Press Start again.";
  if (error instanceof SourceError) [head, text] = [PROBLEMS[error.kind] ?? head, error.message];
  else if (error instanceof KeyNeededError) [head, text] = ["An API key is needed.", "This page is not opened on the server's own machine. Enter a key, then press Start."];
  else if (error instanceof RefusedError) [head, text] = ["Refused.", error.message];
  else if (error instanceof ClientError) [head, text] = [run?.recorder ? "The connection ended." : "Not connected.", error.message];
  else if (error instanceof TypeError && error.message.includes("fetch")) text = "The server does not answer. Is it running?";
  else if (error?.message) text = error.message;
  box.replaceChildren(element("strong", { text: head }), text);
}

let noticed = "";
let noticedMs = 0;

function notice(message) {
  noticed = message;
  noticedMs = performance.now();
}

function announce(text) {
  setText(byId("announce"), text);
}

function drawConditions() {
  const shown = [];
  if (state === "live") shown.push(...conversation.conditions(run.clock.nowS).map((key) => ({ key, told: CONDITIONS[key] })));
  if (state === "reconnecting") shown.push({ key: "reconnecting", told: ["Reconnecting.", "The connection to the server was lost. What happens meanwhile is not analysed; what was told is kept."] });
  if (state === "starting" && !file) shown.push({ key: "starting", told: ["Starting.", "If the browser asks, allow the camera and the microphone."] });
  if (noticed && state === "live" && performance.now() - noticedMs < NOTICE_MS) shown.push({ key: "notice", told: ["The server says:", noticed] });
  reconcile(
    byId("conditions"),
    shown,
    ({ told: [head, text] }) => element("p", { class: "condition" }, element("strong", { text: head }), text),
    () => {},
  );
}

function drawFacts() {
  const nowS = run?.clock.nowS ?? 0;
  const { analysed, face } = conversation.coverage;
  const time = byId("time");
  setText(time, clockText(nowS));
  time.dateTime = `PT${nowS.toFixed(2)}S`;
  const behindS = nowS - conversation.reachedS;
  const running = state === "live" && conversation.reachedS > 0;
  if (running) setText(byId("latency"), `${behindS.toFixed(1)} s`);
  else if (state === "setup" || state === "starting") setText(byId("latency"), "–");
  setText(byId("coverage"), analysed === null ? "–" : share(analysed));
  setText(byId("face-share"), face === null ? "–" : share(face));
}

let drawn = "";

function draw() {
  drawFacts();
  drawConditions();
  const nowS = run?.clock.nowS ?? 0;
  const stamp = `${state} ${conversation.version} ${Math.floor(nowS * 4)}`;
  if (stamp === drawn) return;
  drawn = stamp;
  now.draw(conversation);
  timeline.draw(conversation, nowS);
}

// --- choosing a source ---------------------------------------------------------------------------------------------

function choose(chosen) {
  if (!["setup", "failed", "ended"].includes(state)) return;
  closeFile(video);
  video.controls = false;
  file = chosen;
  setText(byId("file-name"), file ? file.name : "or drop one anywhere");
  byId("file-clear").hidden = !file;
  byId("camera").disabled = byId("microphone").disabled = Boolean(file);
  problem(null);
}

async function refreshDevices() {
  const { cameras, microphones } = await listDevices();
  for (const [id, devices] of [["camera", cameras], ["microphone", microphones]]) {
    const select = byId(id);
    const chosen = select.value;
    select.replaceChildren(
      select.options[0],
      ...devices.filter(({ deviceId }) => deviceId !== "default").map(({ deviceId, label }) => element("option", { value: deviceId, text: label })),
      [...select.options].at(-1),
    );
    select.value = [...select.options].some(({ value }) => value === chosen) ? chosen : "";
  }
}

byId("start").addEventListener("click", start);
byId("pause").addEventListener("click", togglePause);
byId("end").addEventListener("click", end);
byId("save").addEventListener("click", save);
byId("key-row").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
byId("overlay-on").addEventListener("change", ({ target }) => overlay.show(target.checked));
byId("file").addEventListener("change", ({ target }) => {
  if (target.files[0]) choose(target.files[0]);
  target.value = "";
});
byId("file-clear").addEventListener("click", () => choose(null));
for (const type of ["dragover", "dragleave", "drop"]) {
  addEventListener(type, (event) => {
    event.preventDefault();
    setText(byId("welcome-lead"), begun ? "The session has ended." : WELCOME);
  setText(byId("welcome-more"), begun ? "Look around in its timeline, save a report, or start another one." : WELCOME_MORE);
  byId("frame").classList.toggle("dropping", type === "dragover");
    if (type === "drop" && event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
  });
}
addEventListener("pagehide", () => run?.client?.close());
navigator.mediaDevices?.addEventListener?.("devicechange", refreshDevices);
setInterval(draw, DRAW_MS);
setState("setup");
refreshDevices();
access.token().catch((error) => {
  byId("key-row").hidden = !(error instanceof KeyNeededError);
});
