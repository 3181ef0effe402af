// The build for pages in workerd and Cloudflare Workers: smaller, and for one server.

// @ts-expect-error: only workerd has the wasm file as a module with a default export.
import wasm from "../../pkg/redmux_wasm_bg.wasm";
import { entry } from "../connect.js";
import { tcp } from "../transports/cloudflare.js";

export * from "../exports.js";

export const { connect, load } = entry({ wasmFile: () => wasm, tcp });
