// What servers have answered: tests/stack/recorded, whose lines hold a command and its replies in both protocols.

import { readFileSync } from "node:fs";

import { Client } from "../../src/client.js";
import { ReplyReader } from "../../src/reply.js";
import { toWords } from "../../src/shape.js";

const FOLDER = new URL("../../../tests/stack/recorded/", import.meta.url);

/** The commands of a file: `{ words, resp2, resp3, varies }`, the replies as bytes. */
export function recorded(name) {
  const lines = readFileSync(new URL(`${name}.jsonl`, FOLDER), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  return lines
    .filter(({ command, resp2 }) => command && resp2)
    .map(({ command, resp2, resp3 = "same", varies, note }) => ({
      // What an earlier line has saved is its name here.
      words: command.map((word) => (word.hex === undefined ? (word.var ?? word) : Buffer.from(word.hex, "hex"))),
      resp2: wire(resp2),
      resp3: wire(resp3 === "same" ? resp2 : resp3),
      varies: varies !== undefined,
      note,
    }));
}

/** The bytes of a reply. */
function wire(reply) {
  const [[kind, value]] = Object.entries(reply);
  const bulk = (mark, bytes) => Buffer.concat([Buffer.from(`${mark}${bytes.length}\r\n`), bytes, Buffer.from("\r\n")]);
  const all = (mark, length, items) => Buffer.concat([Buffer.from(`${mark}${length}\r\n`), ...items.map(wire)]);
  switch (kind) {
    case "$":
    case "!":
      return bulk(kind, Buffer.from(value));
    case "$hex":
      return bulk("$", Buffer.from(value, "hex"));
    case "=":
      return bulk("=", Buffer.from(value.join(":")));
    case "#":
      return Buffer.from(`#${value ? "t" : "f"}\r\n`);
    case "_":
      return Buffer.from(value === "_" ? "_\r\n" : `${value}-1\r\n`);
    case "*":
    case "~":
    case ">":
      return all(kind, value.length, value);
    case "%":
      return all(kind, value.length, value.flat());
    default:
      return Buffer.from(`${kind}${value}\r\n`);
  }
}

/** An error of the server, by its text. */
export class Refused extends Error {}

/** The value of a reply, as the client makes it. */
export function decode(bytes, { shape, options }) {
  const reader = new ReplyReader((error) => new Refused(Buffer.from(error).toString().trim().slice(1)), () => bytes);
  const value = reader.read(bytes, 0, bytes.length, options.bytes === true, options.bigint === true);
  return shape === undefined || (value === null && !shape.nulls) || value instanceof Refused ? value : shape(value, options.bytes === true);
}

/** A client that sends nothing: its methods return the words, the shape of the reply and the options. */
export const CLIENT = Object.assign(Object.create(Client.prototype), {
  _call(spec, args) {
    const { words, options } = toWords(spec, args);
    return { words: [spec.command, ...words], shape: spec.shape, options };
  },
});

/** Words as text. */
export function texts(words) {
  return words.map((word) => (ArrayBuffer.isView(word) ? Buffer.from(word.buffer, word.byteOffset, word.byteLength).toString("latin1") : String(word)));
}
