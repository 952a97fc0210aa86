// The page: controls, state and drawing.

import { Access, KeyNeededError } from "./access.js";
import { byId, element, setText } from "./dom.js";
import { conditionsOf, delayOf, healthOf } from "./health.js";
import { Conversation } from "./model.js";
import { NowView } from "./now.js";
import { Overlay } from "./overlay.js";
import { QualityView } from "./quality.js";
import { Run } from "./run.js";
import { saveReport } from "./save.js";
import { closeFile, listDevices, loadFile } from "./source.js";
import { announce, drawConditions, drawHealth, drawProblem, drawState, drawWorking, IDLE, RUNNING } from "./status.js";
import { Timeline } from "./timeline.js";
import { analyseFile, TooLargeError } from "./upload.js";
import { clock, ENGAGEMENT, headline, likely } from "./words.js";

const DRAW_MS = 250;
const NOTICE_MS = 10_000;

const base = new URL(".", document.baseURI);
const access = new Access(base);
const video = byId("video");
const sample = "sample" in document.body.dataset;
const overlay = new Overlay(video);
const timeline = new Timeline(showMoment, (following) => (byId("follow").hidden = following || played()));
const now = new NowView((timeS, signal) => timeline.show(timeS, signal));
const quality = new QualityView();

let state = "setup";
let conversation = new Conversation();
let run = null;
let file = null;
let upload = null;
let momentS = 0;
let serverError = { text: "", untilMs: 0 };
let resumed = { name: "", untilMs: 0 };
let drawn = "";

// --- controls ------------------------------------------------------------------------------------------------------

async function start() {
  if (!IDLE.includes(state)) return;
  drawProblem(null);
  serverError.text = "";
  resumed.untilMs = 0;
  conversation = new Conversation();
  run = upload = null;
  now.reset();
  timeline.reset();
  if (!file) return await startLive();
  try {
    await startFile();
  } catch (error) {
    if (error instanceof TooLargeError) return await startLive();
    finishedFile(error);
  }
}

/** Analyse a camera and a microphone, or a file that is too large to upload, while it plays. */
async function startLive() {
  const chosen = { file, camera: byId("camera").value, microphone: byId("microphone").value, words: byId("words-on").checked };
  run = new Run(conversation, chosen, video, { state: setState, event: handleEvent, resumed: noteResumed, over: end });
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

/** Upload a file, then play it beside its results. */
async function startFile() {
  upload = { cancelled: new AbortController(), phase: "uploading", share: 0, sinceMs: performance.now(), durationS: null };
  setState("analysing");
  const [playable] = await Promise.all([loadFile(file, video), unlock()]);
  upload.durationS = playable && Number.isFinite(video.duration) ? video.duration : null;
  const token = () => access.token();
  const result = await analyseFile(base, token, file, byId("words-on").checked, upload.cancelled.signal, (phase, share) => {
    if (phase !== upload.phase) upload.sinceMs = performance.now();
    Object.assign(upload, { phase, share });
  });
  conversation.load(result);
  upload.recordedAt = new Date(file.lastModified || Date.now());
  upload.playable = playable;
  finishedFile(null);
}

function finishedFile(error) {
  const cancelled = error?.name === "AbortError";
  drawProblem(cancelled ? null : error);
  setState(error ? "failed" : "ended");
  if (error instanceof KeyNeededError) askForKey();
  if (error) return;
  announce("The analysis is done.");
  if (!upload.playable) {
    timeline.follow();
    return;
  }
  video.controls = true;
  video.muted = false;
  // Browsers play sound only shortly after a click. Otherwise the user presses Play.
  video.play().catch(() => {});
}

/** Switch words off at once. They come back with the next session, if they are switched on before it. */
function switchWords() {
  if (!byId("words-on").checked) run?.stopWords();
  setState(state);
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

function askForKey() {
  byId("key-row").hidden = false;
  byId("key").focus();
}

function handleEvent({ type, data }, signal) {
  if (type === "signal.detected") announce(`${headline(signal.rationale)} ${likely(signal)}.`);
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
  if (error instanceof KeyNeededError) askForKey();
}

async function save() {
  const button = byId("save");
  button.setAttribute("aria-disabled", "true");
  try {
    const source = run?.title ?? file.name;
    const recordedAt = run?.recordedAt ?? upload.recordedAt;
    await saveReport(base, await access.token(), conversation.recording({ source, recordedAt }));
    drawProblem(null);
  } catch (error) {
    drawProblem(error, true);
  } finally {
    button.setAttribute("aria-disabled", "false");
  }
}

// --- the moment that is shown --------------------------------------------------------------------------------------

/** Whether a file is shown beside its results, so that its own position is the moment. */
function played() {
  return state === "ended" && file !== null && video.readyState > 0;
}

/** The moment that is shown; null for now. */
function shownS() {
  if (played()) return video.currentTime;
  return timeline.following ? null : momentS;
}

function showMoment(timeS) {
  momentS = timeS;
  if (played()) video.currentTime = timeS;
  byId("frame").scrollIntoView({ block: "nearest" });
  draw();
}

// --- drawing -------------------------------------------------------------------------------------------------------

function setState(next) {
  state = next;
  drawState(state, { file: file !== null, sample, soundOnly: run?.soundOnly ?? false, results: conversation.reachedS > 0, playable: upload?.playable ?? true });
  draw();
}

/** Say that the session went on after a lost connection, and whether all of it is there. */
function noteResumed(whole) {
  resumed = { name: whole ? "resumed" : "resumedInPart", untilMs: performance.now() + NOTICE_MS };
}

function draw() {
  const nowS = run?.clock.nowS ?? 0;
  if (conversation.reachedS > 0 && byId("course").hidden) setState(state);
  drawFacts(nowS);
  const found = {
    live: () => [...(performance.now() < resumed.untilMs ? [resumed.name] : []), ...(file ? ["tooLarge"] : []), ...conditionsOf(conversation, nowS)],
    reconnecting: () => [state],
    starting: () => (file ? [] : [state]),
  };
  drawConditions(found[state]?.() ?? [], state === "live" && performance.now() < serverError.untilMs ? serverError.text : "");
  if (state === "analysing") drawWorking(upload.phase, upload.share, upload.durationS, (performance.now() - upload.sinceMs) / 1000);
  const atS = shownS();
  const stamp = `${state} ${conversation.version} ${Math.floor(nowS * 4)} ${atS}`;
  if (stamp === drawn) return;
  drawn = stamp;
  const view = conversation.view(atS);
  now.draw(view, state === "ended");
  overlay.drawTags(state === "live" || played() ? conversation : null, state === "live" ? conversation.view() : view);
  quality.draw(conversation);
  timeline.draw(conversation, nowS);
  if (played()) timeline.goTo(video.currentTime);
}

function drawFacts(nowS) {
  const timeS = played() ? video.currentTime : nowS;
  const time = byId("time");
  setText(time, clock(timeS));
  time.dateTime = `PT${timeS.toFixed(2)}S`;
  const delayS = state === "live" && conversation.reachedS > 0 ? delayOf(conversation, nowS) : null;
  const health = state === "live" ? healthOf(conversation, nowS) : { level: "", text: "not analysing" };
  byId("policy").hidden = conversation.policy !== "behaviour";
  drawHealth(health, { delayS, ...conversation.coverage });
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
  if (file) start();
  else {
    conversation = new Conversation();
    setState("setup");
  }
}

async function chooseSample() {
  try {
    const answer = await fetch(new URL("console/sample", base));
    if (!answer.ok) throw new Error("The server has no sample any more. Choose a file instead.");
    choose(new File([await answer.blob()], "Sample.mp4", { type: "video/mp4" }));
  } catch (error) {
    drawProblem(error);
  }
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
byId("sample").addEventListener("click", chooseSample);
byId("pause").addEventListener("click", togglePause);
byId("end").addEventListener("click", end);
byId("cancel").addEventListener("click", () => upload.cancelled.abort());
byId("save").addEventListener("click", save);
byId("follow").addEventListener("click", () => {
  timeline.follow();
  draw();
});
byId("key-row").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
byId("words-on").addEventListener("change", switchWords);
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
for (const type of ["timeupdate", "seeking", "loadeddata"]) video.addEventListener(type, draw);
addEventListener("pagehide", () => run?.client?.close());
navigator.mediaDevices?.addEventListener?.("devicechange", refreshDevices);
setInterval(draw, DRAW_MS);
setState("setup");
refreshDevices();
access.token().catch((error) => {
  byId("key-row").hidden = !(error instanceof KeyNeededError);
});
