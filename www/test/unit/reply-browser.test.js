// Replies are read the same where there is no `Buffer`, as in browsers.

delete globalThis.Buffer;
process.getBuiltinModule = undefined;
await import("./reply.test.js");
