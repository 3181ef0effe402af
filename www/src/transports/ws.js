// The class for WebSockets in Node, which has one of its own from version 22 on.

export async function webSocket() {
  // A name that bundlers do not see: they would require the package.
  const name = "ws";
  try {
    return (await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name)).WebSocket;
  } catch {
    throw new Error("this runtime has no WebSocket: install the package ws, or use redis://");
  }
}
