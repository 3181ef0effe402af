// What entries of this build export besides `connect`, `connectGroup` and `load`.

import "./methods.js";
import "./habits.js";

export * from "../exports.js";
export { Lease, ServerClient } from "./client.js";
export { Group } from "./group.js";
