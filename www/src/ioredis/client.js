// What this folder uses of the package: the one place that says which entry that is.

export { connect, RedmuxError, ServerError } from "../node.js";
