// The events of a client on a server, also under the names that users of other clients know.

/** @import { EventName, Unknown } from "../internal.js" */
/** @import { Source } from "../server.js" */

import { EVENTS, Hub } from "../hub.js";
import { TRACES } from "./tracing.js";

/** The events of this build. */
export const SERVER_EVENTS = Object.freeze([
  ...EVENTS,
  "configurationChangedBroadcast",
  "hashSlotsMoved",
  "serverMaintenance",
  "moveFailed",
  "credentialsNotRenewed",
  "circuitOpened",
  "circuitClosed",
  "activeMemberChanged",
  "memberHealthChanged",
]);

/** Names of other clients, for listeners only: each comes beside one of the events above. */
export const HABITS = Object.freeze(["error", "connect", "ready", "reconnecting", "end"]);

export class ServerHub extends Hub {
  /** Whose events they are. @type {Source | null} */
  source = null;

  constructor() {
    super([...SERVER_EVENTS, ...HABITS]);
  }

  /** @param {EventName} event @param {Unknown} payload */
  emit(event, payload) {
    super.emit(event, payload);
    if (TRACES.event.hasSubscribers) TRACES.event.publish({ ...this.source, type: event, detail: payload });
    switch (/** @type {string} */ (event)) {
      case "connectionFailed":
        this.tell("error", payload.error);
        return this.tell("reconnecting", payload);
      case "connectionRestored":
        this.tell("connect", payload);
        return this.tell("ready", payload);
      case "gaveUp":
        return this.tell("error", payload.error);
      case "internalError":
        return this.tell("error", new Error(payload.message));
    }
  }

  end() {
    this.tell("end", undefined);
    super.end();
  }
}
