// The overlay on the picture: the outline of the last measured face, and tags that say what the person just did. Both lag
// behind the picture by the latency.

import { byId, element, reconcile, setText } from "./dom.js";
import { doing, headline, likely } from "./words.js";

/** How long a tag stays after its cue, s; the fading included. Live, a cue is known only after it has ended. */
const STAYS_S = { live: 4, played: 1 };
const FADES_S = 1;
const MAX_TAGS = 3;
const PAUSES = ["pause", "long_pause"];
const TAG_PX = 200;
const GAP_PX = 10;

export class Overlay {
  #video;
  #on = true;
  #face = null;

  constructor(video) {
    this.#video = video;
    const place = () => this.#place();
    new ResizeObserver(place).observe(video);
    video.addEventListener("resize", place);
  }

  show(on) {
    this.#on = on;
    this.draw(this.#face);
  }

  /** Draw the face of a `coverage.measured` event, or none if it is null. */
  draw(face) {
    this.#face = face;
    byId("overlay").toggleAttribute("hidden", !(this.#on && face));
    this.#place();
    if (face) set(byId("overlay-face"), { x: face.left, y: face.top, width: face.width, height: face.height });
  }

  /** Draw the tags of a view, and on a phone its newest signal. Without a conversation there are none. */
  drawTags(conversation, view) {
    const shown = conversation ? tagsOf(conversation, view) : [];
    reconcile(
      byId("tags"),
      shown,
      ({ text }) => element("li", { class: "tag", text }),
      (node, { text, fades }) => {
        setText(node, text);
        node.classList.toggle("fading", fades);
      },
    );
    const newest = conversation ? view.active[0] : undefined;
    byId("caption").hidden = !newest;
    if (newest) setText(byId("caption"), `${likely(newest)}: ${headline(newest.rationale)}`);
  }

  /** Align the overlay with the picture, without the bars beside it, and the tags with the face. */
  #place() {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.#video;
    if (!videoWidth || !clientWidth) return;
    const scale = Math.min(clientWidth / videoWidth, clientHeight / videoHeight);
    const [width, height] = [videoWidth * scale, videoHeight * scale];
    const [left, top] = [(clientWidth - width) / 2, (clientHeight - height) / 2];
    Object.assign(byId("overlay").style, { width: `${width}px`, height: `${height}px`, left: `${left}px`, top: `${top}px` });
    this.#placeTags({ left, top, width, height }, clientWidth);
  }

  #placeTags(picture, frameWidth) {
    const face = this.#face;
    const tags = byId("tags");
    tags.classList.toggle("beside", Boolean(face));
    if (!face) {
      Object.assign(tags.style, { left: `${picture.left + GAP_PX}px`, right: "auto", top: "auto" });
      return;
    }
    const mirrored = byId("frame").classList.contains("mirrored");
    const faceLeft = picture.left + (mirrored ? 1 - face.left - face.width : face.left) * picture.width;
    const faceRight = faceLeft + face.width * picture.width;
    const right = frameWidth - faceRight - GAP_PX >= TAG_PX;
    if (!right && faceLeft - GAP_PX < TAG_PX) {
      // There is room on neither side of the face, as on a phone.
      Object.assign(tags.style, { left: `${GAP_PX}px`, right: "auto", top: `${GAP_PX}px` });
      return;
    }
    tags.style.left = right ? `${faceRight + GAP_PX}px` : "auto";
    tags.style.right = right ? "auto" : `${Math.max(GAP_PX, frameWidth - faceLeft + GAP_PX)}px`;
    tags.style.top = `${Math.max(GAP_PX, picture.top + (face.top + face.height * 0.2) * picture.height)}px`;
    tags.dataset.side = right ? "right" : "left";
  }
}

/** The newest tags of a moment, one for each text. */
function tagsOf(conversation, { timeS, live }) {
  const staysS = live ? STAYS_S.live : STAYS_S.played;
  const lately = conversation.cues.filter(({ start, end }) => start <= timeS && end > timeS - staysS);
  const pauses = lately.some(({ cue }) => PAUSES.includes(cue));
  const byText = new Map();
  for (const cue of lately) {
    // A cue of a whole turn of speech also covers the pauses in it.
    if (pauses && cue.modality === "audio" && !PAUSES.includes(cue.cue)) continue;
    const text = doing({ ...cue, count: conversation.countOf(cue) });
    if (text) byText.set(text, { key: `${cue.id}`, text, fades: timeS - cue.end > staysS - FADES_S });
  }
  return [...byText.values()].slice(-MAX_TAGS);
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value.toFixed(4));
}
