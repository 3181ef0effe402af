// Modules that the sources import and no package describes.

declare module "cloudflare:sockets" {
  interface Socket {
    readable: ReadableStream<Uint8Array>;
    writable: WritableStream<Uint8Array>;
    opened: Promise<unknown>;
    closed: Promise<void>;
    close(): Promise<void>;
    startTls(): Socket;
  }
  export function connect(
    address: { hostname: string | undefined; port: number | undefined },
    options: { secureTransport: "off" | "on" | "starttls"; allowHalfOpen: boolean },
  ): Socket;
}

declare module "express-session" {
  export interface SessionData {
    cookie: { expires?: Date | string | null };
    [name: string]: unknown;
  }
  export class Store {
    createSession(request: unknown, session: unknown): any;
  }
  const session: { Store: typeof Store };
  export default session;
}

declare module "socket.io-adapter" {
  export class ClusterAdapterWithHeartbeat {
    constructor(namespace: any, options: object);
    readonly uid: string;
    init(): any;
    close(): any;
    onMessage(message: any, offset?: string): void;
  }
  export const MessageType: { BROADCAST: number };
}
