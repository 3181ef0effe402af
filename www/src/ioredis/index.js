// The entry `redmux/ioredis`: the classes and the call style of ioredis. docs/ioredis.md says what fits and what does not.

import { Cluster } from "./cluster.js";
import { Redis } from "./redis.js";

export { Command } from "./command.js";
export { MaxRetriesPerRequestError, ReplyError } from "./errors.js";
export { Pipeline } from "./pipeline.js";
export { Cluster, Redis, Redis as default };
export { ScanStream } from "./scan-stream.js";

/** A callback that prints. @param {unknown} error @param {unknown} [reply] */
export function print(error, reply) {
  if (error) console.log(`Error: ${error}`);
  else console.log(`Reply: ${reply}`);
}

// It is a class of its own file, which needs this one.
Object.assign(Redis, { Cluster });
