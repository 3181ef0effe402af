// Types of `redmux/next`: see docs/adapters.md.

import type { ClientOptions } from "./client.js";

export interface CacheHandlerOptions extends ClientOptions {
  /** What every key begins with. Apps with the same prefix share tags and what they fetched; pages are of one build. Default `next:`. */
  keyPrefix?: string;
  /** Seconds that an entry lives at most. Default 2592000, 30 days. */
  ttl?: number;
  /** Milliseconds for a command, before Next goes on without the cache. Default 1000. */
  timeout?: number;
  /** Whether the cache is used during `next build`, too. Default false: a build needs no server. */
  duringBuild?: boolean;
  /** Gets failures; pages are made without the cache then. Default: `console.error`, at most once in ten seconds. */
  onError?: (error: Error) => void;
}

/** What Next wants of the class for its option `cacheHandler`. */
export declare class CacheHandler {
  constructor(context?: any);
  get(key: string, context?: any): Promise<any>;
  set(key: string, value: any, context?: any): Promise<void>;
  revalidateTag(tags: string | string[], durations?: { expire?: number }): Promise<void>;
  resetRequestCache(): void;
}
/** The class for the option `cacheHandler` of next.config: pages, routes, and what `fetch` got. */
export declare function createCacheHandler(options: CacheHandlerOptions): typeof CacheHandler;

export interface ComponentsCacheEntry {
  value: any;
  tags: string[];
  /** Seconds. */
  stale: number;
  /** Milliseconds since 1970. */
  timestamp: number;
  /** Seconds. */
  expire: number;
  /** Seconds. */
  revalidate: number;
}
/** What Next wants of a handler of its option `cacheHandlers`. */
export interface ComponentsCacheHandler {
  get(key: string, softTags: string[]): Promise<ComponentsCacheEntry | undefined>;
  set(key: string, pendingEntry: Promise<ComponentsCacheEntry>): Promise<void>;
  refreshTags(): Promise<void>;
  getExpiration(tags: string[]): Promise<number>;
  updateTags(tags: string[], durations?: { expire?: number }): Promise<void>;
}
/** A handler for the option `cacheHandlers` of next.config (Next 16): what `"use cache"` keeps. */
export declare function createComponentsCacheHandler(options: CacheHandlerOptions): ComponentsCacheHandler;
