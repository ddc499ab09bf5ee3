// Where pages get their data from in an exported folder: scripts beside the page, since a page on disk cannot fetch.

/** @type {any} */
const shelf = globalThis;

export const isFolder = Boolean(shelf.pyscraiFolder);

/** @type {Map<string, Promise<any>>} */
const parts = new Map();
const waiting = new Map();

if (isFolder) shelf.pyscraiPart = (name, value) => waiting.get(name)?.(value);

/** The experiments that the folder holds. @type {string[]} */
export const folderExperiments = shelf.pyscraiFolder?.experiments || [];

/** A part of the folder, such as `run_1jn9qhwhd8ez/calls_3`; its script is loaded when it is first asked for. */
export function part(name) {
  const known = parts.get(name);
  if (known) return known;
  const coming = new Promise((resolve, reject) => {
    waiting.set(name, resolve);
    const script = document.createElement("script");
    script.src = `data/${name}.js`;
    script.onerror = () => reject(new Error(`the folder has no ${name}`));
    document.head.append(script);
  });
  parts.set(name, coming);
  return coming;
}

const runPart = async (id) => part(`${id}/run`);

/** The records of a folder, read as those of a server; nothing can be asked of its runs. */
export const folder = {
  canSteer: false,

  run: async (id) => (await runPart(id)).run,
  runs: async () => ({ items: (await Promise.all(shelf.pyscraiFolder.runs.map(runPart))).map((each) => each.run), next: null }),
  counts: async () => ({}),
  family: async () => ({ items: (await Promise.all(shelf.pyscraiFolder.runs.map(runPart))).map((each) => each.run), next: null }),
  followAll: () => () => {},
  followRun(id, listener) {
    let open = true;
    (async () => {
      listener.state("connecting");
      const { event_parts: parts } = await runPart(id);
      for (let number = 0; open && number < parts; number += 1) listener.events(await part(`${id}/events_${number}`));
      if (!open) return;
      listener.read();
      listener.state("folder");
    })().catch((error) => listener.state("refused", error));
    return () => { open = false; };
  },
  /** @param {string} id @param {{role?: string, from_turn?: number, to_turn?: number}} [query] */
  async calls(id, { role, from_turn: from = 0, to_turn: to = Infinity } = {}) {
    const { call_parts: parts } = await runPart(id);
    const items = [];
    for (const [number, [first, last]] of parts.entries()) {
      if (last < from || first > to) continue;
      for (const call of await part(`${id}/calls_${number}`)) {
        if (call.turn >= from && call.turn <= to && (!role || role === call.role)) items.push(call);
      }
    }
    return { items, next: null };
  },
  async roleView(id, role) {
    const { run } = await runPart(id);
    const template = (await part("templates"))[run.template];
    return { secret: template?.roles?.[role]?.secret || "", summary: "", variables: {}, events: [] };
  },
  annotations: async (id) => ({ items: (await runPart(id)).annotations || [], next: null }),
  metrics: async (id) => ({ metrics: (await runPart(id)).metrics }),
  template: async (kind, reference) => ({ content: (await part("templates"))[reference] }),
  graph: async (reference) => (await part("graphs"))[reference],
};
