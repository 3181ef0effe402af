// A raw client without wasm: records what crosses the boundary and lets a test answer.

import { KIND } from "../src/outbox.js";

const KINDS = { [KIND.transaction]: "transaction", [KIND.subscribe]: "subscribe", [KIND.pSubscribe]: "pSubscribe", [KIND.sSubscribe]: "sSubscribe", [KIND.cancel]: "cancel", [KIND.select]: "select" };
const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class FakeRaw {
  static refusal = null;
  /** Neither connects nor fails. */
  static silent = false;

  constructor(instance, id, hooks, numbers, texts) {
    Object.assign(this, { instance, numbers, texts, hooks, sent: [], subscriptions: [], cancelled: [], order: [], freed: 0, trap: null });
    const refusal = FakeRaw.refusal;
    if (FakeRaw.silent) return;
    queueMicrotask(() => (refusal ? hooks.settle(id, false, hooks.error(refusal)) : hooks.settle(id, true)));
  }

  /** The commands so far that are not answered. */
  get calls() {
    this.flush();
    return this.sent;
  }

  /** Sends what was issued. */
  flush() {
    this.engine.flush();
  }

  execute(heads, bytes) {
    if (this.trap) throw this.trap;
    const entries = this.instance.read(heads, bytes);
    this.database = -1;
    for (let entry; (entry = entries.shift()); ) {
      const { id, kind, number, timeout } = entry;
      this.order.push(KINDS[kind] ?? entry.words[0]);
      if (kind === KIND.transaction) {
        const commands = entries.splice(0, number).map(({ words }) => words);
        this.transacted = { id, commands, timeout, database: this.database };
      } else if (kind === KIND.select) this.database = number - 1;
      else if (kind === KIND.cancel) this.cancelled.push(id);
      else if (kind >= KIND.subscribe) this.#subscribe(id, kind, entry.words[0]);
      else this.#command(entry);
    }
  }

  #command(call) {
    call.database = this.database;
    this.sent.push(call);
    const answer = this.answer?.(call.words);
    if (answer === undefined) return;
    queueMicrotask(() => this.#deliver([[call.id, encoder.encode(resp(answer))]]));
  }

  #subscribe(id, kind, channel) {
    this.subscriptions.push({ id, kind, channel });
    if (!this.holdSubscriptions) queueMicrotask(() => this.hooks.settle(id, true, undefined));
  }

  free() {
    this.freed += 1;
  }

  /** Of the build for servers. */
  view() {
    return true;
  }

  status() {
    if (this.trap) throw this.trap;
    return { connections: [], subscriptions: this.subscriptions.length, cache: null };
  }

  close(id) {
    for (const { id } of this.subscriptions) this.hooks.ended(id);
    queueMicrotask(() => this.hooks.settle(id, true, undefined));
  }

  /** Answers the oldest open call. */
  reply(value) {
    this.replyBytes(resp(value));
  }

  /** Answers the oldest open calls with the bytes of a server. */
  replyBytes(...replies) {
    const { calls } = this;
    this.#deliver(
      replies.map((reply) => [calls.shift().id, typeof reply === "string" ? encoder.encode(reply) : reply]),
    );
  }

  #deliver(replies) {
    const { instance, hooks } = this;
    const places = replies.flatMap(([id, bytes]) => [id, ...instance.put(bytes)]);
    hooks.replies(instance.put(new Uint8Array(Uint32Array.from(places).buffer))[0], replies.length);
    instance.empty();
  }

  /** Messages for a subscription, `[channel, payload]`, that came together. */
  tell(id, ...messages) {
    const { instance, hooks } = this;
    const put = (value) => instance.put(typeof value === "string" ? encoder.encode(value) : value);
    const places = messages.flatMap(([channel, payload]) => [...put(payload), ...put(channel)]);
    hooks.messages(id, instance.put(new Uint8Array(Uint32Array.from(places).buffer))[0], messages.length);
    instance.empty();
  }

  /** The instance of an error inside of a reply. */
  serverError(bytes) {
    return this.hooks.error({ kind: "server", message: decoder.decode(bytes) });
  }

  fail(fields) {
    this.hooks.settle(this.calls.shift().id, false, this.hooks.error(fields));
  }
}

/** A value as RESP3. */
function resp(value) {
  const all = (items) => [...items].map(resp).join("");
  if (value === null) return "_\r\n";
  if (value instanceof Map) return `%${value.size}\r\n${all([...value].flat())}`;
  if (value instanceof Set) return `~${value.size}\r\n${all(value)}`;
  if (Array.isArray(value)) return `*${value.length}\r\n${all(value)}`;
  if (typeof value === "string") return `$${encoder.encode(value).length}\r\n${value}\r\n`;
  return `${Number.isInteger(value) ? ":" : ","}${value}\r\n`;
}

/** Replaces the module of wasm-bindgen. */
export class FakeGlue {
  names = [];
  raws = [];
  resets = 0;
  #memory = new ArrayBuffer(1 << 16);
  #used = 0;

  RawClient = {
    open: (id, hooks, numbers, heads, bytes) => {
      const [{ words }] = this.read(heads, bytes);
      const raw = new FakeRaw(this, id, hooks, [...numbers], words);
      this.raws.push(raw);
      return raw;
    },
  };

  get memory() {
    return { buffer: this.#memory };
  }

  start() {}
  run() {}
  fire() {}

  intern(name) {
    this.names.push(name);
    return this.names.length - 1;
  }

  __wbg_reset_state() {
    this.resets += 1;
    this.names = [];
  }

  /** As the memory of wasm does: views of it are empty from now on. */
  grow() {
    const larger = new ArrayBuffer(this.#memory.byteLength * 2);
    new Uint8Array(larger).set(new Uint8Array(this.#memory));
    structuredClone(this.#memory, { transfer: [this.#memory] });
    this.#memory = larger;
  }

  /** Puts bytes into the memory; returns place and length. */
  put(bytes) {
    const at = (this.#used + 3) & ~3;
    new Uint8Array(this.#memory).set(bytes, at);
    this.#used = at + bytes.length;
    return [at, bytes.length];
  }

  empty() {
    new Uint8Array(this.#memory, 0, this.#used).fill(0);
    this.#used = 0;
  }

  /** The commands of a batch. */
  read(heads, bytes) {
    const calls = [];
    let at = 0;
    for (let head = 0; head < heads.length; ) {
      const [id, name, time, kind, count] = heads.subarray(head, head + 5);
      const lengths = heads.subarray(head + 5, head + 5 + count);
      head += 5 + count;
      const raw = [...lengths].map((length) => bytes.slice(at, (at += length)));
      if (kind <= KIND.cached && name !== 0xffffffff) raw.unshift(encoder.encode(this.names[name]));
      calls.push({ id, kind, number: name, raw, words: raw.map((word) => decoder.decode(word)), timeout: time, cached: kind === KIND.cached });
    }
    return calls;
  }
}

export const DIAL = { transport: async () => new Promise(() => {}), address: {}, endpoint: "ws://host/redis" };

/** A client over a fake, and the fake; several may share a fake instance. */
export async function fakeClient(options, shared) {
  const { Client } = await import("../src/client.js");
  const { Engine } = await import("../src/engine.js");
  const { Instance } = await import("../src/instance.js");
  const glue = shared?.glue ?? new FakeGlue();
  const instance = shared?.instance ?? new Instance(glue, () => glue.memory);
  const engine = new Engine(instance, DIAL, options);
  await engine.open();
  const raw = glue.raws.at(-1);
  raw.engine = engine;
  return { client: new Client(engine), engine, raw, glue, instance };
}

/** The same in the build for servers: `place` replaces fields of `DIAL`. */
export async function fakeServerClient(options = {}, place = {}, signal, stack) {
  const { ServerClient } = await import("../src/server/client.js");
  const { ServerEngine } = await import("../src/server/engine.js");
  const { ServerInstance } = await import("../src/server/instance.js");
  const glue = new FakeGlue();
  const instance = new ServerInstance(glue, () => glue.memory);
  const reach = () => DIAL;
  const engine = new ServerEngine(instance, { ...DIAL, reach, ...place }, options, [], [], { stack });
  await engine.open(signal);
  const raw = glue.raws.at(-1);
  raw.engine = engine;
  return { client: new ServerClient(engine), engine, raw, glue, instance };
}
