// Errors as ioredis has them: by their messages, which programs compare. The error of this package is the cause.

/** @import { Unknown } from "../internal.js" */

import { RedmuxError, ServerError } from "./client.js";

export const CLOSED = "Connection is closed.";

/** The server answered with an error; the message is its text. `command` says to what. */
export class ReplyError extends Error {}

/** The connection ended before the reply, and the command was not sent again. */
export class AbortError extends Error {}

/** The command waited while connecting failed `maxRetriesPerRequest` times. */
export class MaxRetriesPerRequestError extends AbortError {
  /** @param {number} most */
  constructor(most) {
    super(`Reached the max retries per request limit (which is ${most}). Refer to "maxRetriesPerRequest" option for details.`);
  }
}

/** No node of a cluster could be reached. */
export class ClusterAllFailedError extends Error {
  /** @param {string} message @param {unknown} lastNodeError */
  constructor(message, lastNodeError) {
    super(message);
    this.lastNodeError = lastNodeError;
  }
}

// The names are texts because minifiers rename classes.
for (const [name, { prototype }] of /** @type {const} */ ([
  ["ReplyError", ReplyError],
  ["AbortError", AbortError],
  ["MaxRetriesPerRequestError", MaxRetriesPerRequestError],
  ["ClusterAllFailedError", ClusterAllFailedError],
])) {
  Object.defineProperty(prototype, "name", { value: name, configurable: true, writable: true });
}

/** The connection is closed for good. @param {unknown} [cause] */
export function closed(cause) {
  return caused(new Error(CLOSED), cause);
}

/**
 * @template {Error} E
 * @param {E} error
 * @param {unknown} cause
 */
export function caused(error, cause) {
  // Not enumerable, as the second argument of a constructor would have it.
  if (cause !== undefined && cause !== null) Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
  return error;
}

/** Whether the connection, and not the server's answer, is why a command failed. @param {Unknown} error */
export function isLost(error) {
  return error instanceof RedmuxError && (error.kind === "closed" || error.kind === "connection-lost" || error.kind === "connect");
}

/**
 * The error that a program gets.
 * @param {Unknown} error
 * @param {{ name: string, args: unknown[] }} [command]
 */
export function translated(error, command) {
  if (error instanceof ServerError) {
    const reply = caused(new ReplyError(/** @type {Unknown} */ (error).serverText), error);
    // The arguments are not enumerable, so that a logger does not print them.
    return command ? Object.assign(reply, { command: Object.defineProperty({ name: command.name }, "args", { value: command.args }) }) : reply;
  }
  if (error?.kind === "timeout") return caused(new Error("Command timed out"), error);
  if (isLost(error)) return closed(error);
  return error;
}

/** Why a connection could not be opened, as the socket says it if it does. @param {Unknown} error */
export function connectError(error) {
  if (error?.kind === "timeout") return Object.assign(caused(new Error("connect ETIMEDOUT"), error), { code: "ETIMEDOUT", errorno: "ETIMEDOUT", syscall: "connect" });
  const { cause } = error ?? {};
  if (cause instanceof Error && "code" in cause) return cause;
  // `AUTH: cannot connect (authentication) […]: the server refused the user name or password: WRONGPASS …`
  const refused = /: the server refused [^:]*: ([A-Z]+ [^]*)$/.exec(error?.message ?? "");
  return refused ? caused(new ReplyError(refused[1]), error) : error;
}

/** Whether the server wants no password. @param {Unknown} error */
export function needsNoPassword(error) {
  return /without any password configured|no password is set/.test(error?.message ?? "");
}
