// The page: controls, state and drawing.

import { Access, KeyNeededError } from "./access.js";
import { byId, element, setText } from "./dom.js";
import { Conversation } from "./model.js";
import { drawMoment } from "./moment.js";
import { NowView } from "./now.js";
import { Overlay } from "./overlay.js";
import { Run } from "./run.js";
import { saveReport } from "./save.js";
import { closeFile, listDevices } from "./source.js";
import { announce, drawConditions, drawProblem, drawState, IDLE, RUNNING } from "./status.js";
import { Timeline } from "./timeline.js";
import { clock, ENGAGEMENT, named, share } from "./words.js";

const DRAW_MS = 250;
const NOTICE_MS = 10_000;

const base = new URL(".", document.baseURI);
const access = new Access(base);
const video = byId("video");
const overlay = new Overlay(video);
const timeline = new Timeline(showMoment, (following) => (byId("follow").hidden = following));
const now = new NowView((timeS, signal) => timeline.show(timeS, signal));

let state = "setup";
let conversation = new Conversation();
let run = null;
let file = null;
let serverError = { text: "", untilMs: 0 };
let drawn = "";

// --- controls ------------------------------------------------------------------------------------------------------

async function start() {
  if (!IDLE.includes(state)) return;
  drawProblem(null);
  serverError.text = "";
  conversation = new Conversation();
  const chosen = { file, camera: byId("camera").value, microphone: byId("microphone").value };
  run = new Run(conversation, chosen, video, { state: setState, event: handleEvent, over: end });
  now.reset();
  timeline.reset();
  setState("starting");
  try {
    await unlock();
    await run.open(base.href, () => access.token());
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
  const key = field.value.trim();
  field.value = "";
  if (key) await access.useKey(key);
  await access.token();
  byId("key-row").hidden = true;
}

function handleEvent({ type, data }, signal) {
  if (type === "signal.detected") announce(`${named(signal.type)}, ${signal.probability}. ${signal.rationale}`);
  if (type === "engagement.updated") announce(`Engagement: ${ENGAGEMENT[data.state]}`);
  if (type === "coverage.measured") overlay.draw(data.face);
  if (type === "disconnected") overlay.draw(null);
  if (type === "error") serverError = { text: data.message, untilMs: performance.now() + NOTICE_MS };
}

function togglePause() {
  if (state === "live") run.pause();
  else if (state === "paused") run.resume();
}

async function end() {
  if (!RUNNING.includes(state)) return;
  setState("ending");
  await run.finish();
}

function finished(error) {
  const begun = run.recorder !== null;
  run.release();
  overlay.draw(null);
  conversation.closeSession(conversation.reachedS);
  video.controls = begun && file !== null;
  drawProblem(error, begun);
  setState(begun ? "ended" : "failed");
  if (begun) announce("The session has ended.");
  if (error instanceof KeyNeededError) {
    byId("key-row").hidden = false;
    byId("key").focus();
  }
}

async function save() {
  const button = byId("save");
  button.setAttribute("aria-disabled", "true");
  try {
    const recording = conversation.recording({ source: run.title, recordedAt: run.recordedAt });
    await saveReport(base, await access.token(), recording);
    drawProblem(null);
  } catch (error) {
    drawProblem(error, true);
  } finally {
    button.setAttribute("aria-disabled", "false");
  }
}

function showMoment(timeS) {
  drawMoment(conversation.at(timeS));
  // After the session, a file can still be viewed at any moment.
  if (state === "ended" && file && video.src) video.currentTime = timeS;
}

// --- drawing -------------------------------------------------------------------------------------------------------

function setState(next) {
  state = next;
  drawState(state, { file: file !== null, soundOnly: run?.soundOnly ?? false });
  draw();
}

function draw() {
  const nowS = run?.clock.nowS ?? 0;
  drawFacts(nowS);
  const conditions = { live: () => conversation.conditions(nowS), reconnecting: () => [state], starting: () => (file ? [] : [state]) };
  drawConditions(conditions[state]?.() ?? [], state === "live" && performance.now() < serverError.untilMs ? serverError.text : "");
  const stamp = `${state} ${conversation.version} ${Math.floor(nowS * 4)}`;
  if (stamp === drawn) return;
  drawn = stamp;
  now.draw(conversation);
  timeline.draw(conversation, nowS);
}

function drawFacts(nowS) {
  const { analysed, face } = conversation.coverage;
  const time = byId("time");
  setText(time, clock(nowS));
  time.dateTime = `PT${nowS.toFixed(2)}S`;
  const known = state === "live" && conversation.reachedS > 0;
  setText(byId("latency"), known ? `${(nowS - conversation.reachedS).toFixed(1)} s` : "–");
  setText(byId("coverage"), analysed === null ? "–" : share(analysed));
  setText(byId("face-share"), face === null ? "–" : share(face));
  const onlyBehaviour = conversation.policy === "behaviour";
  byId("policy").hidden = !onlyBehaviour;
  byId("quality-section").hidden = onlyBehaviour;
}

// --- choosing a source ---------------------------------------------------------------------------------------------

function choose(chosen) {
  if (!IDLE.includes(state)) return;
  closeFile(video);
  video.controls = false;
  file = chosen;
  setText(byId("file-name"), file ? file.name : "or drop one anywhere");
  byId("file-clear").hidden = !file;
  byId("camera").disabled = byId("microphone").disabled = Boolean(file);
  drawProblem(null);
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
    byId("frame").classList.toggle("dropping", type === "dragover" && IDLE.includes(state));
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
