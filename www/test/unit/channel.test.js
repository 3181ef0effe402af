import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { openLink } from "../../src/transports/channel.js";
import { tcp } from "../../src/transports/node.js";

/** Opens a link and returns its events, in order. */
function opened(transport, address = {}) {
  const events = [];
  let wake = () => {};
  const tell = (name) => (...args) => {
    events.push([name, ...args]);
    wake();
  };
  const sink = { open: tell("open"), data: tell("data"), drain: tell("drain"), end: tell("end") };
  const ends = [];
  const memory = new Uint8Array(4096);
  const link = openLink(transport, address, sink, () => memory, (error) => ends.push(error));
  /** Writes parts that lie somewhere in a memory, which changes as soon as the call is over. */
  const writeParts = (...parts) => {
    const places = parts.flatMap((part, n) => {
      memory.set(part, 100 + n * 300);
      return [100 + n * 300, part.length];
    });
    new Uint32Array(memory.buffer, 8, places.length).set(places);
    const more = link.writeParts(8, parts.length);
    memory.fill(0);
    return more;
  };
  const next = async () => {
    while (events.length === 0) await new Promise((resolve) => (wake = resolve));
    return events.shift();
  };
  /** The bytes of the link, in pieces of at most `size` bytes. */
  const read = (size = 1024) => {
    const into = new Uint8Array(size);
    let all = "";
    for (let count; (count = link.read(into)) > 0; ) all += text(into.subarray(0, count));
    return all;
  };
  return { link, next, ends, read, writeParts };
}

const bytes = (text) => new TextEncoder().encode(text);
const text = (data) => new TextDecoder().decode(data);

/** Web streams that echo. */
function echo() {
  const { readable, writable } = new TransformStream();
  let closed = 0;
  return { readable, writable, closed: new Promise(() => {}), close: () => (closed += 1), count: () => closed };
}

test("web streams carry bytes both ways and are closed", async () => {
  const streams = echo();
  const { link, next, ends, read } = opened(async () => streams);
  assert.deepEqual(await next(), ["open"]);
  const lent = bytes("hello");
  assert.equal(link.write(lent), true);
  // The memory of wasm changes as soon as the call is over.
  lent.fill(0);
  assert.deepEqual(await next(), ["data", 5]);
  assert.equal(read(), "hello");
  link.close();
  link.close();
  assert.deepEqual(await next(), ["end", 0, ""]);
  assert.equal(streams.count(), 1);
  assert.deepEqual(ends, [null]);
});

test("bytes that lie apart are one message, unless a channel takes the parts", async () => {
  const written = [];
  const channel = { buffered: 0, write: (bytes) => written.push(text(bytes)), close() {}, open() {} };
  const joining = opened(async () => channel);
  await joining.next();
  assert.equal(joining.writeParts(bytes("one "), bytes(""), bytes("message")), true);
  assert.deepEqual(written, ["one message"]);
  const parting = opened(async () => ({ ...channel, writeParts: (parts) => written.push(...parts.map(text)) }));
  await parting.next();
  parting.writeParts(bytes("two"), bytes("parts"));
  assert.deepEqual(written.slice(1), ["two", "parts"]);
  channel.write = () => { throw new Error("gone"); };
  joining.writeParts(bytes("x"), bytes("y"));
  assert.deepEqual(await joining.next(), ["end", 1, "gone"]);
});

test("a transport's failure is reported with its stage and without URLs", async () => {
  const failing = (error, address) => opened(async () => { throw error; }, address).next();
  const coded = (message, code) => Object.assign(new Error(message), { code });
  assert.deepEqual(await failing(new Error("no route")), ["end", 3, "no route"]);
  assert.deepEqual(await failing(coded("who?", "ENOTFOUND")), ["end", 2, "who?"]);
  assert.deepEqual(await failing(coded("bad", "DEPTH_ZERO_SELF_SIGNED_CERT")), ["end", 4, "bad"]);
  const url = "ws://h/?token=secret";
  assert.deepEqual(await failing(new Error(`cannot open ${url} or ws://b/?t=secret`), { url }), ["end", 5, "cannot open (url) or (url)"]);
});

test("a transport that gives no streams is named", async () => {
  const [name, , message] = await opened(async () => ({})).next();
  assert.equal(name, "end");
  assert.match(message, /transport: expected \{ readable, writable/);
});

test("a stream that ends or breaks ends the link once", async () => {
  for (const [end, expected] of [
    [(controller) => controller.close(), ["end", 0, ""]],
    [(controller) => controller.error(new Error("reset")), ["end", 1, "reset"]],
  ]) {
    let controller;
    const readable = new ReadableStream({ start: (c) => (controller = c) });
    const { link, next, ends } = opened(async () => ({ ...echo(), readable }));
    assert.deepEqual(await next(), ["open"]);
    end(controller);
    assert.deepEqual(await next(), expected);
    link.close();
    assert.equal(link.write(bytes("late")), true);
    assert.equal(ends.length, 1);
  }
});

test("a full channel asks to wait, and tells when there is room", async () => {
  const channel = { buffered: 2 << 20, write() {}, close() {}, open() {} };
  const { link, next } = opened(async () => channel);
  assert.deepEqual(await next(), ["open"]);
  assert.equal(link.write(bytes("x")), false);
  setTimeout(() => (channel.buffered = 0), 20);
  assert.deepEqual(await next(), ["drain"]);
});

test("bytes are read as they come, in pieces of any size, and those that are lent are kept", async () => {
  for (const size of [1, 2, 3, 5, 100]) {
    let give;
    const channel = { buffered: 0, write() {}, close() {}, open: (onData) => (give = onData) };
    const { link, next, read } = opened(async () => channel);
    assert.deepEqual(await next(), ["open"]);
    const lent = bytes("lent");
    give(bytes("own"));
    give(bytes(""));
    give(lent, true);
    lent.fill(0);
    give(bytes("last"));
    assert.deepEqual([await next(), await next(), await next()], [["data", 3], ["data", 4], ["data", 4]]);
    const into = new Uint8Array(2);
    assert.equal(link.read(into), 2);
    assert.equal(text(into) + read(size), "ownlentlast");
    give(bytes("late"));
    link.close();
    assert.equal(read(), "");
  }
});

test("closing while it opens ends the stream that comes late", async () => {
  let give;
  const streams = echo();
  const { link, next } = opened(() => new Promise((resolve) => (give = resolve)));
  link.close();
  assert.deepEqual(await next(), ["end", 0, ""]);
  give(streams);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(streams.count(), 1);
});

test("the signal tells a transport that the client no longer wants the connection", async () => {
  let told;
  const { link } = opened((_, { signal }) => new Promise(() => (told = signal)));
  link.close();
  assert.equal(told.aborted, true);
});

test("what a slow peer is sent by node:net is what was written, though buffers are used again", async () => {
  const size = 300_000;
  const got = [];
  const server = createServer(async (peer) => {
    for await (const data of peer) {
      got.push(data);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    peer.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { link, next } = opened(tcp, { host: "127.0.0.1", port: server.address().port, tls: false });
  assert.deepEqual(await next(), ["open"]);
  const lent = new Uint8Array(size);
  for (let number = 0; number < 20; number++) {
    link.write(lent.fill(number));
    lent.fill(255);
    if (number % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  while (got.reduce((sum, { length }) => sum + length, 0) < 20 * size) await new Promise((resolve) => setTimeout(resolve, 5));
  const all = Buffer.concat(got);
  for (let number = 0; number < 20; number++) {
    assert.ok(all.subarray(number * size, (number + 1) * size).every((byte) => byte === number), `write ${number}`);
  }
  link.close();
  server.close();
});

test("TCP by node:net", async () => {
  const server = createServer((peer) => peer.on("data", (data) => peer.end(data)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  const { next, read, writeParts } = opened(tcp, { host: "127.0.0.1", port, tls: false });
  assert.deepEqual(await next(), ["open"]);
  writeParts(bytes("hel"), bytes("lo"));
  assert.deepEqual(await next(), ["data", 5]);
  assert.equal(read(), "hello");
  assert.deepEqual(await next(), ["end", 0, ""]);
  server.close();
  await once(server, "close");
  const [name, kind, message] = await opened(tcp, { host: "127.0.0.1", port, tls: false }).next();
  assert.deepEqual([name, kind], ["end", 3]);
  assert.match(message, /ECONNREFUSED/);
});
