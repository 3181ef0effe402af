// Cache handlers for Next.js, whose instances share their cache: see docs/adapters.md.

/** @import { ServerClient } from "../server.js" */
/** @import { Unknown } from "../internal.js" */
/** @import { CacheHandlerOptions, ComponentsCacheHandler } from "./next.js" */
/** @typedef {{ at: number, tags: string[], value: Unknown, more: Unknown }} Entry `at`: when it was made, by the clock of the server. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { checkOptions, Connection, positive, reporter } from "./connection.js";
import { pack, unpack } from "./packed.js";

const ENTRY = "redmux/next";
const OPTIONS = ["client", "url", "connect", "keyPrefix", "ttl", "timeout", "duringBuild", "onError"];
const TAGS_HEADER = "x-next-cache-tags";
/** Seconds of the default `ttl`: 30 days. */
const MONTH = 2_592_000;
/** Milliseconds that making an entry takes at most, and how many are made in one instance of a handler. */
const LONG = 60_000;
const ASKED = 1000;
/** An outage costs no more than that: a cache that does not answer is passed over. */
const QUICK = /** @type {const} */ ({ backlog: "failFast", circuitBreaker: true });

/** What both kinds of handlers do. */
class Cache {
  #connection;
  #prefix;
  #tags;
  #ttl;
  #timeout;
  #report;
  #isOff;

  /** @param {CacheHandlerOptions} options @param {string} kind */
  constructor(options, kind) {
    checkOptions(ENTRY, options, OPTIONS);
    const { client, url, connect, keyPrefix = "next:", duringBuild = false, onError } = options;
    this.#connection = new Connection(ENTRY, client ?? url, client ? connect : { ...QUICK, ...connect });
    this.#prefix = `${keyPrefix}${kind}:`;
    this.#tags = `${keyPrefix}tag:`;
    this.#ttl = positive(ENTRY, "ttl", options.ttl, MONTH) * 1000;
    this.#timeout = positive(ENTRY, "timeout", options.timeout, 1000);
    this.#report = reporter(ENTRY, onError);
    this.#isOff = !duringBuild && process.env.NEXT_PHASE === "phase-production-build";
  }

  /** @param {string} tag */
  #tag(tag) {
    return this.#tags + tag;
  }

  /** Runs commands; a failure is reported, and `otherwise` is returned. @template T, [U=undefined] @param {string} what @param {U} otherwise @param {(client: ServerClient, options: { timeout: number }) => Promise<T>} action @returns {Promise<T | U>} */
  async #attempt(what, otherwise, action) {
    if (this.#isOff) return otherwise;
    try {
      return await this.#connection.run((client) => action(client, { timeout: this.#timeout }));
    } catch (error) {
      this.#report(what, error);
      return otherwise;
    }
  }

  /**
   * An entry, and what became of its tags and the ones given; `null` if it is not there, or one of them has expired since.
   * @param {string} key @param {string[]} tags @returns {Promise<(Entry & { isStale: boolean }) | null>}
   */
  read(key, tags) {
    return this.#attempt("a cached entry cannot be read", null, async (client, options) => {
      const packed = await client.get(this.#prefix + key, { ...options, bytes: true, cached: true });
      if (packed === null) return null;
      /** @type {Entry} */
      const entry = unpack(packed);
      const names = [...new Set([...entry.tags, ...tags])];
      if (names.length === 0) return { ...entry, isStale: false };
      const [now, ...records] = await Promise.all([clock(client, options), ...names.map((tag) => client.hMGet(this.#tag(tag), ["expired", "stale"], options))]);
      let isStale = false;
      for (const [expired, stale] of records) {
        // An expiry may be announced for later.
        if (expired !== null && Number(expired) > entry.at && Number(expired) <= now) return null;
        if (stale !== null && Number(stale) > entry.at) isStale = true;
      }
      return { ...entry, isStale };
    });
  }

  /**
   * @param {string} key @param {{ tags: string[], value: Unknown, more: Unknown }} entry
   * @param {number} since When its making began, by the clock of this process. @param {number | undefined} expire Seconds after which nobody wants it.
   */
  write(key, entry, since, expire) {
    return this.#attempt("an entry cannot be cached", undefined, async (client, options) => {
      const now = await clock(client, options);
      // Rather too early than too late: an entry that is made while a tag is revalidated may have what was before.
      const at = now - Math.max(0, local() - since);
      const PX = Math.ceil(Math.min(this.#ttl, typeof expire === "number" && expire > 0 ? expire * 1000 : Infinity));
      await client.set(this.#prefix + key, pack({ at, ...entry }), { ...options, PX });
    });
  }

  /** @param {string[]} tags @param {{ expire?: number } | undefined} durations */
  revalidate(tags, durations) {
    return this.#attempt("tags cannot be revalidated", undefined, async (client, options) => {
      if (tags.length === 0) return;
      const now = await clock(client, options);
      const later = (durations?.expire ?? 0) * 1000;
      const record = durations ? { stale: now, ...(durations.expire === undefined ? {} : { expired: now + later }) } : { expired: now };
      // The record outlives each entry that is older than it.
      const lifetime = Math.ceil(this.#ttl + later);
      await Promise.all(tags.flatMap((tag) => [client.hSet(this.#tag(tag), record, options), client.pExpire(this.#tag(tag), lifetime, options)]));
    });
  }
}

/** Milliseconds since 1970 by the clock of this process, with fractions; that of Redis says when things happened. */
const local = () => performance.timeOrigin + performance.now();

/** Milliseconds since 1970 by the clock of the server of Redis, which all instances share. @param {ServerClient} client @param {{ timeout: number }} options */
async function clock(client, options) {
  const { seconds, microseconds } = await client.time(options);
  return seconds * 1000 + microseconds / 1000;
}

/** Pages are of one build; what was fetched is not. @param {string | undefined} folder The folder `server` of the build. */
function buildOf(folder) {
  try {
    return folder === undefined ? "" : `${readFileSync(join(folder, "../BUILD_ID"), "utf8").trim()}:`;
  } catch {
    return "";
  }
}

/** The class for the option `cacheHandler` of next.config: pages, routes, and what `fetch` got. @param {CacheHandlerOptions} options */
export function createCacheHandler(options) {
  const cache = new Cache(options, "entry");
  /** @type {Map<string | undefined, string>} */
  const builds = new Map();
  // Next makes an instance for each request.
  return class RedmuxCacheHandler {
    #build;
    /** When entries were asked for that are made now, by their keys: what is made is at least as new. @type {Map<string, number>} */
    #asked = new Map();

    /** @param {{ serverDistDir?: string }} [context] */
    constructor(context) {
      const folder = context?.serverDistDir;
      if (!builds.has(folder)) builds.set(folder, buildOf(folder));
      this.#build = builds.get(folder);
    }

    /** @param {string} key @param {Unknown} [context] @returns {Promise<Unknown>} */
    async get(key, context) {
      const isFetch = context?.kind === "FETCH";
      const found = await cache.read(isFetch ? key : this.#build + key, isFetch ? [...(context.tags ?? []), ...(context.softTags ?? [])] : []);
      const now = local();
      // One that was never made does not count for long.
      if (!(now - (this.#asked.get(key) ?? 0) < LONG)) this.#asked.set(key, now);
      if (this.#asked.size > ASKED) this.#asked.delete(/** @type {string} */ (this.#asked.keys().next().value));
      if (!found) return null;
      const { value, more, isStale } = found;
      if (!isStale) return { value, ...more };
      // Next serves it once more, and makes it anew meanwhile, if it is as old as that.
      const seconds = context?.revalidate || value?.revalidate;
      const age = isFetch && typeof seconds === "number" ? seconds * 1000 : 1000;
      const lastModified = Math.min(more.lastModified, Date.now() - age - 1000);
      return { value, lastModified, ...(isFetch ? {} : { cacheControl: { ...more.cacheControl, revalidate: 1 } }) };
    }

    /** @param {string} key @param {Unknown} value @param {Unknown} [context] */
    async set(key, value, context) {
      const isFetch = context?.fetchCache === true || value?.kind === "FETCH";
      const header = value?.headers?.[TAGS_HEADER];
      const tags = isFetch ? [...(context?.tags ?? value?.tags ?? [])] : typeof header === "string" ? header.split(",") : [];
      const cacheControl = isFetch ? undefined : context?.cacheControl;
      const since = this.#asked.get(key) ?? local();
      this.#asked.delete(key);
      await cache.write(isFetch ? key : this.#build + key, { tags, value, more: { lastModified: Date.now(), cacheControl } }, since, cacheControl?.expire);
    }

    /** @param {string | string[]} tags @param {{ expire?: number }} [durations] */
    async revalidateTag(tags, durations) {
      await cache.revalidate([tags].flat(), durations);
    }

    resetRequestCache() {}
  };
}

/** A handler for the option `cacheHandlers` of next.config: what `"use cache"` keeps. @param {CacheHandlerOptions} options @returns {ComponentsCacheHandler} */
export function createComponentsCacheHandler(options) {
  const cache = new Cache(options, "use");
  /** Entries that are being made: who asks for one waits for it. @type {Map<string, Promise<void>>} */
  const pending = new Map();
  return {
    async get(key, softTags) {
      await pending.get(key);
      const found = await cache.read(key, softTags);
      if (!found) return undefined;
      const { tags, value, more, isStale } = found;
      const stream = new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(value));
          controller.close();
        },
      });
      return { ...more, tags, value: stream, ...(isStale ? { revalidate: -1 } : {}) };
    },
    async set(key, pendingEntry) {
      const work = (async () => {
        const { value, tags, stale, timestamp, expire, revalidate } = await pendingEntry;
        const bytes = new Uint8Array(await new Response(value).arrayBuffer());
        await cache.write(key, { tags, value: bytes, more: { stale, timestamp, expire, revalidate } }, timestamp, expire);
      })();
      // An entry that fails is not kept; Next has its error.
      const over = work.catch(() => {});
      pending.set(key, over);
      await over;
      if (pending.get(key) === over) pending.delete(key);
    },
    async refreshTags() {},
    /** Soft tags are looked up with each entry, by the clock that all instances share. */
    async getExpiration() {
      return Infinity;
    },
    async updateTags(tags, durations) {
      await cache.revalidate(tags, durations);
    },
  };
}
