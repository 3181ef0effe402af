//! The table of typed commands in `docs/commands.md`, and what is left out on purpose.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use redmux::{command::CommandSpec, resp::Arg};
use redmux_test_support::RedisServer;

use crate::programs::{redis_8, redis_8_10, valkey_9};

const HEADER: &str = "# Typed commands\n\n\
    Made from the documentation of the methods and the table of commands (`resp/src/commands`):\n\
    `REDMUX_WRITE_DOCS=1 cargo test --test commands table`.\n\n\
    Anything else goes through `ConnectionMultiplexer::execute`. *Since* is that of the method's options where\n\
    they are newer than the command; one number is the version of Redis, and Valkey has it from its beginning.\n\
    *Side effects* say what a second execution could do ([retries](resilience.md)): here of what the method itself sends.\n\
    Options that its caller adds may change it. In a *complexity*, `k` counts as a rule what the caller gives,\n\
    `n` what the server holds, and `m` what the command returns, stores or removes; `-` depends on what it runs.\n\n\
    | command | method of `Database` | since | complexity | side effects |\n|---|---|---|---|---|\n";

/// Commands without a method, and why.
const LEFT_OUT: &[(&str, &[&str])] = &[
    ("`Lease::execute` does it: they are about the writes of one connection", &["wait", "waitaof"]),
    (
        "`Database::transaction` and `Database::watch` do it; by hand, `Lease::execute`",
        &["discard", "exec", "multi", "unwatch", "watch"],
    ),
    (
        "Subscriber does it",
        &["psubscribe", "punsubscribe", "ssubscribe", "subscribe", "sunsubscribe", "unsubscribe"],
    ),
    (
        "the connection does it, as its options say, or they would change it for every caller",
        &[
            "auth",
            "client|caching",
            "client|capa",
            "client|getredir",
            "client|import-source",
            "client|reply",
            "client|setinfo",
            "client|setname",
            "client|tracking",
            "client|trackinginfo",
            "hello",
            "quit",
            "reset",
            "select",
        ],
    ),
    ("`ConnectionMultiplexer::monitor` does it", &["monitor"]),
    ("they take the connection over", &["psync", "replconf", "script|debug", "sync"]),
    (
        "they are for clusters and between servers",
        &[
            "asking",
            "cluster|addslots",
            "cluster|addslotsrange",
            "cluster|bumpepoch",
            "cluster|cancelslotmigrations",
            "cluster|count-failure-reports",
            "cluster|countkeysinslot",
            "cluster|delslots",
            "cluster|delslotsrange",
            "cluster|failover",
            "cluster|flushslot",
            "cluster|flushslots",
            "cluster|forget",
            "cluster|getkeysinslot",
            "cluster|getslotmigrations",
            "cluster|info",
            "cluster|keyslot",
            "cluster|links",
            "cluster|meet",
            "cluster|migrateslots",
            "cluster|migration",
            "cluster|myid",
            "cluster|myshardid",
            "cluster|nodes",
            "cluster|replicas",
            "cluster|replicate",
            "cluster|reset",
            "cluster|saveconfig",
            "cluster|set-config-epoch",
            "cluster|setslot",
            "cluster|shards",
            "cluster|slaves",
            "cluster|slot-stats",
            "cluster|slots",
            "cluster|syncslots",
            "clusterscan",
            "failover",
            "migrate",
            "readonly",
            "readwrite",
            "replicaof",
            "restore-asking",
            "slaveof",
            "trimslots",
            "xidmprecord",
        ],
    ),
    (
        "`Lease::execute` does it: the field sets are those of one connection",
        &["himport|discard", "himport|discardall", "himport|prepare", "himport|set"],
    ),
    (
        "they end or extend the server process",
        &["module|load", "module|loadex", "module|unload", "shutdown"],
    ),
    ("they are for debugging the server", &["debug", "pfdebug", "pfselftest"]),
    (
        "the same with seconds: the methods count in milliseconds",
        &["expire", "expireat", "expiretime", "hexpire", "hexpireat", "hexpiretime", "httl", "ttl"],
    ),
    (
        "deprecated: SET, HSET, GETRANGE, LMOVE, GEOSEARCH and ZRANGE do the same",
        &[
            "georadius",
            "georadius_ro",
            "georadiusbymember",
            "georadiusbymember_ro",
            "getset",
            "hmset",
            "psetex",
            "rpoplpush",
            "setex",
            "setnx",
            "substr",
            "zrevrangebylex",
            "zrevrangebyscore",
        ],
    ),
];

/// A method of `Database`, as its documentation describes it
pub(crate) struct Method {
    pub(crate) name: String,
    /// As in `CONFIG GET`.
    pub(crate) command: String,
    link: String,
    since: String,
    /// What it sends: options as they are written, `x` for each argument.
    words: Vec<String>,
}

#[test]
fn the_table_is_up_to_date() {
    let mut methods = methods();
    methods.sort_by(|one, other| (&one.command, &one.name).cmp(&(&other.command, &other.name)));
    let rows: String = methods.iter().map(row).collect();
    let expected = format!("{HEADER}{rows}\n## Left out\n\n{}", left_out());
    let path = root().join("docs/commands.md");
    if env::var_os("REDMUX_WRITE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/commands.md is stale: REDMUX_WRITE_DOCS=1 cargo test --test commands table"
    );
}

#[async_std::test]
async fn every_command_has_a_method_or_a_reason() {
    let implemented: BTreeSet<String> =
        methods().iter().map(|method| method.command.to_lowercase().replace(' ', "|")).collect();
    let left_out = LEFT_OUT.iter().flat_map(|(_, names)| names.iter().copied());
    let left_out: BTreeSet<&str> = left_out.collect();
    let both: Vec<_> = left_out.iter().filter(|name| implemented.contains(**name)).collect();
    assert!(both.is_empty(), "there are methods for {both:?}: they are not left out");

    let mut known = BTreeSet::new();
    for server in [RedisServer::start(), redis_8(), redis_8_10(), valkey_9()] {
        let listed = server.command(&["COMMAND", "LIST"]).to_lowercase();
        let listed: BTreeSet<&str> = listed.lines().collect();
        let containers: BTreeSet<&str> =
            listed.iter().filter_map(|name| Some(name.split_once('|')?.0)).collect();
        let neither: Vec<_> = listed
            .iter()
            .filter(|name| !containers.contains(**name) && !name.ends_with("|help"))
            .filter(|name| !implemented.contains(**name) && !left_out.contains(**name))
            .collect();
        assert!(neither.is_empty(), "neither typed nor left out for a reason: {neither:?}");
        known.extend(listed.into_iter().map(str::to_owned));
    }
    let names = left_out.into_iter().map(str::to_owned).chain(implemented);
    let unknown: Vec<_> = names.filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "no server knows {unknown:?}");
}

fn left_out() -> String {
    let line = |(reason, names): &(&str, &[&str])| {
        let names: Vec<_> =
            names.iter().map(|name| name.to_uppercase().replace('|', " ")).collect();
        format!("- {reason}: {}\n", names.join(", "))
    };
    LEFT_OUT.iter().map(line).collect()
}

/// Methods that return numbers with a sign: what a caller may have counted down, and positions, which
/// commands take from either end. A reply that counts is a `u64`.
const SIGNED: &[&str] = &[
    "bitfield",
    "bitfield_ro",
    "bitpos",
    "bitpos_in",
    "decr",
    "decrby",
    "hincrby",
    "incr",
    "incrby",
    "increx",
    "linsert_after",
    "linsert_before",
    "lpos",
    "lpos_count",
    "lpos_with",
    "zrank",
    "zrank_with_score",
    "zrevrank",
    "zrevrank_with_score",
];

#[test]
fn what_counts_has_no_sign() {
    let mut signed = BTreeSet::new();
    for file in sources(&root().join("src/database")) {
        for method in fs::read_to_string(&file).unwrap().split("\n    pub fn ").skip(1) {
            let signature = method.split('{').next().unwrap();
            let reply = signature.split_once("-> Call<").map_or("", |(_, reply)| reply);
            if reply.contains("i64") {
                signed.insert(signature[..signature.find(['<', '(']).unwrap()].to_owned());
            }
        }
    }
    assert_eq!(signed.iter().map(String::as_str).collect::<Vec<_>>(), SIGNED);
}

fn row(method: &Method) -> String {
    let Method { name, command, link, since, words } = method;
    let words: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
    let spec = CommandSpec::of(&words).unwrap_or_else(|| panic!("{command} is not in the table"));
    let docs = spec.docs();
    let complexity = match docs.variables {
        "" => docs.complexity.to_owned(),
        variables => format!("{}, {variables}", docs.complexity),
    };
    let since = if since.is_empty() { docs.since } else { since };
    let effects = spec.side_effects(&words);
    format!("| [{command}]({link}) | `{name}` | {since} | {complexity} | {effects:?} |\n")
}

pub(crate) fn methods() -> Vec<Method> {
    let mut methods = Vec::new();
    for file in sources(&root().join("src/database")) {
        let text = fs::read_to_string(&file).unwrap();
        for block in text.split("\nimpl Database {\n").skip(1) {
            let block = block.split("\n}\n").next().unwrap();
            // A method begins with its documentation, after an empty line.
            for item in block.split("\n\n") {
                methods.extend(method(item, &file));
            }
        }
    }
    assert!(methods.len() > 300, "only {} methods were found", methods.len());
    methods
}

/// The method that `item` is, if it is a public one with its documentation.
fn method(item: &str, file: &Path) -> Option<Method> {
    let (_, signature) = item.split_once("    pub fn ")?;
    let name = &signature[..signature.find(['<', '('])?];
    // What blocks leases a connection first, and is no `Call` therefore.
    if !signature.contains("-> Call<") && !signature.contains("self.block(") {
        // Built from commands: a stream of items, a run of a script, a lock.
        return None;
    }
    if name == "execute" || name == "execute_blocking" {
        // Any command.
        return None;
    }
    let fail = |why: &str| -> ! { panic!("{} in {}: {why}", name, file.display()) };
    if signature.contains("    pub fn ") {
        fail("an empty line is missing behind it");
    }
    let docs: Vec<&str> =
        item.lines().filter_map(|line| line.trim_start().strip_prefix("///")).collect();
    let docs: String = docs.iter().flat_map(|line| [line.trim(), " "]).collect();
    let linked = docs
        .split_once("See [")
        .and_then(|(_, see)| see.split_once("]("))
        .and_then(|(command, rest)| rest.split_once(')').map(|(link, rest)| (command, link, rest)));
    let Some((command, link, rest)) = linked else { fail("no link to the command") };
    let page = command.to_lowercase().replace(' ', "-");
    let right = [
        format!("https://redis.io/docs/latest/commands/{page}/"),
        format!("https://valkey.io/commands/{page}/"),
    ];
    if !right.iter().any(|right| right == link) {
        fail("the link is not that of the command");
    }
    let body = signature;
    let sends = command.split(' ').all(|word| body.contains(&format!("\"{word}\"")));
    if !sends && !body.contains(&format!("self.{name}_with(")) {
        fail("it does not send the command that it links to");
    }
    let since = rest.split_once("Since ").map_or("", |(_, since)| since);
    let since = since.split([';', ',']).next().unwrap();
    let since = since.split(". ").next().unwrap().trim().trim_end_matches('.');
    let mut words = sent(body, command);
    // Its operations are all that there is to it: the worst of them.
    if command == "BITFIELD" {
        words.push("INCRBY".to_owned());
    }
    Some(Method {
        words,
        name: name.to_owned(),
        command: command.to_owned(),
        link: link.to_owned(),
        since: since.to_owned(),
    })
}

/// The words that a method with this body sends, as far as it says.
fn sent(body: &str, command: &str) -> Vec<String> {
    let mut words: Vec<String> = command.split(' ').map(str::to_owned).collect();
    let last = format!("\"{}\"", words.last().unwrap());
    let Some((_, mut rest)) = body.split_once(&last) else { return words };
    // As in `named!("SET")`.
    rest = rest.strip_prefix(')').unwrap_or(rest);
    let mut depth = 0;
    while let Some(next) = rest.chars().next() {
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        match next {
            '(' => depth += 1,
            // The subcommand is in a list of its own.
            ')' if depth == 0 && command.contains(' ') && rest.starts_with("))") => break,
            ')' if depth == 0 && !command.contains(' ') => break,
            ')' => depth -= 1,
            '"' => {
                let (literal, behind) = rest[1..].split_once('"').unwrap();
                words.push(literal.to_owned());
                rest = behind;
                continue;
            }
            _ if name > 0 => {
                let behind = &rest[name..];
                if !behind.starts_with(['(', '.', ':', '!']) {
                    words.push("x".to_owned());
                }
                rest = behind;
                continue;
            }
            ';' => break,
            _ => {}
        }
        rest = &rest[next.len_utf8()..];
    }
    words
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(sources(&path)),
            false => files.push(path),
        }
    }
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
