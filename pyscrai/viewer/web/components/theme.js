// Dark or light: as the system, or as chosen; the choice is kept in this browser.

import { effect, signal } from "../lib/html.js";

const ORDER = ["auto", "light", "dark"];

function stored() {
  try { return localStorage.getItem("pyscrai.theme") || "auto"; } catch { return "auto"; }
}

export const theme = signal(ORDER.includes(stored()) ? stored() : "auto");

export function chooseTheme() {
  theme.value = ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length];
  try { localStorage.setItem("pyscrai.theme", theme.value); } catch { /* a page on disk may have no storage */ }
}

effect(() => {
  const root = document.documentElement;
  if (theme.value === "auto") delete root.dataset.theme; else root.dataset.theme = theme.value;
});
