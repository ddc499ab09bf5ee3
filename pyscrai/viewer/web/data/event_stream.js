// Server-sent events by fetch, so that a key can be sent: resumed by id, each event once, in order.

import { address, headers, problemOf } from "./rest.js";

const LONGEST = 5_000;
const HIDDEN = 30_000;

/**
 * Follow a stream until it is closed. A tab that stays hidden lets go of its connection, and takes it up where it was.
 * @param {string} path
 * @param {Record<string, unknown>} query
 * @param {{after?: number, events: (batch: any[]) => void, state: (state: string, problem?: any) => void}} listener
 *   `state` hears "connecting", "live", "waiting" (for the next try), "ended" and "refused"
 * @param {string} [key] another one than the page's own
 * @returns {() => void} ends it
 */
export function follow(path, query, listener, key) {
  let last = listener.after || 0;
  let closed = false;
  let delay = 250;
  let timer = 0;
  let hidden = 0;
  /** @type {AbortController | null} */
  let controller = null;

  async function connect() {
    controller = new AbortController();
    listener.state("connecting");
    try {
      const answer = await fetch(address(path, query), {
        headers: headers(last ? { "last-event-id": String(last), accept: "text/event-stream" } : { accept: "text/event-stream" }, key),
        signal: controller.signal, cache: "no-store",
      });
      if (answer.status === 204) return finish("ended");
      if (!answer.ok) {
        const problem = await problemOf(answer, key !== undefined);
        if (answer.status < 500 && answer.status !== 429) return finish("refused", problem);
        throw problem;
      }
      listener.state("live");
      delay = 250;
      await read(answer.body.getReader());
    } catch (error) {
      if (closed || document.hidden && !hidden) return undefined;
    }
    if (closed) return undefined;
    listener.state("waiting");
    timer = setTimeout(connect, delay);
    delay = Math.min(LONGEST, delay * 2);
    return undefined;
  }

  async function read(reader) {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split("\n\n");
      rest = blocks.pop() || "";
      const batch = [];
      for (const block of blocks) {
        const event = parse(block);
        if (!event) continue;
        if (event.id) {
          if (event.id <= last) continue;
          last = event.id;
        }
        batch.push(event);
      }
      if (batch.length) listener.events(batch);
    }
  }

  function finish(state, problem) {
    closed = true;
    listener.state(state, problem);
  }

  function seen() {
    clearTimeout(hidden);
    hidden = 0;
    if (document.hidden) {
      hidden = setTimeout(() => { hidden = 0; clearTimeout(timer); controller?.abort(); }, HIDDEN);
    } else if (!closed && controller?.signal.aborted) connect();
  }

  document.addEventListener("visibilitychange", seen);
  connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    clearTimeout(hidden);
    document.removeEventListener("visibilitychange", seen);
    controller?.abort();
  };
}

/** One event of the wire, with its name there as `wire`; what streams in has the kind "token", and no text where it takes back what came before. */
function parse(block) {
  let kind = "";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("data: ")) data += line.slice(6);
    else if (line.startsWith("event: ")) kind = line.slice(7);
  }
  if (!data) return null;
  const event = JSON.parse(data);
  event.wire = kind;
  return kind.startsWith("token") ? { text: "", ...event, kind: "token" } : event;
}
