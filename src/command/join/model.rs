//! A command over many slots has the reply, and the effect, that it has on one server.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::join;
use crate::{
    Delivery, Error, ErrorKind, Result,
    command::{
        CommandSpec,
        route::{Split, Target},
    },
    commands::slot_of,
    resp::{Arg, Frame},
};

/// A server that knows the commands that are split, and some that all servers get
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Server {
    keys: BTreeMap<Vec<u8>, Vec<u8>>,
    resp3: bool,
}

fn bulk(text: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", text.len()).as_bytes(), text, b"\r\n"].concat()
}

impl Server {
    fn execute(&mut self, words: &[Arg<'_>]) -> Frame {
        let words: Vec<&[u8]> = words.iter().map(Arg::as_bytes).collect();
        let [name, rest @ ..] = &words[..] else { panic!("a command has a name") };
        let number = |number: usize| format!(":{number}\r\n").into_bytes();
        let list = |items: Vec<Vec<u8>>| {
            [format!("*{}\r\n", items.len()).into_bytes(), items.concat()].concat()
        };
        let bytes = match std::str::from_utf8(name).unwrap() {
            "MGET" => {
                let null = if self.resp3 { &b"_\r\n"[..] } else { b"$-1\r\n" };
                let get = |key: &&[u8]| {
                    self.keys.get(*key).map_or_else(|| null.to_vec(), |value| bulk(value))
                };
                list(rest.iter().map(get).collect())
            }
            "MSET" => {
                for pair in rest.chunks(2) {
                    self.keys.insert(pair[0].to_vec(), pair[1].to_vec());
                }
                b"+OK\r\n".to_vec()
            }
            "MSETEX" => {
                let count: usize = std::str::from_utf8(rest[0]).unwrap().parse().unwrap();
                assert_eq!(rest.len(), 1 + 2 * count + 2, "EX and its number follow");
                for pair in rest[1..=2 * count].chunks(2) {
                    self.keys.insert(pair[0].to_vec(), pair[1].to_vec());
                }
                number(1)
            }
            "DEL" | "UNLINK" => {
                number(rest.iter().filter(|key| self.keys.remove(**key).is_some()).count())
            }
            "EXISTS" | "TOUCH" => {
                number(rest.iter().filter(|key| self.keys.contains_key(**key)).count())
            }
            "DBSIZE" => number(self.keys.len()),
            "KEYS" => list(self.keys.keys().map(|key| bulk(key)).collect()),
            name => panic!("{name}"),
        };
        Frame::copy_from_slice(&bytes)
    }
}

/// Servers that share the slots
struct Cluster(Vec<Server>);

impl Cluster {
    fn of(&mut self, slot: u16) -> &mut Server {
        let count = self.0.len();
        &mut self.0[usize::from(slot) % count]
    }

    fn execute(&mut self, words: &[Arg<'_>]) -> Result<Frame> {
        match Target::of(words)? {
            Target::Slot(slot) => Ok(self.of(slot).execute(words)),
            Target::Split(split) => {
                let outcomes = split.parts.iter().map(|part| {
                    let words = split.words(part, words);
                    let in_slot = |key: &Arg<'_>| slot_of(key.as_bytes()) == part.slot;
                    assert!(words[1..].iter().any(in_slot));
                    Ok(self.of(part.slot).execute(&words))
                });
                let outcomes = outcomes.collect();
                split.join(name(words), outcomes)
            }
            Target::Keyless(_, policy) => {
                let outcomes = self.0.iter_mut().map(|server| Ok(server.execute(words)));
                join(name(words), policy, outcomes.collect(), 0)
            }
            #[allow(unreachable_patterns, reason = "what other targets there are is not for these")]
            _ => panic!("another target"),
        }
    }
}

fn name(words: &[Arg<'_>]) -> &'static str {
    CommandSpec::of(words).expect("it is known").name()
}

/// Words of commands over few keys, some of them in one slot.
fn command() -> impl Strategy<Value = Vec<String>> {
    let key = || "[a-f]|\\{[ab]\\}[a-c]|";
    let keys = |name: &'static str| {
        prop::collection::vec(key(), 1..12).prop_map(move |keys| {
            std::iter::once(name.to_owned()).chain(keys).collect::<Vec<String>>()
        })
    };
    let pairs = || prop::collection::vec((key(), "[a-z]{0,3}"), 1..9);
    let flat = |pairs: Vec<(String, String)>| {
        pairs.into_iter().flat_map(|(key, value)| [key, value]).collect::<Vec<_>>()
    };
    prop_oneof![
        4 => keys("MGET"),
        1 => keys("DEL"),
        1 => keys("UNLINK"),
        1 => keys("EXISTS"),
        1 => keys("TOUCH"),
        4 => pairs().prop_map(move |pairs| [vec!["MSET".to_owned()], flat(pairs)].concat()),
        1 => pairs().prop_map(move |pairs| {
            let head = vec!["MSETEX".to_owned(), pairs.len().to_string()];
            [head, flat(pairs), vec!["EX".to_owned(), "9".to_owned()]].concat()
        }),
        1 => Just(vec!["DBSIZE".to_owned()]),
        1 => Just(vec!["KEYS".to_owned(), "*".to_owned()]),
    ]
}

/// What became of a part
fn outcome() -> impl Strategy<Value = Result<Frame>> {
    let frame = |text: &str| Frame::copy_from_slice(text.as_bytes());
    prop::sample::select(vec![
        Ok(frame("+OK\r\n")),
        Ok(frame("-LOADING not yet\r\n")),
        Ok(frame("-WRONGTYPE no\r\n")),
        Err(Error::new(ErrorKind::ConnectionLost, Delivery::NotSent)),
        Err(Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted)),
    ])
}

proptest! {
    #[test]
    fn many_servers_are_as_one(
        commands in prop::collection::vec(command(), 1..20),
        servers in 1..5usize,
        resp3 in any::<bool>(),
    ) {
        let mut one = Server { resp3, ..Server::default() };
        let mut cluster = Cluster(vec![one.clone(); servers]);
        for words in &commands {
            let words: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
            let expected = one.execute(&words);
            let reply = cluster.execute(&words);
            let reply = reply.map_err(|error| TestCaseError::fail(error.to_string()))?;
            if name(&words) == "KEYS" {
                let sorted = |frame: &Frame| {
                    let mut keys: Vec<String> = frame.decode().unwrap();
                    keys.sort();
                    keys
                };
                prop_assert_eq!(sorted(&reply), sorted(&expected));
            } else {
                prop_assert_eq!(reply.as_bytes(), expected.as_bytes());
            }
        }
        let mut all = BTreeMap::new();
        for server in cluster.0 {
            all.extend(server.keys);
        }
        prop_assert_eq!(all, one.keys);
    }

    #[test]
    fn what_is_said_of_delivery_is_so(outcomes in prop::collection::vec(outcome(), 1..6)) {
        let split = |count: usize| -> Split {
            let words: Vec<String> = (0..count.max(2)).map(|number| number.to_string()).collect();
            let words: Vec<&str> = words.iter().flat_map(|word| [&**word, "v"]).collect();
            let words: Vec<Arg<'_>> = std::iter::once("MSET").chain(words)
                .map(|word| Arg::Bytes(word.as_bytes())).collect();
            match Target::of(&words) {
                Ok(Target::Split(split)) => split,
                other => panic!("{other:?}"),
            }
        };
        let split = split(outcomes.len());
        let ran = |outcome: &Result<Frame>| outcome.as_ref().is_ok_and(|frame| !frame.is_error());
        let may_have_run = |outcome: &Result<Frame>| match outcome {
            Ok(_) => ran(outcome),
            Err(error) => error.delivery() == Delivery::MaybeExecuted,
        };
        let joined = split.join("MSET", outcomes.clone());
        prop_assert_eq!(joined.is_ok(), outcomes.iter().all(ran));
        if let Err(error) = joined {
            let none = !outcomes.iter().any(may_have_run);
            if error.delivery() == Delivery::NotSent || error.is_retryable() {
                prop_assert!(none, "{}", error);
            }
            let open = outcomes.iter().any(|outcome| {
                outcome.as_ref().is_err_and(|error| error.delivery() == Delivery::MaybeExecuted)
            });
            if open {
                prop_assert_eq!(error.delivery(), Delivery::MaybeExecuted);
            }
        }
    }
}
