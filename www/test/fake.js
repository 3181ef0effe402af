// A raw client without wasm: records what crosses the boundary and lets a test answer.

const decoder = new TextDecoder();

export class FakeRaw {
  static last = null;
  static refusal = null;

  static async connect(url, options, hooks) {
    if (FakeRaw.refusal) throw hooks.error(FakeRaw.refusal);
    FakeRaw.last = new FakeRaw(url, options, hooks);
    return FakeRaw.last;
  }

  constructor(url, options, hooks) {
    Object.assign(this, { url, options, hooks, calls: [], subscriptions: [], cancelled: [], trap: null });
  }

  execute(id, bytes, lengths, timeout, asBytes, cancellable) {
    if (this.trap) throw this.trap;
    let at = 0;
    const raw = [...lengths].map((length) => bytes.slice(at, (at += length)));
    const call = { id, raw, words: raw.map((word) => decoder.decode(word)), timeout, asBytes, cancellable };
    this.calls.push(call);
    const answer = this.answer?.(call.words);
    if (answer !== undefined) queueMicrotask(() => this.hooks.settle(id, true, answer));
  }

  subscribe(id, kind, channel, asBytes) {
    this.subscriptions.push({ id, kind, channel: decoder.decode(channel), asBytes });
    if (!this.holdSubscriptions) queueMicrotask(() => this.hooks.settle(id, true, undefined));
  }

  cancel(id) {
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
    this.hooks.settle(this.calls.shift().id, true, value);
  }

  fail(fields) {
    this.hooks.settle(this.calls.shift().id, false, this.hooks.error(fields));
  }
}

/** A client over a fake, and the fake. */
export async function fakeClient(options) {
  const { openClient } = await import("../src/client.js");
  const client = await openClient(FakeRaw, "ws://host/redis", options);
  return { client, raw: FakeRaw.last };
}
