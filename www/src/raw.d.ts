// The boundary between the JS layer and the wasm side (www/wasm). Internal: what the
// package promises is in index.d.ts.

/** Called by the wasm side; none of them throws. */
export interface Hooks {
  /** Makes an error instance of plain fields. */
  error(fields: object): Error;
  /** `count` replies are there: number of the command, place and length of each, as `u32` from `places` on. */
  replies(places: number, count: number): void;
  /** Something else is done, or failed: `value` is an `Error` unless `ok`. After a cancel, without a value: the number is free. */
  settle(id: number, ok: boolean, value: unknown): void;
  /** `count` messages are there: place and length of the payload and of the channel of each, as `u32` from `places` on. */
  messages(id: number, places: number, count: number): void;
  missed(id: number, cause: "connectionLost" | "queueFull", count: number | undefined): void;
  /** The subscription ended with the client. */
  ended(id: number): void;
  event(name: string, payload: object): void;
  /** Opens a socket, which tells `sink` what happens to it. */
  dial(sink: Sink): Link;
  /** Milliseconds to wait before this attempt to connect; negative, if a command that waits may cut the wait short. */
  delay(attempt: number, outage: number): number;
}

/** A socket, as the wasm side uses it. */
export interface Link {
  /** Whether it takes more at once. The bytes are a view of the wasm memory, valid during the call. */
  write(bytes: Uint8Array): boolean;
  /** The same with bytes that lie apart: place and length of each part, as `u32` from `places` on. */
  writeParts(places: number, count: number): boolean;
  /** Moves bytes that came into a view of the wasm memory, which is filled as far as they go; how many. */
  read(into: Uint8Array): number;
  /** Sends what was written, within a bounded time, then ends it. */
  close(): void;
  /** Ends it at once, unless it is being closed. */
  destroy(): void;
}

/** Where a socket delivers what happens to it. */
export interface Sink {
  open(): void;
  /** So many bytes more are there for `Link.read`. */
  data(length: number): void;
  drain(): void;
  /** `kind`: 0 orderly, 1 broken; not opened: 2 no address, 3 no answer, 4 TLS, 5 upgrade refused. */
  end(kind: number, message: string): void;
}

/** What the whole instance calls. */
export interface Host {
  /** Calls `run` as soon as what runs now has ended. */
  schedule(): void;
  /** Calls `fire(timer)` after so many milliseconds, instead of at another time. */
  arm(timer: number, millis: number): void;
  disarm(timer: number): void;
}

/** Numbers (`id`) are chosen by the JS layer and are free again after they were settled. */
export declare class RawClient {
  /** Settles `id` when it is connected. The options are packed as `www/wasm/src/options.rs` says. */
  static open(id: number, hooks: Hooks, numbers: Float64Array, heads: Uint32Array, bytes: Uint8Array): RawClient;
  /**
   * What was issued, in order: `www/wasm/src/batch.rs` says what is where. `alone`: nothing but the event loop calls
   * this. A transaction settles with the bytes of a reply, or an error, for each command.
   */
  execute(heads: Uint32Array, bytes: Uint8Array, alone: boolean): void;
  status(): object | null;
  close(id: number): void;
  /** Ends everything at once, and lets go of the hooks. */
  free(): void;
  serverError(reply: Uint8Array): Error;
}
