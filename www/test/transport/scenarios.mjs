// Runs the exported scenarios of the checks' wasm in any runtime.

const NAMES = [
  "bad_urls",
  "refused",
  "abandoned",
  "echo",
  "split",
  "cut",
  "flood",
  "backpressure",
  "blocked_writer_is_woken",
  "closes",
  "dropped",
  "text",
  "closing",
  "caching",
  "timers",
  "runtime",
];

// A panic in wasm leaves its promise pending.
const PATIENCE = 30_000;

const { setTimeout: start, clearTimeout: stop } = globalThis;
const open = new Set();
let made = 0;
globalThis.setTimeout = (handler, millis, ...args) => {
  made += 1;
  const handle = start(() => {
    open.delete(handle);
    handler(...args);
  }, millis);
  open.add(handle);
  return handle;
};
globalThis.clearTimeout = (handle) => {
  open.delete(handle);
  stop(handle);
};
globalThis.timersMade = () => made;
globalThis.openTimers = () => open.size;

/** Runs every scenario; a list of `{ name, line }` or `{ name, error }`. */
export async function run(module, base) {
  const results = [];
  for (const name of NAMES) {
    const late = new Promise((_, fail) => start(() => fail(new Error("it hangs, or panicked")), PATIENCE));
    try {
      results.push({ name, line: await Promise.race([module[name](base), late]) });
    } catch (error) {
      results.push({ name, error: String(error?.message ?? error) });
    }
  }
  return results;
}
