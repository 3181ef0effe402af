// The build for servers in browsers, and wherever no other entry fits: over WebSockets, with all that several servers need.

import { serverEntry } from "./server/connect.js";
import { fetched } from "./wasmfile.js";

export * from "./server/exports.js";

export const { connect, connectGroup, createClient, createClientPool, createCluster, createSentinel, load } = serverEntry({
  wasmFile: () =>
    fetched(
      // Bundlers find a file that is named like this and copy it.
      () => new URL("../pkg/redmux_server_bg.wasm", import.meta.url),
      // The fallback for bundlers that do not; it is loaded only then.
      async () => (await import("./server/inlined.js")).inlined(),
    ),
});
