// Names and number formats of the page. `html/words.py` has the same words for reports and the terminal.

export const SIGNALS = [
  "agreement",
  "disagreement",
  "confidence",
  "hesitation",
  "uncertainty",
  "confusion",
  "frustration",
  "interest",
  "skepticism",
  "stress",
];
export const DIMENSIONS = ["clarity", "authority", "energy", "rapport", "learning"];
export const PROBABILITIES = ["low", "medium", "high"];
/** Levels of engagement, and "unseen" for a time without a face in the picture. */
export const ENGAGEMENT = { engaged: "Engaged", neutral: "Neutral", disengaged: "Disengaged", unseen: "Not visible" };

const HOW_LIKELY = { low: "Possibly", medium: "Likely", high: "Very likely" };
const ADJECTIVES = {
  agreement: "agreeing",
  confidence: "confident",
  confusion: "confused",
  disagreement: "disagreeing",
  frustration: "frustrated",
  hesitation: "hesitant",
  interest: "interested",
  skepticism: "skeptical",
  stress: "stressed",
  uncertainty: "uncertain",
};

/** How likely a signal is, with the probability before the word: "Possibly confident". */
export function likely({ type, probability }) {
  return `${HOW_LIKELY[probability]} ${ADJECTIVES[type] ?? named(type).toLowerCase()}`;
}

/** "brow_raise" as "Brow raise". */
export function named(name) {
  const plain = name.replaceAll("_", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** 75.25 as "1:15.2", or as "1:15" without tenths. */
export function clock(seconds, tenths = false) {
  const whole = Math.max(0, tenths ? Math.round(seconds * 10) / 10 : Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = tenths ? (whole % 60).toFixed(1).padStart(4, "0") : String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** A number as in rationales: no decimals from 10 up, one below. */
export function number(value) {
  return Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}

const UNITS = { deg: "°", "deg/s": "° per second", st: " semitones", "%": " %", "": "" };

/** A measurement with its unit. */
export function measured(value, unit) {
  return `${number(value)}${UNITS[unit] ?? ` ${unit}`}`;
}

/** 0.957 as "96 %". Only a full share becomes 100 %. */
export function share(value) {
  return `${value >= 1 ? 100 : Math.min(99, Math.round(value * 100))} %`;
}

// What a headline leaves out: numbers in brackets, and what was missing.
const ASIDE = / \([^()]*\)| (?:There was no|No) [^.]*\.$/g;

/** What a rationale describes, without further numbers and without what was missing: these are one click below. */
export function headline(rationale) {
  return rationale.replace(ASIDE, "");
}

// What the person is doing, as a tag on the picture. Cues without an entry of their own use their name. Null: no tag,
// because it is the normal state, or too small to see.
const DOING = {
  nod: "nodding",
  shake: "shaking the head",
  tilt: "tilting the head",
  head_active: "moving the head",
  head_still: null,
  lean_in: "leaning in",
  lean_out: "leaning back",
  face_absent: null,
  facing: null,
  gaze_away: "looking away",
  eyes_closed: "eyes closed",
  blink: null,
  blink_rate_high: "blinking often",
  eyes_narrowed: "narrowing the eyes",
  smile: "smiling",
  brow_raise: "raising the brows",
  brow_raise_one_side: "raising one brow",
  brow_furrow: "frowning",
  lip_press: "pressing the lips",
  lip_corner_down: "mouth corners down",
  chin_raise: "chin up",
  speaking: null,
  pause: null,
  long_pause: "long pause",
  filled_pause: "drawn-out sound",
  vocal_backchannel: "short sound",
  speech_brisk: "speaking briskly",
  speech_faster: "speaking faster",
  speech_slow: "speaking slowly",
  pitch_raised: "higher voice",
  pitch_lively: "lively voice",
  pitch_flat: "flat voice",
  rising_end: "rising tone",
  falling_end: null,
  loud: "louder",
  soft: "softer",
  steady_voice: "steady voice",
};

/** A cue as a tag: "nodding ×3", "looking down". Null if it gets none. */
export function doing({ cue, direction, count }) {
  const words = DOING[cue] === undefined ? named(cue).toLowerCase() : DOING[cue];
  if (words === null) return null;
  if (cue === "gaze_away" && (direction === "up" || direction === "down")) return `looking ${direction}`;
  return count > 1 ? `${words} ×${count}` : words;
}
