// The details of one moment.

import { byId, element } from "./dom.js";
import { evidenceTable, level } from "./evidence.js";
import { clock, DIMENSIONS, ENGAGEMENT, measured, named, rebased } from "./words.js";

/** Show a moment as returned by `Conversation.at`. */
export function drawMoment(moment) {
  const body = byId("moment-body");
  const { timeS, signals, cues } = moment;
  const quality = moment.quality?.values;
  const facts = [
    ["At", clock(timeS, true)],
    ["Engagement", ENGAGEMENT[moment.engagement] ?? "not measured"],
    ["Quality of this window", quality ? `${quality.quality_index} (${DIMENSIONS.map((name) => `${name} ${quality[name]}`).join(", ")})` : "not measured yet"],
  ];
  if (moment.dropped) facts.push(["Coverage", "not analysed"]);
  else if (moment.degraded) facts.push(["Coverage", "audio only, no video arrived"]);
  body.replaceChildren(
    element("dl", { class: "about" }, ...facts.map(([term, text]) => element("div", {}, element("dt", { text: term }), element("dd", { text })))),
    element(
      "div",
      { class: "found" },
      element(
        "div",
        {},
        element("h3", { text: signals.length ? "Signals" : "No signal at this moment" }),
        signals.length && element("ul", { class: "signal-list" }, ...signals.map(signalItem)),
      ),
      element(
        "div",
        {},
        element("h3", { text: cues.length ? "Cues" : "No cue at this moment" }),
        cues.length && element("ul", { class: "cue-list" }, ...cues.map(cueItem)),
      ),
    ),
  );
}

function signalItem(signal) {
  return element(
    "li",
    {},
    element("p", {}, element("strong", { text: named(signal.type) }), " ", level(signal.probability)),
    element("p", { text: signal.rationale }),
    rebased(signal) && element("p", { class: "note", text: rebased(signal) }),
    evidenceTable(signal.evidence),
  );
}

function cueItem(cue) {
  const direction = cue.direction ? `, ${cue.direction}` : "";
  const baseline = cue.baseline === null ? "" : ` (baseline ${measured(cue.baseline, cue.unit)})`;
  return element("li", {
    text: `${named(cue.cue)}${direction}: ${measured(cue.value, cue.unit)}${baseline}`,
    data: { modality: cue.modality },
  });
}
