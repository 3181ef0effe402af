// Replies as redis-cli shows them.

/** The lines of a reply. Bytes are quoted and escaped; status replies are bare. */
export function formatReply(reply) {
  return lines(reply).join("\n");
}

function lines(reply) {
  if (reply === null) return ["(nil)"];
  if (reply === true || reply === false) return [`(${reply})`];
  if (typeof reply === "string") return [reply];
  if (typeof reply === "bigint") return [`(integer) ${reply}`];
  if (typeof reply === "number") return [`${Number.isInteger(reply) ? "(integer)" : "(double)"} ${reply}`];
  if (reply instanceof Uint8Array) return [quote(reply)];
  if (reply instanceof Error) return [`(error) ${reply.serverText ?? reply.message}`];
  if (reply instanceof Map) return numbered([...reply], "#", "(empty hash)", ([key, value]) => joined(lines(key), lines(value)));
  if (reply instanceof Set) return numbered([...reply], "~", "(empty set)", lines);
  if (Array.isArray(reply)) return numbered(reply, ")", "(empty array)", lines);
  return [String(reply)];
}

function joined(key, value) {
  const prefix = `${key.join(" ")} => `;
  return indented(prefix, value);
}

function numbered(items, mark, empty, format) {
  if (items.length === 0) return [empty];
  const width = String(items.length).length;
  return items.flatMap((item, i) => indented(`${String(i + 1).padStart(width)}${mark} `, format(item)));
}

function indented(prefix, [first, ...rest]) {
  return [prefix + first, ...rest.map((line) => " ".repeat(prefix.length) + line)];
}

const NAMED = new Map([[10, "\\n"], [13, "\\r"], [9, "\\t"], [8, "\\b"], [7, "\\a"], [34, '\\"'], [92, "\\\\"]]);
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Invisible characters, and those that change the direction of text. */
const HIDDEN =
  /[\u0080-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;
/** The same for a text of several lines, and controls except those that end lines. */
const HIDDEN_IN_LINES = new RegExp(`[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]|\\r(?!\\n)|${HIDDEN.source}`, "u");

/** Whether a text can be shown unchanged and is completely visible. */
export function isPlain(text) {
  return text !== "" && !/[\x00-\x1f\x7f]|^\s|\s$|^"/.test(text) && !HIDDEN.test(text);
}

/** Whether a text of several lines holds anything invisible. */
export function hasHidden(text) {
  return HIDDEN_IN_LINES.test(text);
}

/** A longer run of hidden characters is shown as its first characters and its length: a page cannot lay out millions of escapes. */
const SHOWN_RUN = 64;
/** Each run is an element of the page. After the last one allowed, the next characters are one element, and the rest is a number. */
const MOST_RUNS = 1000;
const SHOWN_REST = 64 << 10;

/** A text of several lines in pieces, `[text, hidden]`: hidden characters are written as `\uHHHH`. */
export function pieces(text) {
  const found = [];
  let runs = 0;
  let from = 0;
  let run = "";
  const end = (at) => {
    if (run === "") return;
    const more = run.length - SHOWN_RUN;
    runs += 1;
    found.push([escapedJson(more > 0 ? run.slice(0, SHOWN_RUN) : run) + (more > 0 ? `… (${more} more)` : ""), true]);
    run = "";
    from = at;
  };
  // One at a time: a repeated group over a megabyte exceeds the stack of regular expression engines.
  for (const { 0: hidden, index } of text.matchAll(new RegExp(HIDDEN_IN_LINES.source, "gu"))) {
    if (index > from + run.length) {
      end(from + run.length);
      if (runs === MOST_RUNS) return [...found, [shortened(text.slice(from)), true]];
      found.push([text.slice(from, index), false]);
      from = index;
    }
    run += hidden;
  }
  end(from + run.length);
  if (from < text.length) found.push([text.slice(from), false]);
  return found;
}

/** The beginning of a text with hidden characters escaped, and the length of the rest. */
function shortened(text) {
  const more = text.length - SHOWN_REST;
  // Not in the middle of a surrogate pair.
  const end = more > 0 && text.codePointAt(SHOWN_REST - 1) > 0xffff ? SHOWN_REST - 1 : SHOWN_REST;
  return escapedJson(text.slice(0, end)) + (more > 0 ? `… (${text.length - end} more)` : "");
}

/** The same as one text. In JSON, where such characters are in strings only, the meaning does not change. */
export function escapedJson(text) {
  const units = (char) => char.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return text.replaceAll(new RegExp(HIDDEN_IN_LINES.source, "gu"), units);
}

/** In double quotes. Visible UTF-8 stays readable, everything else becomes `\xHH`. */
export function quote(bytes) {
  let text;
  try {
    text = strict.decode(bytes);
  } catch {
    return `"${Array.from(bytes, (byte) => escape(byte) ?? String.fromCharCode(byte)).join("")}"`;
  }
  return `"${Array.from(text, (char) => escape(char.codePointAt(0), true) ?? (HIDDEN.test(char) ? hex(char) : char)).join("")}"`;
}

function hex(char) {
  return Array.from(new TextEncoder().encode(char), (byte) => `\\x${byte.toString(16)}`).join("");
}

function escape(code, isText = false) {
  if (NAMED.has(code)) return NAMED.get(code);
  if (code < 32 || code === 127 || (!isText && code > 127)) return `\\x${code.toString(16).padStart(2, "0")}`;
  return undefined;
}
