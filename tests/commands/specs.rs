//! The table of commands against what real servers say of theirs.

use std::collections::{BTreeMap, BTreeSet};

use redmux::{
    ConnectionMultiplexer, Options,
    command::{CommandSpec, KeyAccess},
    resp::{Arg, Protocol, Value},
};
use redmux_test_support::RedisServer;

use crate::programs::{redis_8, redis_8_10, valkey_9};

/// What a server says of one of its commands
pub(crate) struct Known {
    arity: i64,
    pub(crate) flags: BTreeSet<String>,
    /// In the words of the table.
    pub(crate) keys: String,
    /// Hints for clients of several servers, such as `request_policy:all_shards`.
    pub(crate) tips: BTreeSet<String>,
}

/// Keys that servers do not declare, or not where they are.
const BETTER: &[(&str, &str)] = &[
    // Declared as unknown: the keyword may be anywhere.
    ("SORT", "1 r, STORE@2 w"),
    // Declared as looked for from the end, where a key may be called like the keyword.
    ("MIGRATE", "3 rw, KEYS@6.. rw"),
    // Declared as writes only, though they give back what entries hold.
    ("XAUTOCLAIM", "1 rw"),
    ("XCLAIM", "1 rw"),
    // Declared as a read, though it moves the group on, for all its consumers.
    ("XREADGROUP", "STREAMS@4..half rw"),
    // Whether it deletes tells what the value is to a caller that guesses.
    ("DELIFEQ", "1 rw"),
    ("DELEX", "1 rw"),
];

#[async_std::test]
async fn the_table_says_what_servers_say() {
    let servers = [
        (RedisServer::start(), ""),
        (redis_8(), "Redis"),
        (redis_8_10(), "Redis"),
        (valkey_9(), "Valkey"),
    ];
    let mut known = BTreeSet::new();
    let mut wrong = Vec::new();
    for (server, product) in &servers {
        let muxer = connect(server).await;
        let docs = docs(&muxer).await;
        for (name, says) in commands(&muxer).await {
            let (first, second) = split(&name);
            let Some(spec) = CommandSpec::find(first, second).filter(|spec| spec.name() == name)
            else {
                wrong.push(format!("{name} is not in the table"));
                continue;
            };
            known.insert(name.clone());
            // What is older may have had less.
            if product.is_empty() {
                continue;
            }
            let mut check = |what: &str, ours: &str, theirs: &str| {
                if ours != theirs {
                    wrong.push(format!("{name}: {what}: {ours:?} is {theirs:?} on {product}"));
                }
            };
            for (what, ours, flag) in [
                ("writes", spec.is_write(), "write"),
                ("reads", spec.is_read_only(), "readonly"),
                ("blocks", spec.may_block(), "blocking"),
                ("admin", spec.is_admin(), "admin"),
                ("pubsub", spec.is_pubsub(), "pubsub"),
                ("dangerous", spec.is_dangerous(), "@dangerous"),
            ] {
                check(what, &ours.to_string(), &says.flags.contains(flag).to_string());
            }
            // Only the patterns of SORT_RO move.
            let movable = spec.has_movable_keys() || name == "SORT_RO";
            check("movable", &movable.to_string(), &says.flags.contains("movablekeys").to_string());
            let better = BETTER.iter().find(|(command, _)| *command == name);
            let column = better.map_or(says.keys.as_str(), |(_, keys)| *keys);
            // Modules do not say what they do with a key.
            let theirs = match says.flags.contains("module") {
                true if spec.is_write() => column.replace("rw", "w"),
                true => column.replace("rw", "r"),
                false => column.to_owned(),
            };
            check("keys", spec.key_column(), &theirs);
            if let Some((since, complexity)) =
                docs.get(&name).filter(|(since, _)| !since.is_empty())
            {
                let ours = spec.docs();
                let of_product = ours
                    .since
                    .split(", ")
                    .find_map(|part| part.strip_prefix(product).map(str::trim_start));
                check("since", of_product.unwrap_or(ours.since), since);
                if *product == "Redis" && !agree(ours.complexity, complexity) {
                    check("complexity", ours.complexity, complexity);
                }
            }
        }
    }
    for spec in CommandSpec::all().filter(|spec| !spec.name().contains('.')) {
        if !known.contains(spec.name()) {
            wrong.push(format!("no server knows {}", spec.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether our notation agrees with the server's sentence: that the cost is constant, and that
/// there are logarithms in it.
fn agree(ours: &str, theirs: &str) -> bool {
    if ours == "-" || theirs.is_empty() {
        return true;
    }
    // `O(1) for each key` is not constant.
    let constant = match ours {
        "O(1)" => theirs.starts_with("O(1)"),
        _ => theirs != "O(1)",
    };
    let theirs = theirs.to_lowercase();
    let logarithm = ["log(", "log n", "log m"].iter().any(|log| theirs.contains(log));
    constant && ours.contains("log") == logarithm
}

/// One invocation of each command whose keys are not simply at fixed places.
const INVOCATIONS: &[&str] = &[
    "BITFIELD k GET u8 0",
    "BITFIELD k SET u8 0 1",
    "BITOP AND d a b",
    "BLMPOP 0 2 a b LEFT COUNT 2",
    "BLPOP a b 0",
    "BRPOP a b 0",
    "BZMPOP 0 2 a b MIN",
    "BZPOPMAX a b 0",
    "BZPOPMIN a b 0",
    "DEL a b c",
    "DELEX k IFEQ v",
    "EVAL script 2 a b c",
    "EVALSHA digest 1 a b",
    "EVALSHA_RO digest 1 a b",
    "EVAL_RO script 2 a b c",
    "EXISTS a b",
    "FCALL f 1 a b",
    "FCALL_RO f 1 a b",
    "GEORADIUS k 1 2 3 m COUNT 4 STORE d",
    "GEORADIUSBYMEMBER k member 3 m STOREDIST d",
    "LCS a b LEN",
    "LMPOP 2 a b LEFT COUNT 2",
    "MGET a b c",
    "MIGRATE host 6379 k 0 1000 COPY",
    "MIGRATE host 6379 \"\" 0 1000 AUTH KEYS KEYS a b",
    "MSET a 1 b 2",
    "MSETEX 2 a 1 b 2 NX",
    "MSETNX a 1 b 2",
    "PFCOUNT a b",
    "PFMERGE d a b",
    "SDIFF a b",
    "SDIFFCARD 2 a b LIMIT 1",
    "SDIFFSTORE d a b",
    "SET k v EX 10",
    "SET k v NX GET",
    "SINTER a b",
    "SINTERCARD 2 a b LIMIT 1",
    "SINTERSTORE d a b",
    "SORT k BY store GET store LIMIT 0 1 STORE d",
    "SORT k",
    "SUNION a b",
    "SUNIONCARD 2 a b APPROX LIMIT 1",
    "SUNIONSTORE d a b",
    "TOUCH a b",
    "UNLINK a b",
    "WATCH a b",
    "XREAD COUNT 2 STREAMS a b 0 0",
    "XREADGROUP GROUP g c COUNT 2 STREAMS a b > >",
    "ZDIFF 2 a b WITHSCORES",
    "ZDIFFSTORE d 2 a b",
    "ZINTER 2 a b WEIGHTS 1 2",
    "ZINTERCARD 2 a b LIMIT 1",
    "ZINTERSTORE d 2 a b WEIGHTS 1 2",
    "ZMPOP 2 a b MIN COUNT 2",
    "ZUNION 2 a b WEIGHTS 1 2",
    "ZUNIONSTORE d 2 a b AGGREGATE MAX",
];

#[async_std::test]
async fn keys_are_where_servers_find_them() {
    let mut checked = BTreeSet::new();
    for server in [redis_8(), redis_8_10(), valkey_9()] {
        let muxer = connect(&server).await;
        let known = commands(&muxer).await;
        let lines = invocations(&muxer, &known).await;
        for line in lines {
            let words: Vec<&str> = line.split(' ').map(|word| word.trim_matches('"')).collect();
            let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
            let spec = CommandSpec::of(&args).unwrap();
            if !known.contains_key(spec.name()) {
                continue;
            }
            let ours = spec.keys(&args).unwrap_or_else(|| panic!("{line}: no keys"));
            let ours: BTreeSet<_> = ours
                .iter()
                .filter(|key| key.access != KeyAccess::Slot)
                .map(|key| (words[key.index].to_owned(), key.access.reads(), key.access.writes()))
                .collect();
            if ours.is_empty() {
                continue;
            }
            let theirs: Vec<(String, BTreeSet<String>)> = muxer
                .execute("COMMAND", [vec!["GETKEYSANDFLAGS"], words].concat())
                .await
                .unwrap_or_else(|error| panic!("{line}: {error}"));
            let theirs: BTreeSet<_> = theirs
                .into_iter()
                .map(|(key, flags)| {
                    let only_read = flags.contains("RO");
                    (key, only_read || flags.contains("access"), !only_read)
                })
                .collect();
            match known[spec.name()].flags.contains("module") {
                true => assert!(ours.iter().map(|key| &key.0).eq(theirs.iter().map(|key| &key.0))),
                false if BETTER.iter().any(|(better, _)| *better == spec.name()) => {
                    assert!(ours.iter().map(|key| &key.0).eq(theirs.iter().map(|key| &key.0)));
                }
                false => assert_eq!(ours, theirs, "{line}"),
            }
            checked.insert(spec.name());
        }
    }
    let keyed = CommandSpec::all().filter(|spec| {
        let column = spec.key_column();
        !spec.name().contains('.') && column != "-" && !column.ends_with('s')
    });
    let missed: Vec<_> =
        keyed.map(CommandSpec::name).filter(|name| !checked.contains(name)).collect();
    assert!(missed.is_empty(), "not checked: {missed:?}");
}

/// One invocation of each of these commands that has keys.
pub(crate) async fn invocations(
    muxer: &ConnectionMultiplexer,
    known: &BTreeMap<String, Known>,
) -> Vec<String> {
    let mut lines: Vec<String> = INVOCATIONS.iter().map(|line| (*line).to_owned()).collect();
    for spec in CommandSpec::all() {
        let column = spec.key_column();
        let by_hand = INVOCATIONS.iter().any(|line| line.split(' ').next() == Some(spec.name()));
        if known.contains_key(spec.name())
            && !by_hand
            && !column.contains(['.', '#', '@', '?', '-'])
        {
            // A value wherever nothing says what is there.
            let words = known[spec.name()].arity.unsigned_abs().max(column.len() as u64 / 4 + 2);
            let mut line = spec.name().to_owned();
            for index in line.split(' ').count()..=words as usize {
                line += &format!(" w{index}");
            }
            while spec.name() != line && says_too_many(muxer, &line).await {
                line.truncate(line.rfind(' ').unwrap());
            }
            lines.push(line);
        }
    }
    lines
}

/// Whether the server takes fewer words for this command.
async fn says_too_many(muxer: &ConnectionMultiplexer, line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    let keys = muxer.execute::<Vec<String>>("COMMAND", [vec!["GETKEYS"], words].concat()).await;
    keys.is_err_and(|error| error.to_string().contains("Invalid number of arguments"))
}

pub(crate) async fn connect(server: &RedisServer) -> ConnectionMultiplexer {
    // Everything is a list in RESP2.
    let options = Options::new(server.addr().to_string()).protocol(Protocol::Resp2);
    ConnectionMultiplexer::connect(options).await.unwrap()
}

/// All commands but those that are nothing without a subcommand.
pub(crate) async fn commands(muxer: &ConnectionMultiplexer) -> BTreeMap<String, Known> {
    let mut known = BTreeMap::new();
    let mut add = |info: &Value| {
        let info = info.as_slice().unwrap();
        let name = text(&info[0]).to_uppercase().replace('|', " ");
        let subcommands = info[9].as_slice().unwrap();
        if subcommands.is_empty() || name == "COMMAND" {
            let flags = [&info[2], &info[6]].into_iter().flat_map(|list| list.as_slice().unwrap());
            let keys: Vec<String> = info[8].as_slice().unwrap().iter().filter_map(column).collect();
            let says = Known {
                arity: info[1].as_i64().unwrap(),
                flags: flags.map(|flag| text(flag).to_owned()).collect(),
                keys: if keys.is_empty() { "-".to_owned() } else { keys.join(", ") },
                tips: info[7].as_slice().unwrap().iter().map(|tip| text(tip).to_owned()).collect(),
            };
            known.insert(name, says);
        }
        subcommands.to_vec()
    };
    let all: Vec<Value> = muxer.execute("COMMAND", ()).await.unwrap();
    for info in &all {
        for subcommand in add(info) {
            add(&subcommand);
        }
    }
    assert!(known.len() > 300);
    known
}

/// Since when there is each command, and its complexity.
async fn docs(muxer: &ConnectionMultiplexer) -> BTreeMap<String, (String, String)> {
    let all: Vec<Value> = muxer.execute("COMMAND", ["DOCS"]).await.unwrap();
    let mut docs = BTreeMap::new();
    let mut todo = all;
    while let (Some(doc), Some(name)) = (todo.pop(), todo.pop()) {
        let name = text(&name).to_uppercase().replace('|', " ");
        let of = |field: &str| get(&doc, field).map(text).unwrap_or_default().to_owned();
        docs.insert(name, (of("since"), of("complexity")));
        if let Some(subcommands) = get(&doc, "subcommands") {
            todo.extend(subcommands.as_slice().unwrap().iter().cloned());
        }
    }
    docs
}

/// The specification of a key in the words of the table; `None` if the server does not tell.
fn column(spec: &Value) -> Option<String> {
    let flags: BTreeSet<&str> = get(spec, "flags")?.as_slice()?.iter().map(text).collect();
    let (begin, find) = (get(spec, "begin_search")?, get(spec, "find_keys")?);
    let number =
        |of: &Value, field| get(get(of, "spec").unwrap(), field).unwrap().as_i64().unwrap();
    let last = || number(find, "lastkey");
    let access = match () {
        () if flags.contains("not_key") => "s",
        () if flags.contains("RO") => "r",
        () if flags.contains("access") => "rw",
        () => "w",
    };
    match (text(get(begin, "type")?), text(get(find, "type")?)) {
        ("index", "range") => {
            let first = number(begin, "index");
            let step = match number(find, "keystep") {
                1 => String::new(),
                step => format!("/{step}"),
            };
            Some(match last() {
                0 => format!("{first} {access}"),
                -1 => format!("{first}..{step} {access}"),
                last @ ..-1 => format!("{first}..{}{step} {access}", last + 1),
                1 => format!("{first} {access}, {} {access}", first + 1),
                last => panic!("{last} keys in a row"),
            })
        }
        ("index", "keynum") => {
            let step = match number(find, "keystep") {
                1 => String::new(),
                step => format!("/{step}"),
            };
            Some(format!("{}#{step} {access}", number(begin, "index")))
        }
        ("keyword", "range") => {
            let keyword = text(get(get(begin, "spec")?, "keyword")?);
            let rest = match (last(), number(find, "limit")) {
                (0, _) => "",
                (-1, 2) => "..half",
                _ => "..",
            };
            Some(format!("{keyword}@{}{rest} {access}", number(begin, "startfrom")))
        }
        _ => None,
    }
}

/// A field of a map, which is a list in RESP2.
fn get<'a>(map: &'a Value, field: &str) -> Option<&'a Value> {
    let mut pairs = map.as_slice()?.chunks_exact(2);
    pairs.find(|pair| text(&pair[0]) == field).map(|pair| &pair[1])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once(' ').map_or((name, None), |(first, second)| (first, Some(second)))
}
