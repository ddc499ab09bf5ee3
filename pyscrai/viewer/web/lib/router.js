// The address: a path behind the hash and parameters, so that the same links work on a server and from a folder.

import { signal } from "./html.js";

/**
 * @typedef {Object} Route
 * @property {string[]} path the parts of the path, such as ["runs", "run_1jn9qhwhd8ez"]
 * @property {Record<string, string>} query
 */

/** @returns {Route} */
function read() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return {
    path: path.split("/").filter(Boolean).map(decodeURIComponent),
    query: Object.fromEntries(new URLSearchParams(query || "")),
  };
}

/** @type {import("../vendor/signals.js").Signal<Route>} */
export const route = signal(read());

addEventListener("hashchange", () => { route.value = read(); });

/**
 * The address of a page.
 * @param {string[]} path
 * @param {Record<string, unknown>} [query] parameters; what is empty is left out
 */
export function link(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** Go to a page. */
export function go(path, query = {}) {
  location.hash = link(path, query);
}

/** Change parameters of this page's address without a new entry in the browser's history. */
export function retain(changes) {
  const { path, query } = route.peek();
  const target = link(path, { ...query, ...changes });
  if (target !== location.hash) {
    history.replaceState(null, "", target);
    route.value = read();
  }
}
