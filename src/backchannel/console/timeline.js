// The timeline: a lane for engagement, one for each signal, and optionally one for each cue. The page only has elements
// for the visible part, so an hour costs as much as a minute.

import { byId, element, reconcile } from "./dom.js";
import { clock, ENGAGEMENT, likely, measured, named, SIGNALS } from "./words.js";

const PX_PER_S = 12;
const MARGIN_PX = 300;
const TICK_S = 10;
/** Empty space to the right of the current time. */
const AHEAD_S = 2;

export class Timeline {
  #viewport = byId("viewport");
  #lanes = byId("lanes");
  #names = byId("lane-names");
  #following = true;
  #showCues = false;
  #laneKeys = "";
  #atS = null;
  #chosen = null;
  #conversation = null;
  #endS = 0;
  #onMoment;
  #onFollow;

  /**
   * @param {(timeS: number) => void} onMoment Called when the user selects a moment.
   * @param {(following: boolean) => void} onFollow Called when the view stops or starts following the current time.
   */
  constructor(onMoment, onFollow) {
    this.#onMoment = onMoment;
    this.#onFollow = onFollow;
    this.#viewport.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#viewport.addEventListener("click", (event) => this.#clicked(event));
    this.#viewport.addEventListener("keydown", (event) => this.#key(event));
    byId("scrubber").addEventListener("input", ({ target }) => this.show(Number(target.value)));
    byId("cues-toggle").addEventListener("click", () => this.#toggleCues());
    new ResizeObserver(() => this.#draw()).observe(this.#viewport);
  }

  get following() {
    return this.#following;
  }

  reset() {
    this.#atS = this.#chosen = null;
    this.follow();
  }

  /** Draw a conversation up to `endS`. */
  draw(conversation, endS) {
    this.#conversation = conversation;
    this.#endS = Math.max(endS, conversation.reachedS);
    this.#draw();
  }

  /** Show a moment that the user selected, and scroll to it. */
  show(timeS, item = null) {
    this.#chosen = item?.id ?? null;
    this.goTo(timeS);
    this.#onMoment(this.#atS);
  }

  /** Move to a moment, for example with a video that plays. */
  goTo(timeS) {
    this.#atS = Math.min(Math.max(timeS, 0), this.#endS);
    this.#setFollowing(false);
    const x = this.#atS * PX_PER_S;
    const { scrollLeft, clientWidth } = this.#viewport;
    if (x < scrollLeft + 20 || x > scrollLeft + clientWidth - 20) this.#viewport.scrollLeft = x - clientWidth / 2;
    this.#draw();
  }

  /** Keep the current time in view. */
  follow() {
    this.#setFollowing(true);
    if (this.#conversation) this.#draw();
  }

  #setFollowing(following) {
    if (this.#following === following) return;
    this.#following = following;
    this.#onFollow(following);
  }

  #toggleCues() {
    this.#showCues = !this.#showCues;
    const button = byId("cues-toggle");
    button.setAttribute("aria-expanded", String(this.#showCues));
    button.textContent = this.#showCues ? "Hide cues" : "Show cues";
    if (this.#conversation) this.#draw();
  }

  #scrolled() {
    const { scrollLeft, clientWidth, scrollWidth } = this.#viewport;
    const atEnd = scrollLeft + clientWidth >= scrollWidth - PX_PER_S * 4;
    // The user scrolled: our own drawing always scrolls to the end.
    if (this.#following && !atEnd) this.#setFollowing(false);
    this.#draw();
  }

  // --- drawing ---------------------------------------------------------------------------------------------------

  #draw() {
    const conversation = this.#conversation;
    if (!conversation) return;
    this.#setUpLanes(conversation);
    const width = Math.max(this.#viewport.clientWidth, (this.#endS + AHEAD_S) * PX_PER_S);
    this.#lanes.style.width = `${width}px`;
    if (this.#following) this.#viewport.scrollLeft = width - this.#viewport.clientWidth;
    const fromS = (this.#viewport.scrollLeft - MARGIN_PX) / PX_PER_S;
    const toS = Math.min(width, this.#viewport.scrollLeft + this.#viewport.clientWidth + MARGIN_PX) / PX_PER_S;
    const within = (one) => one.end >= fromS && one.start <= toS;
    const items = conversation.signals
      .filter((signal) => within({ start: signal.start, end: conversation.endOf(signal) }))
      .map((signal) => ({ ...signal, lane: signal.type, end: conversation.endOf(signal) }));
    if (this.#showCues) items.push(...conversation.cues.filter(within).map((cue) => ({ ...cue, lane: `cue ${cue.cue}` })));
    for (const lane of this.#lanes.querySelectorAll(".lane")) this.#drawLane(lane, items, fromS, toS);
    this.#drawEngagement(conversation.seenPeriods().filter(within));
    this.#drawMarks(conversation, within, fromS, toS);
    this.#drawMoment();
  }

  #setUpLanes(conversation) {
    const cues = this.#showCues ? [...new Set(conversation.cues.map(({ cue }) => cue))].sort() : [];
    const happened = new Set(conversation.signals.map(({ type }) => type));
    const lanes = [
      { key: "ruler", name: "", kind: "ruler" },
      { key: "engagement", name: "Engagement", kind: "engagement" },
      ...SIGNALS.filter((type) => happened.has(type)).map((type) => ({ key: type, name: named(type), kind: "signal" })),
      ...cues.map((cue) => ({ key: `cue ${cue}`, name: named(cue), kind: "cue" })),
    ];
    const keys = lanes.map(({ key }) => key).join(" ");
    if (keys === this.#laneKeys) return;
    this.#laneKeys = keys;
    reconcile(this.#names, lanes, ({ name, kind }) => element("div", { class: `lane-name ${kind}`, text: name, title: name }), () => {});
    const marks = [...this.#lanes.querySelectorAll(":scope > .mark")];
    for (const mark of marks) mark.remove();
    reconcile(this.#lanes, lanes, ({ kind }) => element("div", { class: `lane ${kind}` }), () => {});
  }

  #drawLane(lane, items, fromS, toS) {
    const { key } = lane.dataset;
    if (key === "engagement") return;
    if (key === "ruler") {
      const ticks = [];
      for (let at = Math.max(0, Math.floor(fromS / TICK_S) * TICK_S); at <= toS; at += TICK_S) ticks.push({ key: String(at), at });
      reconcile(lane, ticks, ({ at }) => placed(element("span", { class: "tick", text: clock(at) }), at), () => {});
      return;
    }
    const here = items.filter((item) => item.lane === key).map((item) => ({ ...item, key: String(item.id) }));
    reconcile(lane, here, (item) => this.#item(item), (node, item) => this.#update(node, item));
  }

  #item(item) {
    const data = item.type ? { level: item.probability, id: item.id } : { modality: item.modality, id: item.id };
    return element("button", { type: "button", class: "bar-item", tabindex: "-1", data }, element("i"));
  }

  #update(node, item) {
    placed(node, item.start, item.end);
    if (item.type) node.dataset.level = item.probability;
    node.classList.toggle("chosen", item.id === this.#chosen);
    const label = describe(item);
    if (node.title !== label) {
      node.title = label;
      node.setAttribute("aria-label", label);
    }
  }

  #drawEngagement(periods) {
    const lane = this.#lanes.querySelector('[data-key="engagement"]');
    reconcile(
      lane,
      periods.map((one) => ({ ...one, key: `${one.state} ${one.start}` })),
      ({ state }) => element("div", { class: "period", title: ENGAGEMENT[state], data: { state } }),
      (node, { start, end }) => placed(node, start, end),
    );
  }

  #drawMarks(conversation, within, fromS, toS) {
    const marks = [
      ...conversation.dropped.filter(within).map((range) => ({ ...range, kind: "loss" })),
      ...conversation.degraded.filter(within).map((range) => ({ ...range, kind: "loss degraded" })),
      ...conversation.joins.filter((at) => at >= fromS && at <= toS).map((at) => ({ start: at, kind: "join" })),
    ].map((mark) => ({ ...mark, key: `${mark.kind} ${mark.start}` }));
    const layer = this.#lanes.querySelector(".marks") ?? this.#lanes.appendChild(element("div", { class: "mark marks" }));
    reconcile(layer, marks, ({ kind }) => element("div", { class: kind }), (node, { start, end }) => placed(node, start, end));
  }

  #drawMoment() {
    const scrubber = byId("scrubber");
    scrubber.disabled = this.#endS <= 0;
    scrubber.max = this.#endS.toFixed(1);
    const atS = this.#following ? this.#endS : (this.#atS ?? this.#endS);
    if (document.activeElement !== scrubber || this.#following) scrubber.value = atS.toFixed(1);
    scrubber.setAttribute("aria-valuetext", clock(atS, true));
    const head = this.#lanes.querySelector(".playhead") ?? this.#lanes.appendChild(element("div", { class: "mark playhead" }));
    head.hidden = this.#following || this.#atS === null;
    placed(head, this.#atS ?? 0);
  }

  // --- selecting a moment ----------------------------------------------------------------------------------------

  #clicked(event) {
    if (!this.#conversation || this.#endS <= 0) return;
    const item = this.#found(event.target.closest(".bar-item")?.dataset.id);
    const x = event.clientX - this.#lanes.getBoundingClientRect().left;
    // A click by keyboard has no position.
    const atS = event.detail === 0 && item ? item.start : x / PX_PER_S;
    this.show(item ? Math.min(Math.max(atS, item.start), this.#endFor(item)) : atS, item);
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !this.#conversation) return;
    const { signals, cues } = this.#conversation;
    const all = [...signals, ...(this.#showCues ? cues : [])].sort((one, other) => one.start - other.start || one.id - other.id);
    if (!all.length) return;
    event.preventDefault();
    const place = all.findIndex(({ id }) => id === this.#chosen);
    const next = place < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(place + step, 0), all.length - 1);
    this.show(all[next].start, all[next]);
    this.#lanes.querySelector(`.bar-item[data-id="${all[next].id}"]`)?.focus({ preventScroll: true });
  }

  #found(id) {
    if (id === undefined) return null;
    const { signals, cues } = this.#conversation;
    return signals.find((one) => one.id === Number(id)) ?? cues.find((one) => one.id === Number(id)) ?? null;
  }

  #endFor(item) {
    return item.type ? this.#conversation.endOf(item) : item.end;
  }
}

function placed(node, start, end = null) {
  node.style.left = `${start * PX_PER_S}px`;
  if (end !== null) node.style.width = `${Math.max(1, (end - start) * PX_PER_S)}px`;
  return node;
}

function describe(item) {
  const when = `${clock(item.start, true)} to ${clock(item.end, true)}`;
  if (item.type) return `${likely(item)}, ${when}`;
  return `${named(item.cue)}${item.direction ? `, ${item.direction}` : ""}, ${measured(item.value, item.unit)}, ${when}`;
}
