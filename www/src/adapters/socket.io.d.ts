// Types of `redmux/socket.io`: see docs/adapters.md.

import type { ConnectOptions } from "../server.js";
import type { ClientOrServer } from "./client.js";

export interface SocketAdapterOptions {
  /** What channels and keys begin with. Servers with the same prefix belong together. Default `socket.io`. */
  prefix?: string;
  /** Whether channels are sharded (Redis 7): in a cluster, one node has the messages of a namespace instead of all. Default false. */
  sharded?: boolean;
  /** Milliseconds without another message after which a server says that it is there. Default 5000. */
  heartbeatInterval?: number;
  /** Milliseconds without a message after which a server counts as gone. Default 10000. */
  heartbeatTimeout?: number;
  /** With `connectionStateRecovery`: about how many messages of a namespace are kept. Default 10000. */
  streamLength?: number;
  /** Gets failures that no caller can catch. Default: `console.error`, at most once in ten seconds. */
  onError?: (error: Error) => void;
  /** Options of `connect`, where the adapter connects by itself. */
  connect?: ConnectOptions;
}

/** An adapter for Socket.IO 4: `new Server(http, { adapter: createAdapter(redis) })`. */
export declare function createAdapter(server: ClientOrServer, options?: SocketAdapterOptions): (namespace: any) => any;
