// A script that is sent once, and then called by its digest.

/** @import { Args, CallOptions, Commands } from "./index.js" */
/** @typedef {Pick<Commands, "eval" | "evalSha" | "scriptLoad">} Client */

import { ServerError } from "./errors.js";

/**
 * The function that runs a script: `run(keys, args, options)`.
 *
 * The first runs send the script itself, and ask for its digest in parallel; a server that has
 * forgotten the script since gets it again.
 * @param {Client} client
 * @param {string} source
 */
export function script(client, source) {
  /** @type {string | null} */
  let digest = null;
  let asked = false;
  return async (/** @type {Args} */ keys = [], /** @type {Args} */ args = [], /** @type {CallOptions} */ options = {}) => {
    if (digest !== null) {
      try {
        return await client.evalSha(digest, keys, args, options);
      } catch (error) {
        if (!(error instanceof ServerError && error.serverCode === "NOSCRIPT")) throw error;
      }
    } else if (!asked) {
      asked = true;
      client.scriptLoad(source).then(
        (sha) => (digest = sha),
        () => (asked = false),
      );
    }
    return client.eval(source, keys, args, options);
  };
}
