//! What the gateway lets pass, against what real servers do with it.
//!
//! Commands are made from each server's own documentation and mutated. What [`Rules::judge`] allows
//! is shown to `ACL DRYRUN` of a user with the same rights, and then executed with all rights: no
//! reply may hold anything of a key that may not be read, and no key may change that may not be
//! written. The seed is fixed; `REDMUX_POLICY_SEED` takes another one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod grammar;
mod link;
mod random;
mod world;

use std::path::{Path, PathBuf};

use redmux_gateway::{Prefixes, Rules};
use redmux_resp::{Arg, commands::CommandSpec};
use redmux_test_support::{Programs, RedisServer};

use grammar::Grammar;
use link::{Link, Words};
use random::Random;
use world::World;

/// Commands that are made for each server; there are four.
const COMMANDS: usize = 25_000;
const SEED: u64 = 20_261_129;
/// Commands that are executed before the keys are looked at.
const BATCH: usize = 100;

#[test]
fn redis_7_0() {
    check("Redis 7.0", std::env::var_os("REDMUX_REDIS_7").map(PathBuf::from));
}

#[test]
fn redis_8_2() {
    check("Redis 8.2", Some(programs().redis_8()));
}

#[test]
fn redis_stack_7_4() {
    check("Redis Stack 7.4", Some(programs().redis_stack()));
}

#[test]
fn valkey_9_1() {
    check("Valkey 9.1", Some(programs().valkey_9()));
}

fn programs() -> Programs {
    Programs::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers"))
}

/// What a policy allows
struct Rights {
    read: &'static [&'static str],
    write: &'static [&'static str],
}

const RIGHTS: [Rights; 4] = [
    Rights { read: &["r:", "b:"], write: &["w:", "b:"] },
    // Keywords begin with these.
    Rights { read: &["g", "st", "co", "k"], write: &["s", "l"] },
    Rights { read: &[], write: &["w:"] },
    Rights { read: &["*"], write: &["w:"] },
];

impl Rights {
    fn rules(&self) -> Rules {
        let listed = CommandSpec::all().map(CommandSpec::name);
        let listed: Vec<&str> = listed.filter(|name| Rules::new([*name]).is_ok()).collect();
        let prefixes = |texts: &[&str]| Prefixes::new(texts.iter().copied()).unwrap();
        Rules::new(listed)
            .unwrap()
            .read(prefixes(self.read))
            .write(prefixes(self.write))
            .subscribe(prefixes(&["news."]))
            .publish(prefixes(&["chat."]))
            .databases(vec![0, 3])
            .scripts_by_acl(true)
    }

    fn may_read(&self, name: &[u8]) -> bool {
        self.read.contains(&"*") || self.read.iter().any(|p| name.starts_with(p.as_bytes()))
    }

    fn may_write(&self, name: &[u8]) -> bool {
        self.write.iter().any(|p| name.starts_with(p.as_bytes()))
    }

    /// A user who may do anything with all of these keys.
    fn acl_of_either(&self) -> Words {
        let begin = "ACL SETUSER either reset on nopass +@all &news.* &chat.*";
        // Nothing may come behind `*`.
        let all = self.read.contains(&"*");
        let keys = self.read.iter().chain(self.write.iter().filter(|_| !all));
        let keys = keys.map(|prefix| format!("~{}*", prefix.trim_end_matches('*')));
        begin.split(' ').map(str::to_owned).chain(keys).map(String::into_bytes).collect()
    }

    /// The same for Redis: patterns with both rights where prefixes overlap.
    fn acl(&self) -> Words {
        let begin = "ACL SETUSER judged reset on nopass +@all &news.* &chat.*";
        let mut words: Vec<String> = begin.split(' ').map(str::to_owned).collect();
        let bare = |prefix: &str| prefix.trim_end_matches('*').to_owned();
        words.extend(self.read.iter().map(|prefix| format!("%R~{}*", bare(prefix))));
        words.extend(self.write.iter().map(|prefix| format!("%W~{}*", bare(prefix))));
        for (read, write) in
            self.read.iter().flat_map(|r| self.write.iter().map(move |w| (bare(r), bare(w))))
        {
            if read.starts_with(&write) {
                words.push(format!("~{read}*"));
            } else if write.starts_with(&read) {
                words.push(format!("~{write}*"));
            }
        }
        words.into_iter().map(String::into_bytes).collect()
    }
}

fn check(name: &str, program: Option<PathBuf>) {
    let mut builder = RedisServer::builder().args(["--enable-debug-command", "yes"]);
    if let Some(program) = program {
        builder = builder.program(program);
    }
    let server = builder.start().unwrap();
    let seed = std::env::var("REDMUX_POLICY_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    let mut random = Random::new(seed);
    let mut link = Link::open(server.addr());
    let grammar = Grammar::of(&mut link);
    let (mut allowed, mut faults) = (0, Vec::new());
    for rights in &RIGHTS {
        let world = World::new(rights);
        let rules = rights.rules();
        world.build(&mut link);
        for user in [rights.acl(), rights.acl_of_either()] {
            assert_eq!(link.ask(&user).as_str(), Some("OK"));
        }
        let (names, mut passed) = (world.names(rights), Vec::<Words>::new());
        for _ in 0..COMMANDS / RIGHTS.len() {
            let words = grammar.make(&mut random, &names);
            let slices: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            if rules.judge(&slices).is_ok() {
                passed.push(words);
            }
        }
        allowed += passed.len();
        for batch in passed.chunks(BATCH) {
            faults.extend(dry_run(&mut link, batch));
            faults.extend(execute(&mut link, &world, rights, batch));
        }
    }
    println!("{name}: {allowed} of {COMMANDS} commands were allowed");
    // Else the test has lost its subject.
    assert!(allowed > COMMANDS / 20, "{name}: only {allowed} of {COMMANDS} were allowed");
    assert!(
        faults.is_empty(),
        "{name}, REDMUX_POLICY_SEED={seed}: {} faults\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// What Redis would not let a user with these rights do.
fn dry_run(link: &mut Link, batch: &[Words]) -> Vec<String> {
    let ask: Vec<Words> = batch
        .iter()
        .map(|words| {
            let mut asked: Words =
                ["ACL", "DRYRUN", user(words)].map(|word| word.as_bytes().to_vec()).into();
            asked.extend(words.iter().cloned());
            asked
        })
        .collect();
    let answers = link.ask_all(&ask);
    let denied = batch.iter().zip(answers).filter_map(|(words, answer)| {
        let answer = String::from_utf8_lossy(&answer).into_owned();
        // No pattern of a server matches the empty name, not even `*`.
        let denied = answer.contains("has no permissions")
            && !answer.starts_with('-')
            && !answer.contains("the '' key");
        denied.then(|| format!("{}: the server says: {}", shown(words), answer.trim()))
    });
    denied.collect()
}

/// The user that a server is asked about: modules do not say what they do with a key, so that it takes
/// everything for a write.
fn user(words: &Words) -> &'static str {
    let module =
        words[0].contains(&b'.') || words[0].first().is_some_and(|v| v.eq_ignore_ascii_case(&b'V'));
    if module { "either" } else { "judged" }
}

/// Executes with all rights, looks at what comes back and at what became of the keys.
fn execute(link: &mut Link, world: &World, rights: &Rights, batch: &[Words]) -> Vec<String> {
    let mut faults = Vec::new();
    world.build(link);
    let before = world.fingerprint(link);
    for (words, answer) in batch.iter().zip(run(link, batch)) {
        faults.extend(
            world.leak(rights, &answer).map(|what| format!("{}: shows {what}", shown(words))),
        );
    }
    if world.changes(link, rights, &before).is_none() {
        return faults;
    }
    // One of them: each for itself now.
    for words in batch {
        world.build(link);
        let before = world.fingerprint(link);
        run(link, std::slice::from_ref(words));
        faults.extend(
            world.changes(link, rights, &before).map(|what| format!("{}: {what}", shown(words))),
        );
    }
    faults
}

fn run(link: &mut Link, batch: &[Words]) -> Vec<Vec<u8>> {
    let word = |text: &str| vec![text.as_bytes().to_vec()];
    let mut sent = Vec::new();
    for words in batch {
        match way(words) {
            Way::Not => sent.push(word("PING")),
            Way::Alone => sent.push(words.clone()),
            Way::InTransaction => sent.extend([word("MULTI"), words.clone(), word("EXEC")]),
        }
    }
    let mut answers = link.ask_all(&sent).into_iter();
    let answered = batch.iter().map(|words| match way(words) {
        Way::InTransaction => [answers.next(), answers.next(), answers.next()]
            .into_iter()
            .flatten()
            .flatten()
            .collect(),
        _ => answers.next().unwrap(),
    });
    answered.collect()
}

/// How a command is executed so that the connection stays what it is
enum Way {
    Not,
    Alone,
    /// Nothing waits there.
    InTransaction,
}

fn way(words: &Words) -> Way {
    let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word)).collect();
    let spec = CommandSpec::of(&args).unwrap();
    match spec.name() {
        "HELLO" | "SELECT" | "MULTI" | "EXEC" | "DISCARD" | "QUIT" => Way::Not,
        name if name.ends_with("SUBSCRIBE") => Way::Not,
        // What scripts do is left to the ACL.
        name if name.starts_with("EVAL")
            || name.starts_with("FCALL")
            || name.starts_with("FUNCTION") =>
        {
            Way::Not
        }
        _ if spec.may_block() => Way::InTransaction,
        _ => Way::Alone,
    }
}

fn shown(words: &Words) -> String {
    let shown = words.iter().map(|word| match word.is_empty() {
        true => "\"\"".to_owned(),
        false => word.escape_ascii().to_string(),
    });
    shown.collect::<Vec<_>>().join(" ")
}
