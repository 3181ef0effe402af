// One command: its arguments, its promise, and what its reply becomes.

/** @import { Unknown } from "../internal.js" */
/** @import { Callback } from "./promises.js" */
/** @import { Script } from "./script.js" */
/**
 * @typedef {object} CommandOptions
 * @property {BufferEncoding | null} [replyEncoding] Of texts in the reply; null, or none: they are Buffers.
 * @property {string | Buffer | null} [keyPrefix]
 * @property {Error} [errorStack] Where the program called.
 * @property {boolean} [readOnly]
 * @property {Script} [script]
 */
/** @typedef {(args: Unknown[]) => Unknown[]} ArgumentTransformer */
/** @typedef {(reply: Unknown, context: object) => unknown} ReplyTransformer */

import { prefixKeys } from "./keys.js";
import { isBlocking, wireName } from "./names.js";
import { withCallback } from "./promises.js";
import { flat, toWord } from "./values.js";

/** @type {{ argument: Record<string, ArgumentTransformer>, reply: Record<string, ReplyTransformer> }} */
const transformers = { argument: Object.create(null), reply: Object.create(null) };
/** Commands are sent again in this order. */
let count = 0;

export class Command {
  /** @internal */
  static _transformer = transformers;

  /** @param {string} name @param {ArgumentTransformer} transform */
  static setArgumentTransformer(name, transform) {
    transformers.argument[name] = transform;
  }

  /** @param {string} name @param {ReplyTransformer} transform */
  static setReplyTransformer(name, transform) {
    transformers.reply[name] = transform;
  }

  /** Its number: commands are sent in this order. */
  order = count++;
  /** @type {number | undefined} The database, if another than that of the options. */
  database = undefined;
  inTransaction = false;
  isResolved = false;
  /** How often it was sent again. */
  resent = 0;
  /** @type {(value?: Unknown) => void} Takes the reply. */
  resolve = () => {};
  /** @type {(error: unknown) => void} */
  reject = () => {};
  /** @type {string | undefined} */
  #wireName;

  /**
   * @param {string} name
   * @param {readonly unknown[] | null} [args]
   * @param {CommandOptions | Callback} [options]
   * @param {Callback} [callback]
   */
  constructor(name, args, options, callback) {
    const given = typeof options === "function" ? {} : (options ?? {});
    this.name = String(name);
    this.replyEncoding = given.replyEncoding ?? null;
    this.errorStack = given.errorStack;
    this.isReadOnly = given.readOnly === true;
    this.script = given.script;
    this.callback = typeof options === "function" ? options : callback;
    const transform = transformers.argument[this.name];
    let words = flat(args ?? []);
    if (transform) words = transform(words);
    for (let at = 0; at < words.length; at++) if (typeof words[at] !== "string") words[at] = toWord(words[at]);
    if (given.keyPrefix) prefixKeys(this.name, words, given.keyPrefix);
    this.args = words;
    const promise = new Promise((/** @type {(value: Unknown) => void} */ resolve, reject) => {
      this.resolve = (value) => {
        try {
          resolve(this.transformReply(value));
          this.isResolved = true;
        } catch (error) {
          this.reject(error);
        }
      };
      this.reject = (error) => reject(this.errorStack ? friendly(error, this.errorStack) : error);
    });
    this.promise = this.callback ? withCallback(promise, this.callback) : promise;
  }

  /** The name in upper case. */
  get wireName() {
    this.#wireName ??= wireName(this.name);
    return this.#wireName;
  }

  get isBlocking() {
    return isBlocking(this.wireName, this.args);
  }

  /** What the program gets of a reply whose texts are decoded. @param {Unknown} reply */
  transformReply(reply) {
    // Programs that replace `sendCommand` resolve with what a server sends.
    if (this.replyEncoding !== null && Buffer.isBuffer(reply)) reply = reply.toString(this.replyEncoding);
    const transform = transformers.reply[this.name];
    return transform ? transform(reply, { commandName: this.name, protocol: 2, replyMapping: "legacy" }) : reply;
  }
}

/** The error with the program's own lines in its stack. @param {Unknown} error @param {Error} at */
function friendly(error, at) {
  if (error?.stack && at.stack) {
    const frames = at.stack.split("\n").slice(1).filter((line) => !line.includes("/ioredis/"));
    error.stack = `${String(error.stack).split("\n")[0]}\n${frames.join("\n")}`;
  }
  return error;
}

/** An object or a Map as fields and values, behind `before` other arguments. @param {number} before @returns {ArgumentTransformer} */
function spread(before) {
  return (args) => {
    const data = args[before];
    if (args.length !== before + 1 || typeof data !== "object" || data === null || data instanceof Uint8Array) return args;
    const pairs = data instanceof Map ? [...data] : Object.entries(data);
    return [...args.slice(0, before), ...pairs.flat()];
  };
}

for (const name of ["mset", "msetnx"]) Command.setArgumentTransformer(name, spread(0));
for (const name of ["hset", "hmset"]) Command.setArgumentTransformer(name, spread(1));

Command.setReplyTransformer("hgetall", (reply) => {
  if (!Array.isArray(reply)) return reply;
  /** @type {Record<string, unknown>} */
  const object = {};
  for (let at = 0; at + 1 < reply.length; at += 2) {
    // A field may have the name of something that every object has.
    if (reply[at] in object) Object.defineProperty(object, reply[at], { value: reply[at + 1], configurable: true, enumerable: true, writable: true });
    else object[reply[at]] = reply[at + 1];
  }
  return object;
});
