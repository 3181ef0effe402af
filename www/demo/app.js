// The demo page: one client in four panels.

import { connect } from "./redmux/src/index.js";
import { RoundTrips } from "./chart.js";
import { Console, element } from "./console.js";

const COUNTER = "redmux:demo:counter";
const KEPT_EVENTS = 200;
const $ = (id) => document.getElementById(id);

let client = null;
let events = 0;
let interval = 0;

/** `?ws=` names another gateway; otherwise the one that served this page. */
function gateway() {
  const given = new URLSearchParams(location.search).get("ws");
  return given ?? new URL("/redis", location.href).href.replace(/^http/, "ws");
}

// Connection

function show(state, text = state) {
  $("state").dataset.state = state;
  $("state").textContent = text;
  $("toggle").textContent = client ? "Disconnect" : "Connect";
  $("toggle").disabled = state === "connecting" || state === "closing";
  for (const id of ["counter-up", "counter-down"]) $(id).disabled = !client;
}

async function open() {
  show("connecting");
  try {
    client = await connect(gateway(), { clientName: "redmux-demo" });
  } catch (error) {
    show("failed", "cannot connect");
    log("connectFailed", "bad", error.message);
    return;
  }
  listen(client);
  describeServer();
  show("ready", "connected");
  log("connected", "good", client.status().connections[0].endpoint);
  interval = setInterval(ping, 1000);
  ping();
  try {
    await openCounter(client);
  } catch (error) {
    log("counter", "bad", error.message);
  }
}

async function close() {
  const closing = client;
  client = null;
  clearInterval(interval);
  show("closing");
  await closing.close();
  show("closed", "closed");
  log("closed", "", "by this page");
}

function describeServer() {
  const [connection] = client.status().connections;
  const { product, version } = connection.server ?? {};
  $("endpoint").textContent = connection.endpoint;
  $("server").textContent = product ? `${product} ${version} · RESP${connection.protocol}` : "";
}

function listen(client) {
  client.on("connectionFailed", ({ failure, error, maybeExecuted }) => {
    show("failed", "reconnecting");
    const lost = maybeExecuted > 0 ? ` (${maybeExecuted} may have been executed)` : "";
    log("connectionFailed", "bad", `${failure}: ${error.message}${lost}`);
  });
  client.on("connectionRestored", ({ outage, attempts }) => {
    show("ready", "connected");
    describeServer();
    log("connectionRestored", "good", `after ${Math.round(outage)} ms, ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`);
  });
  client.on("errorMessage", ({ command, serverCode }) => log("errorMessage", "warn", `${command ?? "push"}: ${serverCode}`));
  client.on("internalError", ({ origin, detail }) => log("internalError", "bad", `${origin}: ${detail}`));
  client.on("configurationChanged", ({ detail }) => log("configurationChanged", "", detail));
  client.on("missed", ({ source, cause, count }) => log("missed", "warn", `${source}: ${count ?? "unknown number"}, ${cause}`));
}

// Events

function log(name, tone, detail) {
  const list = $("events");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const item = element("li", "event");
  item.dataset.testid = "log-entry";
  item.dataset.event = name;
  item.dataset.tone = tone;
  const now = new Date();
  const time = element("time", "", now.toLocaleTimeString("en-GB") + `.${String(now.getMilliseconds()).padStart(3, "0")}`);
  time.dateTime = now.toISOString();
  item.append(time, element("span", "name", name), element("span", "detail", detail));
  list.append(item);
  while (list.children.length > KEPT_EVENTS) list.firstElementChild.remove();
  events += 1;
  $("events-count").textContent = events === 1 ? "1 event" : `${events} events`;
  if (atEnd) list.scrollTop = list.scrollHeight;
}

// Shared counter

async function openCounter(client) {
  await client.subscribe(COUNTER, ({ payload }) => showCounter(payload), {
    // Messages published meanwhile are gone: read the value again.
    onMissed: () => readCounter(client),
  });
  await readCounter(client);
}

async function readCounter(client) {
  showCounter((await client.get(COUNTER)) ?? "0");
}

function showCounter(value) {
  const output = $("counter-value");
  output.value = value;
  output.classList.remove("fresh");
  void output.offsetWidth; // restarts the animation
  output.classList.add("fresh");
}

async function count(by) {
  try {
    const value = await client.incrBy(COUNTER, by);
    const heard = await client.publish(COUNTER, value);
    $("counter-note").textContent = heard === 1 ? "open a second tab" : `${heard} tabs listening`;
  } catch (error) {
    $("counter-note").textContent = error.message;
  }
}

// Round trips

const trips = new RoundTrips($("rtt-chart"));

async function ping() {
  if (document.hidden || !client) return;
  const started = performance.now();
  try {
    // Waiting for a connection is not a round trip.
    if ($("state").dataset.state !== "ready") throw new Error("not connected");
    await client.ping({ timeout: 2500 });
    const taken = performance.now() - started;
    trips.add(taken);
    $("rtt-last").value = milliseconds(taken);
  } catch {
    trips.add(null);
    $("rtt-last").value = "–";
  }
  const statistics = trips.statistics();
  for (const name of ["min", "median", "p99"]) {
    $(`rtt-${name}`).textContent = statistics ? milliseconds(statistics[name]) : "–";
  }
  $("rtt-lost").textContent = trips.lost;
  $("rtt-scale").textContent = `PING, once a second · 0 to ${trips.top} ms`;
}

function milliseconds(value) {
  return value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0);
}

new Console(() => client);
$("toggle").addEventListener("click", () => (client ? close() : open()));
$("counter-up").addEventListener("click", () => count(1));
$("counter-down").addEventListener("click", () => count(-1));
// An open socket would keep the page out of the back/forward cache.
addEventListener("pagehide", () => client && close());
addEventListener("pageshow", (event) => event.persisted && open());
$("endpoint").textContent = gateway().replace(/\?.*/, "");
$("console-input").focus();
open();
