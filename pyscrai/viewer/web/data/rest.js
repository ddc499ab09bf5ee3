// Requests to the REST API of the server that this page came from.

import { signal } from "../lib/html.js";

const STORE = "pyscrai.key";
const base = new URL("api/v1/", document.baseURI);

/** Whether the server asked for a key that this page does not have. */
export const keyMissing = signal("");

export const storedKey = () => sessionStorage.getItem(STORE) || "";

/** Keep a key for as long as this tab is open. */
export function keepKey(key) {
  if (key) sessionStorage.setItem(STORE, key); else sessionStorage.removeItem(STORE);
  keyMissing.value = "";
}

/** An error that the server answered, with its stable code and its cure (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status @param {any} document */
  constructor(status, document) {
    super(document.detail || document.title || `HTTP ${status}`);
    this.status = status;
    this.code = document.code || "";
    this.cure = document.cure || "";
    this.problems = document.problems || [];
    this.document = document;
  }
}

export function address(path, query = {}) {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(each));
  }
  return url;
}

export function headers(more = {}, key = storedKey()) {
  return key ? { ...more, authorization: `Bearer ${key}` } : more;
}

/**
 * Make a request.
 * @param {string} path below the API's prefix
 * @param {{method?: string, query?: Record<string, unknown>, body?: unknown, once?: boolean, text?: boolean, file?: boolean, signal?: AbortSignal, key?: string}} [how]
 *   `once`: a repeated request is done once; `text`: the answer is no JSON; `file`: nor text, and has a name; `key`: another one than the page's own
 * @returns {Promise<any>}
 */
export async function request(path, { method = "GET", query, body, once, text, file, signal: until, key } = {}) {
  const head = headers(body === undefined ? {} : { "content-type": "application/json" }, key);
  if (once) head["idempotency-key"] = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
  let answer;
  try {
    answer = await fetch(address(path, query), {
      method, headers: head, body: body === undefined ? undefined : JSON.stringify(body), signal: until, cache: "no-store",
    });
  } catch (error) {
    if (until?.aborted) throw error;
    throw new Problem(0, { detail: "the server does not answer", code: "network", cure: "see whether `pyscrai serve` runs" });
  }
  if (!answer.ok) throw await problemOf(answer, key !== undefined);
  if (answer.status === 204) return null;
  if (file) return { blob: await answer.blob(), name: fileName(answer.headers.get("content-disposition") || "") };
  return text ? answer.text() : answer.json();
}

/** What the server calls a file. */
function fileName(told) {
  const [, coded] = told.match(/filename\*=utf-8''([^;]+)/i) || [];
  if (coded) return decodeURIComponent(coded);
  return (told.match(/filename="([^"]+)"/) || [])[1] || "";
}

/** What a refusing answer says; it also notes that a key is missing. */
export async function problemOf(answer, own = false) {
  const document = await answer.json().catch(() => ({ detail: answer.statusText }));
  const problem = new Problem(answer.status, document);
  if (answer.status === 401 && !own) keyMissing.value = problem.code || "auth.missing";
  return problem;
}
