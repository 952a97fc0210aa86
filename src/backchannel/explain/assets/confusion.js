"use strict";
// Shows a mark's numbers beside it, and moves between marks with the keyboard.

const hint = document.getElementById("hint");
const timelines = [...document.querySelectorAll(".lanes")];

function show(mark) {
  hint.textContent = mark.getAttribute("aria-label");
  hint.hidden = false;
  const at = mark.querySelector("rect").getBoundingClientRect();
  const size = hint.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left), innerWidth - size.width - 8);
  const below = at.bottom + 8;
  hint.style.left = `${left}px`;
  hint.style.top = `${below + size.height > innerHeight ? Math.max(8, at.top - size.height - 8) : below}px`;
}

function hide() {
  hint.hidden = true;
}

function go(mark) {
  if (!mark) return;
  const timeline = mark.closest(".lanes");
  for (const other of timeline.querySelectorAll('.mark[tabindex="0"]')) other.setAttribute("tabindex", "-1");
  mark.setAttribute("tabindex", "0");
  mark.focus({ preventScroll: true });
  mark.scrollIntoView({ block: "nearest" });
  show(mark);
}

const startOf = (mark) => Number(mark.dataset.start);

// The mark of the next lane up or down that has any, nearest in time.
function acrossLanes(mark, direction) {
  const lanes = [...mark.closest(".lanes").querySelectorAll(".lane")];
  for (let at = lanes.indexOf(mark.closest(".lane")) + direction; lanes[at]; at += direction) {
    const marks = [...lanes[at].querySelectorAll(".mark")];
    if (marks.length) {
      return marks.reduce((best, one) =>
        Math.abs(startOf(one) - startOf(mark)) < Math.abs(startOf(best) - startOf(mark)) ? one : best);
    }
  }
  return null;
}

function alongLane(mark, direction) {
  const marks = [...mark.closest(".lane").querySelectorAll(".mark")];
  return marks[marks.indexOf(mark) + direction];
}

function nextMiss(direction) {
  const misses = [...document.querySelectorAll(".lanes .missed, .lanes .wrong")];
  if (direction < 0) misses.reverse();
  const here = document.activeElement;
  const side = direction < 0 ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING;
  return misses.find((miss) => miss !== here && (here === document.body || here.compareDocumentPosition(miss) & side));
}

for (const timeline of timelines) {
  timeline.querySelector(".mark")?.setAttribute("tabindex", "0");
  timeline.addEventListener("pointerover", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) show(mark);
    else hide();
  });
  timeline.addEventListener("pointerleave", hide);
  timeline.addEventListener("click", (event) => go(event.target.closest(".mark")));
  timeline.addEventListener("focusin", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) show(mark);
  });
  timeline.addEventListener("focusout", hide);
  timeline.addEventListener("keydown", (event) => {
    const mark = event.target.closest(".mark");
    const steps = { ArrowLeft: [alongLane, -1], ArrowRight: [alongLane, 1], ArrowUp: [acrossLanes, -1], ArrowDown: [acrossLanes, 1] };
    const step = steps[event.key];
    if (!mark || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(step[0](mark, step[1]));
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "n" || event.key === "p") go(nextMiss(event.key === "n" ? 1 : -1));
  if (event.key === "Escape") hide();
});
addEventListener("scroll", () => {
  const mark = document.activeElement?.closest?.(".mark");
  if (mark) show(mark);
  else hide();
}, { passive: true });

// On paper every miss is told in words.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
