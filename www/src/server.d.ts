// The package on servers: what pages have (index.d.ts), and what needs several servers or connections of their own.

import type { Arg, Args, CallOptions, Client as PageClient, ConnectionFailed, ConnectionRestored, ConnectOptions as PageOptions, Events as PageEvents, Logged, Mode, RedmuxError, Replies, Reply, Status as PageStatus } from "./index.js";
import type { BlockingCommands, FormerCommands } from "./server-methods.js";

export * from "./index.js";
export * from "./server-methods.js";

export type ReadFrom = "primary" | "preferReplica" | "replica" | "nearest";

/** Options that connections to servers have beside those of pages. See docs/options.md for the values. */
export interface ServerOptions {
  /**
   * What the servers are to each other. Default `auto`: the first one says whether it is a node of a cluster. A cluster of which
   * no node answers at first is not recognised: say `cluster` where `abortOnConnectFail` is false.
   */
  mode?: "auto" | "single" | "cluster" | "replicas" | "sentinel" | "proxy";
  /** As in StackExchange.Redis: a proxy, and the commands that it serves. */
  proxy?: "none" | "twemproxy" | "envoyproxy";
  /** The name by which sentinels know the primary; the servers given are sentinels then. */
  serviceName?: string;
  sentinelUsername?: string;
  sentinelPassword?: string;
  sentinelTls?: boolean;
  /** Which servers commands that only read go to. Default `primary`. */
  readFrom?: ReadFrom;
  /** The availability zone of this program. */
  zone?: string;
  /** Zones by servers: host, host:port, or a network such as 10.1.0.0/16. */
  zones?: Record<string, string> | string;
  /** Milliseconds that a replica may be behind and still be read from. Default: without a limit. */
  maxReplicaLag?: number;
  tiebreaker?: string;
  configChannel?: string;
  /** A prefix for every key. */
  keyPrefix?: string;
  /** A prefix for every channel. */
  channelPrefix?: string;
  /** Commands by the name that the server knows them by; an empty one disables the command. */
  commandMap?: Record<string, string | null> | "twemproxy" | "envoy";
  /** Checks that replies match their commands with a numbered `ECHO` before each. */
  highIntegrity?: boolean;
  libraryName?: string;
  /** What becomes of commands without a connection: they wait, within bounds, or fail at once. Default 100000 commands, 64 MiB. */
  backlog?: "queue" | "failFast" | { commands?: number; bytes?: number };
  /** Connections that are leased at a time, for blocking commands and the like. Default 32. */
  maxLeased?: number;
  /** Milliseconds that a connection that was given back stays open. Default 30000. */
  leaseIdle?: number;
  /** The service whose defaults apply. Default: by the host's name. */
  defaults?: "auto" | "redis" | "azure" | "amr" | "redisCloud" | "elasticacheServerless" | "upstash";
  /** Whether servers are asked to announce maintenance. Default `off`; `auto` at Redis Cloud and Azure Managed Redis. */
  maintenance?: "off" | "auto" | "required";
  movingEndpoint?: "auto" | "internal-ip" | "internal-fqdn" | "external-ip" | "external-fqdn" | "none";
  /** Milliseconds for a command while maintenance is under way. Default 10000. */
  relaxedTimeout?: number;
  azureMaintenance?: boolean;
  maxReplyBytes?: number;
  maxValueBytes?: number;
  maxLineBytes?: number;
  maxReplyElements?: number;
  maxReplyDepth?: number;
  /** Other addresses for servers than those that others announce: behind NAT, in containers, through a gateway. Both are `host:port`. */
  endpointMap?: Record<string, string>;
  /**
   * Refuses commands at once (`circuit-open`) while the server does not answer: after `failures` (10) in a row, or when a share of at least `atLeast`
   * commands in a window fails, for `pause` (2000 ms). Default: commands wait, each for its own time.
   */
  circuitBreaker?: boolean | { failures?: number; pause?: number; rate?: { share: number; atLeast: number; window: number } };
  /** Which version of IP names lead to: 4, 6, or 0 for both, the default. */
  family?: 0 | 4 | 6;
}
/** When a command that failed for a passing reason is sent again, after a random part of a time that doubles. */
export interface RetryPolicy {
  /** How often it is sent at most. Default 3. */
  attempts?: number;
  /** The longest wait before the second attempt, in milliseconds. Default 50. */
  base?: number;
  /** The longest wait of all. Default 1000. */
  cap?: number;
  /** Milliseconds for all attempts; each has the command's own time then. Default: that time is for all together. */
  within?: number;
  /**
   * What may be sent again although it may have been executed. Default `readOnly`; `writeLastWins` are `SET`, `DEL` and the like, `writeAccumulating`
   * are `INCR`, `LPUSH`, scripts. What was certainly not executed is always sent again.
   */
  upTo?: "readOnly" | "writeChecked" | "writeLastWins" | "writeAccumulating";
}
export interface Credentials {
  password: string;
  username?: string;
  /** Milliseconds after which they expire; new ones are asked for before. */
  validFor?: number;
}
/** Where to dial in place of an address. */
export interface MappedAddress {
  host?: string;
  port?: number;
}
export interface ConnectOptions extends PageOptions, Omit<ServerOptions, "endpointMap"> {
  /** Gives credentials, such as tokens, on each connect and before they expire; in place of `username` and `password`. */
  credentials?: (asked: { endpoint: string }) => Credentials | Promise<Credentials>;
  /** Connects with the first command, or with `connect()` of the client. If that fails, the client is closed, unless `abortOnConnectFail` is false. */
  lazyConnect?: boolean;
  /**
   * As in `ServerOptions`; or a function that is asked whenever a server is dialled, seeds included, and may return the host, the port, both, or nothing
   * to leave them. What it throws fails the attempt. Names of servers stay what they are, in certificates too.
   */
  endpointMap?: Record<string, string> | ((host: string, port: number) => MappedAddress | undefined | Promise<MappedAddress | undefined>);
  /** Sends commands again. Default: never. */
  retry?: RetryPolicy;
  /** Whether errors have the stack of the call. It costs each command some microseconds. Default false. */
  stack?: boolean;
}

/** The mode of a client after other ways to give replies were asked for. */
export type Changed<D extends Mode, R extends Replies> = [keyof R] extends [never] ? D : Flat<Omit<Said<D>, keyof R> & R> extends infer M extends Mode ? M : never;
type Flat<T> = { [K in keyof T]: T[K] };
type Said<D extends Mode> = D extends boolean ? (D extends true ? { integers: "bigint" } : {}) : D;

/** One server: a URL, `host:port`, or its parts. */
export type Server = string | URL | { host?: string; port?: number } | { path: string };

/**
 * Connects to a server, a cluster, sentinels, or a primary and its replicas: by a URL (`redis:`, `rediss:`, `redis+cluster:`,
 * `redis+sentinel:`, `unix:`, `ws:`, `wss:`; several hosts are separated by commas), a connection string, or an array of servers.
 */
export declare function connect<D extends boolean = false, R extends Replies = {}>(server: Server | readonly Server[], options?: ConnectOptions & { bigint?: D; replies?: R }): Promise<ServerClient<Changed<D, R>>>;

/** A deployment of a group. Its own options override those of the group. */
export interface GroupMember extends ServerOptions {
  /** In events and in the status. */
  name: string;
  /** What `connect` takes. */
  url: Server | readonly Server[];
  /** Of those that are healthy, the one with the most weight is used. Default 1. */
  weight?: number;
  username?: string;
  password?: string;
}
export interface GroupOptions extends ConnectOptions {
  /** A key that probes write, in place of `PING`. */
  probeKey?: string;
  /** Probes in a round. Default 3. */
  probes?: number;
  /** Milliseconds between the probes of a round. Default 500. */
  probeGap?: number;
  /** Milliseconds that a probe may take. Default 3000. */
  probeTimeout?: number;
  /** Milliseconds from round to round. Default 5000. */
  probeInterval?: number;
  /** How many probes of a round have to be answered. Default `any`. */
  policy?: "any" | "majority" | "all";
  /** Milliseconds that a member has to be healthy before it is used again; `Infinity`: only when the program says so. */
  failbackDelay?: number;
  /** Whether a member whose commands fail too often is left. Default true. */
  circuitBreaker?: boolean;
}
/** Connects to several independent deployments, of which one is used at a time. See docs/groups.md. */
export declare function connectGroup<D extends boolean = false, R extends Replies = {}>(members: readonly GroupMember[], options?: GroupOptions & { bigint?: D; replies?: R }): Promise<ServerClient<Changed<D, R>>>;

/** Options of `createClient`: those of node-redis that mean the same here, and those of `connect`. */
export interface NodeRedisOptions extends ConnectOptions {
  url?: string;
  /** What is left of it are options of TLS. */
  socket?: {
    host?: string;
    port?: number;
    path?: string;
    family?: 0 | 4 | 6;
    connectTimeout?: number;
    /** Milliseconds, or a function that gets the number of attempts before; `false` gives up. */
    reconnectStrategy?: number | false | ((retries: number, cause: Error | null) => number | false | Error);
    tls?: boolean;
    [option: string]: unknown;
  };
  name?: string;
  RESP?: 2 | 3;
  pingInterval?: number;
  disableOfflineQueue?: boolean;
  commandsQueueMaxLength?: number;
  disableClientInfo?: boolean;
  clientInfoTag?: string;
  commandOptions?: { timeout?: number };
  maintNotifications?: "disabled" | "enabled" | "auto";
  maintEndpointType?: ServerOptions["movingEndpoint"];
  maintRelaxedCommandTimeout?: number;
}
/** A client that is connected by `connect()`, as in node-redis; then it is that which `connect(url)` makes. */
export interface LateClient<D extends Mode = false> extends Omit<ServerClient<D>, "connect" | "duplicate" | "on" | "once" | "off"> {
  connect(): Promise<LateClient<D>>;
  /** Another one with the same options, but for these, which is not connected. */
  duplicate(options?: NodeRedisOptions): LateClient<D>;
  on<E extends keyof ServerEvents>(event: E, listener: (event: ServerEvents[E]) => void): this;
  once<E extends keyof ServerEvents>(event: E, listener: (event: ServerEvents[E]) => void): this;
  off<E extends keyof ServerEvents>(event: E, listener: (event: ServerEvents[E]) => void): this;
}
/** Makes a client in the way of node-redis: docs/from-node-redis.md says which lines stay as they are. */
export declare function createClient(options?: NodeRedisOptions): LateClient;
/** The same for a cluster. */
export declare function createCluster(
  options: Omit<NodeRedisOptions, "url" | "socket" | "defaults"> & { rootNodes: readonly NodeRedisOptions[]; defaults?: NodeRedisOptions; useReplicas?: boolean; nodeAddressMap?: Record<string, { host: string; port: number }> },
): LateClient;
/** The same for sentinels. */
export declare function createSentinel(
  options: Omit<NodeRedisOptions, "url" | "socket"> & {
    name: string;
    sentinelRootNodes: readonly { host: string; port: number }[];
    nodeClientOptions?: NodeRedisOptions;
    sentinelClientOptions?: { username?: string; password?: string; socket?: { tls?: boolean } };
    replicaPoolSize?: number;
    nodeAddressMap?: Record<string, { host: string; port: number }>;
  },
): LateClient;
/** The same as `createClient`: one connection serves the whole program, and what pools are for are leases (`execute`). */
export declare function createClientPool(options?: NodeRedisOptions, pool?: { minimum?: number; maximum?: number; acquireTimeout?: number; cleanupDelay?: number }): LateClient;

/** Hash slots from the first number to the second. */
export type SlotRange = [first: number, last: number];

export interface ServerMaintenance extends Logged {
  endpoint: string;
  notificationType:
    | "unknown"
    | "nodeMaintenanceScheduled"
    | "nodeMaintenanceStarting"
    | "nodeMaintenanceStart"
    | "nodeMaintenanceEnded"
    | "nodeMaintenanceFailoverComplete"
    | "nodeMaintenanceScaleComplete"
    | "moving"
    | "migrating"
    | "migrated"
    | "failingOver"
    | "failedOver"
    | "slotsMigrating"
    | "slotsMigrated";
  /** The type as the server wrote it. */
  notificationText: string;
  /** The notice as it came, up to 1 KiB. */
  rawMessage: string;
  /** Milliseconds since 1970. */
  received: number | null;
  startTime: number | null;
  isReplica: boolean | null;
  ipAddress: string | null;
  tlsPort: number | null;
  plainPort: number | null;
  sequence: number | null;
  /** Milliseconds from when it came to what it announces. */
  within: number | null;
  newEndpoint: string | null;
  slots: { from: string | null; to: string | null; slots: SlotRange[] }[];
  shards: string[];
}
export interface ServerEvents extends PageEvents {
  /** Another program announced that the servers have changed. */
  configurationChangedBroadcast: Logged & { endpoint: string; announced: string | null };
  /** Slots of a cluster are served by another node now. */
  hashSlotsMoved: Logged & { slots: SlotRange[]; from: string | null; to: string };
  serverMaintenance: ServerMaintenance;
  /** The server moves its connections, and the next endpoint cannot be used; the connection stays. */
  moveFailed: Logged & { endpoint: string; newEndpoint: string; failure: string; error: RedmuxError };
  credentialsNotRenewed: Logged & { endpoint: string; error: RedmuxError };
  circuitOpened: Logged & { endpoint: string; pause: number; error: RedmuxError | null };
  circuitClosed: Logged & { endpoint: string; after: number };
  /** Beside `connectionFailed`, `gaveUp` and `internalError`, as in other clients. Without a listener nothing happens. */
  error: Error;
  /** Beside `connectionRestored`; `connect` has resolved when the first connection is there. */
  connect: ConnectionRestored;
  ready: ConnectionRestored;
  /** Beside `connectionFailed`. */
  reconnecting: ConnectionFailed;
  /** The client is closed. */
  end: undefined;
  activeMemberChanged: Logged & { from: string | null; to: string; reason: "first" | "unhealthy" | "removed" | "forced" | "weight" | "latency" };
  memberHealthChanged: Logged & { member: string; healthy: boolean; after: number; error: RedmuxError | null };
}

export interface NodeStatus {
  endpoint: string;
  id: string | null;
  role: "primary" | "replica" | "unknown";
  replicaOf: string | null;
  zone: string | null;
  slots: SlotRange[];
  connected: boolean;
}
export interface MemberStatus {
  name: string;
  active: boolean;
  weight: number;
  state: "unknown" | "healthy" | "unhealthy" | "circuitOpen" | "leaving";
  /** Milliseconds that it has been like that. */
  since: number;
  /** Milliseconds that a probe takes. */
  latency: number | null;
  lastError: RedmuxError | null;
}
export interface ServerStatus extends PageStatus {
  /** The servers, where there are several. */
  nodes: NodeStatus[];
  /** How that is known: milliseconds since the last answer, answers, and commands that were sent on. */
  map: { age: number | null; refreshes: number; redirects: number };
  /** The members of a group. */
  members: MemberStatus[];
  /** Connections for blocking commands and the like. */
  leases: { leased: number; idle: number; waiting: number; max: number; opened: number };
}

/** What traces, events and status say of a client. See docs/observability.md for the channels of `node:diagnostics_channel`. */
export interface Source {
  clientName: string | null;
  /** `null`: a connection string decides, or the connection is leased. */
  database: number | null;
  /** Of the options, without passwords; of a view for one server, that server. */
  endpoint: string;
  /** Host or path of the Unix socket; `null` where there are several servers. */
  address: string | null;
  port: number | null;
}
/** The context of `tracingChannel("redmux:connect")`. */
export interface ConnectTrace extends Source {
  /** As `performance.now()` gives it. */
  start: number;
  error?: unknown;
}
/** The context of `tracingChannel("redmux:command")`: it has no arguments, and no result. */
export interface CommandTrace extends ConnectTrace {
  /** In capitals; `_OTHER` if it is no name. */
  command: string;
}
/** The context of `tracingChannel("redmux:transaction")`. */
export interface TransactionTrace extends CommandTrace {
  command: "MULTI";
  /** The number of commands. */
  size: number;
}
/** What the channel `redmux:event` gets. */
export type EventMessage = { [E in keyof ServerEvents]: Source & { type: E; detail: ServerEvents[E] } }[keyof ServerEvents];
/** Published to the channel `redmux:status` with an empty list, it is answered at once. */
export interface StatusQuestion {
  clients: (Source & { status: ServerStatus })[];
}

/** A command that a server executed for any of its clients. It shows arguments, secrets included. */
export interface MonitoredCommand {
  /** Seconds since 1970, by the server's clock. */
  time: number;
  database: number;
  client: string;
  args: string[];
  /** Commands that were dropped before this one. */
  missed: number;
}

/** A connection that the whole program can share, to one server or to several. */
export interface ServerClient<D extends Mode = false> extends BlockingCommands<D>, FormerCommands<D> {}
export declare class ServerClient<D extends Mode = false> extends PageClient<D> {
  protected constructor();
  database(index: number): ServerClient<D>;
  /** The same client, whose commands that only read go to these servers. */
  withReadFrom(from: ReadFrom): ServerClient<D>;
  /** The same client with this before every key, after a prefix that it has. */
  withKeyPrefix(prefix: string): ServerClient<D>;
  /** The same client, which sends commands that failed for a passing reason again. */
  withRetry(policy: RetryPolicy): ServerClient<D>;
  /**
   * The same client, which gives replies in other ways: `withReplies({ text: "buffer", maps: "map" })`. What is not said stays as it is. Messages of
   * subscriptions and methods of modules have options of their own. `replies` of `connect` is for all calls.
   */
  withReplies<R extends Replies>(replies: R): ServerClient<Changed<D, R>>;
  /** A client for one of several servers, whatever the keys are: for `INFO`, `CONFIG GET` and the like. */
  node(endpoint: string): ServerClient<D>;
  /** The servers that are known, where there are several. */
  nodes(): NodeStatus[];
  /** The hash slot of a key, 0 to 16383. */
  hashSlot(key: Arg): number;
  /** The group that the client was made for. */
  readonly group: Group | null;
  /** A client on a connection of its own, until it is released: for `WATCH`, `SELECT`, `MULTI` word by word. */
  lease(options?: { signal?: AbortSignal }): Promise<Lease<D>>;
  /**
   * An optimistic transaction: runs `body` while the keys are watched, and again while its `multi` fails because another program
   * has changed one of them: 16 attempts, unless `attempts` says otherwise. Commands of the body go over its client.
   */
  watch<T>(keys: Args, body: (client: ServerClient<D>) => Promise<T> | T, options?: { attempts?: number; signal?: AbortSignal }): Promise<T>;
  /** What all clients of the server send, on a connection of its own, until the loop is left. Expensive for the server. */
  monitor(options?: { signal?: AbortSignal }): AsyncGenerator<MonitoredCommand, void, undefined>;
  on<E extends keyof ServerEvents>(event: E, listener: (event: ServerEvents[E]) => void): this;
  once<E extends keyof ServerEvents>(event: E, listener: (event: ServerEvents[E]) => void): this;
  off<E extends keyof ServerEvents>(event: E, listener: (event: ServerEvents[E]) => void): this;
  status(): ServerStatus;
  /** Another client with the same options, but for these. */
  duplicate<R extends Replies = {}>(options?: ConnectOptions & { replies?: R }): Promise<ServerClient<Changed<D, R>>>;
  /** As in node-redis: whether the client is not closed. */
  readonly isOpen: boolean;
  /** As in node-redis: whether there is a connection for commands. */
  readonly isReady: boolean;
  /** As in node-redis: whether there are subscriptions. */
  readonly isPubSubActive: boolean;
  /** As in node-redis: `send` with the words in an array. */
  sendCommand<T = Reply>(words: readonly [command: string, ...args: Arg[]], options?: CallOptions): Promise<T>;
  /** Runs the body with a lease, as pools of node-redis do. */
  execute<T>(body: (client: Lease<D>) => Promise<T> | T): Promise<T>;
  /** As in other clients: `close`. */
  quit(): Promise<"OK">;
  /** As in node-redis: `disconnect`. */
  destroy(): void;
  /** Connects now, after `lazyConnect`; resolves when the client is connected. */
  connect(): Promise<void>;
  /** Lets the process end while this client is open, also while commands wait for replies: in Node, Deno and Bun. */
  unref(): this;
  /** The process stays alive while this client is open, as it does unless `unref` was called. */
  ref(): this;
  /** Opens other connections at once, as after a failover that somebody else has noticed. */
  reconnect(): void;
  /** Closes the connections at once; commands without an answer are rejected. */
  disconnect(): void;
}

/** A client on a connection of its own. Left to the garbage collector, the connection is given back some time later. */
export declare class Lease<D extends Mode = false> extends ServerClient<D> {
  /** Gives the connection back; what was sent is answered before. */
  release(): void;
}

/** A group of deployments. */
export declare class Group {
  private constructor();
  readonly members: MemberStatus[];
  /** The name of the member in use. */
  readonly active: string | null;
  /** Has this member used while it is healthy, until `release`; whether it is in use now. */
  failOverTo(name: string): Promise<boolean>;
  /** The healthy member with the most weight is used again. */
  release(): Promise<void>;
  /** Another member is used, and the connections to this one are closed. */
  remove(name: string): Promise<void>;
  setWeight(name: string, weight: number): Promise<void>;
}
