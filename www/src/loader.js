// Loading the wasm side.

/** @import { ConnectOptions } from "./index.js" */
/** @import { Unknown } from "./internal.js" */
/** @typedef {ConnectOptions["wasm"]} Wasm */

import { Instance } from "./instance.js";

/**
 * The instance of each build: all entries of the package share it, should a program load several; the first call loads it.
 * @type {Map<Unknown, Promise<Instance>>}
 */
const instances = new Map();

/**
 * A function that loads the build of this glue, from what it gets, or from what `wasmFile(glue)` returns.
 * @param {Unknown} glue
 * @param {(glue: Unknown) => Unknown} wasmFile
 * @param {typeof Instance} [Class]
 */
export function loader(glue, wasmFile, Class = Instance) {
  /** @param {Wasm} [wasm] */
  return async (wasm) => {
    let loading = instances.get(glue);
    if (!loading) {
      loading = instantiate(glue, wasm, wasmFile, Class);
      instances.set(glue, loading);
      // The next call may try again: the network may be back.
      loading.catch(() => instances.delete(glue));
    }
    return loading;
  };
}

/** @param {Unknown} glue @param {Wasm} wasm @param {(glue: Unknown) => Unknown} wasmFile @param {typeof Instance} Class */
async function instantiate(glue, wasm, wasmFile, Class) {
  await glue.default({ module_or_path: wasm ?? (await wasmFile(glue)) });
  // `initSync` returns the current instance: a trap replaces it, and its memory.
  return new Class(glue, () => glue.initSync().memory);
}
