// Experiments of the server: their state, results and evidence, and what may be asked of them.

import { follow } from "./event_stream.js";
import { folderExperiments, isFolder, part } from "./folder_source.js";
import { request } from "./rest.js";

const path = (id) => `experiments/${encodeURIComponent(id)}`;

const live = {
  list: (query) => request("experiments", { query }),
  read: (id) => request(path(id)),
  content: (id) => request(`${path(id)}/content`),
  results: (id) => request(`${path(id)}/results`),
  /** @param {string} id @param {string} run */
  evidence: (id, run) => request(`${path(id)}/evidence/${run}`),
  judgements: (id) => request(`${path(id)}/judgements`),
  /** @type {(id: string) => Promise<import("../types/api").ListingNarrowingPoint>} */
  narrowing: (id) => request(`${path(id)}/narrowing`),
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

const items = (found) => ({ items: found, next: null });

/** The same of a folder on disk; nothing can be asked. */
const folder = {
  list: async () => items(await Promise.all(folderExperiments.map((id) => part(`${id}/status`)))),
  read: (id) => part(`${id}/status`),
  results: (id) => part(`${id}/results`),
  evidence: async (id, run) => (await part(`${id}/evidence`))[run] || [],
  judgements: async (id) => items(await part(`${id}/judgements`)),
  narrowing: async (id) => items(await part(`${id}/narrowing`)),
  report: (id) => part(`${id}/report`),
  cells: (id) => part(`${id}/cells`),
  follow(id, listener) {
    part(`${id}/status`).then((status) => { listener.events([status]); listener.state("folder"); }, (error) => listener.state("refused", error));
    return () => {};
  },
};

export const experiments = /** @type {typeof live} */ (/** @type {any} */ (isFolder ? folder : live));
