// Bun's sockets as a channel, over one that is played here; check.mjs in ../runtimes has real ones.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BunChannel } from "../../src/transports/bun.js";

/** A socket of Bun that takes `room` bytes. */
function played(room = Infinity) {
  const handle = {
    room,
    sent: "",
    ends: 0,
    reload: ({ socket }) => Object.assign(handle, { on: socket }),
    write(bytes) {
      if (handle.room < 0) return -1;
      const taken = bytes.subarray(0, handle.room);
      handle.room -= taken.length;
      handle.sent += text(taken);
      return taken.length;
    },
    end: () => (handle.ends += 1),
  };
  return { handle, channel: new BunChannel(handle, {}) };
}

const bytes = (text) => new TextEncoder().encode(text);
const text = (data) => new TextDecoder().decode(data);

test("what a socket does not take is sent in order when there is room, whatever becomes of the memory", () => {
  const { handle, channel } = played(4);
  const write = (words, how = "write") => {
    const lent = words.map(bytes);
    channel[how](how === "write" ? lent[0] : lent);
    for (const part of lent) part.fill(0);
  };
  write(["abc"]);
  assert.equal(channel.buffered, 0);
  write(["def", "", "ghi"], "writeParts");
  write(["jkl"]);
  assert.equal(channel.buffered, 8);
  for (const room of [1, 0, 3]) {
    handle.room = room;
    handle.on.drain();
  }
  assert.equal(handle.sent, "abcdefgh");
  assert.equal(channel.buffered, 4);
  channel.close();
  assert.equal(handle.ends, 0);
  handle.room = 100;
  handle.on.drain();
  assert.deepEqual([handle.sent, channel.buffered, handle.ends], ["abcdefghijkl", 0, 1]);
});

test("what comes before a channel is opened is delivered then, and nothing after it is closed", () => {
  const { handle, channel } = played();
  const told = [];
  handle.on.data(handle, bytes("early"));
  channel.open((data, lent) => told.push(text(data), lent), (error) => told.push(error));
  handle.on.data(handle, bytes("x"));
  handle.on.end();
  assert.deepEqual(told, ["early", undefined, "x", undefined, null]);
  channel.close();
  handle.on.data(handle, bytes("late"));
  handle.on.close(handle, undefined);
  assert.equal(told.length, 5);
  assert.equal(handle.ends, 1);
});

test("an end is reported, also one that came before the channel was opened; a closed socket takes nothing", () => {
  const reset = new Error("reset");
  const early = played(-1);
  early.handle.on.close(early.handle, reset);
  const ends = [];
  early.channel.open(() => {}, (error) => ends.push(error));
  early.channel.write(bytes("x"));
  assert.deepEqual(ends, [reset]);
  const late = played();
  late.channel.open(() => {}, (error) => ends.push(error));
  late.handle.on.error(late.handle, reset);
  assert.deepEqual(ends, [reset, reset]);
});

test("a large piece is lent, and its memory given back", () => {
  const { handle, channel } = played();
  const seen = [];
  channel.open((data, lent) => seen.push(data.length, lent), () => {});
  const large = new Uint8Array(1 << 16);
  // Node has it from version 22 on.
  Object.defineProperty(large.buffer, "transfer", { value: (size) => seen.push("given back", size) });
  handle.on.data(handle, large);
  assert.deepEqual(seen, [65536, true, "given back", 0]);
});
