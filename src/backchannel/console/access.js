// The page's credential. On the server's own machine a token is made for the page; elsewhere it takes an API key,
// which is sent once for a token and then forgotten.

import { RefusedError } from "./backchannel.js";

/** How long before its end a token is no longer used for a new connection, s. */
const MARGIN_S = 30;
const KEY_TOKEN_EXPIRES_S = 3600;
const SCOPE = "interhumanai.stream";

/** An API key is needed and there is none. */
export class KeyNeededError extends RefusedError {}

export class Access {
  #base;
  #token = null;
  #goodUntilMs = 0;

  /** @param {URL} base Where the page is. */
  constructor(base) {
    this.#base = base;
  }

  /** Return a token that is good for a new connection. Throws KeyNeededError when only a key can get one. */
  async token() {
    if (this.#token && performance.now() < this.#goodUntilMs) return this.#token;
    this.#token = null;
    const answer = await fetch(new URL("console/token", this.#base), { method: "POST" });
    if (answer.status === 401 || answer.status === 403) throw new KeyNeededError("An API key is needed.");
    return this.#take(answer);
  }

  /** Trade an API key for a token. */
  async useKey(key) {
    const body = {
      api_key: key,
      scopes: [SCOPE],
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
      throw new Kind(body.message ?? `The server answered ${answer.status}.`);
    }
    this.#token = body.access_token;
    this.#goodUntilMs = performance.now() + (body.expires_in - MARGIN_S) * 1000;
    return this.#token;
  }
}
