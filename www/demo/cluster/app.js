// The page of `cargo xtask demo --cluster`: shows the messages that come four times a second, and gives orders.

import { drawLoad, drawSlots } from "./draw.js";
import { ENTRIES, Model } from "./model.js";

/** @import { Entry, Message, Server } from "./model.js" */

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const chart = /** @type {SVGElement} */ (document.querySelector("#chart"));
const automatic = /** @type {HTMLInputElement} */ ($("automatic"));
/** @type {NodeListOf<HTMLButtonElement>} */
const orders = document.querySelectorAll("button[data-order]");

let model = new Model();
let isDrawing = false;
/** The number of the next entry of the log. */
let shown = 0;
let described = 0;
/** The texts in the log, by the number of their entry.
 * @type {Map<number, HTMLElement>} */
const lines = new Map();

// Messages

const source = new EventSource("/events");
source.addEventListener("open", () => {
  // The last minute comes again.
  model = new Model();
  shown = 0;
  $("events").replaceChildren();
  lines.clear();
  // Another demo on this port has other servers.
  rows.clear();
  $("nodes").replaceChildren();
});
source.addEventListener("message", ({ data }) => {
  model.add(/** @type {Message} */ (JSON.parse(data)));
  if (!isDrawing) requestAnimationFrame(draw);
  isDrawing = true;
});
source.addEventListener("error", () => {
  state("failed", "the demo has ended");
  for (const button of document.querySelectorAll("button")) button.disabled = true;
  automatic.disabled = true;
  $("doing").textContent = "";
});

/** @param {string} name
 * @param {string} text */
function state(name, text) {
  // Only a change is announced.
  if ($("state").textContent === text) return;
  $("state").dataset.state = name;
  $("state").textContent = text;
}

function draw() {
  isDrawing = false;
  if (!model.last || source.readyState !== EventSource.OPEN) return;
  const { watch, doing, next, servers } = model.last;
  if (model.rate === null) state("starting", servers.length > 0 ? "the load is starting" : "the cluster is starting");
  else state("ready", "running");
  automatic.disabled = servers.length === 0;
  automatic.checked = model.last.automatic;
  const plan = next && `next: ${next.what} in ${next.seconds} s`;
  $("doing").textContent = doing ?? plan ?? "";
  $("doing").toggleAttribute("data-busy", doing !== null);
  enable(doing !== null);
  if (watch) drawFigures(watch);
  drawNodes();
  drawSlots($("slots"), model);
  const top = drawLoad(chart, $("marks"), model);
  $("scale").textContent = `0 to ${top.toLocaleString("en")} in a second`;
  describe();
  drawEntries();
}

/** @param {boolean} isBusy */
function enable(isBusy) {
  const isUp = model.servers.length > 0;
  for (const button of orders) {
    const hasUse = button.dataset.order !== "back" || model.servers.some(({ running }) => !running);
    button.disabled = isBusy || !isUp || !hasUse;
  }
}

/** @param {import("./model.js").Watch} watch */
function drawFigures({ waiting, errors, wrong, lost, map }) {
  figure("rate", model.rate === null ? "–" : Math.round(model.rate).toLocaleString("en"));
  figure("waiting", waiting.toLocaleString("en"), waiting > 20 ? "warn" : "");
  figure("slowest", duration(model.slowest), model.slowest > 250 ? "warn" : "");
  figure("redirects", map.redirects.toLocaleString("en"));
  figure("refreshes", map.refreshes.toLocaleString("en"));
  figure("not-sent", String(errors.not_sent), errors.not_sent > 0 ? "warn" : "");
  figure("maybe-executed", String(errors.maybe_executed), errors.maybe_executed > 0 ? "warn" : "");
  figure("answered", String(errors.answered), errors.answered > 0 ? "warn" : "");
  figure("wrong", String(wrong), wrong > 0 ? "bad" : "good");
  figure("lost", String(lost), lost > 0 ? "warn" : "");
  $("map-age").textContent = map.age_ms === null ? "" : `the client’s map, ${duration(map.age_ms)} old`;
}

/** @param {string} id
 * @param {string} text
 * @param {string} tone */
function figure(id, text, tone = "") {
  $(id).textContent = text;
  $(id).dataset.tone = tone;
}

/** @param {number} milliseconds */
function duration(milliseconds) {
  if (milliseconds >= 950) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

// Servers

/** @type {Map<string, { row: HTMLElement, cells: Record<string, HTMLElement>, button: HTMLButtonElement }>} */
const rows = new Map();

function drawNodes() {
  $("no-nodes").hidden = model.servers.length > 0;
  $("nodes").closest("table")?.classList.toggle("zones", model.servers.some(({ zone }) => zone !== null));
  model.servers.forEach((server, place) => {
    const { row, cells, button } = rows.get(server.endpoint) ?? addRow(server, place);
    row.dataset.role = server.role;
    row.dataset.connected = server.connected ? "yes" : "no";
    const put = (/** @type {string} */ name, /** @type {string} */ text) => {
      const cell = cells[name];
      if (cell && cell.textContent !== text) cell.textContent = text;
    };
    put("role", role(server));
    put("zone", server.zone ?? "");
    put("slot-count", server.slotCount > 0 ? String(server.slotCount) : "");
    put("link", server.running ? (server.connected ? "connected" : "not connected") : "no process");
    put("per-second", String(Math.round(server.perSecond)));
    const verb = server.running ? "Kill" : "Start";
    if (button.textContent !== verb) {
      button.textContent = verb;
      button.dataset.place = `${server.running ? "kill" : "back"}/${place}`;
      button.setAttribute("aria-label", `${verb} ${server.name}`);
    }
    button.disabled = model.last?.doing !== null;
  });
}

/** @param {Server} server */
function role({ running, role, of }) {
  if (!running) return "down";
  if (role === "replica") return `replica of ${of ?? "?"}`;
  return role === "primary" ? "primary" : "not known";
}

/** @param {Server} server
 * @param {number} place */
function addRow({ name, endpoint }, place) {
  const row = make("tr", "");
  row.dataset.testid = `node-${name}`;
  row.dataset.server = String(place);
  const button = /** @type {HTMLButtonElement} */ (make("button", ""));
  button.type = "button";
  button.addEventListener("click", () => order(button.dataset.place ?? ""));
  /** @type {Record<string, HTMLElement>} */
  const cells = {};
  const cell = (/** @type {string} */ name, /** @type {HTMLElement[]} */ ...before) => {
    const made = make("td", name);
    const text = make("span", "");
    made.append(...before, text);
    cells[name.split(" ")[0] ?? name] = text;
    return made;
  };
  const first = make("th", "endpoint");
  first.setAttribute("scope", "row");
  first.append(make("span", "badge", name), make("span", "", endpoint));
  const last = make("td", "act");
  last.append(button);
  row.append(first, cell("role"), cell("zone"), cell("slot-count number"), cell("link", make("span", "dot")), cell("per-second number"), last);
  $("nodes").append(row);
  const made = { row, cells, button };
  rows.set(endpoint, made);
  return made;
}

/** For a screen reader, and not four times a second. */
function describe() {
  if (Date.now() - described < 5000) return;
  described = Date.now();
  const text = model.servers.map(({ name, perSecond }) => `${name} ${Math.round(perSecond)}`).join(", ");
  chart.setAttribute("aria-label", `Commands in a second, by server: ${text || "no data yet"}`);
}

// Log

function drawEntries() {
  const list = $("events");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const fresh = model.entries.filter(({ number }) => number >= shown);
  // The text of a line may have become another one.
  for (const { number, text } of model.entries) {
    const detail = number < shown ? lines.get(number) : undefined;
    if (detail && detail.textContent !== text) detail.textContent = text;
  }
  if (fresh.length === 0) return;
  shown = (fresh.at(-1)?.number ?? -1) + 1;
  list.append(...fresh.map(entry));
  while (list.children.length > ENTRIES) list.firstElementChild?.remove();
  for (const number of lines.keys()) if (number < shown - ENTRIES) lines.delete(number);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** @param {Entry} entry */
function entry({ number, at, from, tone, text }) {
  const item = make("li", "event");
  item.dataset.testid = "log-entry";
  item.dataset.tone = tone;
  item.dataset.from = from;
  const date = new Date(at);
  const time = /** @type {HTMLTimeElement} */ (make("time", "", `${date.toLocaleTimeString("en-GB")}.${Math.floor(date.getMilliseconds() / 100)}`));
  time.dateTime = date.toISOString();
  const detail = make("span", "detail", text);
  lines.set(number, detail);
  item.append(time, make("span", "name", from), detail);
  return item;
}

/** @param {string} name
 * @param {string} className */
function make(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// Orders

/** @param {string} name */
async function order(name) {
  for (const button of orders) button.disabled = true;
  try {
    const answer = await fetch(`/order/${name}`, { method: "POST" });
    if (answer.status === 503) $("doing").textContent = "busy: try again in a moment";
    else if (!answer.ok) $("doing").textContent = `not done: ${answer.status}`;
  } catch {
    state("failed", "the demo has ended");
  }
}

for (const button of orders) button.addEventListener("click", () => order(button.dataset.order ?? ""));
automatic.addEventListener("change", () => order(automatic.checked ? "auto" : "by-hand"));
