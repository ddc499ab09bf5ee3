// Where pages get their data from when a server is there: the REST API.

import { follow } from "./event_stream.js";
import { request } from "./rest.js";

const run = (id) => `runs/${encodeURIComponent(id)}`;

/** The server's records, and what may be asked of its runs. A folder has the same reading methods and no others. */
export const live = {
  canSteer: true,

  // -- runs
  /** @type {(...given: any[]) => Promise<import("../types/api").RunDetail>} */
  run: (id) => request(run(id)),
  /** @type {(...given: any[]) => Promise<import("../types/api").ListingRunSummary>} */
  runs: (query) => request("runs", { query }),
  counts: () => request("runs/counts"),
  /** @type {(...given: any[]) => Promise<import("../types/api").ListingRunSummary>} */
  family: (id) => request(`${run(id)}/family`),
  /** @type {(...given: any[]) => Promise<import("../types/api").ListingSearchHit>} */
  search: (query) => request("search", { query }),
  /** @type {(...given: any[]) => Promise<import("../types/api").RunDetail>} */
  create: (body) => request("runs", { method: "POST", body, once: true }),
  remove: (id) => request(run(id), { method: "DELETE" }),

  // -- records
  followRun: (id, listener) => {
    let last = 0;
    let newest = Infinity;
    const look = () => { if (last >= newest) { newest = Infinity; listener.read(); } };
    const until = (id) => { newest = id; look(); };
    request(`${run(id)}/events`, { query: { newest: true, limit: 1 } }).then(({ items }) => until(items[0]?.id ?? 0), () => until(0));
    return follow(`${run(id)}/stream`, { tokens: true, stay: true }, {
      ...listener,
      events: (batch) => { last = Math.max(last, ...batch.map((event) => event.id || 0)); listener.events(batch); look(); },
    });
  },
  followAll: (listener) => follow("stream", {}, listener),
  /** @type {(...given: any[]) => Promise<import("../types/api").ListingCallItem>} */
  calls: (id, query) => request(`${run(id)}/calls`, { query }),
  /** @type {(...given: any[]) => Promise<import("../types/api").StateView>} */
  state: (id, turn) => request(`${run(id)}/states/${turn}`),
  /** @type {(...given: any[]) => Promise<import("../types/api").RoleView>} */
  roleView: (id, role, turn) => request(`${run(id)}/roles/${role}/view`, { query: { turn } }),
  /** @type {(...given: any[]) => Promise<import("../types/api").MetricsView>} */
  metrics: (id) => request(`${run(id)}/metrics`),
  /** @type {(...given: any[]) => Promise<import("../types/api").ListingAnnotation>} */
  annotations: (id) => request(`${run(id)}/annotations`),
  annotate: (id, body) => request(`${run(id)}/annotations`, { method: "POST", body }),
  removeAnnotation: (id, number) => request(`${run(id)}/annotations/${number}`, { method: "DELETE" }),
  /** @type {(path: string, query: Record<string, unknown>, until: AbortSignal) => Promise<{blob: Blob, name: string}>} */
  file: (path, query, until) => request(path, { query, file: true, signal: until }),

  // -- asking
  /** @type {(...given: any[]) => Promise<import("../types/api").AcceptedControl>} */
  ask: (id, action, reason = "") => request(`${run(id)}/${action}`, { method: "POST", body: { reason } }),
  /** @type {(...given: any[]) => Promise<import("../types/api").ManyAccepted>} */
  askMany: (ids, action) => request(`runs/many/${action}`, { method: "POST", body: { run_ids: ids } }),
  budget: (id, body) => request(`${run(id)}/budget`, { method: "POST", body, once: true }),
  inject: (id, body) => request(`${run(id)}/inject`, { method: "POST", body, once: true }),
  takeOver: (id, role) => request(`${run(id)}/roles/${role}/take-over`, { method: "POST" }),
  release: (id, role) => request(`${run(id)}/roles/${role}/release`, { method: "POST" }),
  reply: (id, role, body) => request(`${run(id)}/roles/${role}/reply`, { method: "POST", body, once: true }),
  /** @type {(...given: any[]) => Promise<import("../types/api").RunDetail>} */
  fork: (id, body) => request(`${run(id)}/fork`, { method: "POST", body, once: true }),
  /** @type {(...given: any[]) => Promise<import("../types/api").RunDetail>} */
  regenerate: (id, body) => request(`${run(id)}/regenerate`, { method: "POST", body, once: true }),
  /** @type {(...given: any[]) => Promise<import("../types/api").ReplayResult>} */
  replay: (id) => request(`${run(id)}/replay`, { method: "POST" }),
  interview: (id, body) => request(`${run(id)}/interviews`, { method: "POST", body }),
  /** @type {(...given: any[]) => Promise<import("../types/api").SeatToken>} */
  seat: (id, role, body) => request(`${run(id)}/roles/${role}/seat`, { method: "POST", body }),

  // -- templates
  /** @type {(...given: any[]) => Promise<import("../types/api").ListingTemplateSummary>} */
  templates: (kind) => request(`templates/${kind}`),
  versions: (kind, name) => request(`templates/${kind}/${name}/versions`),
  /** @type {(...given: any[]) => Promise<import("../types/api").TemplateDetail>} */
  template: (kind, reference) => {
    const [name, version] = reference.split("@");
    return request(version ? `templates/${kind}/${name}/versions/${version}` : `templates/${kind}/${name}`);
  },
  /** @type {(...given: any[]) => Promise<import("../types/api").GraphView>} */
  graph: (reference) => {
    const [name, version] = reference.split("@");
    return request(`templates/scenarios/${name}/versions/${version}/graph`);
  },
  /** @type {(...given: any[]) => Promise<import("../types/api").Validity>} */
  validate: (source, until) => request("templates/validate", { method: "POST", body: { source }, signal: until }),
  /** @type {(...given: any[]) => Promise<import("../types/api").Stored>} */
  store: (source) => request("templates", { method: "POST", body: { source } }),
  /** @type {(...given: any[]) => Promise<import("../types/api").Stored>} */
  storeDraft: (source) => request("templates/draft", { method: "POST", body: { source } }),
  /** @type {(...given: any[]) => Promise<import("../types/api").DraftPicture>} */
  draftGraph: (source) => request("templates/draft/graph", { method: "POST", body: { source } }),
  /** @type {(...given: any[]) => Promise<import("../types/api").DraftPlay>} */
  draftPlay: (source) => request("templates/draft/play", { method: "POST", body: { source } }),
  schema: (kind) => request(`schemas/${kind}`),
  /** @type {(...given: any[]) => Promise<import("../types/api").ListingModelItem>} */
  models: () => request("models"),
  health: () => request("health"),
};
