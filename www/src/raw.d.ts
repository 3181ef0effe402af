// The boundary between the JS layer and the wasm side (www/wasm). Internal: what the
// package promises is in index.d.ts.

import type { Events, Status } from "./index.js";
import type { ErrorFields } from "./internal.js";

/** Called by the wasm side; none of them throws. */
export interface Hooks {
  /** Makes an error instance from plain fields. */
  error(fields: ErrorFields & { message: string }): Error;
  /** `count` replies came: number of the command, place and length of each, as `u32` from `places` on. */
  replies(places: number, count: number): void;
  /** Anything else is done, or failed: `value` is an `Error` unless `ok`. After a cancel there is no value: the number is free. */
  settle(id: number, ok: boolean, value?: unknown): void;
  /** `count` messages came: place and length of the payload and of the channel of each, as `u32` from `places` on. */
  messages(id: number, places: number, count: number): void;
  missed(id: number, cause: "connectionLost" | "queueFull", count: number | undefined): void;
  /** The subscription ended with the client. */
  ended(id: number): void;
  event<E extends keyof Events>(name: E, payload: Events[E]): void;
  /** Opens a socket, which reports to `sink`. */
  dial(sink: Sink, target?: unknown): Link;
  /** Milliseconds to wait before this attempt to connect; negative if a waiting command may cut the wait short. */
  delay(attempt: number, outage: number): number;
}

/** A socket, as the wasm side uses it. */
export interface Link {
  /** Returns whether more may be written at once. The bytes are a view of the wasm memory, valid during the call. */
  write(bytes: Uint8Array): boolean;
  /** Writes bytes from several places: place and length of each part, as `u32` from `places` on. */
  writeParts(places: number, count: number): boolean;
  /** Moves received bytes into a view of the wasm memory; returns how many. */
  read(into: Uint8Array): number;
  /** Sends what was written, within a bounded time, then ends the socket. */
  close(): void;
  /** Ends the socket at once, unless it is being closed. */
  destroy(): void;
}

/** What a socket reports to. */
export interface Sink {
  open(): void;
  /** `length` more bytes are there for `Link.read`. */
  data(length: number): void;
  drain(): void;
  /** `kind`: 0 orderly, 1 broken; not opened: 2 no address, 3 no answer, 4 TLS, 5 upgrade refused. */
  end(kind: number, message: string): void;
  /** Frees its memory: nothing is called after this. */
  free(): void;
}

/** What the whole instance calls. */
export interface Host {
  /** Calls `run` as soon as the current task has ended. */
  schedule(): void;
  /** Calls `fire(timer)` after this time, instead of at the time that was set before. */
  arm(timer: number, millis: number): void;
  disarm(timer: number): void;
}

/** The JS layer chooses the numbers (`id`); a number is free again after it was settled. */
export declare class RawClient {
  /** Settles `id` when the client is connected. The options are packed as `www/wasm/src/options.rs` says. */
  static open(id: number, hooks: Hooks, numbers: Float64Array, heads: Uint32Array, bytes: Uint8Array): RawClient;
  /**
   * Sends what was issued, in order, laid out as `www/wasm/src/batch.rs` says. `alone`: the event loop calls this, and
   * no other code. A transaction settles with the bytes of a reply, or an error, for each command.
   */
  execute(heads: Uint32Array, bytes: Uint8Array, alone: boolean): void;
  status(): Status | null;
  close(id: number): void;
  /** Ends everything at once, and lets go of the hooks. */
  free(): void;
  serverError(reply: Uint8Array): Error;
}
