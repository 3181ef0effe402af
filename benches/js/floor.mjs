// As little as one can do over a WebSocket: commands of one turn in one message, replies in order. No time-outs, no
// errors, no reconnect: what a client costs beyond this is the client.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export async function floor(url) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const waiting = [];
  const listeners = new Map();
  let out = [];
  let rest = new Uint8Array();
  socket.onmessage = ({ data }) => {
    const more = new Uint8Array(data);
    const bytes = new Uint8Array(rest.length + more.length);
    bytes.set(rest);
    bytes.set(more, rest.length);
    let at = 0;
    for (const reader = new Reader(bytes); ; at = reader.at) {
      reader.raw = waiting[0]?.raw;
      const reply = reader.read();
      if (reply === undefined) break;
      if (reply instanceof Push) listeners.get(reply.channel)?.(reply.payload);
      else waiting.shift().resolve(reply);
    }
    rest = bytes.subarray(at);
  };
  const send = (...words) => ask(false, words);
  const ask = (raw, words) =>
    new Promise((resolve) => {
      waiting.push({ resolve, raw });
      if (out.length === 0) queueMicrotask(flush);
      out.push(`*${words.length}\r\n`);
      for (const word of words) {
        if (typeof word === "string") out.push(`$${word.length}\r\n${word}\r\n`);
        else out.push(`$${word.length}\r\n`, word, "\r\n");
      }
    });
  function flush() {
    const parts = out;
    out = [];
    if (parts.every((part) => typeof part === "string")) return socket.send(encoder.encode(parts.join("")));
    socket.send(new Blob(parts));
  }
  await send("HELLO", "3");
  return {
    get: (key) => send("GET", key),
    getBytes: (key) => ask(true, ["GET", key]),
    set: (key, value) => send("SET", key, value),
    mget: (keys) => send("MGET", ...keys),
    hgetall: async (key) => Object.fromEntries(await send("HGETALL", key)),
    publish: (channel, message) => send("PUBLISH", channel, message),
    subscribe: (channel, listener) => {
      listeners.set(channel, listener);
      return send("SUBSCRIBE", channel);
    },
    close: () => socket.close(),
  };
}

class Push {
  constructor(channel, payload) {
    Object.assign(this, { channel, payload });
  }
}

/** Reads replies; `undefined` is one that is not there in full. */
class Reader {
  at = 0;
  /** Whether texts are wanted as bytes. */
  raw = false;

  constructor(bytes) {
    this.bytes = bytes;
  }

  read() {
    const { bytes } = this;
    const end = bytes.indexOf(10, this.at);
    if (end < 0) return undefined;
    const kind = bytes[this.at];
    const head = decoder.decode(bytes.subarray(this.at + 1, end - 1));
    this.at = end + 1;
    switch (String.fromCharCode(kind)) {
      case ":":
        return Number(head);
      case "_":
        return null;
      case "$": {
        const start = this.at;
        this.at += Number(head) + 2;
        if (this.at > bytes.length) return undefined;
        return this.raw ? bytes.slice(start, this.at - 2) : decoder.decode(bytes.subarray(start, this.at - 2));
      }
      case "*":
        return this.items(Number(head));
      case "%": {
        const flat = this.items(Number(head) * 2);
        return flat?.flatMap((item, n) => (n % 2 ? [] : [[item, flat[n + 1]]]));
      }
      case ">": {
        const push = this.items(Number(head));
        return push?.[0] === "message" ? new Push(push[1], push[2]) : push;
      }
      default:
        return head;
    }
  }

  items(count) {
    const items = [];
    for (let n = 0; n < count; n++) {
      const item = this.read();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}
