# For workerd; wrangler.toml is for Cloudflare.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    # Private addresses are for a server on this machine: leave them out in production.
    (name = "internet", network = (allow = ["private", "local", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "dist/worker.js"),
    (name = "redmux_server_bg.wasm", wasm = embed "dist/redmux_server_bg.wasm"),
  ],
  bindings = [
    (name = "REDIS_URL", fromEnvironment = "REDIS_URL"),
    (name = "COUNTERS", durableObjectNamespace = "Counters"),
  ],
  durableObjectNamespaces = [(className = "Counters", uniqueKey = "counters")],
  durableObjectStorage = (inMemory = void),
  compatibilityDate = "2025-09-01",
);
