// Types of `redmux/express-session`: see docs/adapters.md.

import { Store, type SessionData } from "express-session";
import type { ClientOptions } from "./client.js";

export type Callback<T> = (error: any, value?: T) => void;

export interface RedisStoreOptions extends ClientOptions {
  /** What the key of every session begins with. Default `sess:`. */
  prefix?: string;
  /** Seconds that a session without `cookie.expires` lives, or a function that says so for every session. Default 86400. */
  ttl?: number | ((session: SessionData) => number);
  /** Whether sessions never expire on the server. Default false. */
  disableTTL?: boolean;
  /** Whether a request that changes nothing leaves the expiry as it is. Default false. */
  disableTouch?: boolean;
  /** About how many keys the server looks at in one step of `all`, `ids`, `length` and `clear`. Default 1000. */
  scanCount?: number;
  /** Default `JSON`. */
  serializer?: { stringify(session: SessionData): string; parse(text: string): SessionData };
}

/** A store for express-session. Its methods take a callback, or return a promise. */
export declare class RedisStore extends Store {
  constructor(options: RedisStoreOptions);
  get(id: string, callback?: Callback<SessionData | undefined>): Promise<SessionData | undefined>;
  set(id: string, session: SessionData, callback?: Callback<void>): Promise<void>;
  touch(id: string, session: SessionData, callback?: Callback<void>): Promise<void>;
  destroy(id: string, callback?: Callback<void>): Promise<void>;
  clear(callback?: Callback<void>): Promise<void>;
  length(callback?: Callback<number>): Promise<number | undefined>;
  ids(callback?: Callback<string[]>): Promise<string[] | undefined>;
  all(callback?: Callback<any>): Promise<(SessionData & { id: string })[] | undefined>;
  /** Closes the client that the store made. */
  close(): Promise<void>;
}
export default RedisStore;
