// A raw client without wasm: records what crosses the boundary and lets a test answer.

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class FakeRaw {
  static refusal = null;

  constructor(instance, id, hooks, numbers, texts) {
    Object.assign(this, { instance, numbers, texts, hooks, sent: [], subscriptions: [], cancelled: [], trap: null });
    const refusal = FakeRaw.refusal;
    queueMicrotask(() => (refusal ? hooks.settle(id, false, hooks.error(refusal)) : hooks.settle(id, true)));
  }

  /** The commands so far that are not answered. */
  get calls() {
    this.client._flush();
    return this.sent;
  }

  execute(heads, bytes) {
    if (this.trap) throw this.trap;
    for (const call of this.instance.read(heads, bytes)) {
      this.sent.push(call);
      const answer = this.answer?.(call.words);
      if (answer === undefined) continue;
      queueMicrotask(() => this.#deliver([[call.id, encoder.encode(resp(answer))]]));
    }
  }

  transaction(id, heads, bytes, timeout) {
    const commands = this.instance.read(heads, bytes).map(({ words }) => words);
    this.transacted = { id, commands, timeout };
  }

  subscribe(id, kind, channel) {
    this.subscriptions.push({ id, kind, channel: decoder.decode(channel) });
    if (!this.holdSubscriptions) queueMicrotask(() => this.hooks.settle(id, true, undefined));
  }

  cancel(id) {
    this.cancelled.push(id);
  }

  abort(id) {
    this.cancelled.push(id);
  }

  status() {
    if (this.trap) throw this.trap;
    return { connections: [], subscriptions: this.subscriptions.length };
  }

  close(id) {
    for (const { id } of this.subscriptions) this.hooks.ended(id);
    queueMicrotask(() => this.hooks.settle(id, true, undefined));
  }

  /** Answers the oldest open call. */
  reply(value) {
    this.replyBytes(resp(value));
  }

  /** Answers the oldest open calls with what a server would send. */
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

/** What stands for the module of wasm-bindgen. */
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

  /** Puts bytes into the memory; gives place and length. */
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
      const [id, name, time, cached, count] = heads.subarray(head, head + 5);
      const lengths = heads.subarray(head + 5, head + 5 + count);
      head += 5 + count;
      const raw = [...lengths].map((length) => bytes.slice(at, (at += length)));
      if (name !== 0xffffffff) raw.unshift(encoder.encode(this.names[name]));
      calls.push({ id, raw, words: raw.map((word) => decoder.decode(word)), timeout: time, cached: cached === 1 });
    }
    return calls;
  }
}

export const DIAL = { transport: async () => new Promise(() => {}), address: {}, endpoint: "ws://host/redis" };

/** A client over a fake, and the fake; several may share a fake instance. */
export async function fakeClient(options, shared) {
  const { openClient } = await import("../src/client.js");
  const { Instance } = await import("../src/instance.js");
  const glue = shared?.glue ?? new FakeGlue();
  const instance = shared?.instance ?? new Instance(glue, () => glue.memory);
  const client = await openClient(instance, DIAL, options);
  const raw = glue.raws.at(-1);
  raw.client = client;
  return { client, raw, glue, instance };
}
