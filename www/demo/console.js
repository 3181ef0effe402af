// The console: reads a line, sends the command, shows the reply.

import { formatReply, quote } from "./lib/format.js";
import { History } from "./lib/history.js";
import { parseWords } from "./lib/words.js";

const KEPT = 300;
const LISTEN = new Map([["SUBSCRIBE", "subscribe"], ["PSUBSCRIBE", "pSubscribe"], ["SSUBSCRIBE", "sSubscribe"]]);

export class Console {
  #output = document.querySelector("#console-output");
  #input = document.querySelector("#console-input");
  #timeout = document.querySelector("#console-timeout");
  #client;
  #history = new History();
  #subscriptions = [];

  /** `client` returns the current client, or null. */
  constructor(client) {
    this.#client = client;
    document.querySelector("#console-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    document.querySelector("#console-clear").addEventListener("click", () => this.#output.replaceChildren());
    this.#input.addEventListener("keydown", (event) => this.#history.key(event, this.#input));
  }

  #submit() {
    const line = this.#input.value.trim();
    if (line === "") return;
    this.#input.value = "";
    this.#history.add(line);
    this.#run(line);
  }

  async #run(line) {
    const entry = this.#entry(line);
    const started = performance.now();
    try {
      const words = parseWords(line);
      const reply = await this.#send(words);
      entry.finish("ok", formatReply(reply), performance.now() - started);
    } catch (error) {
      entry.finish("error", describeError(error), performance.now() - started, error.delivery);
    }
  }

  async #send([name, ...args]) {
    const client = this.#client();
    if (!client) throw new Error("not connected");
    if (typeof name !== "string") throw new Error("the name of a command is text");
    const command = name.toUpperCase();
    const listen = LISTEN.get(command);
    if (listen) return this.#subscribe(client, listen, args);
    if (/^[PS]?UNSUBSCRIBE$/.test(command)) return this.#unsubscribe();
    const timeout = this.#timeout.valueAsNumber;
    return client.send(name, ...args, { bytes: true, timeout: timeout > 0 ? timeout : undefined });
  }

  async #subscribe(client, method, channels) {
    if (channels.length === 0) throw new Error("a channel is missing");
    for (const channel of channels) {
      const entry = (text) => this.#entry(text, "message");
      const subscription = await client[method](
        channel,
        ({ channel, payload }) => entry(`message on ${channel}`).finish("ok", quote(payload)),
        { bytes: true, onMissed: ({ cause }) => entry(`messages missed: ${cause}`).finish("error", "") },
      );
      this.#subscriptions.push(subscription);
    }
    return `listening on ${channels.length === 1 ? "one channel" : `${channels.length} channels`} (UNSUBSCRIBE stops)`;
  }

  #unsubscribe() {
    const subscriptions = this.#subscriptions.splice(0);
    for (const subscription of subscriptions) subscription.unsubscribe();
    return "OK";
  }

  #entry(line, kind = "command") {
    const item = element("li", "entry");
    item.dataset.testid = "console-entry";
    item.dataset.status = "pending";
    item.dataset.kind = kind;
    const took = element("span", "took");
    const command = element("pre", "command", line);
    const reply = element("pre", "reply", "…");
    item.append(took, command, reply);
    this.#append(item);
    return {
      finish: (status, text, milliseconds, delivery) => {
        item.dataset.status = status;
        reply.textContent = text;
        if (milliseconds !== undefined) took.textContent = `${milliseconds.toFixed(1)} ms`;
        if (delivery && delivery !== "answered") {
          const note = element("span", "delivery", delivery === "not-sent" ? "not sent" : "may have been executed");
          note.dataset.testid = "console-delivery";
          item.append(note);
        }
        this.#scroll();
      },
    };
  }

  #append(item) {
    this.#output.append(item);
    while (this.#output.children.length > KEPT) this.#output.firstElementChild.remove();
    this.#scroll();
  }

  #scroll() {
    this.#output.scrollTop = this.#output.scrollHeight;
  }
}

function describeError(error) {
  if (error.serverText !== undefined) return `(error) ${error.serverText}`;
  return `(${error.name}) ${error.message}`;
}

export function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
