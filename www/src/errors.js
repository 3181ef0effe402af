// The error classes. The wasm side reports plain fields, and `toError` makes an instance of them.

/** @import { Ended, ErrorFields } from "./internal.js" */

/** The `code` of an error about an argument or an option of a call. */
export const BAD_ARGUMENT = "ERR_REDMUX_ARGUMENT";
/** The `code` of an error about the URL or an option of `connect`. */
export const BAD_CONFIG = "ERR_REDMUX_CONFIG";

/**
 * The error for a call that is a mistake in the program; the message shows no value.
 * @param {string} message
 * @param {string} [code]
 */
export function mistake(message, code = BAD_ARGUMENT) {
  return Object.assign(new TypeError(message), { code });
}

/** The base of every error of this package. */
export class RedmuxError extends Error {
  /** @param {string} message @param {ErrorFields} [fields] */
  constructor(message, fields = {}) {
    super(message);
    const { kind = "internal", stage = null, delivery = "not-sent" } = fields;
    this.kind = kind;
    this.stage = stage;
    this.delivery = delivery;
    this.command = fields.command ?? null;
    this.endpoint = fields.endpoint ?? null;
    this.retryable = fields.retryable ?? false;
    this.diagnostics = fields.diagnostics ?? null;
    const words = stage ? `${kind}-${stage}` : kind;
    this.code = `ERR_REDMUX_${words.toUpperCase().replaceAll("-", "_")}`;
  }
}

/** A connection could not be opened or was lost, or the client is closed. */
export class ConnectionError extends RedmuxError {}

/** A deadline passed: of a connection attempt or of a command. */
export class TimeoutError extends RedmuxError {}

/** The command was refused by this client and never sent. */
export class CommandError extends RedmuxError {}

/** The server answered with an error. */
export class ServerError extends RedmuxError {
  /** @param {string} message @param {ErrorFields} [fields] */
  constructor(message, fields = {}) {
    super(message, { kind: "server", delivery: "answered", ...fields });
    this.serverCode = fields.serverCode ?? "";
    // The raw text may quote arguments: kept out of what loggers enumerate.
    Object.defineProperty(this, "serverText", { value: fields.serverText ?? message });
  }
}

// The names are texts because minifiers rename classes.
for (const [name, { prototype }] of /** @type {const} */ ([
  ["RedmuxError", RedmuxError],
  ["ConnectionError", ConnectionError],
  ["TimeoutError", TimeoutError],
  ["CommandError", CommandError],
  ["ServerError", ServerError],
])) {
  Object.defineProperty(prototype, "name", { value: name, configurable: true, writable: true });
}

/** @type {Map<unknown, typeof RedmuxError>} */
const CLASSES = new Map([
  ["connect", ConnectionError],
  ["connection-lost", ConnectionError],
  ["closed", ConnectionError],
  ["protocol", ConnectionError],
  ["timeout", TimeoutError],
  ["command", CommandError],
  ["queue-full", CommandError],
  ["circuit-open", CommandError],
  ["no-replica", CommandError],
  ["server", ServerError],
]);

/**
 * What to call instead of a command that a shared connection refuses.
 * @type {[call: string, commands: unknown[]][]}
 */
const INSTEAD = [
  ["subscribe, pSubscribe, sSubscribe", ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"]],
  ["unsubscribe of a subscription", ["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]],
  ["multi", ["MULTI", "EXEC", "DISCARD"]],
  ["close", ["QUIT", "RESET"]],
];

/**
 * The instance for the fields of an error: `kind` decides the class. `ended` is how a socket ended, if one did:
 * it becomes the cause of an error whose message mentions it. With `isAuth` the server refused the client's identity.
 * @param {ErrorFields & { message: string }} fields
 * @param {Ended | null} [ended]
 */
export function toError(fields, ended = null) {
  const Class = CLASSES.get(fields.kind) ?? RedmuxError;
  const [call] = (fields.kind === "command" && INSTEAD.find(([, names]) => names.includes(fields.command))) || [];
  const isCause = ended?.message && fields.message.includes(ended.message);
  const isAuth = isCause && ended.isAuth && fields.kind === "connect";
  const error = new Class(call ? `${fields.message} (${call})` : fields.message, isAuth ? { ...fields, stage: "auth", retryable: false } : fields);
  if (isCause) defineCause(error, ended);
  return error;
}

/**
 * Sets the cause, not enumerable, as the second argument of a constructor would.
 * @param {Error} error
 * @param {unknown} cause
 */
export function defineCause(error, cause) {
  Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
}

/** The error of everything that was open when the wasm instance stopped. @param {unknown} cause */
export function internalError(cause) {
  const error = new RedmuxError(`internal error: the wasm instance stopped: ${/** @type {Error} */ (cause).message}`, {
    kind: "internal",
    delivery: "maybe-executed",
  });
  defineCause(error, cause);
  return error;
}

/**
 * Reports an exception that no caller can catch. Not with `reportError`: in Deno and Bun that ends the process.
 * @param {unknown} error
 */
export function report(error) {
  console.error(error);
}

/**
 * A function of up to three arguments that reports what `action` throws.
 * @template {(first: any, second: any, third: any) => any} F Arguments of any types are passed on.
 * @param {F} action
 * @returns {F}
 */
export function safe(action) {
  // Not with `...args`, which would make an array for every reply.
  return /** @type {F} */ ((first, second, third) => {
    try {
      return action(first, second, third);
    } catch (error) {
      report(error);
    }
  });
}
