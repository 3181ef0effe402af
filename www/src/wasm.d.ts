// The wasm file, as the option `wasm` takes it: what it is, the bundler or the runtime decides.

import type { ConnectOptions } from "./index.js";

declare const wasm: NonNullable<ConnectOptions["wasm"]>;
export default wasm;
