//! Commands made from the documentation that a server has of them.

use redmux_resp::{Value, commands::CommandSpec};

use crate::{
    link::{Link, Words},
    random::Random,
    world::Names,
};

/// All commands of a server, each as often as it is worth trying
pub(crate) struct Grammar {
    commands: Vec<Command>,
    weighted: Vec<usize>,
}

struct Command {
    name: Vec<String>,
    /// The type of keys that it is for.
    kind: &'static str,
    /// Its keys are behind a keyword.
    has_keyword: bool,
    arguments: Vec<Argument>,
}

struct Argument {
    kind: String,
    name: String,
    token: Option<String>,
    optional: bool,
    multiple: bool,
    arguments: Vec<Self>,
}

/// Words that mean something somewhere.
const KEYWORDS: &[&str] = &[
    "STREAMS",
    "streams",
    "GROUP",
    "group",
    "GET",
    "get",
    "STORE",
    "STOREDIST",
    "store",
    "BY",
    "COUNT",
    "count",
    "BLOCK",
    "NOACK",
    "CLAIM",
    "KEYS",
    "MATCH",
    "TYPE",
    "DB",
    "REPLACE",
    "COPY",
    "LIMIT",
    "ASC",
    "ALPHA",
    "WEIGHTS",
    "AGGREGATE",
    "SUM",
    "INCR",
    "NX",
    "XX",
    "CH",
    "IFEQ",
    "JUSTID",
    "FORCE",
    "WITHSCORES",
    "LEFT",
    "RIGHT",
    "MIN",
    "MAX",
    "BCAST",
    "PREFIX",
    "ON",
    "OFF",
    "REDIRECT",
    "AUTH",
    "FIELDS",
    "EX",
    "PERSIST",
    "OVERRIDE",
    "FILTER",
    "LABELS",
    "STREAM",
    "g",
    "gx",
    "s",
    "st",
    "co",
    "l",
];
const VALUES: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "+1",
    "01",
    "0-0",
    "1-1",
    ">",
    "$",
    "*",
    "-",
    "+",
    "(1",
    "0.5",
    "13",
    "38",
    "km",
    "u8",
    "f",
    "m",
    "x",
    "100",
    "18446744073709551615",
    "",
];
const PATTERNS: &[&str] = &[
    "*", "r:*", "b:*", "g*", "st*", "w:*", "z:*", "z*->f", "r:*->f", "#", "nosort", "news.*",
    "[a-z]*", "r:[x]*", "?",
];
const GROUPS: &[&str] = &["g", "g", "gx", "streams"];
const CONSUMERS: &[&str] = &["x", "g", "st"];
const SLY: &[&str] = &["streams", "streams", "group", "store", "st", "stx", "gx", "get"];
const IDS: &[&str] = &["0", "0-0", "1-1", ">", "$", "-", "+"];
const CHANNELS: &[&str] = &["news.a", "chat.a", "other"];

impl Grammar {
    pub(crate) fn of(link: &mut Link) -> Self {
        let mut commands = Vec::new();
        let all = link.ask_line("COMMAND DOCS");
        let mut todo: Vec<(String, Value)> = pairs(&all).collect();
        while let Some((name, doc)) = todo.pop() {
            let names: Vec<String> = name.split('|').map(str::to_uppercase).collect();
            let group = get(&doc, "group").and_then(Value::as_str).unwrap_or_default();
            let kind = kind(&names[0], group);
            let has_keyword = column(&names).is_some_and(|column| column.contains('@'));
            let arguments = arguments(&doc);
            commands.push(Command { name: names, kind, has_keyword, arguments });
            if let Some(subcommands) = get(&doc, "subcommands") {
                todo.extend(pairs(subcommands));
            }
        }
        commands.sort_by(|one, other| one.name.cmp(&other.name));
        assert!(commands.len() > 250, "only {} commands", commands.len());
        let weight = |command: &Command| match column(&command.name) {
            None | Some("-") => 1,
            // Where keys move there is most to get wrong.
            Some(_) if command.has_keyword => 24,
            Some(column) if column.contains('#') => 16,
            Some(_) if command.kind == "stream" => 10,
            Some(_) => 4,
        };
        let all = commands.iter().enumerate();
        let weighted = all.flat_map(|(at, command)| vec![at; weight(command)]).collect();
        Self { commands, weighted }
    }

    /// A command, more or less as it should be.
    pub(crate) fn make(&self, random: &mut Random, names: &Names<'_>) -> Words {
        let command = &self.commands[self.weighted[random.below(self.weighted.len())]];
        let mut words: Vec<String> = command.name.clone();
        let sly = command.has_keyword && random.percent(50);
        let mut maker = Maker { random, names, kind: command.kind, number: None, sly };
        command.arguments.iter().for_each(|argument| maker.add(argument, &mut words));
        while maker.random.percent(35) {
            maker.mutate(&mut words, command.name.len());
        }
        words.into_iter().map(String::into_bytes).collect()
    }
}

struct Maker<'r> {
    random: &'r mut Random,
    names: &'r Names<'r>,
    kind: &'static str,
    /// How many keys were announced, or given: as many of something else often follow.
    number: Option<usize>,
    /// Whatever can be is called like a keyword.
    sly: bool,
}

impl Maker<'_> {
    fn add(&mut self, argument: &Argument, words: &mut Vec<String>) {
        if argument.optional && self.random.percent(60) {
            return;
        }
        let times = match argument.multiple {
            true => self.number.unwrap_or_else(|| 1 + self.random.below(2)),
            false => 1,
        };
        if argument.multiple {
            self.number = Some(times);
        }
        for time in 0..times {
            if let Some(token) = argument.token.as_ref().filter(|_| time == 0) {
                words.push(if self.sly { token.to_lowercase() } else { token.clone() });
            }
            let word = match argument.kind.as_str() {
                "pure-token" => continue,
                "oneof" => {
                    let one = self.random.below(argument.arguments.len());
                    self.add(&argument.arguments[one], words);
                    continue;
                }
                "block" => {
                    argument.arguments.iter().for_each(|part| self.add(part, words));
                    continue;
                }
                "key" => self.names.pick(self.random, self.kind),
                "pattern" => self.random.pick(PATTERNS),
                "integer" if argument.name == "numkeys" => {
                    let number = 1 + self.random.below(2);
                    self.number = Some(number);
                    words.push(number.to_string());
                    continue;
                }
                "string" if self.sly => self.random.pick(SLY),
                _ if argument.name.contains("group") => self.random.pick(GROUPS),
                _ if argument.name.contains("consumer") => self.random.pick(CONSUMERS),
                _ if argument.name.contains("idle") => "0",
                _ if argument.name == "id" || argument.name == "start" => self.random.pick(IDS),
                "integer" | "double" | "unix-time" => self.random.pick(&VALUES[..6]),
                _ if argument.name.contains("channel") => self.random.pick(CHANNELS),
                _ if self.random.percent(30) => self.random.pick(KEYWORDS),
                _ if self.random.percent(30) => self.names.pick(self.random, self.kind),
                _ => self.random.pick(VALUES),
            };
            words.push(word.to_owned());
        }
    }

    fn mutate(&mut self, words: &mut Vec<String>, from: usize) {
        let word = match self.random.below(4) {
            0 => self.random.pick(KEYWORDS),
            1 => self.random.pick(VALUES),
            2 => self.random.pick(PATTERNS),
            _ => self.names.pick(self.random, self.kind),
        };
        let place = from + self.random.below(words.len() - from + 1);
        match self.random.below(6) {
            0 => words.insert(place, word.to_owned()),
            1 if place < words.len() => drop(words.remove(place)),
            2 if place < words.len() => words[place] = word.to_owned(),
            3 if place + 1 < words.len() => words.swap(place, place + 1),
            4 => {
                // Options are often given twice.
                let end = words.len().min(place + 1 + self.random.below(3));
                let again = words[place.min(end)..end].to_vec();
                let at = from + self.random.below(words.len() - from + 1);
                words.splice(at..at, again);
            }
            5 if place < words.len() => words[place] = words[place].to_lowercase(),
            _ => words.push(word.to_owned()),
        }
    }
}

fn column(name: &[String]) -> Option<&'static str> {
    CommandSpec::find(&name[0], name.get(1).map(String::as_str)).map(CommandSpec::key_column)
}

/// The type of keys that a command is for, by the server's group or a module's name.
fn kind(name: &str, group: &str) -> &'static str {
    let module = name.split_once('.').map(|(module, _)| module);
    match (module, group) {
        (Some("JSON"), _) => "json",
        (Some("TS"), _) => "series",
        (Some("BF"), _) => "bloom",
        (Some("CF"), _) => "cuckoo",
        (Some("CMS"), _) => "sketch",
        (Some("TOPK"), _) => "top",
        (Some("TDIGEST"), _) => "digest",
        (_, "string" | "bitmap") => "string",
        (_, "list") => "list",
        (_, "hash") => "hash",
        (_, "set") => "set",
        (_, "sorted-set" | "sorted_set") => "zset",
        (_, "stream") => "stream",
        (_, "geo") => "geo",
        (_, "hyperloglog") => "hll",
        _ if name.starts_with('V') => "vectors",
        _ => "",
    }
}

fn arguments(doc: &Value) -> Vec<Argument> {
    let list = get(doc, "arguments").and_then(Value::as_slice).unwrap_or_default();
    let of = |doc: &Value| {
        let text = |field| get(doc, field).and_then(Value::as_str).map(str::to_owned);
        let flags = get(doc, "flags").and_then(Value::as_slice).unwrap_or_default();
        let has = |flag: &str| flags.iter().any(|one| one.as_str() == Some(flag));
        Argument {
            kind: text("type").unwrap_or_default(),
            name: text("name").unwrap_or_default(),
            token: text("token"),
            optional: has("optional"),
            multiple: has("multiple"),
            arguments: arguments(doc),
        }
    };
    list.iter().map(of).collect()
}

/// A map, which is a list in RESP2.
fn pairs(map: &Value) -> impl Iterator<Item = (String, Value)> {
    let list = map.as_slice().unwrap();
    list.chunks_exact(2).map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()))
}

fn get<'a>(map: &'a Value, field: &str) -> Option<&'a Value> {
    let mut pairs = map.as_slice()?.chunks_exact(2);
    pairs.find(|pair| pair[0].as_str() == Some(field)).map(|pair| &pair[1])
}
