// Replies are read the same without `Buffer`, as in browsers.

delete globalThis.Buffer;
process.getBuiltinModule = undefined;
await import("./reply.test.js");
