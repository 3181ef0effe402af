// Messages as they arrive.

import { button, byId, make, toast } from "./dom.js";
import { brief, bytesOf, fromTyped } from "./lib/bytes.js";
import { Ring } from "./lib/ring.js";
import { Rate } from "./lib/stats.js";
import { count, plural, short } from "./lib/units.js";
import { describe } from "./session.js";

const KEPT = 2000;
const SHOWN = 200;
/** Longer payloads are cut. */
const PAYLOAD = 4096;

export class PubSub {
  #session;
  #subscriptions = new Map();
  #messages = new Ring(KEPT);
  #rate = new Rate();
  #received = 0;
  #missed = 0;
  #paused = null;
  #dirty = false;

  constructor(session) {
    this.#session = session;
    const on = (id, type, action) =>
      byId(id).addEventListener(type, (event) => {
        if (type === "submit") event.preventDefault();
        action(event);
      });
    on("pubsub-form", "submit", () => this.#subscribe());
    on("publish-form", "submit", () => this.#publish());
    on("pubsub-pause", "click", () => this.#pause());
    on("pubsub-clear", "click", () => this.#clear());
    on("pubsub-filter", "input", () => this.#draw());
    session.addEventListener("opened", () => this.#again());
    session.addEventListener("state", () => this.#showSubscriptions());
    setInterval(() => this.#tick(), 250);
    this.#draw();
    this.#showSubscriptions();
  }

  async #subscribe() {
    const { kind, channel } = byId("pubsub-form").elements;
    const name = channel.value;
    if (name === "") return;
    if (await this.#add(kind.value, name)) channel.value = "";
  }

  async #add(kind, name) {
    const id = `${kind} ${name}`;
    if (this.#subscriptions.has(id)) return true;
    const { client } = this.#session;
    if (!client) return false;
    try {
      const target = fromTyped(name);
      const listen = (message) => this.#take(message);
      const options = { bytes: true, onMissed: (gap) => this.#miss(name, gap) };
      const subscription = await (kind === "pattern"
        ? client.pSubscribe(target, listen, options)
        : kind === "shard"
          ? client.sSubscribe(target, listen, options)
          : client.subscribe(target, listen, options));
      this.#subscriptions.set(id, { kind, name, subscription });
      this.#note("");
    } catch (error) {
      this.#note(`${name}: ${describe(error)}`);
      return false;
    }
    this.#showSubscriptions();
    return true;
  }

  /** After a new login, makes the subscriptions again. */
  async #again() {
    const before = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    for (const { kind, name } of before) await this.#add(kind, name);
    this.#showSubscriptions();
  }

  #remove(id) {
    this.#subscriptions.get(id)?.subscription.unsubscribe();
    this.#subscriptions.delete(id);
    this.#showSubscriptions();
    byId("pubsub-form").elements.channel.focus();
  }

  #showSubscriptions() {
    const items = [...this.#subscriptions].map(([id, { kind, name }]) =>
      make("li.chip", { data: { testid: "subscription" } }, make("small", {}, kind), make("code", {}, name), button("×", () => this.#remove(id), { "aria-label": `Unsubscribe from ${name}` })),
    );
    byId("pubsub-list").replaceChildren(...items);
    byId("pubsub-none").hidden = items.length > 0;
  }

  #take({ channel, payload, pattern }) {
    this.#received += 1;
    this.#rate.add(1, performance.now());
    const cut = payload.length > PAYLOAD ? payload.slice(0, PAYLOAD) : payload;
    this.#messages.push({ time: Date.now(), channel, pattern, text: brief(cut, 1000), size: payload.length });
    this.#dirty = true;
  }

  #miss(name, { cause, count: number }) {
    this.#missed += number ?? 1;
    const how = cause === "connectionLost" ? "the connection was lost" : "they came too fast";
    const text = `${number === null ? "messages" : plural(number, "message")} may have been missed: ${how}`;
    this.#messages.push({ time: Date.now(), channel: name, pattern: null, text, missed: true });
    this.#dirty = true;
  }

  #pause() {
    this.#paused = this.#paused ? null : [...this.#messages];
    const control = byId("pubsub-pause");
    control.textContent = this.#paused ? "Resume" : "Pause";
    control.setAttribute("aria-pressed", String(this.#paused !== null));
    this.#draw();
  }

  #clear() {
    this.#messages.clear();
    this.#received = this.#missed = 0;
    if (this.#paused) this.#paused = [];
    this.#draw();
  }

  #tick() {
    if (document.hidden || byId("pubsub-panel").hidden) return;
    byId("pubsub-rate").textContent = `${short(this.#rate.at(performance.now()))}/s`;
    if (this.#dirty && !this.#paused) this.#draw();
    this.#tell();
  }

  #tell() {
    byId("pubsub-count").textContent = count(this.#received);
    byId("pubsub-missed").textContent = count(this.#missed);
    byId("pubsub-missed").parentElement.dataset.tone = this.#missed > 0 ? "warning" : "";
  }

  #draw() {
    this.#dirty = false;
    const wanted = byId("pubsub-filter").value.toLowerCase();
    const fits = ({ channel, text, missed }) => missed || `${channel} ${text}`.toLowerCase().includes(wanted);
    const all = this.#paused ?? [...this.#messages];
    const found = wanted === "" ? all : all.filter(fits);
    const items = found.slice(-SHOWN).reverse().map(row);
    byId("pubsub-messages").replaceChildren(...items);
    byId("pubsub-empty").hidden = items.length > 0;
    const kept = this.#messages.dropped > 0 ? ` The newest ${count(KEPT)} are kept.` : "";
    byId("pubsub-shown").textContent = found.length > SHOWN ? `The newest ${SHOWN} of ${count(found.length)}.${kept}` : kept;
    this.#tell();
  }

  async #publish() {
    const { channel, payload } = byId("publish-form").elements;
    try {
      const heard = await this.#session.send("PUBLISH", fromTyped(channel.value), bytesOf(payload.value));
      byId("publish-note").textContent = `Published: ${plural(heard, "receiver")}.`;
    } catch (error) {
      byId("publish-note").textContent = "";
      toast(describe(error), "bad");
    }
  }

  #note(text) {
    byId("pubsub-note").textContent = text;
    byId("pubsub-note").hidden = text === "";
  }
}

function row({ time, channel, pattern, text, missed }) {
  const when = new Date(time);
  const stamp = make("time", { datetime: when.toISOString() }, `${when.toLocaleTimeString("en-GB")}.${String(when.getMilliseconds()).padStart(3, "0")}`);
  const from = make("span.channel", { title: pattern ? `through ${pattern}` : null }, channel);
  return make("li.message", { data: { testid: "message", tone: missed ? "warning" : "" } }, stamp, from, make("span.payload", {}, text));
}
