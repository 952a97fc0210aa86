// Conversation quality: a row for each dimension, compared with the person's own earlier minute.

import { byId, element, setText } from "./dom.js";
import { DIMENSIONS, named } from "./words.js";

/** The score without evidence. */
const NO_EVIDENCE = 50;
const MINUTE_S = 60;
/** A smaller difference from the earlier minute is not worth a word (judgement). */
const SMALL = 3;
const MEANINGS = {
  quality_index: "The mean of the five scores.",
  clarity: "Rises with confidence and agreement; falls with confusion, hesitation and uncertainty.",
  authority: "Rises with confidence and engagement; falls with uncertainty, hesitation and stress.",
  energy: "Rises with engagement, interest and a lively voice; falls with disengagement and a flat voice.",
  rapport: "Rises with agreement, interest and smiles; falls with disagreement, frustration and skepticism.",
  learning: "Rises with interest and confusion that is resolved; falls with confusion and disengagement.",
};

export class QualityView {
  #rows = new Map();
  #drawn = "";

  constructor() {
    for (const name of ["quality_index", ...DIMENSIONS]) {
      const row = rowOf(name);
      this.#rows.set(name, row);
      byId("quality").append(row.node);
    }
  }

  /** Hidden until there is evidence for any dimension. */
  draw({ overall, quality }) {
    const version = `${quality.length} ${quality.at(-1)?.end} ${JSON.stringify(overall)}`;
    if (version === this.#drawn) return;
    this.#drawn = version;
    byId("quality-panel").hidden = !overall || DIMENSIONS.every((name) => overall[name] === NO_EVIDENCE);
    for (const [name, { draw }] of this.#rows) draw(overall?.[name] ?? NO_EVIDENCE, change(quality, name));
  }
}

/** How the last minute differs from the one before, in points; null without two minutes. */
function change(quality, name) {
  const endS = quality.at(-1)?.end ?? 0;
  const over = (fromS, toS) => quality.filter(({ end }) => end > fromS && end <= toS).map(({ values }) => values[name]);
  const [earlier, last] = [over(endS - 2 * MINUTE_S, endS - MINUTE_S), over(endS - MINUTE_S, endS)];
  if (endS < 2 * MINUTE_S || !earlier.length) return null;
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean(last) - mean(earlier);
}

function rowOf(name) {
  const label = name === "quality_index" ? "Index" : named(name);
  const fill = element("i");
  const meter = element(
    "div",
    { class: "meter", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": NO_EVIDENCE },
    fill,
  );
  const empty = element("p", { class: "quiet none", text: "not enough evidence" });
  const score = element("span", { class: "score" });
  const node = element(
    "div",
    { class: `dimension${name === "quality_index" ? " index" : ""}`, title: MEANINGS[name] },
    element("span", { text: label }, element("span", { class: "visually-hidden", text: `: ${MEANINGS[name]}` })),
    element("div", {}, meter, empty),
    score,
  );
  const draw = (value, difference) => {
    const known = value !== NO_EVIDENCE;
    meter.hidden = !known;
    empty.hidden = known;
    const way = difference === null || Math.abs(difference) < SMALL ? "" : difference > 0 ? " ↑" : " ↓";
    setText(score, known ? `${value}${way}` : "");
    score.title = way ? `${Math.abs(Math.round(difference))} points ${difference > 0 ? "above" : "below"} the minute before` : "";
    meter.setAttribute("aria-valuenow", value);
    meter.setAttribute("aria-valuetext", [String(value), score.title].filter(Boolean).join(", "));
    fill.classList.toggle("down", value < NO_EVIDENCE);
    fill.style.left = `${Math.min(value, NO_EVIDENCE)}%`;
    fill.style.width = `${Math.abs(value - NO_EVIDENCE)}%`;
  };
  return { node, draw };
}
