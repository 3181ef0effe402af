// Queries of search as tagged templates: whatever a value contains, the server does not read it as the language of queries.
// Where a value is decides what becomes of it.

/** @import { Unknown } from "../internal.js" */

import { describe, mistake } from "./extend.js";

/** All that parts words in an index: what is left is no mark of the language. */
const NO_WORD = /[\0-/:-@[-^`{-\x9f\s]+/;
/** Words that servers cannot read, or read as their own. */
const KEPT = /^(_|ismissing)$/i;
const MARKS = /[\0-/:-@[-^`{-\x7f]/g;
const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** @param {string} why */
const refuse = (why) => mistake(`query: ${why}`);

/** @param {string} name @param {Unknown} strings */
function checkTag(name, strings) {
  if (!Array.isArray(strings?.raw)) throw mistake(`${name}: it is a tag of a template: ${name}\`…\``);
}

/** A text with values, as `query` makes it. */
export class Query {
  /** @internal @param {string[]} texts @param {unknown[]} values One between each two texts. */
  constructor(texts, values) {
    this.texts = texts;
    this.values = values;
  }

  /** The query without its values. @internal @param {number} [first] The number of its first value. */
  toString(first = 0) {
    return this.texts.reduce((text, next, at) => `${text}$p${first + at - 1}${next}`);
  }
}

/**
 * A value as it is sent: vectors as bytes, the least significant first.
 * @param {string} what
 * @param {Unknown} value
 */
export function toParam(what, value) {
  if (typeof value === "number") {
    if (Number.isNaN(value)) throw mistake(`${what} is NaN`);
    return value === Infinity ? "+inf" : String(value).replace("Infinity", "inf");
  }
  if (typeof value === "string" || typeof value === "bigint" || value instanceof ArrayBuffer) return value;
  if (!ArrayBuffer.isView(value)) throw mistake(`${what} is ${describe(value)} (expected a string, number or bytes)`);
  const size = /** @type {Unknown} */ (value).BYTES_PER_ELEMENT ?? 1;
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (isLittle || size === 1) return bytes;
  return bytes.map((_, at) => bytes[at - (at % size) + size - 1 - (at % size)]);
}

/** @param {Unknown} value */
function wordsOf(value) {
  if (!/string|number|bigint/.test(typeof value)) throw refuse(`a value is ${describe(value)} (expected a string)`);
  const words = String(value).split(NO_WORD).filter(Boolean);
  if (words.length === 0) throw refuse("a text has no words");
  return words;
}

/**
 * A tag, also as parameter, is without a backslash before a mark; and an index has none with spaces at its ends.
 * @param {string} tag
 * @param {boolean} isWhole
 */
function tagOf(tag, isWhole) {
  const kept = isWhole ? tag.replace(/^[\t-\r ]+|[\t-\r ]+$/g, "") : tag;
  return kept.replace(/\\(?=[!-/:-@[-`{-~\t-\r ])/g, "\\\\");
}

/** What is open behind a text, from outside in: `(`, `[`, `{`, `"`, `'`, and `=` for attributes. @param {string} text */
function openIn(text) {
  const open = [];
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    const inner = open.at(-1);
    if (mark === "\\") at += 1;
    else if (inner === '"' || inner === "'") {
      if (mark === inner) open.pop();
    } else if (mark === '"' || (mark === "'" && text[at - 1] === "w")) open.push(mark);
    else if (mark === "{") open.push(/=>\s*$/.test(text.slice(0, at)) ? "=" : mark);
    else if (mark === "[" || (mark === "(" && inner !== "[")) open.push(mark);
    else if (/[)\]}]/.test(mark)) open.pop();
  }
  return open;
}

/**
 * A query with values: query`@title:${words} @genre:{${tag}} @price:[${low} ${high}]`.
 * @param {TemplateStringsArray} strings
 * @param {...Unknown} given
 */
export function query(strings, ...given) {
  checkTag("query", strings);
  /** Backslashes are those of the language. */
  const [first, ...rest] = strings.raw;
  const texts = [first];
  /** @type {unknown[]} */
  const values = [];
  const add = (/** @type {string} */ text) => {
    texts[texts.length - 1] += text;
  };
  const param = (/** @type {Unknown} */ value) => {
    values.push(toParam("query: a value", value));
    texts.push("");
  };
  rest.forEach((next, at) => {
    const value = given[at];
    // What a value has become has no brackets of its own left open.
    const before = texts.join("");
    const open = openIn(before);
    const inner = open.at(-1);
    const isText = inner === undefined || inner === "(";
    if (before.endsWith("@")) {
      if (typeof value !== "string" || value === "") throw refuse("expected the name of a field behind @");
      add(value.replace(MARKS, "\\$&"));
    } else if (value instanceof Query) {
      if (!isText) throw refuse("a query is in the place of a value");
      const isAll = value.texts.join() === "*";
      value.texts.forEach((text, place) => {
        if (place > 0) param(value.values[place - 1]);
        add(place > 0 || isAll ? text : `(${text}`);
      });
      if (!isAll) add(")");
    } else if (inner === '"') {
      if (open.length > 1 && open.at(-2) !== "(") throw refuse("a tag is in quotes: leave them out");
      add(wordsOf(value).join(" "));
    } else if (inner === "{") {
      const list = Array.isArray(value) ? value : [value];
      if (list.length === 0) throw refuse("the list of tags is empty");
      list.forEach((tag, place) => {
        if (place > 0) add(" | ");
        param(typeof tag === "string" ? tagOf(tag, !before.endsWith("*") && next[0] !== "*") : tag);
      });
    } else if (!isText || /[=<>]=?\s*$/.test(before)) param(value);
    else {
      const words = wordsOf(value);
      const isPart = /[%*]$/.test(before) || /^[%*]/.test(next);
      if (isPart && (words.length > 1 || words[0] !== String(value))) throw refuse("expected one word beside * or %");
      if (isPart) add(words[0]);
      else {
        words.forEach((word, place) => {
          add(place > 0 ? " " : "(");
          if (KEPT.test(word)) param(word);
          else add(word);
        });
        add(")");
      }
    }
    add(next);
  });
  return new Query(texts, values);
}

/**
 * An expression of APPLY or FILTER: a value is a number or a text there, and nothing else.
 * @param {TemplateStringsArray} strings
 * @param {...Unknown} values
 */
export function expression(strings, ...values) {
  checkTag("expression", strings);
  let open = "";
  return strings.raw.reduce((before, next, at) => {
    const value = values[at - 1];
    for (const [mark] of strings.raw[at - 1].matchAll(/\\[^]|["']/g)) {
      if (mark.length === 1) open = open === mark ? "" : open || mark;
    }
    if (open) throw mistake("expression: a value is in quotes: leave them out");
    // In parentheses, since the sign of a number behind another one is no minus.
    if (typeof value === "bigint" || Number.isFinite(value)) return `${before}(${value})${next}`;
    // Servers have no way to read these in a text, and a backslash at its end would make a part of the next text a part of the expression.
    if (typeof value !== "string" || /[\\\n\0]/.test(value)) throw mistake("expression: expected a finite number, or a string without backslash, line feed and NUL");
    return `${before}"${value.replaceAll('"', '\\"')}"${next}`;
  });
}
