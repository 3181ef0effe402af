// Turns the reply of a command into the value that its method promises. Commands name these shapes in
// commands.js. Texts are bytes in calls with `bytes`; in RESP2 maps are flat lists, and numbers with a
// fraction are texts.

/** @import { Unknown, Shape } from "./internal.js" */

import { looseText, NotText, toNumber as readNumber } from "./reply.js";
import { describe } from "./values.js";

/** @satisfies {Record<string, Shape>} */
export const REPLIES = {
  // Data
  boolean: toBoolean,
  booleans: (reply) => reply.map(toBoolean),
  number: fromText,
  increment: ([value, added]) => ({ value: fromText(value), added: fromText(added) }),
  numbers: (reply) => reply.map((item) => item && toNumber(item)),
  // The reply is read as bytes.
  binary: (reply) => reply,
  object: (reply) => toObject(reply),
  pairs: pairsOf,
  // A Set never takes two byte strings for the same member: bytes stay an array, and a single member stays itself.
  set: (reply, bytes) => (isText(reply) ? reply : bytes ? [...reply] : new Set(reply)),
  scored: toScored,
  rank: ([rank, score]) => ({ rank, score: toNumber(score) }),
  elements: ([key, elements]) => ({ key, elements }),
  members: ([key, members]) => ({ key, members: toScored(members) }),
  // One key, field or member of another program does not end an enumeration.
  texts: lossy((reply) => reply),
  scan: lossy(([cursor, items]) => ({ cursor: toText(cursor), items })),
  scanEntries: lossy(([cursor, items]) => ({ cursor: toText(cursor), entries: pairsOf(items) })),
  scanScored: lossy(([cursor, items]) => ({ cursor: toText(cursor), members: toScored(items) })),
  matches: (reply) => {
    const { matches, len } = toObject(reply);
    return { matches: matches.map((/** @type {Unknown[]} */ [first, second, length]) => ({ first, second, length })), length: len };
  },
  positions: (reply) => reply.map((item) => item && toPosition(item)),
  places: (reply) =>
    reply.map(([member, distance, hash, position]) => ({
      member,
      distance: toNumber(distance),
      hash,
      ...toPosition(position),
    })),

  // Streams
  entries: toEntries,
  ids: (reply) => reply.map(toText),
  streams: (reply) => toObject(reply, toEntries),
  claimed: ([next, entries, deleted]) => toClaimed(next, toEntries(entries), deleted),
  claimedIds: ([next, ids, deleted]) => toClaimed(next, ids.map(toText), deleted),
  pending: ([count, lowest, highest, consumers]) => ({
    count,
    lowest: lowest && toText(lowest),
    highest: highest && toText(highest),
    consumers: toObject(consumers ?? [], toNumber),
  }),
  pendingEntries: (reply) =>
    reply.map(([id, consumer, idle, deliveries]) => ({
      id: toText(id),
      consumer: toText(consumer),
      idle,
      deliveries,
    })),
  stream: (reply) => {
    // Entries hold data, which stays as it is.
    const stream = toObject(reply, (value) => (isBytes(value) ? toText(value) : value), toCamel);
    for (const name of ["firstEntry", "lastEntry"])
      if (stream[name]) [stream[name]] = toEntries([stream[name]]);
    if (!stream.entries) return stream;
    return {
      ...stream,
      entries: toEntries(stream.entries),
      groups: stream.groups.map((/** @type {Unknown} */ item) => {
        const group = toRecord(item);
        const consumers = group.consumers.map((/** @type {Unknown} */ one) => {
          const consumer = toRecord(one);
          return {
            ...consumer,
            pending: consumer.pending.map((/** @type {Unknown[]} */ [id, deliveredAt, deliveries]) => ({
              id,
              deliveredAt,
              deliveries,
            })),
          };
        });
        const pending = group.pending.map((/** @type {Unknown[]} */ [id, consumer, deliveredAt, deliveries]) => ({
          id,
          consumer,
          deliveredAt,
          deliveries,
        }));
        return { ...group, pending, consumers };
      }),
    };
  },

  // Vectors
  rawVector: ([quantization, data, norm, range]) => ({
    quantization: toText(quantization),
    data,
    norm: toNumber(norm),
    range: range === undefined ? null : toNumber(range),
  }),
  links: (reply) => reply.map(toScored),
  similar: (reply) => {
    const flat = reply instanceof Map ? [...reply].map(([value, rest]) => [value, ...rest]).flat() : reply;
    const found = [];
    for (let at = 0; at < flat.length; at += 3) {
      found.push({ value: flat[at], score: toNumber(flat[at + 1]), attributes: flat[at + 2] });
    }
    return found;
  },

  // Server
  time: ([seconds, micros]) => ({ seconds: toNumber(seconds), microseconds: toNumber(micros) }),
  record: (reply) => toRecord(reply),
  records: (reply) => reply.map((item) => toRecord(item)),
  libraries: (reply) =>
    reply.map((item) => {
      const library = toRecord(item);
      library.functions = library.functions.map((/** @type {Unknown} */ one) => toRecord(one));
      return library;
    }),
  functionStats: (reply) => {
    const { runningScript, engines } = toRecord(reply);
    return {
      runningScript: runningScript && toRecord(runningScript),
      engines: toObject(engines, (item) => toRecord(item)),
    };
  },
  aclUser: (reply) => {
    const user = toRecord(reply);
    user.selectors = user.selectors?.map((/** @type {Unknown} */ item) => toRecord(item));
    return user;
  },
  aclLog: (reply) =>
    reply.map((item) => {
      const entry = toRecord(item);
      return { ...entry, ageSeconds: toNumber(entry.ageSeconds), clientInfo: toClient(entry.clientInfo) };
    }),
  client: (reply) => toClient(toText(reply).trim()),
  clients: (reply) => toText(reply).split("\n").filter(Boolean).map(toClient),
  commands: (reply) =>
    reply.map((item) => {
      if (!item) return null;
      const [name, arity, flags, firstKey, lastKey, step, categories] = item;
      return {
        name: toText(name),
        arity,
        flags: toTexts(flags),
        firstKey,
        lastKey,
        step,
        categories: toTexts(categories),
      };
    }),
  keysAndFlags: (reply) => reply.map(([key, flags]) => ({ key, flags: toTexts(flags) })),
  docs: toDocs,
  memory: (reply) => toNumbers(reply),
  histograms: (reply) =>
    toObject(reply, (item) => {
      const { calls, histogramUsec } = toRecord(item);
      return { calls, histogram: pairsOf(histogramUsec) };
    }),
  hotkeys: ([reply]) => {
    const all = toRecord(reply);
    for (const name of ["byCpuTimeUs", "byNetBytes"]) all[name] = pairsOf(all[name] ?? []);
    return all;
  },
  latencies: (reply) =>
    reply.map(([event, time, latest, max]) => ({ event: toText(event), time, latest, max })),
  samples: (reply) => reply.map(([time, latency]) => ({ time, latency })),
  logged: (reply) =>
    reply.map(([id, time, amount, args, address, name]) => ({
      id,
      time,
      amount,
      args,
      address: toText(address),
      name: toText(name),
    })),
  role: ([name, ...rest]) => {
    const role = toText(name);
    if (role === "sentinel") return { role, masters: toTexts(rest[0]) };
    if (role === "slave")
      return {
        role,
        host: toText(rest[0]),
        port: toNumber(rest[1]),
        state: toText(rest[2]),
        offset: rest[3],
      };
    const replica = (/** @type {Unknown[]} */ [host, port, offset]) => ({
      host: toText(host),
      port: toNumber(port),
      offset: toNumber(offset),
    });
    return { role, offset: rest[0], replicas: rest[1].map(replica) };
  },
};

/** Bytes that are not UTF-8 are replaced. @param {Shape} shape */
function lossy(shape) {
  shape.text = looseText;
  return shape;
}

/** @param {unknown} reply */
function toBoolean(reply) {
  return reply === 1 || reply === 1n || reply === true;
}

/**
 * An object without prototype: a field named `__proto__` is a field like any other.
 * @param {Unknown} reply
 * @param {(value: Unknown) => unknown} [toValue]
 * @param {(name: unknown) => string} [toName]
 * @returns {Unknown}
 */
function toObject(reply, toValue = (value) => value, toName = toText) {
  // The reader has made the object.
  if (!(reply instanceof Map || Array.isArray(reply))) return reply;
  /** @type {Unknown} */
  const object = Object.create(null);
  for (const [name, value] of pairsOf(reply)) object[toName(name)] = toValue(value);
  return object;
}

/** A description from the server: names in camel case, texts as text. @param {Unknown} reply */
function toRecord(reply) {
  return toObject(reply, toPlain, toCamel);
}

/**
 * @param {unknown} value
 * @returns {unknown}
 */
function toPlain(value) {
  if (isBytes(value)) return toText(value);
  return value instanceof Set || Array.isArray(value) ? [...value].map(toPlain) : value;
}

/** @param {unknown} name */
function toCamel(name) {
  return toText(name).replace(/[-._ ]+(\w)/g, (_, letter) => letter.toUpperCase());
}

/**
 * Numbers by name, nested where the reply is.
 * @param {Unknown} reply
 * @returns {Unknown}
 */
function toNumbers(reply) {
  return toObject(
    reply,
    (value) => (value instanceof Map || Array.isArray(value) ? toNumbers(value) : toNumber(value)),
    toCamel,
  );
}

/** `[[value, score], …]` of RESP3, or the flat list of RESP2. @param {Unknown} reply */
function toScored(reply) {
  // ZPOPMIN without a count answers one flat pair.
  return pairsOf(reply).map(([value, score]) => ({ value, score: toNumber(score) }));
}

/**
 * @param {Unknown} reply
 * @returns {Unknown[][]}
 */
export function pairsOf(reply) {
  if (reply instanceof Map) return [...reply];
  if (Array.isArray(reply[0])) return reply;
  const pairs = [];
  for (let i = 0; i + 1 < reply.length; i += 2) pairs.push([reply[i], reply[i + 1]]);
  return pairs;
}

/** @param {Unknown[]} position */
function toPosition([longitude, latitude]) {
  return { longitude: toNumber(longitude), latitude: toNumber(latitude) };
}

/** Stream entries; of a pending entry that was deleted, only the id is left. @param {Unknown[]} reply */
function toEntries(reply) {
  const known = reply.filter((entry) => entry !== null);
  return known.map(([id, fields, idle, deliveries]) => ({
    id: toText(id),
    fields: fields && toObject(fields),
    // Only CLAIM asks for them.
    ...(deliveries !== undefined && { idle, deliveries }),
  }));
}

/**
 * @param {unknown} next
 * @param {unknown[]} entries
 * @param {unknown[]} [deleted]
 */
function toClaimed(next, entries, deleted = []) {
  return { next: toText(next), entries, deleted: deleted.map(toText) };
}

/**
 * `id=3 addr=… name=…`: fields that are numbers in every line become numbers; names never do.
 * @param {unknown} line
 */
function toClient(line) {
  const client = Object.create(null);
  for (const field of toText(line).split(" ")) {
    const at = field.indexOf("=");
    const name = field.slice(0, at);
    const value = field.slice(at + 1);
    const text = /^(name|user|lib-.*|cmd|flags|events)$/.test(name) || !/^-?\d+$/.test(value);
    client[toCamel(name)] = text ? value : Number(value);
  }
  return client;
}

/**
 * The manual of commands, by name.
 * @param {Unknown} reply
 * @returns {Unknown}
 */
function toDocs(reply) {
  return toObject(reply, (item) => {
    const doc = toRecord(item);
    if (doc.subcommands) doc.subcommands = toDocs(doc.subcommands);
    if (doc.arguments) doc.arguments = doc.arguments.map(toArgument);
    return doc;
  });
}

/**
 * @param {Unknown} item
 * @returns {Unknown}
 */
function toArgument(item) {
  const argument = toRecord(item);
  if (argument.arguments) argument.arguments = argument.arguments.map(toArgument);
  return argument;
}

/** @param {Unknown} reply */
function toTexts(reply) {
  return [...reply].map(toText);
}

/** A number with a fraction is a text over RESP2. @param {Unknown} value @returns {Unknown} */
function fromText(value) {
  return isText(value) ? toNumber(value) : value;
}

/** @param {unknown} value */
function toNumber(value) {
  return typeof value === "number" ? value : readNumber(toText(value));
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @param {unknown} value
 * @returns {string}
 */
export function toText(value) {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (!isBytes(value)) throw new TypeError(`unexpected reply: expected text, got ${describe(value)}`);
  try {
    return decoder.decode(value);
  } catch {
    throw new NotText("a name in the reply is not UTF-8: use send with { bytes: true }");
  }
}

/** @param {unknown} value */
function isText(value) {
  return typeof value === "string" || isBytes(value);
}

/**
 * @param {unknown} value
 * @returns {value is Uint8Array}
 */
function isBytes(value) {
  return value instanceof Uint8Array;
}
