// Names and number formats of the page.

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
/** The signals that the policy "behaviour" leaves in. */
export const BEHAVIOUR_SIGNALS = ["agreement", "disagreement", "hesitation"];
export const DIMENSIONS = ["clarity", "authority", "energy", "rapport", "learning"];
export const PROBABILITIES = ["low", "medium", "high"];
export const ENGAGEMENT = { engaged: "Engaged", neutral: "Neutral", disengaged: "Disengaged" };

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

/** A note on the times in a rationale of a later session, which count from the start of that session. Otherwise "". */
export function rebased({ sessionS }) {
  return sessionS > 0.05 ? `Times in this sentence count from ${clock(sessionS, true)}, where a new session began.` : "";
}
