// What every entry exports besides `connect` and `load`.

export { Client } from "./client.js";
export { CommandError, ConnectionError, RedmuxError, ServerError, TimeoutError } from "./errors.js";
export { Subscription } from "./subscription.js";
