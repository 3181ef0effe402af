// The command line.

import { Completion } from "./completion.js";
import { confirm } from "./dialogs.js";
import { byId, make } from "./dom.js";
import { dangerOf } from "./lib/danger.js";
import { formatReply } from "./lib/format.js";
import { History } from "./lib/history.js";
import { duration } from "./lib/units.js";
import { parseWords } from "./lib/words.js";

const KEPT = 300;
const HISTORY = 500;
/** Longer replies are cut: a page cannot show a million lines. */
const SHOWN = 200_000;
/** Commands that answer with text for people, which redis-cli shows unquoted. */
const RAW = /^(INFO|LOLWUT|CLIENT (LIST|INFO)|CLUSTER (INFO|NODES)|LATENCY (DOCTOR|GRAPH)|MEMORY (DOCTOR|MALLOC-STATS)|DEBUG HTSTATS|CONFIG HELP)( |$)/;

export class CommandLine {
  #session;
  #output = byId("cli-output");
  #input = byId("cli-input");
  #history = new History(HISTORY);
  #completion;

  constructor(session, docs) {
    this.#session = session;
    this.#completion = new Completion(this.#input, docs);
    byId("cli-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("cli-clear").addEventListener("click", () => this.#output.replaceChildren());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
  }

  focus() {
    this.#input.focus();
  }

  async #submit() {
    const line = this.#input.value.trim();
    if (line === "") return;
    this.#completion.close();
    this.#history.add(line);
    this.#input.value = "";
    this.#completion.update();

    let words;
    try {
      words = parseWords(line);
    } catch (error) {
      this.#entry(line).finish("error", `Invalid argument(s): ${error.message}`);
      return;
    }
    if (words[0].length === 0 || typeof words[0] !== "string") {
      this.#entry(line).finish("error", "Invalid argument(s): a command is text");
      return;
    }
    const local = this.#local(words);
    if (local !== null) return this.#entry(line).finish("local", local);
    const why = dangerOf(words);
    if (why !== null) {
      const sure = await confirm("Send this command?", `It ${why}.`, "Send", { detail: line });
      if (!sure) return this.#entry(line).finish("local", "(not sent)");
    }
    await this.#run(line, words);
    this.#input.focus();
  }

  /** Commands that the page itself carries out. */
  #local(words) {
    const name = words[0].toUpperCase();
    if (name === "CLEAR" && words.length === 1) {
      this.#output.replaceChildren();
      return "";
    }
    if (/^[PS]?SUBSCRIBE$/.test(name)) return "The Pub/Sub tab subscribes.";
    if (name === "SELECT") return "The database belongs to the connection: disconnect, and connect to another.";
    return null;
  }

  async #run(line, words) {
    const entry = this.#entry(line);
    const started = performance.now();
    const took = () => performance.now() - started;
    try {
      const reply = await this.#session.send(...words);
      const raw = RAW.test(words.filter((word) => typeof word === "string").join(" ").toUpperCase());
      const text = raw && reply instanceof Uint8Array ? new TextDecoder().decode(reply).replaceAll("\r\n", "\n").trimEnd() : formatReply(reply);
      entry.finish("ok", text, took());
    } catch (error) {
      const text = error.serverText !== undefined ? `(error) ${error.serverText}` : `(${error.name}) ${error.message}`;
      entry.finish("error", text, took(), error.delivery);
    }
  }

  #entry(line) {
    const took = make("span.took");
    const reply = make("pre.reply", {}, "…");
    const item = make("div.entry", { data: { testid: "cli-entry", status: "pending" } }, took, make("pre.command", {}, line), reply);
    this.#output.append(item);
    while (this.#output.children.length > KEPT) this.#output.firstElementChild.remove();
    this.#scroll();
    return {
      finish: (status, text, milliseconds, delivery) => {
        item.dataset.status = status;
        reply.textContent = text.length > SHOWN ? text.slice(0, SHOWN) : text;
        if (text.length > SHOWN) item.append(make("p.note", {}, `The first ${SHOWN} of ${text.length} characters.`));
        if (milliseconds !== undefined) took.textContent = duration(milliseconds);
        if (delivery && delivery !== "answered") {
          item.append(make("p.delivery", {}, delivery === "not-sent" ? "not sent" : "may have been executed"));
        }
        this.#scroll();
      },
    };
  }

  #scroll() {
    this.#output.scrollTop = this.#output.scrollHeight;
  }

  #key(event) {
    if (this.#completion.key(event)) return;
    if (event.ctrlKey && event.key.toLowerCase() === "l") {
      event.preventDefault();
      this.#output.replaceChildren();
      return;
    }
    if (!event.shiftKey && this.#history.key(event, this.#input)) this.#completion.close();
  }
}
