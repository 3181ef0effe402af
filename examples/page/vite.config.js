// While the page is being written, Vite serves it and passes connections on to the gateway.
export default {
  build: { target: "es2022" },
  server: { proxy: { "/redis": { target: "ws://127.0.0.1:8080", ws: true, rewriteWsOrigin: true } } },
};
