// Experiments of the server: their state, results and evidence, and what may be asked of them.

import { follow } from "./event_stream.js";
import { request } from "./rest.js";

const path = (id) => `experiments/${encodeURIComponent(id)}`;

export const experiments = {
  list: (query) => request("experiments", { query }),
  read: (id) => request(path(id)),
  content: (id) => request(`${path(id)}/content`),
  results: (id) => request(`${path(id)}/results`),
  /** @param {string} id @param {string} run */
  evidence: (id, run) => request(`${path(id)}/evidence/${run}`),
  judgements: (id, query) => request(`${path(id)}/judgements`, { query }),
  report: (id) => request(`${path(id)}/report`, { query: { format: "markdown" }, text: true }),
  ask: (id, action) => request(`${path(id)}/${action}`, { method: "POST" }),
  store: (source, start) => request("experiments", { method: "POST", body: { source, start } }),
  /** Follow an experiment's state; each event is the whole of it. */
  follow: (id, listener) => follow(`${path(id)}/stream`, { stay: true }, listener),
  /** Every cell, read page by page. @returns {Promise<any[]>} */
  async cells(id) {
    const found = [];
    let cursor;
    do {
      const page = await request(`${path(id)}/cells`, { query: { limit: 1000, cursor } });
      found.push(...page.items);
      cursor = page.next;
    } while (cursor);
    return found;
  },
};
