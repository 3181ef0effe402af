// The error classes. The wasm side reports plain fields; `toError` makes instances of them.

/** The base of every error of this package. */
export class RedmuxError extends Error {
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
  constructor(message, fields = {}) {
    super(message, { kind: "server", delivery: "answered", ...fields });
    this.serverCode = fields.serverCode ?? "";
    // The raw text may quote arguments: kept out of what loggers enumerate.
    Object.defineProperty(this, "serverText", { value: fields.serverText ?? message });
  }
}

for (const type of [RedmuxError, ConnectionError, TimeoutError, CommandError, ServerError]) {
  Object.defineProperty(type.prototype, "name", { value: type.name, configurable: true, writable: true });
}

const CLASSES = new Map([
  ["connect", ConnectionError],
  ["connection-lost", ConnectionError],
  ["closed", ConnectionError],
  ["protocol", ConnectionError],
  ["timeout", TimeoutError],
  ["command", CommandError],
  ["queue-full", CommandError],
  ["circuit-open", CommandError],
  ["server", ServerError],
]);

/** The instance for the fields of an error: `kind` decides the class. */
export function toError(fields) {
  const Class = CLASSES.get(fields.kind) ?? RedmuxError;
  return new Class(fields.message, fields);
}

/** The error of everything that was open when the wasm instance stopped. */
export function internalError(cause) {
  const error = new RedmuxError("internal error: the wasm instance stopped", {
    kind: "internal",
    delivery: "maybe-executed",
  });
  error.cause = cause;
  return error;
}

/**
 * Tells of an exception that nobody else would hear of. Not by `reportError`: in Deno and Bun that ends the
 * process.
 */
export function report(error) {
  console.error(error);
}
