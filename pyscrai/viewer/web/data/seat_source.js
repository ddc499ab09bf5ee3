// What a person in a seat may read and do; the token of the link is the only key that it knows.

import { follow } from "./event_stream.js";
import { request } from "./rest.js";

const STORE = "pyscrai.seat";

/** The token of the link, taken out of the address and kept in this tab. @param {string | undefined} given */
export function seatToken(given) {
  if (given) {
    sessionStorage.setItem(STORE, given);
    history.replaceState(null, "", "#/seat");
  }
  return sessionStorage.getItem(STORE) || "";
}

/** @param {string} key */
export const seatSource = (key) => ({
  view: () => request("seat", { key }),
  reply: (body) => request("seat/reply", { method: "POST", body, key }),
  follow: (listener) => follow("seat/stream", {}, listener, key),
});
