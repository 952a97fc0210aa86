// Saving a report: the server renders the recording as one self-contained page.

import { refusal } from "./access.js";

/** Render the report of a recording on the server, and download it. */
export async function saveReport(base, token, recording) {
  const answer = await fetch(new URL("console/report", base), {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(recording),
  });
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new Error(refusal(body, answer.status));
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `backchannel ${recording.recorded_at.slice(0, 16).replace("T", " ").replace(":", "-")}.html`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
