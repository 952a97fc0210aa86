"use strict";
// Draws the tracks of one clip over time. All lanes share one stretch of time and one cursor.

const { duration, lanes } = JSON.parse(document.getElementById("data").textContent);
const LANE_PX = 92, ROW_PX = 20, MIN_STRETCH_S = 0.5;
const tracks = document.getElementById("tracks");
const axis = document.getElementById("axis");
const hint = document.getElementById("hint");
const now = document.getElementById("now");

const whole = { from: 0, to: Math.max(duration, MIN_STRETCH_S) };
let view = { ...whole };
let cursor = null; // s
let colours = {};
let asked = false;

const valueAt = (lane, row) => lane.value[row] ?? null;
const rowAt = (lane, time) => Math.round((time - lane.t0) / lane.dt);
const timeAt = (canvas, x) => view.from + ((view.to - view.from) * x) / canvas.clientWidth;
const xAt = (canvas, time) => ((time - view.from) / (view.to - view.from)) * canvas.clientWidth;

function usualAt(lane, row) {
  if (!lane.usual) return null;
  let low = 0, high = lane.usual.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (lane.usual[middle][0] <= row) low = middle;
    else high = middle - 1;
  }
  return lane.usual[low]?.[1] ?? null;
}

// The values a lane must have room for: nearly all of the track, and its thresholds.
function rangeOf(lane) {
  const known = lane.value.filter((value) => value !== null).sort((a, b) => a - b);
  const spread = known.length ? [known[Math.floor(known.length * 0.002)], known[Math.ceil(known.length * 0.998) - 1]] : [0, 1];
  const usual = lane.usual?.map((step) => step[1]).filter((value) => value !== null).sort((a, b) => a - b);
  const base = lane.usual ? usual[Math.floor(usual.length / 2)] ?? 0 : 0;
  for (const level of lane.levels) {
    const sign = lane.usual ? level.side : 1;
    spread.push(base + sign * level.enter);
  }
  const low = Math.min(...spread), high = Math.max(...spread), room = (high - low || 1) * 0.14;
  return { low: low - room, high: high + room };
}

function build() {
  let group = "";
  for (const lane of lanes) {
    if (lane.group !== group) {
      group = lane.group;
      tracks.append(Object.assign(document.createElement("h2"), { textContent: group }));
    }
    for (const part of lane.rows ?? [lane]) {
      const box = Object.assign(document.createElement("div"), { className: "track" });
      const name = Object.assign(document.createElement("div"), { className: "name" });
      name.append(Object.assign(document.createElement("b"), { textContent: part.title ?? part.name }));
      part.canvas = document.createElement("canvas");
      part.height = lane.rows ? ROW_PX + 4 : LANE_PX;
      part.canvas.style.height = `${part.height}px`;
      part.canvas.setAttribute("aria-hidden", "true");
      if (!lane.rows) {
        part.output = document.createElement("output");
        part.range = rangeOf(part);
        name.append(part.output, Object.assign(document.createElement("small"), { textContent: [noteOf(part), part.note].filter(Boolean).join(" · ") }));
      }
      box.append(name, part.canvas);
      tracks.append(box);
      listen(part.canvas, part);
    }
  }
}

function noteOf(lane) {
  const two = (level) => lane.levels.some((other) => other.cue === level.cue && other.side !== level.side);
  const sign = (level) => {
    if (!lane.usual) return level.side > 0 ? "≥ " : "≤ ";
    return two(level) ? "±" : level.side > 0 ? "+" : "−";
  };
  const notes = lane.levels.map((level) => `${level.cue} ${sign(level)}${level.enter.toFixed(lane.digits)}`);
  return [lane.unit, ...new Set(notes)].filter(Boolean).join(" · ");
}

const parts = () => lanes.flatMap((lane) => lane.rows ?? [lane]);

function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; draw(); });
}

function draw(everywhere = false) {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ink", "dim", "line", "faint", "right", "wrong", "missed", "label", "neutral", "ignored", "raised"]) {
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
  drawAxis();
  for (const part of parts()) {
    const at = part.canvas.getBoundingClientRect();
    if (!everywhere && (at.bottom < -50 || at.top > innerHeight + 50)) continue;
    if (part.spans) drawRow(part);
    else drawLane(part);
  }
}

function prepared(canvas, height) {
  const width = canvas.clientWidth, dots = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * dots)) canvas.width = Math.round(width * dots);
  if (canvas.height !== Math.round(height * dots)) canvas.height = Math.round(height * dots);
  const pen = canvas.getContext("2d");
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
  return pen;
}

function ticks(width) {
  const wanted = (view.to - view.from) / Math.max(2, width / 80);
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300].find((one) => one >= wanted) ?? 600;
  const times = [];
  for (let at = Math.ceil(view.from / step) * step; at <= view.to + 1e-9; at += step) times.push(Math.round(at * 100) / 100);
  return times;
}

const axisInset = () => parseFloat(getComputedStyle(axis).paddingLeft) || 0;

function drawAxis() {
  const inset = axisInset(), pen = prepared(axis, 22);
  // The canvas is as wide as the lanes; its padding stands for their names.
  const width = axis.clientWidth - inset, dots = devicePixelRatio || 1;
  axis.width = Math.round(width * dots);
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
  pen.textAlign = "center";
  pen.fillStyle = colours.dim;
  for (const time of ticks(width)) {
    const x = ((time - view.from) / (view.to - view.from)) * width;
    pen.fillText(`${time} s`, Math.min(width - 14, Math.max(12, x)), 15);
  }
}

function grid(pen, width, height) {
  pen.strokeStyle = colours.faint;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const time of ticks(width)) {
    const x = Math.round(((time - view.from) / (view.to - view.from)) * width) + 0.5;
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
  }
  pen.stroke();
}

function drawLane(lane) {
  const { canvas, range } = lane, pen = prepared(canvas, LANE_PX), width = canvas.clientWidth;
  const y = (value) => LANE_PX - ((value - range.low) / (range.high - range.low)) * LANE_PX;
  grid(pen, width, LANE_PX);
  for (const cue of lane.cues) block(pen, canvas, cue, 0, LANE_PX, colours.right, 0.16);
  for (const level of lane.levels) drawLevel(pen, lane, level, y);
  if (lane.usual) stepLine(pen, lane, (value) => y(value), colours.dim, []);
  drawTrack(pen, lane, y, width);
  lane.cues.forEach((cue) => caption(pen, canvas, cue, 11, colours.right));
  for (const label of lane.labels) drawLabel(pen, canvas, label);
  drawScale(pen, lane, width);
  drawCursor(pen, canvas, LANE_PX, lane, y);
}

// What the top and the bottom of a lane stand for.
function drawScale(pen, { range, digits, labels }, width) {
  pen.fillStyle = colours.dim;
  pen.textAlign = "right";
  pen.fillText(range.high.toFixed(digits), width - 3, 11);
  pen.fillText(range.low.toFixed(digits), width - 3, LANE_PX - (labels.length ? 19 : 4));
  pen.textAlign = "left";
}

// Calls back with each stretch in which the baseline stays the same.
function stretches(lane, told) {
  const steps = lane.usual ?? [[0, 0]];
  steps.forEach(([row, value], index) => {
    const end = steps[index + 1]?.[0] ?? lane.value.length;
    const from = lane.t0 + row * lane.dt, to = lane.t0 + end * lane.dt;
    if (value !== null && to >= view.from && from <= view.to) told(from, to, value);
  });
}

function stepLine(pen, lane, place, colour, dash) {
  pen.strokeStyle = colour;
  pen.setLineDash(dash);
  pen.lineWidth = 1;
  pen.beginPath();
  stretches(lane, (from, to, value) => {
    pen.moveTo(xAt(lane.canvas, from), place(value));
    pen.lineTo(xAt(lane.canvas, to), place(value));
  });
  pen.stroke();
  pen.setLineDash([]);
}

function drawLevel(pen, lane, level, y) {
  const sign = lane.usual ? level.side : 1;
  const enter = (usual) => y(usual + sign * level.enter), leave = (usual) => y(usual + sign * level.leave);
  const beyond = level.side > 0 ? 0 : LANE_PX;
  pen.fillStyle = colours.missed;
  pen.globalAlpha = 0.08;
  stretches(lane, (from, to, usual) => {
    const left = xAt(lane.canvas, from);
    pen.fillRect(left, Math.min(beyond, enter(usual)), xAt(lane.canvas, to) - left, Math.abs(enter(usual) - beyond));
  });
  pen.globalAlpha = 1;
  stepLine(pen, lane, enter, colours.missed, []);
  if (level.leave !== level.enter) stepLine(pen, lane, leave, colours.missed, [4, 3]);
}

// One line, or the span of each pixel's values where there are more rows than pixels.
function drawTrack(pen, lane, y, width) {
  pen.strokeStyle = colours.ink;
  pen.lineWidth = 1.25;
  pen.beginPath();
  const first = Math.max(0, rowAt(lane, view.from) - 1), last = Math.min(lane.value.length - 1, rowAt(lane, view.to) + 1);
  const dense = (last - first) / width > 2;
  let before = null, column = -1, low = 0, high = 0;
  for (let row = first; row <= last; row += 1) {
    const value = valueAt(lane, row);
    const x = xAt(lane.canvas, lane.t0 + row * lane.dt);
    if (value === null) { before = null; continue; }
    const at = y(value);
    if (dense && before !== null && Math.round(x) === column) {
      low = Math.min(low, at); high = Math.max(high, at);
      pen.moveTo(column, low); pen.lineTo(column, high + 0.5);
    } else {
      if (before === null) { pen.moveTo(x - 0.5, at); pen.lineTo(x + 0.5, at); } else { pen.moveTo(...before); pen.lineTo(x, at); }
      column = Math.round(x); low = at; high = at;
    }
    before = [x, at];
  }
  pen.stroke();
}

function block(pen, canvas, span, top, height, colour, alpha) {
  const left = xAt(canvas, span.start), wide = Math.max(2, xAt(canvas, span.end) - left);
  pen.fillStyle = colour;
  pen.globalAlpha = alpha;
  pen.fillRect(left, top, wide, height);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.strokeRect(left + 0.5, top + 0.5, wide - 1, height - 1);
}

function caption(pen, canvas, span, baseline, colour) {
  const left = Math.max(0, xAt(canvas, span.start)), room = Math.min(canvas.clientWidth, xAt(canvas, span.end)) - left - 6;
  if (room < 12 || !span.name) return;
  let text = span.name;
  while (text.length > 1 && pen.measureText(text).width > room) text = text.slice(0, -1);
  if (text !== span.name && text.length < 3) return;
  pen.fillStyle = colour;
  pen.fillText(text === span.name ? text : `${text.slice(0, -1)}…`, left + 3, baseline);
}

function drawLabel(pen, canvas, label) {
  const missed = label.kind.includes("missed"), colour = missed ? colours.missed : colours.label;
  const top = LANE_PX - 15, left = xAt(canvas, label.start), wide = Math.max(3, xAt(canvas, label.end) - left);
  pen.fillStyle = colours.raised;
  pen.globalAlpha = 0.8;
  pen.fillRect(left, top, wide, 13);
  pen.fillStyle = colour;
  pen.globalAlpha = missed ? 0 : 0.3;
  pen.fillRect(left, top, wide, 13);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.setLineDash(missed ? [4, 3] : []);
  pen.strokeRect(left + 0.75, top + 0.75, wide - 1.5, 11.5);
  pen.setLineDash([]);
  caption(pen, canvas, { ...label, name: `${missed ? "○" : "✓"} ${label.name}` }, LANE_PX - 5, colours.ink);
}

const ROW_COLOURS = { cue: "right", label: "label", signal: "neutral", engaged: "right", neutral: "ignored", disengaged: "missed" };

function drawRow(row) {
  const pen = prepared(row.canvas, row.height);
  grid(pen, row.canvas.clientWidth, row.height);
  for (const span of row.spans) {
    block(pen, row.canvas, span, 3, ROW_PX - 2, colours[ROW_COLOURS[span.kind]] ?? colours.ignored, 0.25);
    caption(pen, row.canvas, span, 16, colours.ink);
  }
  drawCursor(pen, row.canvas, row.height);
}

function drawCursor(pen, canvas, height, lane, y) {
  if (cursor === null) { if (lane) lane.output.textContent = ""; return; }
  const x = xAt(canvas, cursor);
  pen.strokeStyle = colours.wrong;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x, 0);
  pen.lineTo(x, height);
  pen.stroke();
  if (!lane) return;
  const row = rowAt(lane, cursor), value = valueAt(lane, row), usual = usualAt(lane, row);
  lane.output.textContent = value === null ? "not measured" : `${value.toFixed(lane.digits)}${usual === null ? "" : ` (usual ${usual.toFixed(lane.digits)})`}`;
  if (value === null) return;
  pen.fillStyle = colours.wrong;
  pen.beginPath();
  pen.arc(x, y(value), 3, 0, 7);
  pen.fill();
}
