// The boundary between the JS layer and the wasm side (www/wasm). Internal: what the
// package promises is in index.d.ts.

/** Called by the wasm side; none of them throws. */
export interface Hooks {
  /** Makes an error instance of plain fields. */
  error(fields: object): Error;
  /** A command, subscription or close is done: `value` is the reply, or an `Error`. */
  settle(id: number, ok: boolean, value: unknown): void;
  message(id: number, channel: string, payload: string | Uint8Array, pattern: string | undefined): void;
  missed(id: number, cause: "connectionLost" | "queueFull", count: number | undefined): void;
  /** The subscription ended with the client. */
  ended(id: number): void;
  event(name: string, payload: object): void;
}

/** Numbers (`id`) are chosen by the JS layer and are free again after `settle` or `cancel`. */
export declare class RawClient {
  /**
   * Rejects with an `Error` made by `hooks.error`. `socket` is a class like `WebSocket`, for where
   * `globalThis.WebSocket` is not to be used.
   */
  static connect(url: string, options: object, hooks: Hooks, socket?: new (url: string) => object): Promise<RawClient>;
  /** The words of a command, in one buffer. `timeout` in milliseconds; `undefined` is the default. */
  execute(id: number, bytes: Uint8Array, lengths: Uint32Array, timeout: number | undefined, asBytes: boolean, cancellable: boolean): void;
  /** `kind`: 0 channel, 1 pattern, 2 shard channel. */
  subscribe(id: number, kind: number, channel: Uint8Array, asBytes: boolean): void;
  /** Drops a command (if made cancellable) or a subscription; it does not settle any more. */
  cancel(id: number): void;
  status(): object;
  close(id: number): void;
}
