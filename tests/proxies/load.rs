//! Tasks that write, and what they were told.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_std::task::JoinHandle;
use redmux::{ConnectionMultiplexer, Delivery};
use redmux_test_support::RedisServer;

use crate::{a_while, connects, pass, programs::Proxy};

const TASKS: usize = 16;

/// Tasks that write until the test stops them.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Vec<Told>>>,
}

/// Reloads a proxy (`SIGHUP`) under load: nobody notices, and the connection stays.
pub(crate) async fn reload_unnoticed(
    proxy: &Proxy,
    muxer: &ConnectionMultiplexer,
    server: &RedisServer,
) {
    let load = Load::start(muxer);
    pass(a_while()).await;
    proxy.signal("-HUP");
    pass(a_while()).await;
    let tally = load.finish().await;
    assert_eq!((tally.errors(), connects(muxer)), (0, 1), "{tally:?}");
    tally.hold_against(&[server]);
}

/// What the caller of one write was told
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Done,
    /// With the server's or the proxy's text.
    Answered(String),
    Maybe,
    NotSent,
}

type Told = (String, Outcome);

/// How many writes were told what
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) done: usize,
    pub(crate) answered: HashMap<String, usize>,
    pub(crate) maybe: usize,
    pub(crate) not_sent: usize,
    told: Vec<Told>,
}

impl Load {
    pub(crate) fn start(muxer: &ConnectionMultiplexer) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let tasks = (0..TASKS)
            .map(|task| async_std::task::spawn(write(muxer.clone(), task, stop.clone())))
            .collect();
        Self { stop, tasks }
    }

    pub(crate) async fn finish(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut tally = Tally::default();
        for task in self.tasks {
            tally.told.extend(crate::within(task).await);
        }
        for (_, outcome) in &tally.told {
            match outcome {
                Outcome::Done => tally.done += 1,
                Outcome::Answered(text) => *tally.answered.entry(text.clone()).or_default() += 1,
                Outcome::Maybe => tally.maybe += 1,
                Outcome::NotSent => tally.not_sent += 1,
            }
        }
        assert!(tally.done > 0, "nothing was written: {tally:?}");
        tally
    }
}

/// Each task has a key of its own, whose values begin with the task's number: another task's reply
/// would show.
async fn write(muxer: ConnectionMultiplexer, task: usize, stop: Arc<AtomicBool>) -> Vec<Told> {
    let (list, own) = (format!("marks:{task}"), format!("own:{task}"));
    let mut told = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let mark = format!("{task}-{number}");
        let outcome = match muxer.execute::<i64>("RPUSH", (&list, &mark)).await {
            Ok(_) => Outcome::Done,
            Err(error) => match error.delivery() {
                Delivery::Answered => {
                    Outcome::Answered(error.server().map(ToString::to_string).unwrap_or_default())
                }
                Delivery::NotSent => Outcome::NotSent,
                _ => Outcome::Maybe,
            },
        };
        told.push((mark, outcome));
        let value = format!("{task}:{number}");
        if let Ok(old) = muxer.execute::<Option<String>>("SET", (&own, &value, "GET")).await {
            let old = old.unwrap_or_else(|| format!("{task}:"));
            let (whose, _) = old.split_once(':').unwrap();
            assert_eq!(whose, task.to_string(), "the reply of another task");
        }
        async_std::task::sleep(Duration::from_millis(2)).await;
    }
    told
}

impl Tally {
    pub(crate) fn errors(&self) -> usize {
        self.answered.values().sum::<usize>() + self.maybe + self.not_sent
    }

    /// What was told as not sent, or refused by the server, is on none of these; what was done is
    /// there once on the `last` of them, and nothing is there twice.
    pub(crate) fn hold_against(&self, servers: &[&RedisServer]) {
        self.never_twice(servers);
        let last = marks(servers.last().unwrap());
        for (mark, outcome) in &self.told {
            let found = last.get(mark).copied().unwrap_or_default();
            assert!(*outcome != Outcome::Done || found == 1, "{mark} was lost");
        }
    }

    /// As `hold_against`, where a server may have lost what it had done.
    pub(crate) fn never_twice(&self, servers: &[&RedisServer]) {
        for server in servers {
            let marks = marks(server);
            for (mark, outcome) in &self.told {
                let found = marks.get(mark).copied().unwrap_or_default();
                match outcome {
                    Outcome::NotSent => assert_eq!(found, 0, "{mark} was told as not sent"),
                    Outcome::Answered(text) if text.starts_with("READONLY") => {
                        assert_eq!(found, 0, "{mark}: {text}");
                    }
                    _ => assert!(found <= 1, "{mark} ran {found} times"),
                }
            }
        }
    }
}

fn marks(server: &RedisServer) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    for task in 0..TASKS {
        let list = server.command(&["LRANGE", &format!("marks:{task}"), "0", "-1"]);
        for mark in list.lines().filter(|line| !line.is_empty()) {
            *found.entry(mark.to_owned()).or_default() += 1;
        }
    }
    found
}
