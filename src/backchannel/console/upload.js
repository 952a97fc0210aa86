// Uploading a file to the job API. The result is the one of the command line, to the digit.

import { RefusedError } from "./backchannel.js";
import { refusal } from "./access.js";

/** The largest file that a server takes unless it is set up otherwise, bytes. */
export const MAX_FILE_BYTES = 32 * 1024 * 1024;
const JOBS_PATH = "v2/upload/analyze";
const ONE_REQUEST_PATH = "v1/upload/analyze";
const INCLUDE = ["signals", "evidence", "conversation_quality_overall", "conversation_quality_timeline"];
/** How long the first answer may wait for the analysis, s. After that the page asks again and again. */
const WAIT_S = 60;
const POLL_MS = 1000;
const NO_SOUND = "ih5008";
const TOO_LARGE = "ih4003";

/** The server does not take a file of this size. */
export class TooLargeError extends Error {}

/**
 * Analyse a file. Resolves to the result of its job; of a video without sound, which jobs refuse, to the result of an
 * upload in one request.
 * @param {URL} base Address of the server.
 * @param {() => Promise<string>} token Returns a token.
 * @param {File} file
 * @param {boolean} words Whether words may be heard.
 * @param {AbortSignal} signal Ends it.
 * @param {(phase: "uploading" | "analysing", share: number) => void} onProgress Share of the bytes sent, 0..1.
 */
export async function analyseFile(base, token, file, words, signal, onProgress) {
  if (file.size > MAX_FILE_BYTES) throw new TooLargeError();
  const model = file.type.startsWith("audio/") ? "inter-2-audio" : "inter-2";
  const send = async (path, fields) => {
    const form = new FormData();
    for (const [name, value] of fields) form.append(name, value);
    for (const section of INCLUDE) form.append("include[]", section);
    form.append("file", file);
    return await post(new URL(words ? path : `${path}?words=off`, base), await token(), form, signal, (share) => onProgress(share < 1 ? "uploading" : "analysing", share));
  };
  const { status, body } = await send(JOBS_PATH, [["model", model], ["wait_seconds", WAIT_S]]);
  if (body.error_id === NO_SOUND) return took(await send(ONE_REQUEST_PATH, []));
  let job = took({ status, body });
  onProgress("analysing", 1);
  while (!["completed", "failed"].includes(job.status)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const answer = await fetch(new URL(job.status_url.replace(/^\//, ""), base), { headers: { Authorization: `Bearer ${await token()}` }, signal });
    job = took({ status: answer.status, body: await answer.json() });
  }
  if (job.status === "failed") throw new RefusedError(refusal(job.error));
  return job.result;
}

/** The body of an answer, if it is not an error. */
function took({ status, body }) {
  if (body.error_id === TOO_LARGE) throw new TooLargeError();
  if (status >= 400) throw new RefusedError(refusal(body, status));
  return body;
}

/** Post a form. `fetch` does not report the progress of an upload, so this is an XMLHttpRequest. */
function post(url, token, form, signal, onSent) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.upload.onprogress = ({ loaded, total }) => onSent(total ? loaded / total : 0);
    request.onload = () => {
      try {
        resolve({ status: request.status, body: JSON.parse(request.responseText) });
      } catch {
        resolve({ status: request.status, body: {} });
      }
    };
    request.onerror = () => reject(new TypeError("no answer"));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
