// Types of `redmux/keyv`: see docs/adapters.md.

import type { ConnectOptions } from "../server.js";
import type { ClientOrServer } from "./client.js";

export type { ClientOrServer };

export interface KeyvRedisOptions {
  /** What every key begins with, before the namespace. Default: nothing. */
  keyPrefix?: string;
  /** About how many keys the server looks at in one step of `clear` and of an iteration. Default 1000. */
  scanCount?: number;
  /** Options of `connect`, where the adapter connects by itself. */
  connect?: ConnectOptions;
}

/** A store for Keyv 5: `new Keyv({ store: new KeyvRedis("redis://localhost:6379") })`. Without a namespace and a prefix, `clear` is refused. */
export declare class KeyvRedis {
  constructor(server: ClientOrServer, options?: KeyvRedisOptions);
  /** Set by Keyv. */
  namespace: string | undefined;
  opts: { dialect: string; url: string };
  on(event: string, listener: (...args: any[]) => void): this;
  get<Value = any>(key: string): Promise<Value | undefined>;
  getMany<Value = any>(keys: string[]): Promise<(Value | undefined)[]>;
  /** `ttl` in milliseconds. */
  set(key: string, value: any, ttl?: number): Promise<boolean>;
  setMany(entries: { key: string; value: any; ttl?: number }[]): Promise<any>;
  delete(key: string): Promise<boolean>;
  /** Whether any of them existed. */
  deleteMany(keys: string[]): Promise<boolean>;
  has(key: string): Promise<boolean>;
  hasMany(keys: string[]): Promise<boolean[]>;
  clear(): Promise<void>;
  iterator<Value = any>(namespace?: string): AsyncGenerator<any, void>;
  /** Closes the client that the adapter made. */
  disconnect(): Promise<void>;
}
export default KeyvRedis;
