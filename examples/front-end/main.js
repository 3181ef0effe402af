// All there is of JavaScript: it loads the program.
import init from "./redmux_front_end.js";

await init({ module_or_path: new URL("redmux_front_end_bg.wasm", import.meta.url) });
