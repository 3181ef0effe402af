// The entry `redmux/ioredis`: the classes and the call style of ioredis. docs/ioredis.md says what fits and what does not.

export { Command } from "./command.js";
export { MaxRetriesPerRequestError, ReplyError } from "./errors.js";
export { Pipeline } from "./pipeline.js";
export { Redis, Redis as default } from "./redis.js";
export { ScanStream } from "./scan-stream.js";

/** A callback that prints. @param {unknown} error @param {unknown} [reply] */
export function print(error, reply) {
  if (error) console.log(`Error: ${error}`);
  else console.log(`Reply: ${reply}`);
}
