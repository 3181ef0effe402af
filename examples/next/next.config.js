import { fileURLToPath } from "node:url";

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

export default {
  // Pages, routes, and what `fetch` and `unstable_cache` keep.
  cacheHandler: file("./cache-handler.js"),
  // What "use cache" keeps.
  experimental: { useCache: true },
  cacheHandlers: { default: file("./components-cache-handler.js") },
  // Nothing in the memory of an instance.
  cacheMaxMemorySize: 0,
};
