// The server's INFO.

import { byId, debounce, make } from "./dom.js";
import { fieldsOf, hitRatio, parseInfo, parts, searchInfo } from "./lib/info.js";
import { count, plural, short, size, span } from "./lib/units.js";
import { describe } from "./session.js";

export class ServerInfo {
  #session;
  #sections = [];

  constructor(session) {
    this.#session = session;
    byId("info-reload").addEventListener("click", () => {
      session.forgetRefusals();
      this.load();
    });
    byId("info-search").addEventListener("input", debounce(120, () => this.#draw()));
  }

  /** Loads the data again. */
  async load() {
    try {
      this.#sections = parseInfo(await this.#session.quietly({}, "INFO"));
      byId("info-note").textContent = "";
    } catch (error) {
      this.#sections = [];
      byId("info-note").textContent = describe(error);
    }
    this.#highlights();
    this.#draw();
  }

  #highlights() {
    const fields = fieldsOf(this.#sections);
    const cards = highlights(fields).map(([name, value, note]) =>
      make("div.tile", {}, make("dt", {}, name), make("dd", {}, make("b", {}, value), note ? make("small", {}, note) : null)),
    );
    byId("info-top").replaceChildren(...cards);
  }

  #draw() {
    const found = searchInfo(this.#sections, byId("info-search").value);
    const sections = found.map(({ name, fields }) => {
      const id = `info-${name.toLowerCase().replaceAll(/\W/g, "-")}`;
      const rows = fields.map(([field, value]) => make("tr", {}, make("th", { scope: "row" }, field), make("td", {}, value)));
      return make("section.card", { "aria-labelledby": id }, make("h2", { id }, name || "Other"), make("table.info", { "aria-labelledby": id }, make("tbody", {}, ...rows)));
    });
    byId("info-sections").replaceChildren(...sections);
    const fields = found.reduce((sum, section) => sum + section.fields.length, 0);
    byId("info-count").textContent = this.#sections.length === 0 ? "" : fields === 0 ? "No field of this name." : plural(fields, "field");
  }
}

/** The most important facts, `[name, value, note]`, as far as the server reports them. */
function highlights(fields) {
  const get = (name) => fields.get(name);
  const tiles = [];
  const add = (name, value, note = "") => value !== null && tiles.push([name, value, note]);
  if (fields.size === 0) return tiles;
  const valkey = get("server_name") === "valkey" || get("valkey_version");
  add(valkey ? "Valkey" : "Redis", get("valkey_version") ?? get("redis_version") ?? null, [get("redis_mode"), get("role")].filter(Boolean).join(", "));
  add("Up", get("uptime_in_seconds") ? span(get("uptime_in_seconds")) : null, get("os") ?? "");
  const most = Number(get("maxmemory") ?? 0);
  add("Memory", get("used_memory") ? size(get("used_memory")) : null, most > 0 ? `of ${size(most)}, ${get("maxmemory_policy")}` : "no limit");
  add("Clients", get("connected_clients") ?? null, `${get("blocked_clients") ?? 0} blocked, at most ${count(get("maxclients") ?? 0)}`);
  add("Commands per second", get("instantaneous_ops_per_sec") ? short(Number(get("instantaneous_ops_per_sec"))) : null, `${short(Number(get("total_commands_processed") ?? 0))} so far`);
  const ratio = hitRatio(fields);
  add("Hits", ratio === null ? null : `${(ratio * 100).toFixed(1)} %`, `${short(Number(get("keyspace_misses")))} misses`);
  const keys = [...fields].filter(([name]) => /^db\d+$/.test(name));
  const sum = keys.reduce((total, [, value]) => total + Number(parts(value).keys ?? 0), 0);
  add("Keys", count(sum), keys.map(([name]) => name).join(", ") || "empty");
  add("Evicted", get("evicted_keys") ? count(get("evicted_keys")) : null, `${count(get("expired_keys") ?? 0)} expired`);
  const saved = get("rdb_last_bgsave_status");
  add("Last save", saved ?? null, get("aof_enabled") === "1" ? `AOF ${get("aof_last_write_status")}` : "no AOF");
  return tiles;
}
