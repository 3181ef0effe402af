// Documentation of commands: from the server's COMMAND DOCS, or from this project's table.

/**
 * Makes of the reply of `COMMAND DOCS` (a map, or in RESP2 a flat array) a `Map` from upper-case names to
 * `{ name, summary, since, group, complexity, args, subcommands }`.
 */
export function docsFromServer(reply) {
  const docs = new Map();
  for (const [name, described] of pairsOf(reply)) add(docs, String(name), described);
  return docs;
}

function add(docs, name, described) {
  const fields = new Map(pairsOf(described));
  const full = name.toUpperCase().replace("|", " ");
  const text = (field) => (typeof fields.get(field) === "string" ? fields.get(field) : "");
  const subcommands = pairsOf(fields.get("subcommands") ?? []);
  docs.set(full, {
    name: full,
    summary: text("summary"),
    since: text("since"),
    group: text("group"),
    complexity: text("complexity"),
    args: (fields.get("arguments") ?? []).map(argument),
    subcommands: subcommands.map(([sub]) => String(sub).toUpperCase().replace(/^.*\|/, "")),
  });
  for (const [sub, of] of subcommands) {
    const whole = String(sub).includes("|") ? String(sub) : `${name}|${sub}`;
    add(docs, whole, of);
  }
}

function argument(reply) {
  const fields = new Map(pairsOf(reply));
  const flags = [...(fields.get("flags") ?? [])].map(String);
  return {
    name: fields.get("display_text") ?? fields.get("name") ?? "",
    type: fields.get("type") ?? "string",
    token: fields.get("token") ?? null,
    optional: flags.includes("optional"),
    multiple: flags.includes("multiple") || flags.includes("multiple_token"),
    repeatsToken: flags.includes("multiple_token"),
    args: (fields.get("arguments") ?? []).map(argument),
  };
}

function pairsOf(reply) {
  if (reply instanceof Map) return [...reply];
  const pairs = [];
  for (let at = 0; at + 1 < (reply?.length ?? 0); at += 2) pairs.push([reply[at], reply[at + 1]]);
  return pairs;
}

/** Makes the same of `commands.json`: `{ NAME: [flags, keys, since, complexity, variables] }`. */
export function docsFromTable(table) {
  const docs = new Map();
  for (const [name, [flags, keys, since, cost, variables]] of Object.entries(table)) {
    const parent = name.includes(" ") ? name.slice(0, name.indexOf(" ")) : null;
    if (parent !== null) {
      if (!docs.has(parent)) docs.set(parent, blank(parent));
      docs.get(parent).subcommands.push(name.slice(parent.length + 1));
    }
    const known = docs.get(name) ?? blank(name);
    const complexity = cost === "-" ? "" : [cost, variables].filter(Boolean).join(", ");
    docs.set(name, { ...known, summary: summaryOf(flags), since, complexity, group: "", args: keyArguments(keys) });
  }
  return docs;
}

function blank(name) {
  return { name, summary: "", since: "", group: "", complexity: "", args: [], subcommands: [] };
}

const FLAGS = [["W", "may write"], ["R", "only reads"], ["B", "may block"], ["A", "for administrators"], ["P", "about channels"], ["D", "dangerous"]];

function summaryOf(flags) {
  const words = FLAGS.filter(([flag]) => flags.includes(flag)).map(([, word]) => word);
  const text = words.join(", ");
  return text && `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** The table has the positions of the keys only. */
function keyArguments(keys) {
  const first = /^1( |\.\.)/.test(keys);
  const rest = { name: "…", type: "string", token: null, optional: true, multiple: false, args: [] };
  return first ? [{ ...rest, name: "key", optional: false, multiple: keys.startsWith("1..") }, rest] : keys === "-" ? [] : [rest];
}

/** The syntax of each argument, as redis-cli shows it: `["key", "value", "[NX|XX]"]`. */
export function syntax(docs) {
  if (docs.subcommands.length > 0 && docs.args.length === 0) return ["subcommand"];
  return docs.args.map(written);
}

function written(arg) {
  let text = inner(arg);
  if (arg.token !== null && arg.type !== "pure-token") text = `${arg.token === "" ? '""' : arg.token} ${text}`;
  if (arg.multiple) {
    const again = arg.repeatsToken || arg.token === null ? text : inner(arg);
    text = `${text} [${again} ...]`;
  }
  return arg.optional ? `[${text}]` : text;
}

function inner(arg) {
  if (arg.type === "pure-token") return arg.token;
  if (arg.type === "oneof") {
    const text = arg.args.map(written).join("|");
    return arg.optional || arg.token === null ? text : `<${text}>`;
  }
  if (arg.type === "block") return arg.args.map(written).join(" ");
  return arg.name;
}

/** Words such as `NX` that may be among the arguments. */
export function tokensOf(docs) {
  const tokens = new Set();
  const visit = (arg) => {
    if (arg.token) tokens.add(arg.token);
    arg.args.forEach(visit);
  };
  docs.args.forEach(visit);
  return [...tokens];
}
