// What both handlers use. Next loads them in the process that serves, and in those that build.

import { connect } from "redmux";

/** One connection for the process, which begins with the first page. */
export const options = {
  client: connect(process.env.REDIS_URL ?? "redis://localhost:6379", { lazyConnect: true, abortOnConnectFail: false, backlog: "failFast", circuitBreaker: true }),
  keyPrefix: "example:next:",
};
