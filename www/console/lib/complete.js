// Completion of a command line.

import { syntax, tokensOf } from "./docs.js";

const MOST = 50;

/**
 * Splits a line up to the caret: the words before the one being typed (as they are written),
 * and that one with its place.
 */
export function typedAt(line, caret) {
  const words = [];
  let start = 0;
  let quote = null;
  for (let at = 0; at < caret; at++) {
    const char = line[at];
    if (quote !== null) {
      if (char === "\\" && quote === '"') at++;
      else if (char === quote) quote = null;
    } else if (char === '"' || char === "'") quote = char;
    else if (/\s/.test(char)) {
      if (at > start) words.push(line.slice(start, at));
      start = at + 1;
    }
  }
  return { words, current: line.slice(start, caret), start, quoted: quote !== null };
}

/** The documentation of the command that the words begin with; `null` if it is unknown. */
function commandOf(words, docs) {
  const [first, second] = words.map((word) => word.toUpperCase());
  if (first === undefined) return null;
  return docs.get(`${first} ${second}`) ?? docs.get(first) ?? null;
}

/** `{ from, options: [{ text, note }] }`: what may replace the word at the caret. */
export function complete(line, caret, docs) {
  const { words, current, start, quoted } = typedAt(line, caret);
  const none = { from: start, options: [] };
  if (quoted) return none;
  const wanted = current.toUpperCase();
  const found = (names, noteOf) => ({
    from: start,
    options: names
      .filter((name) => name.startsWith(wanted) && name !== wanted)
      .sort()
      .slice(0, MOST)
      .map((text) => ({ text, note: noteOf(text) })),
  });
  if (words.length === 0) {
    if (wanted === "") return none;
    const names = [...docs.keys()].filter((name) => !name.includes(" "));
    return found(names, (name) => docs.get(name).summary);
  }
  const parent = docs.get(words[0].toUpperCase());
  if (words.length === 1 && parent?.subcommands.length > 0) {
    return found(parent.subcommands, (name) => docs.get(`${parent.name} ${name}`)?.summary ?? "");
  }
  const command = commandOf(words, docs);
  if (!command || wanted === "") return none;
  return found(tokensOf(command), () => "option");
}

/** The syntax of the command in a line, and the index of the part at the caret: `{ command, parts, at }`. */
export function hint(line, caret, docs) {
  const { words, current } = typedAt(line, caret);
  const all = current === "" ? words : [...words, current];
  const command = commandOf(all, docs);
  if (!command) return null;
  const parts = syntax(command);
  const own = command.name.split(" ").length;
  const place = all.length - own - (current === "" ? 0 : 1);
  // After the first option, counting words does not give the part.
  const fixed = parts.findIndex((part, at) => command.args[at]?.optional || command.args[at]?.multiple);
  const counted = fixed < 0 ? parts.length : fixed + 1;
  return { command, parts, at: place >= 0 && place < counted ? place : -1 };
}
