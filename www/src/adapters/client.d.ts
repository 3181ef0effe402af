// Types that all adapters share.

import type { Client, ConnectOptions, Server, ServerClient } from "../server.js";

/** A client of redmux, a promise of one, or what `connect` takes: a URL, `host:port`, or several servers. */
export type ClientOrServer = Client<any> | ServerClient<any> | Promise<Client<any>> | Server | readonly Server[];

/** How an adapter whose options name everything gets its client. */
export interface ClientOptions {
  /** A client that the program has already. It stays open when the adapter is closed. */
  client?: Client<any> | Promise<Client<any>>;
  /** A server, in place of `client`: the adapter connects with its first command. */
  url?: Server | readonly Server[];
  /** Options of `connect`, with `url`. `abortOnConnectFail` is false by default: a server that is away at first is waited for. */
  connect?: ConnectOptions;
}
