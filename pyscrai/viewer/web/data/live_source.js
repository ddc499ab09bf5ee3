// Where pages get their data from when a server is there: the REST API.

import { follow } from "./event_stream.js";
import { request } from "./rest.js";

const run = (id) => `runs/${encodeURIComponent(id)}`;

/** The server's records, and what may be asked of its runs. A folder has the same reading methods and no others. */
export const live = {
  canSteer: true,

  // -- runs
  run: (id) => request(run(id)),
  runs: (query) => request("runs", { query }),
  counts: () => request("runs/counts"),
  family: (id) => request(`${run(id)}/family`),
  search: (query) => request("search", { query }),
  create: (body) => request("runs", { method: "POST", body, once: true }),
  remove: (id) => request(run(id), { method: "DELETE" }),

  // -- records
  followRun: (id, listener) => follow(`${run(id)}/stream`, { tokens: true, stay: true }, listener),
  followAll: (listener) => follow("stream", {}, listener),
  calls: (id, query) => request(`${run(id)}/calls`, { query }),
  state: (id, turn) => request(`${run(id)}/states/${turn}`),
  roleView: (id, role, turn) => request(`${run(id)}/roles/${role}/view`, { query: { turn } }),
  metrics: (id) => request(`${run(id)}/metrics`),
  exported: (id, format) => request(`${run(id)}/export`, { query: { format }, text: true }),

  // -- asking
  ask: (id, action, reason = "") => request(`${run(id)}/${action}`, { method: "POST", body: { reason } }),
  askMany: (ids, action) => request(`runs/many/${action}`, { method: "POST", body: { run_ids: ids } }),
  inject: (id, body) => request(`${run(id)}/inject`, { method: "POST", body, once: true }),
  takeOver: (id, role) => request(`${run(id)}/roles/${role}/take-over`, { method: "POST" }),
  release: (id, role) => request(`${run(id)}/roles/${role}/release`, { method: "POST" }),
  reply: (id, role, body) => request(`${run(id)}/roles/${role}/reply`, { method: "POST", body, once: true }),
  fork: (id, body) => request(`${run(id)}/fork`, { method: "POST", body, once: true }),
  regenerate: (id, body) => request(`${run(id)}/regenerate`, { method: "POST", body, once: true }),
  replay: (id) => request(`${run(id)}/replay`, { method: "POST" }),
  interview: (id, body) => request(`${run(id)}/interviews`, { method: "POST", body }),
  seat: (id, role, body) => request(`${run(id)}/roles/${role}/seat`, { method: "POST", body }),

  // -- templates
  templates: (kind) => request(`templates/${kind}`),
  versions: (kind, name) => request(`templates/${kind}/${name}/versions`),
  template: (kind, reference) => {
    const [name, version] = reference.split("@");
    return request(version ? `templates/${kind}/${name}/versions/${version}` : `templates/${kind}/${name}`);
  },
  graph: (reference) => {
    const [name, version] = reference.split("@");
    return request(`templates/scenarios/${name}/versions/${version}/graph`);
  },
  validate: (source, until) => request("templates/validate", { method: "POST", body: { source }, signal: until }),
  store: (source) => request("templates", { method: "POST", body: { source } }),
  storeDraft: (source) => request("templates/draft", { method: "POST", body: { source } }),
  draftGraph: (source) => request("templates/draft/graph", { method: "POST", body: { source } }),
  draftPlay: (source) => request("templates/draft/play", { method: "POST", body: { source } }),
  schema: (kind) => request(`schemas/${kind}`),
  models: () => request("models"),
  health: () => request("health"),
};
