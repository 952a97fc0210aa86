// The current state: engagement with its last minute, the newest signals, and quality.

import { byId, element, reconcile, setText } from "./dom.js";
import { evidenceTable, level } from "./evidence.js";
import { clock, DIMENSIONS, ENGAGEMENT, named, rebased } from "./words.js";

const BAND_S = 60;
const CHIPS = 12;
const SPARK_POINTS = 60;
const SVG = "http://www.w3.org/2000/svg";

export class NowView {
  #onShow;
  #open = new Set();
  #quality = new Map();
  #qualityDrawn = "";

  /** @param {(timeS: number) => void} onShow Called when a moment should be shown. */
  constructor(onShow) {
    this.#onShow = onShow;
    for (const name of ["quality_index", ...DIMENSIONS]) {
      const row = dimension(name);
      this.#quality.set(name, row);
      byId("quality").append(row.node);
    }
  }

  reset() {
    this.#open.clear();
    this.#qualityDrawn = "";
  }

  draw(conversation) {
    this.#drawEngagement(conversation);
    this.#drawSignals(conversation);
    this.#drawQuality(conversation);
  }

  #drawEngagement(conversation) {
    const periods = conversation.periods();
    const state = conversation.engagement.at(-1)?.state ?? "";
    const label = byId("engagement");
    label.dataset.state = state;
    setText(label, ENGAGEMENT[state] ?? (periods.length ? "Currently not measured" : "Not measured yet"));
    const from = conversation.reachedS - BAND_S;
    const shown = periods.filter(({ end }) => end > from).map((one) => ({ ...one, key: String(one.start) }));
    const band = byId("band");
    reconcile(
      band,
      shown,
      ({ state: of }) => element("div", { class: "period", data: { state: of } }),
      (node, { start, end }) => {
        const left = Math.max(0, (start - from) / BAND_S);
        node.style.left = `${left * 100}%`;
        node.style.width = `${((end - from) / BAND_S - left) * 100}%`;
      },
    );
    if (state) band.setAttribute("aria-label", `Engagement in the last minute: now ${ENGAGEMENT[state].toLowerCase()}`);
  }

  #drawSignals(conversation) {
    const newest = conversation.signals.slice(-CHIPS * 3);
    newest.sort((one, other) => (one.end === null ? 0 : 1) - (other.end === null ? 0 : 1) || other.start - one.start);
    const shown = newest.slice(0, CHIPS).map((signal) => ({ key: String(signal.id), signal }));
    byId("signals-empty").hidden = shown.length > 0;
    reconcile(byId("signals"), shown, ({ signal }) => this.#chip(signal), (node, { signal }) => this.#update(node, signal));
  }

  #chip(signal) {
    const detailId = `evidence-${signal.id}`;
    const toggle = () => {
      const open = !this.#open.delete(signal.id) && this.#open.add(signal.id);
      this.#expand(chip, signal, Boolean(open));
    };
    const chip = element(
      "li",
      { class: "chip", data: { type: signal.type } },
      element(
        "button",
        { type: "button", class: "chip-head", "aria-expanded": "false", "aria-controls": detailId, on: { click: toggle } },
        element("span", { class: "chip-type", text: named(signal.type) }),
        element("span", { class: "chip-level" }),
        element("span", { class: "chip-when" }),
      ),
      element("p", { class: "rationale" }),
      rebased(signal) && element("p", { class: "note", text: rebased(signal) }),
      element("div", { id: detailId, class: "chip-evidence", hidden: true }),
    );
    return chip;
  }

  #update(chip, signal) {
    const drawn = `${signal.version}`;
    chip.classList.toggle("active", signal.end === null);
    if (chip.dataset.drawn === drawn) return;
    chip.dataset.drawn = drawn;
    chip.querySelector(".chip-level").replaceChildren(level(signal.probability));
    const until = signal.end === null ? "now" : clock(signal.end);
    setText(chip.querySelector(".chip-when"), `${clock(signal.start)} – ${until}`);
    setText(chip.querySelector(".rationale"), signal.rationale);
    if (this.#open.has(signal.id)) this.#expand(chip, signal, true);
  }

  #expand(chip, signal, open) {
    chip.querySelector(".chip-head").setAttribute("aria-expanded", String(open));
    const detail = chip.querySelector(".chip-evidence");
    detail.hidden = !open;
    detail.replaceChildren();
    if (!open) return;
    detail.append(
      evidenceTable(signal.evidence),
      element("button", { type: "button", class: "link", text: "Show on the timeline", on: { click: () => this.#onShow(signal.start, signal) } }),
    );
  }

  #drawQuality({ overall, quality }) {
    const points = quality.slice(-SPARK_POINTS);
    const version = `${points.at(-1)?.end} ${overall?.quality_index}`;
    if (version === this.#qualityDrawn) return;
    this.#qualityDrawn = version;
    for (const [name, row] of this.#quality) row.draw(overall?.[name] ?? null, points.map(({ values }) => values[name]));
  }
}

/** A row of the quality panel: name, score (0..100), and the course over the windows. */
function dimension(name) {
  const label = name === "quality_index" ? "Index" : named(name);
  const fill = element("i");
  const meter = element("div", { class: "meter", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 50, "aria-valuetext": "not measured yet" }, fill);
  const score = element("span", { class: "score", text: "–" });
  const spark = document.createElementNS(SVG, "svg");
  spark.setAttribute("class", "spark");
  spark.setAttribute("viewBox", "0 0 100 100");
  spark.setAttribute("preserveAspectRatio", "none");
  spark.setAttribute("aria-hidden", "true");
  const middle = document.createElementNS(SVG, "line");
  for (const [key, value] of Object.entries({ x1: 0, x2: 100, y1: 50, y2: 50 })) middle.setAttribute(key, value);
  const line = document.createElementNS(SVG, "polyline");
  spark.append(middle, line);
  const node = element("div", { class: `dimension${name === "quality_index" ? " index" : ""}` }, element("span", { text: label }), meter, score, spark);
  const draw = (value, points) => {
    setText(score, value === null ? "–" : String(value));
    const at = value ?? 50;
    meter.setAttribute("aria-valuenow", at);
    meter.setAttribute("aria-valuetext", value === null ? "not measured yet" : String(value));
    fill.classList.toggle("down", at < 50);
    fill.style.left = `${Math.min(at, 50)}%`;
    fill.style.width = `${Math.abs(at - 50)}%`;
    const step = 100 / Math.max(1, points.length - 1);
    line.setAttribute("points", points.map((score, place) => `${(place * step).toFixed(1)},${100 - score}`).join(" "));
  };
  return { node, draw };
}
