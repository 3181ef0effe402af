import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { socketClass } from "../../src/transports/channel.js";
import { tcp } from "../../src/transports/node.js";

/** Opens a socket and gives what happens to it, in order. */
function opened(transport, address = {}) {
  const socket = new (socketClass(transport, address))("url");
  const events = [];
  let wake = () => {};
  for (const name of ["onopen", "onmessage", "onerror", "onclose"]) {
    socket[name] = (event) => {
      events.push([name, event]);
      wake();
    };
  }
  const next = async () => {
    while (events.length === 0) await new Promise((resolve) => (wake = resolve));
    return events.shift();
  };
  return { socket, next };
}

const bytes = (text) => new TextEncoder().encode(text);
const text = (data) => new TextDecoder().decode(data);

/** Web streams that give back what they get. */
function echo() {
  const { readable, writable } = new TransformStream();
  let closed = 0;
  return { readable, writable, closed: new Promise(() => {}), close: () => (closed += 1), count: () => closed };
}

test("web streams carry bytes both ways and are closed", async () => {
  const streams = echo();
  const { socket, next } = opened(async () => streams);
  assert.equal(socket.readyState, 0);
  assert.equal((await next())[0], "onopen");
  assert.equal(socket.readyState, 1);
  socket.send(bytes("hello").buffer);
  assert.ok(socket.bufferedAmount >= 0);
  const [name, event] = await next();
  assert.equal(`${name} ${text(event.data)}`, "onmessage hello");
  socket.close();
  assert.equal((await next())[0], "onclose");
  assert.equal(streams.count(), 1);
});

test("what a transport fails with is told", async () => {
  const { next } = opened(async () => {
    throw new Error("no route");
  });
  const [name, event] = await next();
  assert.equal(`${name} ${event.message}`, "onerror no route");
});

test("a transport that gives no streams is named", async () => {
  const [name, event] = await opened(async () => ({})).next();
  assert.equal(name, "onerror");
  assert.match(event.message, /transport: expected \{ readable, writable/);
});

test("a stream that ends or breaks ends the socket once", async () => {
  for (const [end, expected] of [
    [(controller) => controller.close(), "onclose"],
    [(controller) => controller.error(new Error("reset")), "onerror"],
  ]) {
    let controller;
    const readable = new ReadableStream({ start: (c) => (controller = c) });
    const { socket, next } = opened(async () => ({ ...echo(), readable }));
    assert.equal((await next())[0], "onopen");
    end(controller);
    assert.equal((await next())[0], expected);
    assert.equal(socket.readyState, 3);
    socket.close();
  }
});

test("closing while it opens ends the stream that comes late", async () => {
  let give;
  const streams = echo();
  const { socket, next } = opened(() => new Promise((resolve) => (give = resolve)));
  socket.close();
  assert.equal((await next())[0], "onclose");
  give(streams);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(streams.count(), 1);
});

test("the transport is told when it is not wanted any more", async () => {
  let told;
  const { socket } = opened((_, { signal }) => new Promise(() => (told = signal)));
  socket.close();
  assert.equal(told.aborted, true);
});

test("TCP by node:net", async () => {
  const server = createServer((peer) => peer.on("data", (data) => peer.end(data)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  const { socket, next } = opened(tcp, { host: "127.0.0.1", port, tls: false });
  assert.equal((await next())[0], "onopen");
  socket.send(bytes("hello").buffer);
  assert.equal(text((await next())[1].data), "hello");
  assert.equal((await next())[0], "onclose");
  server.close();
  await once(server, "close");
  const [name, event] = await opened(tcp, { host: "127.0.0.1", port, tls: false }).next();
  assert.equal(name, "onerror");
  assert.match(event.message, /ECONNREFUSED/);
});
