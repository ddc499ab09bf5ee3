// What can be had as a file, in which formats, and where the server gives it.

/** @typedef {{run: string} | {runs: string[]} | {tag: string} | {experiment: string, judged?: boolean}} Exported what is to be exported; what is judged can be scored by people, too */
/** @typedef {{table: string, calls: boolean, family: boolean}} ExportOptions */

const TABLES = ["csv", "parquet", "jsonl"];
const MANY = [...TABLES, "chat", "inspect", "huggingface", "folder"];

/** The formats of one run, of runs, and of an experiment; those for reading come first. */
const FORMATS = {
  run: ["html", "markdown", "json", "jsonl", "csv", "parquet", "chat", "inspect", "huggingface", "folder"],
  runs: MANY,
  tag: MANY,
  experiment: ["html", "markdown", ...MANY],
};

/** @param {Exported} what @returns {"run" | "runs" | "tag" | "experiment"} */
export const kindOf = (what) => /** @type {any} */ (["run", "runs", "tag", "experiment"].find((kind) => kind in what));

/** @param {Exported} what @returns {string[]} */
export const formatsOf = (what) => [...FORMATS[kindOf(what)], ...("judged" in what && what.judged ? ["sheet"] : [])];

/** What can be chosen beside the format. @param {Exported} what @param {string} format */
export function optionsOf(what, format) {
  const kind = kindOf(what);
  const tables = kind === "run" || !TABLES.includes(format) ? [] : kind === "experiment"
    ? ["runs", "cells", "measurements", "judgements", "turns", "contrasts", "arms", "deviations"] : ["runs", "measurements", "turns"];
  const calls = ["inspect", "folder", ...(kind === "run" ? ["json", "jsonl"] : [])].includes(format);
  return { tables, calls, family: kind === "run" && format === "folder" };
}

/**
 * Where the server gives it: a path and a query; and what the file is called where the server does not say.
 * @param {any} what
 * @param {string} format
 * @param {ExportOptions} options
 */
export function addressOf(what, format, { table, calls, family }) {
  const able = optionsOf(what, format);
  const more = { table: able.tables.length ? table : undefined, calls: able.calls ? calls : undefined, family: able.family ? family : undefined };
  switch (kindOf(what)) {
    case "run": return { path: `runs/${what.run}/export`, query: { format, ...more }, name: `${what.run}.${format}` };
    case "runs": return { path: "exports", query: { run: what.runs, format, ...more }, name: `runs.${format}` };
    case "tag": return { path: "exports", query: { tag: what.tag, format, ...more }, name: `runs.${format}` };
    default:
      if (format === "sheet") return { path: `experiments/${what.experiment}/labels/sheet`, query: {}, name: `${what.experiment}-labels.csv` };
      if (format === "html" || format === "markdown") return { path: `experiments/${what.experiment}/report`, query: { format }, name: `${what.experiment}.${format === "html" ? "html" : "md"}` };
      return TABLES.includes(format) ? { path: `experiments/${what.experiment}/tables/${table}`, query: { format }, name: `${table}.${format}` }
        : { path: "exports", query: { experiment: what.experiment, format, ...more }, name: `${what.experiment}.${format}` };
  }
}
