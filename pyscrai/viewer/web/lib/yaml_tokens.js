// YAML as coloured pieces, line by line; it colours, it does not parse.

const LINE = /^(\s*(?:- )*)([\w.$-]+|"[^"]*"|'[^']*')(\s*:)(?=\s|$)/;
const VALUE = /(#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(\{\{.*?\}\})|\b(true|false|null)\b|(?<![\w.-])(-?\d+(?:\.\d+)?)(?![\w.-])|([[\]{},])/g;
const KINDS = ["comment", "string", "insert", "word", "number", "mark"];

/**
 * The pieces of a text, each with its kind.
 * @param {string} text
 * @returns {[string, string][][]} for every line its pieces as kind and text
 */
export function yamlTokens(text) {
  return text.split("\n").map((line) => {
    const pieces = /** @type {[string, string][]} */ ([]);
    let rest = line;
    const key = LINE.exec(line);
    if (key) {
      pieces.push(["", key[1]], ["key", key[2]], ["mark", key[3]]);
      rest = line.slice(key[0].length);
    }
    let at = 0;
    for (const found of rest.matchAll(VALUE)) {
      if (found.index > at) pieces.push(["", rest.slice(at, found.index)]);
      pieces.push([KINDS[found.slice(1).findIndex((group) => group !== undefined)], found[0]]);
      at = found.index + found[0].length;
    }
    if (at < rest.length) pieces.push(["", rest.slice(at)]);
    return pieces;
  });
}
