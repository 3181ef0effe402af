// A script that travels once: afterwards by its digest.

import { ServerError } from "./errors.js";

/**
 * The function that runs a script: `run(keys, args, options)`.
 *
 * The first runs send the script itself, and ask for its digest beside that; a server that has
 * forgotten it meanwhile gets it again.
 */
export function script(client, source) {
  let digest = null;
  let asked = false;
  return async (keys = [], args = [], options = {}) => {
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
