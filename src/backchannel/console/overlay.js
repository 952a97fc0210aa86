// The overlay: the last measured face and gaze. It lags behind the video by the latency.

import { byId } from "./dom.js";

/** The gaze angle at which the line is as long as the face, deg. */
const GAZE_DEG = 30;

export class Overlay {
  #video;
  #on = false;
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
    if (!face) return;
    this.#place();
    set(byId("overlay-face"), { x: face.left, y: face.top, width: face.width, height: face.height });
    const gaze = byId("overlay-gaze");
    gaze.toggleAttribute("hidden", face.gaze_yaw_deg === null);
    if (face.gaze_yaw_deg === null) return;
    // The line starts between the eyes. The subject's left is on the right of the picture.
    const x = face.left + face.width / 2;
    const y = face.top + face.height * 0.38;
    set(gaze, {
      x1: x,
      y1: y,
      x2: x + (face.gaze_yaw_deg / GAZE_DEG) * face.width,
      y2: y - (face.gaze_pitch_deg / GAZE_DEG) * face.height,
    });
  }

  /** Align the overlay with the picture, without the bars beside it. */
  #place() {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.#video;
    if (!videoWidth || !clientWidth) return;
    const scale = Math.min(clientWidth / videoWidth, clientHeight / videoHeight);
    const { style } = byId("overlay");
    style.width = `${videoWidth * scale}px`;
    style.height = `${videoHeight * scale}px`;
    style.left = `${(clientWidth - videoWidth * scale) / 2}px`;
    style.top = `${(clientHeight - videoHeight * scale) / 2}px`;
  }
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value.toFixed(4));
}
