// One key: its facts, and the actions on the whole key.

import { announce, button, byId, make, toast } from "../dom.js";
import { ask, confirm } from "../dialogs.js";
import { fromTyped, show } from "../lib/bytes.js";
import { parseSpan, size, timeToLive } from "../lib/units.js";
import { describe } from "../session.js";
import { viewHash, viewList, viewSet, viewSortedSet } from "./collections.js";
import { viewJson } from "./json.js";
import { badge, fact } from "./parts.js";
import { viewSeries } from "./series.js";
import { SKETCHES, viewSketch } from "./sketch.js";
import { viewStream } from "./stream.js";
import { viewString } from "./string.js";

const VIEWERS = {
  string: viewString,
  hash: viewHash,
  list: viewList,
  set: viewSet,
  zset: viewSortedSet,
  stream: viewStream,
  "ReJSON-RL": viewJson,
  "TSDB-TYPE": viewSeries,
  ...Object.fromEntries(SKETCHES.map((type) => [type, viewSketch])),
};

/** Fires `opened`, `changed`, `renamed`, and `removed` with the key. */
export class KeyDetail extends EventTarget {
  #session;
  #host = byId("key-detail");
  #opened = 0;
  key = null;

  constructor(session) {
    super();
    this.#session = session;
    this.close();
    session.addEventListener("opened", () => this.close());
  }

  close() {
    this.#opened += 1;
    this.key = null;
    byId("keys-panel").dataset.view = "list";
    this.#host.replaceChildren(
      make("div.empty", {}, make("p.empty-title", {}, "No key is open"), make("p", {}, "Choose one from the list. Arrow keys move, Enter opens.")),
    );
  }

  async open(key) {
    const turn = ++this.#opened;
    this.key = key;
    byId("keys-panel").dataset.view = "key";
    this.dispatchEvent(new Event("opened"));
    const send = (...words) => this.#session.quietly({}, ...words);
    try {
      const [type, ttl] = await Promise.all([send("TYPE", key), send("PTTL", key)]);
      if (turn !== this.#opened) return;
      if (type === "none") return this.#gone(key);
      this.#show(key, type, ttl, turn);
    } catch (error) {
      if (turn === this.#opened) this.#fail(key, error);
    }
  }

  #back() {
    return button("‹ Keys", () => {
      this.close();
      byId("keys-list").focus();
    }, { kind: "quiet.back" });
  }

  #gone(key) {
    this.#host.replaceChildren(
      make("header.key-head", {}, this.#back(), make("h2.key-name", { data: { testid: "key-name" } }, show(key))),
      make("div.empty", {}, make("p.empty-title", { data: { testid: "key-missing" } }, "There is no such key"), make("p", {}, "It does not exist, or has expired or been deleted.")),
    );
    announce("There is no such key");
  }

  #fail(key, error) {
    this.#host.replaceChildren(
      make("header.key-head", {}, this.#back(), make("h2.key-name", { data: { testid: "key-name" } }, show(key))),
      make("p.fault", { role: "alert" }, describe(error)),
      button("Try again", () => {
        this.#session.forgetRefusals();
        this.open(key);
      }),
    );
  }

  #show(key, type, ttl, turn) {
    const facts = make("dl.facts", {}, fact("Type", badge(type)), fact("Expires", make("span", { data: { testid: "key-ttl" } }, ttl < 0 ? timeToLive(ttl) : `in ${timeToLive(ttl)}`)));
    const heading = make("h2.key-name", { tabindex: "-1", data: { testid: "key-name" } }, show(key));
    const head = make(
      "header.key-head",
      {},
      this.#back(),
      heading,
      make(
        "div.actions",
        {},
        button("Reload", () => this.open(key), { data: { testid: "key-reload" } }),
        button("Expiry…", () => this.#expire(key, ttl), { data: { testid: "key-expire" } }),
        button("Rename…", () => this.#rename(key), { data: { testid: "key-rename" } }),
        button("Delete…", () => this.#delete(key), { kind: "quiet.warn", data: { testid: "key-delete" } }),
      ),
    );
    const body = make("div.value", { data: { testid: "key-value", type } });
    this.#host.replaceChildren(head, facts, body);
    announce(`Key ${show(key)}, ${type}`);
    this.#more(key, facts, turn);
    const view = VIEWERS[type];
    const context = {
      session: this.#session,
      key,
      host: body,
      facts,
      isCurrent: () => turn === this.#opened,
      changed: () => this.dispatchEvent(new Event("changed")),
      reload: () => this.open(key),
    };
    if (!view) {
      body.append(make("p.note", {}, `There is no viewer for values of type ${type}: its commands are on the command line.`));
      return;
    }
    view(context).catch((error) => {
      if (turn === this.#opened) body.replaceChildren(make("p.fault", { role: "alert" }, describe(error)));
    });
  }

  /** Facts that not every user may read. */
  async #more(key, facts, turn) {
    const quietly = (...words) => this.#session.quietly({}, ...words).catch(() => null);
    const [encoding, memory] = await Promise.all([quietly("OBJECT", "ENCODING", key), quietly("MEMORY", "USAGE", key)]);
    if (turn !== this.#opened) return;
    if (encoding) facts.append(fact("Encoding", encoding));
    if (memory) facts.append(fact("Memory", size(memory)));
  }

  async #expire(key, ttl) {
    const done = await ask(
      "Change the expiry",
      [{ name: "time", label: "Expires after", value: ttl > 0 ? `${Math.ceil(ttl / 1000)}s` : "", note: "90s, 15m, 2h or 7d from now; empty removes the expiry." }],
      "Change",
      async ({ time }) => {
        const changed =
          time.trim() === ""
            ? (await this.#session.send("PERSIST", key), 1)
            : await this.#session.send("PEXPIRE", key, Math.round(parseSpan(time) * 1000));
        if (changed !== 1) throw new Error("The key no longer exists.");
      },
    );
    if (!done) return;
    this.dispatchEvent(new Event("changed"));
    this.open(key);
  }

  async #rename(key) {
    let renamed = null;
    const done = await ask(
      "Rename the key",
      [{ name: "name", label: "New name", value: show(key), note: 'Bytes that are no text: "\\x00\\xff", in double quotes.' }],
      "Rename",
      async ({ name }) => {
        renamed = fromTyped(name);
        if ((await this.#session.send("RENAMENX", key, renamed)) !== 1) throw new Error("A key of this name exists already.");
      },
    );
    if (!done) return;
    toast("Renamed");
    await this.open(renamed);
    this.dispatchEvent(new Event("renamed"));
  }

  async #delete(key) {
    if (!(await confirm("Delete this key?", "Its value cannot be restored.", "Delete", { detail: show(key) }))) return;
    try {
      await this.#session.send("UNLINK", key);
    } catch (error) {
      return toast(describe(error), "bad");
    }
    toast("Deleted");
    this.close();
    this.dispatchEvent(new CustomEvent("removed", { detail: key }));
    byId("keys-list").focus();
  }
}
