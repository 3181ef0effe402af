// Bytes of Redis as texts for people, and back.

import { isPlain, quote } from "./format.js";
import { parseWords } from "./words.js";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The text of these bytes; `null` if they are not UTF-8. */
export function textOf(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** The bytes of a text. */
export function bytesOf(text) {
  return encoder.encode(text);
}

/**
 * One line for people: the text itself; if that would hide something (controls, invisible characters,
 * bytes that are not text, an empty text), quoted and escaped as in redis-cli.
 */
export function show(bytes) {
  const text = textOf(bytes);
  return text === null || !isPlain(text) ? quote(bytes) : text;
}

/** As `show`, cut to `length` characters. */
export function brief(bytes, length = 200) {
  const cut = bytes.length > length * 4;
  const shown = show(cut ? cutAt(bytes, length * 4) : bytes);
  return cut || shown.length > length ? `${shown.slice(0, length)}…` : shown;
}

/** The first bytes, without half a character at their end. */
export function cutAt(bytes, length) {
  let end = Math.min(length, bytes.length);
  if (end < bytes.length) {
    for (let back = 0; back < 3 && end > 0 && (bytes[end] & 0xc0) === 0x80; back++) end--;
  }
  return bytes.subarray(0, end);
}

/** Bytes as a key of a `Map`: different bytes have different keys. */
export function idOf(bytes) {
  let id = "";
  for (let at = 0; at < bytes.length; at += 4096) id += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return id;
}

/**
 * The bytes of typed text: a text in double quotes is unescaped as in redis-cli, any other is taken
 * literally. The inverse of `show`. Throws an Error that says what is wrong.
 */
export function fromTyped(text) {
  if (!text.startsWith('"')) return bytesOf(text);
  const words = parseWords(text);
  if (words.length !== 1) throw new Error("expected one text in quotes");
  return typeof words[0] === "string" ? bytesOf(words[0]) : words[0];
}

/** `00000000  48 65 6c 6c 6f …  Hello`, sixteen bytes a line. */
export function hexDump(bytes, from = 0) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, "0"));
    const left = hex.slice(0, 8).join(" ").padEnd(23);
    const right = hex.slice(8).join(" ").padEnd(23);
    const text = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${(from + at).toString(16).padStart(8, "0")}  ${left}  ${right}  ${text}`);
  }
  return lines.join("\n");
}

/** Pretty-printed JSON; `null` if the text is not JSON. Numbers keep all their digits. */
export function prettyJson(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  return indent(text);
}

/** Valid JSON with line breaks; token by token, because parsing would round big numbers. */
function indent(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  let depth = 0;
  let out = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  tokens.forEach((token, at) => {
    const empty = (token === "{" && tokens[at + 1] === "}") || (token === "[" && tokens[at + 1] === "]");
    if (token === "{" || token === "[") {
      depth += 1;
      out += token + (empty ? "" : line());
    } else if (token === "}" || token === "]") {
      depth -= 1;
      const wasEmpty = tokens[at - 1] === (token === "}" ? "{" : "[");
      out += (wasEmpty ? "" : line()) + token;
    } else if (token === ",") out += `,${line()}`;
    else if (token === ":") out += ": ";
    else out += token;
  });
  return out;
}
