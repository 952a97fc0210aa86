// The panel beside the video: engagement, the signals of this moment as sentences, and those before it.

import { byId, element, reconcile, setText } from "./dom.js";
import { evidenceTable, level } from "./evidence.js";
import { clock, ENGAGEMENT, headline, likely, measured, named } from "./words.js";

const BAND_S = 60;
/** The person's baseline is known after this time, s. */
const BASELINE_S = 10;
const MEANINGS = {
  engaged: "Attentive, with some activity.",
  neutral: "Neither engaged nor disengaged, or too little evidence.",
  disengaged: "Attention away for most of five seconds.",
  unseen: "No face in the picture.",
};

export class NowView {
  #onShow;
  #open = new Set();

  /** @param {(timeS: number, signal: object) => void} onShow Called when the moment of a signal should be shown. */
  constructor(onShow) {
    this.#onShow = onShow;
  }

  reset() {
    this.#open.clear();
  }

  /** Draw a view as returned by `Conversation.view`. `over` is whether the session has ended. */
  draw(view, over = false) {
    const begun = view.timeS > 0 || !view.live;
    byId("engagement-panel").hidden = byId("signals-panel").hidden = !begun;
    const now = !begun ? "Before you start" : over ? "At the end" : "Right now";
    setText(byId("now-title"), view.live ? now : `At ${clock(view.timeS, true)}`);
    this.#drawEngagement(view);
    this.#drawSignals(view, over);
    this.#drawCues(view);
  }

  #drawEngagement({ timeS, live, periods, engagement }) {
    const state = engagement ?? "";
    const label = byId("engagement");
    label.dataset.state = state;
    setText(label, ENGAGEMENT[state] ?? (periods.length ? "Not measured" : "Not measured yet"));
    const learning = live && timeS < BASELINE_S && state !== "unseen" ? ` Baseline ready at ${clock(BASELINE_S)}.` : "";
    setText(byId("engagement-more"), `${MEANINGS[state] ?? ""}${learning}`.trim());
    setText(byId("band-now"), live ? "now" : clock(timeS));
    const from = timeS - BAND_S;
    const shown = periods
      .filter(({ start, end }) => end > from && start < timeS)
      .map((one) => ({ ...one, key: `${one.state} ${one.start}` }));
    reconcile(
      byId("band"),
      shown,
      ({ state: of }) => element("div", { class: "period", data: { state: of } }),
      (node, { start, end }) => {
        const left = Math.max(0, (start - from) / BAND_S);
        node.style.left = `${left * 100}%`;
        node.style.width = `${((Math.min(end, timeS) - from) / BAND_S - left) * 100}%`;
      },
    );
    const words = ENGAGEMENT[state]?.toLowerCase() ?? "not measured";
    byId("band").setAttribute("aria-label", `Engagement in the last minute: now ${words}`);
  }

  #drawSignals({ live, engagement, active, before, dropped, degraded }, over) {
    const draw = (id, signals) =>
      reconcile(
        byId(id),
        signals.map((signal) => ({ key: String(signal.id), signal })),
        ({ signal }) => this.#chip(signal),
        (node, { signal }) => this.#update(node, signal),
      );
    draw("signals", active);
    draw("past", before);
    byId("past-title").hidden = !before.length;
    const quiet = live ? (over ? "No signal was active." : "Nothing stands out. That is normal.") : "No signal at this moment.";
    const lost = dropped ? "This moment was not analysed." : degraded ? "No video arrived here; only the sound was analysed." : "";
    setText(byId("signals-empty"), lost || (active.length || (live && engagement === "unseen") ? "" : quiet));
  }

  #drawCues({ live, cues }) {
    byId("moment").hidden = live || !cues.length;
    if (live) return;
    reconcile(
      byId("moment-cues"),
      cues.map((cue) => ({ key: String(cue.id), cue })),
      ({ cue }) => element("li", { text: cueText(cue), data: { modality: cue.modality } }),
      () => {},
    );
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
        element("span", { class: "rationale" }),
        element("span", { class: "chip-meaning" }, element("span", { class: "chip-level" }), element("span", { class: "chip-when" })),
      ),
      element("div", { id: detailId, class: "chip-evidence", hidden: true }),
    );
    if (this.#open.has(signal.id)) this.#expand(chip, signal, true);
    return chip;
  }

  #update(chip, signal) {
    const drawn = `${signal.version}`;
    chip.classList.toggle("active", signal.end === null);
    if (chip.dataset.drawn === drawn) return;
    chip.dataset.drawn = drawn;
    setText(chip.querySelector(".rationale"), headline(signal.rationale));
    chip.querySelector(".chip-level").replaceChildren(level(signal.probability), ` ${likely(signal)}`);
    const until = signal.end === null ? "now" : clock(signal.end);
    setText(chip.querySelector(".chip-when"), `${clock(signal.start)}–${until}`);
    if (this.#open.has(signal.id)) this.#expand(chip, signal, true);
  }

  #expand(chip, signal, open) {
    chip.querySelector(".chip-head").setAttribute("aria-expanded", String(open));
    const detail = chip.querySelector(".chip-evidence");
    detail.hidden = !open;
    detail.replaceChildren();
    if (!open) return;
    detail.append(
      element("p", { class: "full", text: signal.rationale }),
      evidenceTable(signal.evidence),
      element("button", { type: "button", class: "link", text: "Show on the timeline", on: { click: () => this.#onShow(signal.start, signal) } }),
    );
  }
}

function cueText(cue) {
  const direction = cue.direction ? `, ${cue.direction}` : "";
  const baseline = cue.baseline === null ? "" : ` (baseline ${measured(cue.baseline, cue.unit)})`;
  return `${named(cue.cue)}${direction}: ${measured(cue.value, cue.unit)}${baseline}`;
}
