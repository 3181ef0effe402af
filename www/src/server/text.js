// The wasm file of the build for servers as base64: a module of ours, so that bundles may load it when it is needed.

export { default } from "../../pkg/redmux_server_inline.js";
