// Drawings of 24 by 24 units; they say nothing to a screen reader, the words beside them do.

import { html } from "../lib/html.js";

const PATHS = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M7 5h3.6v14H7zM13.4 5H17v14h-3.6z",
  step: "M5 5v14l9-7zM16 5h3v14h-3z",
  stop: "M6 6h12v12H6z",
};

const STROKES = {
  inject: "M12 3v11m0 0-4-4m4 4 4-4M5 17v2.5h14V17",
  fork: "M7 4v6a5 5 0 0 0 5 5h5M7 4v16m10-5-3-3m3 3-3 3",
  call: "M4 6h16M4 12h10M4 18h13",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zm9.5 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  close: "m6 6 12 12M18 6 6 18",
  down: "M12 5v14m0 0-6-6m6 6 6-6",
  left: "m15 5-7 7 7 7",
  right: "m9 5 7 7-7 7",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zm4.8-1.7L20 20",
  whisper: "M5 11h14v9H5zM8 11V8a4 4 0 0 1 8 0v3",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-7.5 8.5a7.5 7.5 0 0 1 15 0",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2m0 16v2M4.9 4.9l1.4 1.4m11.4 11.4 1.4 1.4M2 12h2m16 0h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  keyboard: "M3 6h18v12H3zm4 4h.01M11 10h.01M15 10h.01M8 14h8",
  plus: "M12 5v14M5 12h14",
  bolt: "M13 3 5 13.5h6L10 21l8.5-11H12z",
  note: "M4 20l1-4.5L16.5 4 20 7.5 8.5 19 4 20zm10-13.5 3.5 3.5",
  tree: "M6 3v12a3 3 0 0 0 3 3h9M6 8h8a4 4 0 0 0 4-4V3",
};

/** @param {{name: string}} props */
export function Icon({ name }) {
  return PATHS[name]
    ? html`<svg viewBox="0 0 24 24" aria-hidden="true" fill="currentColor"><path d=${PATHS[name]} /></svg>`
    : html`<svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round"><path d=${STROKES[name]} /></svg>`;
}
