// An adapter for Socket.IO, whose servers share rooms: see docs/adapters.md.

/** @import { ServerClient } from "../server.js" */
/** @import { Unknown } from "../internal.js" */
/** @import { ClientOrServer } from "./client.js" */
/** @import { SocketAdapterOptions } from "./socket.io.js" */
/** @typedef {{ unsubscribe(): void }} Subscribed */
/** @typedef {{ connection: Connection, prefix: string, sharded: boolean, length: number, report: (what: string, error: Unknown) => void, left: () => Promise<void> }} Shared */

import { ClusterAdapterWithHeartbeat, MessageType } from "socket.io-adapter";

import { checkOptions, Connection, positive, reporter } from "./connection.js";
import { pack, unpack } from "./packed.js";

const ENTRY = "redmux/socket.io";
const OPTIONS = ["prefix", "sharded", "heartbeatInterval", "heartbeatTimeout", "streamLength", "onError", "connect"];
/** Milliseconds between attempts to subscribe, at the start. */
const AGAIN = 1000;
/** How far behind the last message what was missed may begin: messages of several servers do not come in the order of the stream. */
const OVERLAP = 5000;
const PAGE = 500;
const SPACE = 32;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param {ClientOrServer} server @param {SocketAdapterOptions} [options] @returns {(namespace: Unknown) => Unknown} */
export function createAdapter(server, options = {}) {
  checkOptions(ENTRY, options, OPTIONS);
  const { prefix = "socket.io", sharded = false, connect, onError } = options;
  const heartbeat = {
    heartbeatInterval: positive(ENTRY, "heartbeatInterval", options.heartbeatInterval, 5000),
    heartbeatTimeout: positive(ENTRY, "heartbeatTimeout", options.heartbeatTimeout, 10_000),
  };
  const length = positive(ENTRY, "streamLength", options.streamLength, 10_000);
  const connection = new Connection(ENTRY, server, connect);
  let open = 0;
  const left = async () => {
    open -= 1;
    if (open === 0) await connection.close();
  };
  const shared = { connection, prefix, sharded, length, report: reporter(ENTRY, onError), left };
  // Socket.IO calls it with `new`.
  return function sharedAdapter(namespace) {
    open += 1;
    return new SharedAdapter(namespace, heartbeat, shared);
  };
}

/** What a namespace of one server says to the same namespace of the others. The superclass knows what; this class knows how. */
class SharedAdapter extends ClusterAdapterWithHeartbeat {
  #shared;
  /** The channel of all servers, and the key of the stream of what they said; answers have a channel for each server. */
  #channel;
  /** @type {Subscribed[]} */
  #subscriptions = [];
  #closed = false;
  /** @type {Recovery | null} */
  #recovery;
  /** The last message that waits for its offset. @type {Promise<string> | null} */
  #waiting = null;

  /** @param {Unknown} namespace @param {object} heartbeat @param {Shared} shared */
  constructor(namespace, heartbeat, shared) {
    super(namespace, heartbeat);
    this.#shared = shared;
    this.#channel = `${shared.prefix}#${namespace.name}#`;
    const recovery = namespace.server.opts?.connectionStateRecovery;
    this.#recovery = recovery ? new Recovery(shared, this.#channel, recovery.maxDisconnectionDuration ?? 120_000) : null;
  }

  async init() {
    // Without its subscriptions a server is deaf: it tries until the server of Redis answers.
    while (!(await this.#subscribe())) await new Promise((resolve) => setTimeout(resolve, AGAIN));
    if (!this.#closed) super.init();
  }

  /** Whether that is done, or no longer wanted. */
  async #subscribe() {
    const { connection, sharded, report } = this.#shared;
    const listener = (/** @type {{ payload: Uint8Array }} */ { payload }) => this.#take(payload);
    const missed = { onMissed: () => this.#missed() };
    for (const [channel, more] of /** @type {const} */ ([[this.#channel, missed], [`${this.#channel}${this.uid}#`, {}]])) {
      if (this.#closed) return true;
      const options = { bytes: /** @type {const} */ (true), ...more };
      try {
        const made = await connection.run((client) => (sharded ? client.sSubscribe(channel, listener, options) : client.subscribe(channel, listener, options)));
        if (this.#closed) made.unsubscribe();
        else this.#subscriptions.push(made);
      } catch (error) {
        for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
        if (!this.#closed) report("cannot subscribe, and tries again", error);
        return this.#closed;
      }
    }
    return true;
  }

  /** @param {Unknown} message @returns {Promise<string>} */
  doPublish(message) {
    const packed = pack(message);
    if (!this.#recovery?.keeps(message)) {
      const send = () => (this.#send(this.#channel, "", packed), "");
      // Members of this server hear at once, whether the other servers can be reached or not. What follows a message that
      // waits for its offset does not overtake it.
      return this.#waiting ? this.#waiting.then(send, send) : Promise.resolve(send());
    }
    const added = this.#recovery.add(packed).then(
      (offset) => (this.#send(this.#channel, offset, packed), offset),
      (error) => {
        this.#shared.report("a message did not reach other servers", error);
        throw error;
      },
    );
    this.#waiting = added;
    const over = () => {
      if (this.#waiting === added) this.#waiting = null;
    };
    added.then(over, over);
    return added;
  }

  /** @param {string} requester @param {Unknown} response */
  async doPublishResponse(requester, response) {
    this.#send(`${this.#channel}${requester}#`, "", pack(response));
  }

  /** @param {string} channel @param {string} offset @param {Uint8Array} packed */
  #send(channel, offset, packed) {
    const { connection, sharded, report } = this.#shared;
    const head = encoder.encode(`${offset} `);
    const payload = new Uint8Array(head.length + packed.length);
    payload.set(head);
    payload.set(packed, head.length);
    const sent = connection.run(/** @param {ServerClient} client */ (client) => (sharded ? client.sPublish(channel, payload) : client.publish(channel, payload)));
    sent.catch((/** @type {unknown} */ error) => report("a message did not reach other servers", error));
  }

  /** @param {Uint8Array} payload */
  #take(payload) {
    if (this.#closed) return;
    try {
      const space = payload.indexOf(SPACE);
      const offset = decoder.decode(payload.subarray(0, space));
      if (offset !== "" && this.#recovery && !this.#recovery.isNew(offset)) return;
      this.onMessage(unpack(payload.subarray(space + 1)), offset);
    } catch (error) {
      this.#shared.report("a message of another server cannot be read", error);
    }
  }

  /** The connection was lost: the other servers are asked who they are, and what they have said. */
  #missed() {
    if (this.#closed) return;
    super.init();
    const news = this.#recovery?.missed((packed, offset) => this.onMessage(unpack(packed), offset));
    news?.catch((error) => this.#shared.report("what was missed cannot be read", error));
  }

  /** @param {Unknown} session */
  persistSession(session) {
    this.#recovery?.keep(session).catch((error) => this.#shared.report("a session is not kept", error));
  }

  /** @param {string} id @param {string} offset @returns {Promise<Unknown>} */
  async restoreSession(id, offset) {
    return (await this.#recovery?.restore(id, offset)) ?? null;
  }

  async close() {
    if (this.#closed) return;
    super.close();
    this.#closed = true;
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    await this.#waiting?.catch(() => {});
    await this.#shared.left();
  }
}

/** What connection state recovery needs: a stream of what was said to all servers, and sessions of those who were cut off. */
class Recovery {
  #shared;
  #key;
  #duration;
  /** When the expiry of the stream was last set. */
  #extended = -Infinity;
  /** The newest message. */
  #last = "";
  /** Those that came, the oldest first. @type {Set<string>} */
  #seen = new Set();

  /** @param {Shared} shared @param {string} key @param {number} duration */
  constructor(shared, key, duration) {
    this.#shared = shared;
    this.#key = key;
    this.#duration = duration;
  }

  /** Whether clients get it later, too: as Socket.IO's own adapter decides. @param {Unknown} message */
  keeps({ type, data }) {
    return type === MessageType.BROADCAST && data.requestId === undefined && data.packet.type === 2 && data.packet.id === undefined && data.opts.flags?.volatile === undefined;
  }

  /** @param {Uint8Array} packed @returns {Promise<string>} */
  add(packed) {
    const { connection, length } = this.#shared;
    return connection.run(async (client) => {
      const added = client.xAdd(this.#key, "*", { m: packed }, { MAXLEN: ["~", length] });
      const now = performance.now();
      if (now - this.#extended > this.#duration / 4) {
        this.#extended = now;
        client.pExpire(this.#key, 2 * this.#duration).catch(() => (this.#extended = -Infinity));
      }
      return /** @type {string} */ (await added);
    });
  }

  /** Whether a message comes for the first time. @param {string} offset */
  isNew(offset) {
    if (this.#seen.has(offset)) return false;
    this.#seen.add(offset);
    if (this.#seen.size > this.#shared.length) this.#seen.delete(/** @type {string} */ (this.#seen.values().next().value));
    if (this.#last === "" || before(this.#last, offset)) this.#last = offset;
    return true;
  }

  /** Hands on what is in the stream and did not come. @param {(packed: Uint8Array, offset: string) => void} take */
  async missed(take) {
    if (this.#last === "") return;
    const from = `${Math.max(0, Number(this.#last.split("-")[0]) - OVERLAP)}-0`;
    for await (const { id, packed } of this.#after(from)) if (this.isNew(id)) take(packed, id);
  }

  /** @param {Unknown} session */
  async keep(session) {
    await this.#shared.connection.run((client) => client.set(this.#session(session.pid), pack(session), { PX: this.#duration }));
  }

  /** @param {string} id @param {string} offset */
  async restore(id, offset) {
    if (!/^\d{1,20}-\d{1,20}$/.test(offset)) return null;
    const { connection } = this.#shared;
    const [packed, there] = await connection.run((client) =>
      Promise.all([client.getDel(this.#session(id), { bytes: true }), client.xRange(this.#key, offset, offset, { COUNT: 1 })]),
    );
    // The stream is bounded: what the client has seen last may be gone, and so what came after it.
    if (packed === null || there.length === 0) return null;
    const session = unpack(packed);
    const missedPackets = [];
    for await (const { id, packed } of this.#after(`(${offset}`)) {
      const { opts, packet } = unpack(packed).data;
      const isFor = opts.rooms.length === 0 || session.rooms.some((/** @type {string} */ room) => opts.rooms.includes(room));
      if (isFor && !session.rooms.some((/** @type {string} */ room) => opts.except.includes(room))) missedPackets.push([...packet.data, id]);
    }
    return { ...session, missedPackets };
  }

  /** The messages from a place in the stream on. @param {string} from @returns {AsyncGenerator<{ id: string, packed: Uint8Array }>} */
  async *#after(from) {
    for (;;) {
      const start = from;
      const page = await this.#shared.connection.run((client) => client.xRange(this.#key, start, "+", { COUNT: PAGE, bytes: true }));
      for (const { id, fields } of page) yield { id: String(id), packed: fields.m };
      if (page.length < PAGE) return;
      from = `(${page[PAGE - 1].id}`;
    }
  }

  /** @param {string} id */
  #session(id) {
    return `${this.#key}session:${id}`;
  }
}

/** Whether an id of a stream is the smaller one. @param {string} one @param {string} other */
function before(one, other) {
  const [[a, b], [c, d]] = [one, other].map((id) => id.split("-").map(Number));
  return a < c || (a === c && b < d);
}
