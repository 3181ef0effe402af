// The commands that are known: the server's own documentation, or else this project's table.

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

  /** Asks for them, once for each connection. */
  load() {
    this.#asked ??= this.#load();
    return this.#asked;
  }

  async #load() {
    try {
      // It is a big reply: some hundred kilobytes.
      const reply = await this.#session.quietly({ timeout: 20_000 }, "COMMAND", "DOCS");
      this.commands = docsFromServer(reply);
      this.source = "server";
    } catch {
      // Not permitted, or a server before 7.0.
    }
    if (this.commands.size === 0) {
      try {
        this.commands = docsFromTable(await (await fetch(new URL("./commands.json", import.meta.url))).json());
        this.source = "table";
      } catch {
        // Then nothing is completed.
        this.#asked = null;
      }
    }
    this.dispatchEvent(new Event("loaded"));
  }
}
