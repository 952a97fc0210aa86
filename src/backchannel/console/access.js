// The credential of the page. On the server's own machine the server gives the page a token. Elsewhere the page needs
// an API key, which it exchanges for a token and does not store.

import { RefusedError } from "./backchannel.js";

/** A token this close to its expiry is not used for a new connection, s. */
const MARGIN_S = 30;
const KEY_TOKEN_EXPIRES_S = 3600;
const SCOPES = ["interhumanai.stream", "interhumanai.upload"];

/** An API key is needed and there is none. */
export class KeyNeededError extends RefusedError {}

/** What an error of the server says, and when to try again. */
export function refusal({ message, retryable, retry_after_seconds: afterS }, status = 0) {
  const text = message ?? `The server answered with status ${status}. Try again.`;
  if (afterS) return `${text} Try again in ${Math.ceil(afterS)} s.`;
  return retryable && !/again/.test(text) ? `${text} Try again.` : text;
}

export class Access {
  #base;
  #token = null;
  #goodUntilMs = 0;

  /** @param {URL} base Address of the page. */
  constructor(base) {
    this.#base = base;
  }

  /** Return a token for a new connection. Throws KeyNeededError if the server requires an API key. */
  async token() {
    if (this.#token && performance.now() < this.#goodUntilMs) return this.#token;
    this.#token = null;
    const answer = await fetch(new URL("console/token", this.#base), { method: "POST" });
    if (answer.status === 401 || answer.status === 403) throw new KeyNeededError("An API key is needed.");
    return this.#take(answer);
  }

  /** Exchange an API key for a token. */
  async useKey(key) {
    const body = {
      api_key: key,
      scopes: SCOPES,
      expires_in: KEY_TOKEN_EXPIRES_S,
      max_concurrent: 2,
      allowed_origins: [location.origin],
    };
    const answer = await fetch(new URL("v1/client_tokens", this.#base), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return this.#take(answer);
  }

  async #take(answer) {
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const Kind = answer.status < 500 && answer.status !== 429 ? RefusedError : Error;
      throw new Kind(refusal(body, answer.status));
    }
    this.#token = body.access_token;
    this.#goodUntilMs = performance.now() + (body.expires_in - MARGIN_S) * 1000;
    return this.#token;
  }
}
