// What every component needs, in one place: templates, hooks and signals.

import { Fragment, h, render } from "../vendor/preact.js";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact_hooks.js";
import { batch, computed, effect, signal, useComputed, useSignal, useSignalEffect } from "../vendor/signals.js";
import htm from "../vendor/htm.js";

/** Makes elements from a template: html`<p class="x">${text}</p>`. Text is always escaped. */
export const html = htm.bind(h);

export {
  Fragment, batch, computed, effect, h, render, signal, useCallback, useComputed, useEffect, useLayoutEffect, useMemo,
  useRef, useSignal, useSignalEffect, useState,
};
