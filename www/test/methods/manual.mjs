// The words of the methods against the manual that servers have of their commands.

import { COMMANDS } from "../../src/commands.js";
import { nameOf } from "../../types/generate.mjs";
import { METHODS } from "../../types/methods.mjs";
import { OPTIONS, OPTIONS_OF } from "../../types/options.mjs";

/** The words in the manual of a command. */
function tokens(args = []) {
  return args.flatMap(({ token, arguments: inner }) => [
    ...(/^[A-Z]/.test(token) ? [token] : []),
    ...tokens(inner),
  ]);
}

/** The page of the manual for a command with its subcommand. */
function page(docs, name) {
  const [command, subcommand] = name.toLowerCase().split(" ");
  const doc = docs[command];
  return subcommand === undefined ? doc : doc?.subcommands?.[`${command}|${subcommand}`];
}

/** The words of all methods of each command: sent by themselves, and as arguments. */
function words() {
  const all = new Map();
  for (const spec of COMMANDS) {
    const name = nameOf(spec);
    const literals = spec.parts.flat().filter((part) => /^[A-Z]/.test(part));
    const { own, given } = all.get(name) ?? { own: new Set(), given: new Set() };
    for (const word of literals.slice(name.includes(" ") && !Array.isArray(spec.parts[0]) ? 1 : 0))
      own.add(word);
    const types = [
      METHODS[spec.method],
      spec.options.map((option) => OPTIONS_OF[spec.method]?.[option] ?? OPTIONS[option] ?? []),
    ];
    for (const [, word] of types
      .flat(3)
      .join(" ")
      .matchAll(/"([A-Z][A-Z0-9-]+)"/g))
      given.add(word);
    all.set(name, { own, given });
  }
  return all;
}

/** Whether a version is not less than another. */
export function atLeast(version, least) {
  const [have, want] = [version, least].map((text) => text.split(".").map(Number));
  const place = want.findIndex((number, at) => number !== (have[at] ?? 0));
  return place < 0 || (have[place] ?? 0) > want[place];
}

/** Words that methods send and the manual does not have, of commands that the server knows. */
export function undocumented(docs, product, version) {
  const wrong = [];
  for (const [name, { own }] of words()) {
    const doc = page(docs, name);
    if (!doc) continue;
    const known = tokens(doc.arguments);
    for (const word of own) {
      const since = SINCE[`${name} ${word}`];
      if (!known.includes(word) && (!since || (since[product] && atLeast(version, since[product]))))
        wrong.push(`${name} ${word}`);
    }
  }
  return wrong;
}

/** Words that the manual has and no method offers. */
export function unoffered(docs) {
  const missing = new Set();
  for (const [name, { own, given }] of words()) {
    for (const word of tokens(page(docs, name)?.arguments)) {
      if (!own.has(word) && !given.has(word) && !ELSEWHERE[name]?.split(" ").includes(word))
        missing.add(`${name} ${word}`);
    }
  }
  return [...missing];
}

const WITH_SCORE = { redis: "7.2", valkey: "7.2" };
const DIGESTS = { redis: "8.4" };
const SIZES = { redis: "8.10" };
const REFERENCES = { redis: "8.2" };
/** Words that are newer than their commands. */
export const SINCE = {
  "CLIENT KILL MAXAGE": { redis: "7.4", valkey: "8.0" },
  "HSCAN NOVALUES": { redis: "7.4", valkey: "8.0" },
  "SET IFDEQ": DIGESTS,
  "SET IFDNE": DIGESTS,
  "SET IFNE": DIGESTS,
  "XADD IDMP": { redis: "8.6" },
  "XADD IDMPAUTO": { redis: "8.6" },
  "XREAD MAXCOUNT": SIZES,
  "XREAD MAXSIZE": SIZES,
  "XREADGROUP CLAIM": DIGESTS,
  "XREADGROUP MAXCOUNT": SIZES,
  "XREADGROUP MAXSIZE": SIZES,
  "SET IFEQ": { redis: "8.4", valkey: "8.1" },
  "ZRANK WITHSCORE": WITH_SCORE,
  "ZREVRANK WITHSCORE": WITH_SCORE,
  "XADD KEEPREF": REFERENCES,
  "XADD DELREF": REFERENCES,
  "XADD ACKED": REFERENCES,
  "XTRIM KEEPREF": REFERENCES,
  "XTRIM DELREF": REFERENCES,
  "XTRIM ACKED": REFERENCES,
};

const TYPES = "NORMAL MASTER PRIMARY SLAVE REPLICA PUBSUB";
// Not offered, as the Rust side does not: `send` has them.
const CLIENTS = ["NAME", "IDLE", "FLAGS", "LIB-NAME", "LIB-VER", "DB", "CAPA", "IP"];
const NOT_CLIENTS = ["ID", "TYPE", "USER", "ADDR", "LADDR", ...CLIENTS].map((word) => `NOT-${word}`);
const UNITS = "M KM FT MI";
/** Words of the manual that are data for the method, or are not offered. */
const ELSEWHERE = {
  // Any of the predicates, which is the default.
  ARGREP: "OR",
  ARINFO: "FULL",
  BITFIELD: "GET SET OVERFLOW WRAP SAT FAIL",
  BITFIELD_RO: "GET",
  BGSAVE: "CANCEL",
  "CLIENT KILL": [TYPES, ...CLIENTS, ...NOT_CLIENTS].join(" "),
  "CLIENT LIST": [TYPES, "USER ADDR LADDR SKIPME YES NO MAXAGE", ...CLIENTS, ...NOT_CLIENTS].join(" "),
  GEODIST: UNITS,
  GEOSEARCH: `${UNITS} BYPOLYGON`,
  GEOSEARCHSTORE: `${UNITS} BYPOLYGON`,
  "HOTKEYS START": "CPU NET SLOTS",
  HSETEX: "NX XX",
  // It blocks.
  XREAD: "BLOCK",
  XREADGROUP: "BLOCK",
  ZSCAN: "NOSCORES",
};
