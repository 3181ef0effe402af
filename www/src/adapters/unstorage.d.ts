// Types of `redmux/unstorage`: see docs/adapters.md.

import type { Client } from "../server.js";
import type { ClientOptions } from "./client.js";

export interface RedmuxDriverOptions extends ClientOptions {
  /** What every key begins with. Default: nothing; `clear()` of the whole storage is refused then. */
  base?: string;
  /** Seconds after which items expire, unless the call has a `ttl` of its own. Default: never. */
  ttl?: number;
  /** About how many keys the server looks at in one step of `getKeys` and `clear`. Default 1000. */
  scanCount?: number;
}

export interface RedmuxDriver {
  name: string;
  options: RedmuxDriverOptions;
  getInstance(): Client | Promise<Client>;
  hasItem(key: string, options?: any): Promise<boolean>;
  getItem(key: string, options?: any): Promise<string | null>;
  getItems(items: { key: string; options?: any }[], common?: any): Promise<{ key: string; value: string | null }[]>;
  /** Bytes: a Buffer, where there are such. */
  getItemRaw(key: string, options?: any): Promise<any>;
  setItem(key: string, value: string, options?: any): Promise<void>;
  setItems(items: { key: string; value: string; options?: any }[], common?: any): Promise<void>;
  setItemRaw(key: string, value: any, options?: any): Promise<void>;
  removeItem(key: string, options?: any): Promise<void>;
  /** `ttl`: the seconds that are left, for an item that expires. */
  getMeta(key: string, options?: any): Promise<{ ttl?: number } | null>;
  getKeys(base: string, options?: any): Promise<string[]>;
  clear(base: string, options?: any): Promise<void>;
  /** Closes the client that the driver made. */
  dispose(): Promise<void>;
}

/** A driver for unstorage: `createStorage({ driver: redmuxDriver({ url: "redis://localhost:6379", base: "app" }) })`. */
export declare function redmuxDriver(options: RedmuxDriverOptions): RedmuxDriver;
export default redmuxDriver;
