// The build for pages in Bun: smaller, and for one server.

import { startFrom } from "../bytes.js";
import { entry } from "../connect.js";
import { inlined } from "../inlined.js";
import { tcp } from "../transports/bun.js";

export * from "../exports.js";

export const { connect, load } = entry({ wasmFile: (glue) => startFrom(glue, inlined()), tcp });
