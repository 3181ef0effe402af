// The wasm file of the build for servers where the package is installed: reading it takes a tenth of the time in which
// a module with its text is loaded.

/** @import { Glue } from "./internal.js" */

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import build from "../pkg/redmux_server_build.js";
import { decoded, startFrom } from "./bytes.js";

/** @param {Glue} glue */
export async function wasmFile(glue) {
  await startFrom(glue, beside() ?? decoded((await import("./server/text.js")).default));
}

/** Its bytes; `null` if it is not there, or of another build. */
function beside() {
  try {
    // In CommonJS this is a path.
    const here = import.meta.url;
    const base = here.startsWith("file:") ? here : pathToFileURL(here);
    const bytes = readFileSync(new URL("../pkg/redmux_server_bg.wasm", base));
    // A program that was bundled has moved, and may have another file there.
    return bytes.toString("latin1", bytes.length - build.length) === build ? bytes : null;
  } catch {
    return null;
  }
}
