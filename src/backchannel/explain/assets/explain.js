"use strict";
// Moves through time: buttons, keys, wheel and pointer. What is drawn is in tracks.js.

function clock(time) {
  return `${Math.floor(time / 60)}:${(time % 60).toFixed(2).padStart(5, "0")}`;
}

function look(from, to) {
  const length = Math.min(whole.to, Math.max(MIN_STRETCH_S, to - from));
  const start = Math.min(Math.max(0, from), whole.to - length);
  view = { from: start, to: start + length };
  redraw();
}

function zoom(factor, around = cursor ?? (view.from + view.to) / 2) {
  const centre = Math.min(view.to, Math.max(view.from, around));
  look(centre - (centre - view.from) * factor, centre + (view.to - centre) * factor);
}

function pan(share) {
  const by = share * (view.to - view.from);
  look(view.from + by, view.to + by);
}

function moveCursor(time) {
  cursor = time === null ? null : Math.min(whole.to, Math.max(0, time));
  if (cursor !== null && (cursor < view.from || cursor > view.to)) {
    const half = (view.to - view.from) / 2;
    look(cursor - half, cursor + half);
  }
  now.textContent = cursor === null ? "" : clock(cursor);
  redraw();
}

function spansAt(part, time) {
  return [...(part.spans ?? []), ...(part.cues ?? []), ...(part.labels ?? [])].filter((span) => span.start <= time && time < span.end);
}

function tell(part, event) {
  const told = spansAt(part, cursor).map((span) => span.text);
  hint.hidden = !told.length;
  if (!told.length) return;
  hint.textContent = told.join(" · ");
  const size = hint.getBoundingClientRect();
  hint.style.left = `${Math.max(8, Math.min(event.clientX + 14, innerWidth - size.width - 8))}px`;
  hint.style.top = `${Math.max(8, Math.min(event.clientY + 18, innerHeight - size.height - 8))}px`;
}

function wheel(event, canvas, always, inset = 0) {
  const width = canvas.clientWidth - inset;
  const time = view.from + ((view.to - view.from) * (event.offsetX - inset)) / width;
  if (always || event.ctrlKey || event.metaKey || event.altKey) {
    event.preventDefault();
    zoom(Math.exp(Math.sign(event.deltaY || event.deltaX) * 0.2), time);
  } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    pan(Math.sign(event.deltaX || event.deltaY) * 0.1);
  }
}

function listen(canvas, part) {
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, view: { ...view } };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held) {
      const by = ((held.x - event.clientX) / canvas.clientWidth) * (held.view.to - held.view.from);
      look(held.view.from + by, held.view.to + by);
    }
    moveCursor(timeAt(canvas, event.offsetX));
    tell(part, event);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = null; });
  canvas.addEventListener("pointerleave", () => { hint.hidden = true; });
  canvas.addEventListener("dblclick", (event) => zoom(0.5, timeAt(canvas, event.offsetX)));
  canvas.addEventListener("wheel", (event) => wheel(event, canvas, false), { passive: false });
}

const DOINGS = {
  in: () => zoom(0.6), out: () => zoom(1 / 0.6), left: () => pan(-0.25), right: () => pan(0.25),
  all: () => look(whole.from, whole.to),
};
const KEYS = { "+": "in", "=": "in", "-": "out", "0": "all", PageUp: "left", PageDown: "right" };

tracks.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = (view.to - view.from) / (event.shiftKey ? 20 : 200);
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") moveCursor((cursor ?? view.from) + (event.key === "ArrowLeft" ? -step : step));
  else if (event.key === "Home" || event.key === "End") moveCursor(event.key === "Home" ? 0 : whole.to);
  else if (event.key === "Escape") { moveCursor(null); hint.hidden = true; }
  else if (KEYS[event.key]) DOINGS[KEYS[event.key]]();
  else return;
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.do) DOINGS[button.dataset.do]();
  if (button?.dataset.start) {
    const start = Number(button.dataset.start), end = Number(button.dataset.end), room = Math.max(1.5, end - start);
    look(start - room, end + room);
    moveCursor((start + end) / 2);
    tracks.scrollIntoView({ block: "start" });
  }
});
axis.addEventListener("wheel", (event) => wheel(event, axis, true, axisInset()), { passive: false });
addEventListener("resize", redraw);
addEventListener("scroll", redraw, { passive: true });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("beforeprint", () => { document.documentElement.classList.add("printing"); draw(true); });
addEventListener("afterprint", () => { document.documentElement.classList.remove("printing"); redraw(); });

build();
draw(true);
