// Gives a class the commands as methods, and what else has to do with commands.

/** @import { Unknown } from "../internal.js" */
/** @import { Callback } from "./promises.js" */
/** @typedef {{ options: Record<string, Unknown>, sendCommand(command: Command): Unknown } & Record<string, Unknown>} Commander */

import { Command } from "./command.js";
import { COMMANDS } from "./names.js";
import { Script } from "./script.js";
import { flat } from "./values.js";

/** The callback at the end of the arguments, taken off. @param {Unknown[]} args @returns {Callback | undefined} */
function callbackOf(args) {
  return typeof args[args.length - 1] === "function" ? args.pop() : undefined;
}

/** @param {Commander} target @param {BufferEncoding | null} replyEncoding */
function optionsOf({ options }, replyEncoding) {
  return { replyEncoding, keyPrefix: options.keyPrefix, errorStack: options.showFriendlyErrorStack ? new Error() : undefined };
}

/**
 * A method that sends a command; without a name, its first argument is the name.
 * @param {string | null} name
 * @param {BufferEncoding | null} encoding
 */
function method(name, encoding) {
  /** @this {Commander} @param {...Unknown} args */
  return function (...args) {
    const callback = callbackOf(args);
    const words = name === null ? flat(args) : args;
    const called = name ?? String(words.shift());
    return this.sendCommand(new Command(called, words, optionsOf(this, encoding), callback));
  };
}

/**
 * @param {Script} script
 * @param {BufferEncoding | null} encoding
 */
function scriptMethod(script, encoding) {
  /** @this {Commander} @param {...Unknown} args */
  return function (...args) {
    const callback = callbackOf(args);
    const options = { ...optionsOf(this, encoding), script, readOnly: script.readOnly };
    return this.sendCommand(new Command("evalsha", script.argsOf(flat(args)), options, callback));
  };
}

/** @type {Record<string, (this: Commander, ...args: Unknown[]) => unknown>} */
const OTHERS = {
  getBuiltinCommands() {
    return [...COMMANDS];
  },

  createBuiltinCommand(name) {
    return { string: method(name, "utf8"), buffer: method(name, null) };
  },

  addBuiltinCommand(name) {
    this.addedBuiltinSet.add(name);
    for (const target of targetsOf(this)) {
      target[name] = method(name, "utf8");
      target[`${name}Buffer`] = method(name, null);
    }
  },

  defineCommand(name, definition) {
    const script = new Script(definition);
    this.scriptsSet[name] = script;
    for (const target of targetsOf(this)) {
      target[name] = scriptMethod(script, "utf8");
      target[`${name}Buffer`] = scriptMethod(script, null);
    }
  },

  call: method(null, "utf8"),
  callBuffer: method(null, null),
  send_command: method(null, "utf8"),
};

/** A client and its pipelines; a pipeline alone. @param {Commander} target @returns {Record<string, Unknown>[]} */
function targetsOf(target) {
  return target._Pipeline ? [target, target._Pipeline.prototype] : [target];
}

/** Adds the methods to a class whose objects have `options`, `scriptsSet`, `addedBuiltinSet` and `sendCommand`. @param {{ prototype: object }} target */
export function addCommands({ prototype }) {
  const define = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    if (!Object.hasOwn(prototype, name)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  };
  for (const name of COMMANDS) {
    define(name, method(name, "utf8"));
    define(`${name}Buffer`, method(name, null));
  }
  for (const [name, value] of Object.entries(OTHERS)) define(name, value);
}
