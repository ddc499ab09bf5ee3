// A long list of which only what is in sight is drawn. Heights are measured; at the end it follows what is added.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "../vendor/virtual/index.js";

const SETTLED = 12;     // frames in which an item has to stay where it was brought

/**
 * @param {{
 *   count: number, keyOf: (index: number) => string | number, draw: (index: number) => any, estimate?: (index: number) => number,
 *   handle?: {current: any}, follow?: boolean, onAway?: (away: boolean) => void, label: string, tail?: any,
 * }} props `handle` gets `reveal(index, how)` and `toEnd()`; `tail` stands below the last item
 */
export function VirtualList({ count, keyOf, draw, estimate = () => 96, handle, follow = false, onAway, label, tail }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [, redraw] = useState(0);
  const made = useRef(/** @type {any} */ (null));
  const away = useRef(false);
  const revealing = useRef(0);     // counts what was to be revealed, so that a later wish ends an earlier one
  const options = {
    count, getItemKey: keyOf, estimateSize: estimate, overscan: 6, paddingStart: 18, paddingEnd: 26, getScrollElement: () => box.current,
    observeElementRect, observeElementOffset, scrollToFn: elementScroll, onChange: () => redraw((number) => number + 1),
  };
  if (!made.current) made.current = new Virtualizer(options);
  const list = made.current;
  list.setOptions({ ...list.options, ...options });

  useLayoutEffect(() => list._didMount(), []);
  useLayoutEffect(() => list._willUpdate());

  const toEnd = () => { const element = box.current; if (element) element.scrollTop = element.scrollHeight; };
  // Heights are guessed until items are drawn: where many turn out smaller, the browser moves what stands below them, and the
  // list takes that for a person's scrolling and lets go. So an item is brought into sight until it stays there.
  const reveal = (index, align, wish) => {
    let still = 0;
    let last = undefined;
    const settle = () => {
      if (revealing.current !== wish || !box.current) return;
      const [place] = list.getOffsetForIndex(index, align) || [null];
      if (place !== null && place === last && Math.abs(place - box.current.scrollTop) > 2) return;     // somebody scrolled
      still = place === last ? still + 1 : 0;
      if (still === 0) list.scrollToIndex(index, { align });
      last = place;
      if (still < SETTLED) requestAnimationFrame(settle);
    };
    settle();
  };
  if (handle) {
    handle.current = {
      toEnd: () => { away.current = false; revealing.current += 1; onAway?.(false); list.scrollToIndex(count - 1, { align: "end" }); requestAnimationFrame(toEnd); },
      reveal: (index, align = "start") => { away.current = true; reveal(index, align, ++revealing.current); },
      reader: () => box.current,
    };
  }

  // What is at its end stays there when lines are added or streamed text grows.
  useLayoutEffect(() => { if (follow && !away.current) toEnd(); });
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const place = () => ({ top: element.scrollTop, seen: element.clientHeight, all: element.scrollHeight });
    let before = place();
    let upwards = -1000;     // when a person last turned the wheel up: what was scrolled before that comes late
    const scrolled = () => {
      const here = place();
      const left = here.all - here.top - here.seen;
      // Where the box grew or its content shrank, the browser moved it and nobody turned away.
      const up = here.top < before.top - 2 && here.seen === before.seen && here.all >= before.all;
      before = here;
      const turnedAway = left < 40 && performance.now() - upwards > 400 ? false : up || away.current;
      if (turnedAway !== away.current) { away.current = turnedAway; onAway?.(turnedAway); }
    };
    const turned = (event) => {
      revealing.current += 1;
      if (event.deltaY >= 0 || element.scrollTop <= 0) return;
      upwards = performance.now();
      if (!away.current) { away.current = true; onAway?.(true); }
    };
    element.addEventListener("scroll", scrolled, { passive: true });
    element.addEventListener("wheel", turned, { passive: true });
    return () => { element.removeEventListener("scroll", scrolled); element.removeEventListener("wheel", turned); };
  }, []);

  const items = list.getVirtualItems();
  return html`<div class="scroll list" ref=${box} tabindex="0" role="region" aria-label=${label}>
    <div class="list-space" style=${{ height: `${list.getTotalSize()}px` }}>
      <ol class="list-items" style=${{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
        ${items.map((item) => html`<li key=${item.key} data-index=${item.index} ref=${list.measureElement} aria-posinset=${item.index + 1} aria-setsize=${count}>${draw(item.index)}</li>`)}
      </ol>
    </div>
    ${tail}
  </div>`;
}
