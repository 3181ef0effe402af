// The known commands: from the server's own documentation, or from this project's table.

import { docsFromServer, docsFromTable } from "./lib/docs.js";

/** Fires `loaded`. */
export class CommandDocs extends EventTarget {
  commands = new Map();
  /** `server` or `table`. */
  source = "";
  #session;
  #asked = null;

  constructor(session) {
    super();
    this.#session = session;
    session.addEventListener("opened", () => (this.#asked = null));
  }

  /** Loads the commands, once for each connection. */
  load() {
    this.#asked ??= this.#load();
    return this.#asked;
  }

  async #load() {
    try {
      // The reply is large: some hundred kilobytes.
      const reply = await this.#session.quietly({ timeout: 20_000 }, "COMMAND", "DOCS");
      this.commands = docsFromServer(reply);
      this.source = "server";
    } catch {
      // Not allowed, or a server before 7.0.
    }
    if (this.commands.size === 0) {
      try {
        this.commands = docsFromTable(await (await fetch(new URL("./commands.json", import.meta.url))).json());
        this.source = "table";
      } catch {
        // Then there is no completion.
        this.#asked = null;
      }
    }
    this.dispatchEvent(new Event("loaded"));
  }
}
