// All turns on one line: phases as bands, who spoke as marks, injects as triangles; drag or use arrows to go back.

import { html, useRef } from "../lib/html.js";
import { titled } from "../lib/format.js";
import { W } from "../words.js";
import { Icon } from "./icons.js";

const MOST_MARKS = 400;

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function Scrubber({ session }) {
  const { store } = session;
  store.version.value;
  const track = useRef(/** @type {HTMLElement | null} */ (null));
  const last = store.lastTurn;
  const turn = session.turn.value;
  const at = turn ?? last;
  const place = (value) => `${last ? (value / last) * 100 : 0}%`;
  const toTurn = (event) => {
    const box = track.current.getBoundingClientRect();
    session.lookAt(Math.round(((event.clientX - box.left) / box.width) * last));
  };
  const drag = (event) => {
    track.current.setPointerCapture(event.pointerId);
    toTurn(event);
  };
  const keys = { ArrowLeft: at - 1, ArrowRight: at + 1, PageDown: at - 10, PageUp: at + 10, Home: 0, End: last };
  const press = (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    event.stopPropagation();
    session.lookAt(keys[event.key]);
  };
  const step = Math.max(1, Math.ceil(last / MOST_MARKS));
  const turns = [...store.turns].filter(([number, found]) => number > 0 && (number % step === 0 || found.injects));
  const bands = store.phases.map((phase, index) => ({ ...phase, until: store.phases[index + 1]?.turn ?? last })).filter((band) => band.until > band.turn || last === 0);
  return html`<footer class="scrubber" aria-label=${W.scrubber.label}>
    <button class="icon" aria-label=${W.scrubber.back} title=${`${W.scrubber.back}  [`} onClick=${() => session.lookAt(at - 1)}><${Icon} name="left" /></button>
    <div class="track" ref=${track} role="slider" tabindex="0" aria-label=${W.scrubber.label} aria-valuemin="0" aria-valuemax=${last} aria-valuenow=${at} aria-valuetext=${W.scrubber.of(at, last)}
        onPointerDown=${drag} onPointerMove=${(event) => { if (event.buttons && track.current.hasPointerCapture(event.pointerId)) toTurn(event); }} onKeyDown=${press}>
      <div class="bands">${bands.map((band, index) => html`<span key=${index} class=${index % 2 ? "odd" : ""} title=${titled(band.phase)} style=${{ left: place(band.turn), width: place(band.until - band.turn) }}><em>${session.template.value?.flow?.phases?.[band.phase]?.title || titled(band.phase)}</em></span>`)}</div>
      <div class="marks">${turns.map(([number, found]) => html`<i key=${number} class=${`${session.hue(found.roles[0])} ${number > at ? "later" : ""}`} style=${{ left: place(number) }} />${found.injects > 0 && html`<b style=${{ left: place(number) }} title=${W.inject} />`}`)}</div>
      <div class="knob" style=${{ left: place(at) }}><span>${at}</span></div>
    </div>
    <button class="icon" aria-label=${W.scrubber.on} title=${`${W.scrubber.on}  ]`} onClick=${() => session.lookAt(at + 1)}><${Icon} name="right" /></button>
    <button class="live" aria-pressed=${turn === null} onClick=${() => session.lookAt(null)}>${store.ended ? W.scrubber.last : W.scrubber.live}</button>
  </footer>`;
}
