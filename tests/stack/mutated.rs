//! Commands that are nearly right: whatever the server makes of them, each reply goes to its command.
//!
//! The recorded commands of all modules, with words changed, left out, doubled and exchanged, on a live server and between
//! commands whose replies are known. `REDMUX_MUTATED` says how many; `REDMUX_MUTATED_SEED` where to begin.

use std::{env, process::Command, time::Duration};

use futures::future::join;
use redmux::{ConnectionMultiplexer, Database, Error, ErrorKind, Options, resp::Value};
use redmux_test_support::{RedisServer, model::Random};

use crate::{recordings::read, redis_stack, redis_stack_7_2};

/// How many commands there are for each server and protocol if nothing is said.
const COMMANDS: u64 = 10_000;

/// How many are on their way at once.
const TOGETHER: u64 = 50;

const RECORDINGS: [&str; 8] = [
    include_str!("recorded/json.jsonl"),
    include_str!("recorded/search.jsonl"),
    include_str!("recorded/search-params.jsonl"),
    include_str!("recorded/timeseries.jsonl"),
    include_str!("recorded/bloom.jsonl"),
    include_str!("recorded/cms.jsonl"),
    include_str!("recorded/tdigest.jsonl"),
    include_str!("recorded/topk.jsonl"),
];

/// Words in place of others. No number is so great that a sketch of this size fills the machine.
const WORDS: [&str; 28] = [
    "",
    "0",
    "1",
    "-1",
    "2",
    "3",
    "100",
    "1e3",
    "0.5",
    "nan",
    "-inf",
    "x",
    "*",
    "$",
    ".",
    "$.*",
    "..a",
    "@",
    "{",
    "\"",
    "\r\n",
    "+OK\r\n",
    "-ERR\r\n$-1\r\n",
    "\0",
    "é",
    "LIMIT",
    "PARAMS",
    "AS",
];

/// Changes a command in one to three places behind its name.
fn mutate(words: &mut Vec<String>, random: &mut Random) {
    for _ in 0..=below(random, 3) {
        let at = 1 + below(random, words.len());
        match below(random, 6) {
            0 if at < words.len() => drop(words.remove(at)),
            1 if at < words.len() => words.insert(at, words[at].clone()),
            2 if at < words.len() => {
                let other = 1 + below(random, words.len() - 1);
                words.swap(at, other);
            }
            3 if at < words.len() => {
                let word = &mut words[at];
                let place = word.char_indices().nth(below(random, word.len() + 1));
                let place = place.map_or(word.len(), |(place, _)| place);
                word.insert_str(place, random.pick(&WORDS));
            }
            4 if at < words.len() => words[at] = random.pick(&WORDS).to_owned(),
            _ => words.insert(at.min(words.len()), random.pick(&WORDS).to_owned()),
        }
    }
}

fn below(random: &mut Random, end: usize) -> usize {
    random.below(end as u64) as usize
}

/// What would end this server, or wait, and says nothing about replies.
fn is_left_out(version: &str, words: &[String]) -> bool {
    let name = &*words[0];
    // RediSearch 2.8 writes tags and values with line ends into lines (docs/search.md): the client ends the connection then.
    let breaks = version == "7.2" && words.iter().any(|word| word.contains('\n'));
    breaks ||
    // A parameter in a query whose words are checked ends RediSearch: the typed method refuses it.
    (name == "FT.SPELLCHECK" && words.iter().any(|word| word.contains('$')))
        // Buckets between two times by the million.
        || (name.starts_with("TS.") && words.iter().any(|word| word.eq_ignore_ascii_case("EMPTY")))
        // What is configured holds for all that comes later.
        || (name == "FT.CONFIG" && words.get(1).is_some_and(|word| word == "SET"))
        || !name.contains('.')
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

async fn connect(server: &RedisServer, protocol: u8) -> ConnectionMultiplexer {
    let text = format!("127.0.0.1:{},protocol={protocol}", server.port());
    ConnectionMultiplexer::connect(text.parse::<Options>().unwrap()).await.unwrap()
}

async fn check(server: &RedisServer, version: &str, protocol: u8) {
    let commands: Vec<Vec<String>> =
        RECORDINGS.iter().flat_map(|text| read(text)).map(|recorded| recorded.words).collect();
    assert!(commands.len() > 1_500, "{}", commands.len());
    let count = number("REDMUX_MUTATED").unwrap_or(COMMANDS);
    let mut seed = number("REDMUX_MUTATED_SEED").unwrap_or(1);
    let muxer = connect(server, protocol).await;
    let db = muxer.database();
    let (mut sent, mut served, mut refused, mut crashes) = (0, 0_u64, 0_u64, 0);
    limit_memory(server);
    prepare(&db, version, &commands).await;
    while sent < count {
        let mut random = Random::new(seed);
        let mut some = Vec::new();
        while some.len() < TOGETHER as usize {
            let mut words = commands[below(&mut random, commands.len())].clone();
            mutate(&mut words, &mut random);
            if !is_left_out(version, &words) {
                some.push(words);
            }
        }
        // Between each two a reply that can be no other's.
        let calls = some.iter().enumerate().map(|(at, words)| {
            let marker = format!("{seed}:{at}");
            let call = db.execute::<Value>(words[0].clone(), &words[1..]);
            let echo = db.execute::<String>("ECHO", marker.clone());
            async move {
                let call = call.timeout(Duration::from_secs(30));
                let (reply, echo) = join(call, echo.timeout(Duration::from_secs(30))).await;
                (reply, echo, marker)
            }
        });
        let replies = futures::future::join_all(calls).await;
        // That some of these words end the server is a fault of its own, which nobody can swap a reply by.
        let lost = replies.iter().any(|(_, echo, _)| echo.is_err());
        for _ in 0..if lost { 100 } else { 0 } {
            if server.is_running() {
                async_std::task::sleep(Duration::from_millis(50)).await;
            }
        }
        let crashed = !server.is_running();
        for ((reply, echo, marker), words) in replies.into_iter().zip(&some) {
            let of = || format!("{version}, RESP{protocol}, seed {seed}, {words:?} of {some:?}");
            match echo {
                Ok(echo) => assert_eq!(echo, marker, "{}", of()),
                Err(error) => assert!(crashed, "{error}: {}", of()),
            }
            match reply {
                Ok(Value::Error(_)) => refused += 1,
                Ok(_) => served += 1,
                Err(error) if is_fair(&error) => refused += 1,
                Err(error) => assert!(crashed, "{error}: {}", of()),
            }
        }
        if crashed {
            crashes += 1;
            server.restart();
            limit_memory(server);
            prepare(&db, version, &commands).await;
        }
        sent += TOGETHER;
        seed += 1;
    }
    println!("{version}, RESP{protocol}: {served} served, {refused} refused, {crashes} crashes");
    assert!(served > count / 10 && refused > count / 10, "{served} {refused}");
    muxer.close().await;
}

/// Words that ask for a filter of a terabyte end the server, and not the machine.
fn limit_memory(server: &RedisServer) {
    let id = server.id().unwrap().to_string();
    let limited = Command::new("prlimit").args(["--as=4000000000", "--pid", &id]).status();
    assert!(limited.expect("prlimit, of the package util-linux").success());
}

/// Sends the commands as they were recorded, so that there are keys and indexes.
async fn prepare(db: &Database, version: &str, commands: &[Vec<String>]) {
    for some in commands.chunks(TOGETHER as usize) {
        let some = some.iter().filter(|words| !is_left_out(version, words));
        let calls = some.map(|words| async move {
            let call = db.execute::<Value>(words[0].clone(), &words[1..]);
            drop(call.timeout(Duration::from_secs(30)).await);
        });
        futures::future::join_all(calls).await;
    }
}

/// The server's own error, or the client's refusal.
fn is_fair(error: &Error) -> bool {
    error.kind() == ErrorKind::Server || error.is_rejected()
}

#[async_std::test]
async fn no_reply_is_shifted_by_what_is_nearly_a_command() {
    for (server, version) in [(redis_stack(), "7.4"), (redis_stack_7_2(), "7.2")] {
        for protocol in [2, 3] {
            check(&server, version, protocol).await;
        }
    }
}
