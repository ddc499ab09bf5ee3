// What may be written at a place of a template, from its JSON Schema: keys, and values where they are few.

/** Follow references, and lay alternatives out. @returns {any[]} */
function shapes(schema, root) {
  if (!schema) return [];
  if (schema.$ref) return shapes(schema.$ref.split("/").slice(1).reduce((at, name) => at?.[name], root), root);
  const several = [...(schema.anyOf || []), ...(schema.oneOf || []), ...(schema.allOf || [])];
  return [schema, ...several.flatMap((each) => shapes(each, root))];
}

/** The schemas of what stands at a path of keys. */
function at(path, root) {
  let found = shapes(root, root);
  for (const key of path) {
    found = found.flatMap((shape) => (key === "[]" ? shapes(shape.items, root) : [
      ...shapes(shape.properties?.[key], root), ...(shape.properties?.[key] ? [] : shapes(typeof shape.additionalProperties === "object" ? shape.additionalProperties : null, root)),
    ]));
  }
  return found;
}

/**
 * The keys above a place of a YAML text, by indentation.
 * @param {string[]} lines
 * @param {number} row
 * @param {number} indent
 */
export function pathAbove(lines, row, indent) {
  const path = [];
  let left = indent;
  for (let each = row - 1; each >= 0 && left > 0; each -= 1) {
    const line = /^(\s*)((?:- )*)([\w-]+)\s*:/.exec(lines[each]);
    if (!line) continue;
    const own = line[1].length + line[2].length;
    if (own < left) {
      path.unshift(line[3]);
      left = own;
      if (line[2] && line[1].length < left) { path.unshift("[]"); left = line[1].length; }
    }
  }
  return path;
}

/**
 * Suggestions at the cursor.
 * @param {string} text
 * @param {number} cursor
 * @param {any} schema
 * @returns {{from: number, items: {text: string, detail: string}[]}}
 */
export function complete(text, cursor, schema) {
  const before = text.slice(0, cursor).split("\n");
  const row = before.length - 1;
  const line = before[row];
  const value = /^(\s*(?:- )*)([\w-]+):\s+([\w.-]*)$/.exec(line);
  const key = /^(\s*)((?:- )*)([\w-]*)$/.exec(line);
  const lines = text.split("\n");
  let items = [];
  let typed = "";
  if (value) {
    typed = value[3];
    const found = at([...pathAbove(lines, row, value[1].length), value[2]], schema);
    items = found.flatMap((shape) => [...(shape.enum || []), ...(shape.const === undefined ? [] : [shape.const]), ...(shape.type === "boolean" ? [true, false] : [])]).map((each) => ({ text: String(each), detail: "" }));
  } else if (key) {
    typed = key[3];
    const path = pathAbove(lines, row, key[1].length + key[2].length);
    const found = at(key[2] ? [...path, "[]"] : path, schema);
    items = found.flatMap((shape) => Object.entries(shape.properties || {}).map(([name, about]) => ({ text: `${name}: `, detail: about.description || shapes(about, schema).find((each) => each.description)?.description || "" })));
  }
  const seen = new Set();
  const fitting = items.filter((item) => item.text.startsWith(typed) && item.text.trim() !== typed && !seen.has(item.text) && seen.add(item.text));
  return { from: cursor - typed.length, items: fitting.slice(0, 12) };
}
