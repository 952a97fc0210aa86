// The probability and the evidence of a signal.

import { element } from "./dom.js";
import { clock, measured, named, PROBABILITIES } from "./words.js";

/** A probability as three bars. The words beside them say the same. */
export function level(probability) {
  return element("span", { class: "level", data: { level: probability }, "aria-hidden": "true" }, ...PROBABILITIES.map(() => element("i")));
}

/** A table of the measurements that a signal is based on. */
export function evidenceTable(evidence) {
  if (!evidence.length) return element("p", { class: "quiet", text: "The server sent no evidence." });
  const row = (entry) => {
    const { measure } = entry;
    const name = measure ? named(measure) : named(entry.cue) + (entry.direction ? `, ${entry.direction}` : "");
    return element(
      "tr",
      {},
      element("th", { scope: "row", text: name, class: measure && "measure" }),
      element("td", { class: "figure", text: measured(entry.value, entry.unit) }),
      element("td", { class: "figure", text: entry.baseline === null ? "–" : measured(entry.baseline, entry.unit) }),
      element("td", { class: "figure", text: `${clock(entry.start, true)}–${clock(entry.end, true)}` }),
      element("td", { class: "figure", text: measure ? "" : signed(entry.weight) }),
    );
  };
  const heads = ["Measurement", "Value", "Baseline", "When", "Weight"];
  return element(
    "div",
    { class: "table", tabindex: "0", role: "group", "aria-label": "Evidence" },
    element(
      "table",
      { class: "evidence" },
      element("thead", {}, element("tr", {}, ...heads.map((text, place) => element("th", { scope: "col", text, class: place && "figure" })))),
      element("tbody", {}, ...evidence.map(row)),
    ),
  );
}

function signed(weight) {
  return `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(1)}`;
}
