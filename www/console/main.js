// The whole page: the connection's state, the tabs, the keys that work everywhere.

import { CommandDocs } from "./commanddocs.js";
import { CommandLine } from "./commandline.js";
import { ConnectForm, ownGateway } from "./connectform.js";
import { tell } from "./dialogs.js";
import { byId, make } from "./dom.js";
import { EventLog } from "./eventlog.js";
import { KeyBrowser } from "./keys/browser.js";
import { KeyDetail } from "./keys/detail.js";
import { Metrics } from "./metrics.js";
import { PubSub } from "./pubsub.js";
import { Search } from "./search.js";
import { ServerInfo } from "./server.js";
import { Session } from "./session.js";
import { SlowLog } from "./slowlog.js";
import { Tabs } from "./tabs.js";
import { startTheme } from "./theme.js";

const STATES = { closed: "not connected", connecting: "connecting", ready: "connected", lost: "connection lost" };
const SHORTCUTS = [
  ["?", "This list"],
  ["g, then k f c p m l s e", "Keys, search, command line, pub/sub, metrics, slow log, server, events"],
  ["/", "Search: in the keys, the index, the messages or the server's fields"],
  [":", "Command line"],
  ["← →", "In the tabs: the next tab. In a tree: close and open"],
  ["↑ ↓", "In lists: move. In the command line: history or completion"],
  ["Tab", "In the command line: complete"],
  ["Ctrl L", "In the command line: clear"],
  ["Esc", "Close the dialog or the list"],
];
const GOES = { k: "keys", f: "search", c: "cli", p: "pubsub", m: "metrics", l: "slowlog", s: "server", e: "events" };
const SEARCHES = { keys: "keys-pattern", search: "search-query", pubsub: "pubsub-filter", server: "info-search" };

const session = new Session();
const docs = new CommandDocs(session);
new EventLog(session);
const detail = new KeyDetail(session);
new KeyBrowser(session, detail);
const search = new Search(session);
const commandLine = new CommandLine(session, docs);
new PubSub(session);
new Metrics(session);
const slowLog = new SlowLog(session);
const serverInfo = new ServerInfo(session);
const tabs = new Tabs(byId("tabs"));

function showState() {
  const { state, trouble } = session;
  const chip = byId("state");
  chip.dataset.state = state;
  chip.textContent = STATES[state];
  byId("trouble").hidden = state !== "lost";
  byId("trouble").textContent = state === "lost" ? `The connection was lost: ${trouble}. Trying again until it is back; commands sent meanwhile wait.` : "";
  const isOpen = state === "ready" || state === "lost";
  byId("connect-view").hidden = isOpen;
  byId("work-view").hidden = !isOpen;
  byId("disconnect").hidden = !isOpen;
  document.title = isOpen ? `${state === "lost" ? "Lost: " : ""}${endpoint()} · redmux` : "redmux console";
  byId("endpoint").textContent = isOpen ? endpoint() : "";
  byId("about").textContent = isOpen ? about() : "";
}

function endpoint() {
  const { username, database } = session.options;
  const { host } = new URL(session.options.url, location.href.replace(/^http/, "ws"));
  return `${username ? `${username}@` : ""}${host}${database ? ` db${database}` : ""}`;
}

function about() {
  const [connection] = session.client?.status().connections ?? [];
  const { product, version } = connection?.server ?? {};
  return product ? `${product} ${version} · RESP${connection.protocol}` : connection ? `RESP${connection.protocol}` : "";
}

/** A panel loads its data when it is opened. */
function look(name) {
  if (!session.client) return;
  if (name === "slowlog") slowLog.load();
  if (name === "server") serverInfo.load();
  if (name === "search") search.load();
  if (name === "cli") docs.load();
}

function shortcuts() {
  const rows = SHORTCUTS.map(([keys, text]) => make("div", {}, make("dt", {}, make("kbd", {}, keys)), make("dd", {}, text)));
  tell("Keyboard", make("dl.shortcuts", {}, ...rows));
}

let awaited = 0;

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  if (event.key === "?") shortcuts();
  else if (!session.client) return;
  else if (performance.now() - awaited < 1500 && event.key in GOES) {
    awaited = 0;
    tabs.choose(GOES[event.key]);
    if (event.key === "c") commandLine.focus();
    else document.querySelector(`[data-tab="${GOES[event.key]}"]`).focus();
  } else if (event.key === "g") {
    awaited = performance.now();
    return;
  } else if (event.key === ":") {
    tabs.choose("cli");
    commandLine.focus();
  } else if (event.key === "/" && SEARCHES[tabs.chosen]) byId(SEARCHES[tabs.chosen]).focus();
  else return;
  event.preventDefault();
}

startTheme();
session.addEventListener("state", showState);
session.addEventListener("opened", () => look(tabs.chosen));
session.addEventListener("restored", () => look(tabs.chosen));
search.addEventListener("open", ({ detail: key }) => {
  tabs.choose("keys");
  detail.open(key);
});
tabs.addEventListener("chosen", ({ detail }) => look(detail));
byId("disconnect").addEventListener("click", async () => {
  await session.close();
  byId("connect-form").elements.url.focus();
});
byId("help").addEventListener("click", shortcuts);
document.addEventListener("keydown", onKey);
tabs.choose("keys");
showState();
new ConnectForm(session, await ownGateway());
document.documentElement.dataset.started = "yes";
