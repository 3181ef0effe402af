//! What is promised when things break: a real server behind a proxy that breaks them.
//!
//! Each command leaves a mark on the server. What the caller was told is held against the marks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cuts;
mod flow;
mod garbage;
mod restoring;
mod server;
mod silence;
mod soak;
mod stages;
mod subscriptions;

use std::{collections::HashMap, time::Duration};

use futures::{StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Event, Events, Options, Result,
    options::ConstantDelay, resp::Protocol,
};
use redmux_test_support::{FaultProxy, RedisServer, until, within};

const PROTOCOLS: [Protocol; 2] = [Protocol::Resp3, Protocol::Resp2];

/// A server, and the proxy in front of it
struct Rig {
    server: RedisServer,
    proxy: FaultProxy,
}

impl Rig {
    fn start() -> Self {
        Self::of(RedisServer::start())
    }

    fn of(server: RedisServer) -> Self {
        let proxy = FaultProxy::start(server.addr());
        Self { server, proxy }
    }

    /// Through the proxy; quick to come back, and slow to give up.
    fn options(&self) -> Options {
        Options::new(self.proxy.addr().to_string())
            .reconnect_policy(ConstantDelay(Duration::from_millis(2)))
            .command_timeout(Duration::from_secs(20))
            .library_info(false)
    }

    async fn connect(&self) -> ConnectionMultiplexer {
        ConnectionMultiplexer::connect(self.options()).await.unwrap()
    }

    /// Past the proxy.
    async fn connect_directly(&self) -> ConnectionMultiplexer {
        ConnectionMultiplexer::connect(self.server.addr().to_string()).await.unwrap()
    }

    /// The marks that the server has, in the order in which they were made.
    fn marks(&self, list: &str) -> Vec<String> {
        let text = self.server.command(&["LRANGE", list, "0", "-1"]);
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

/// What the caller of `RPUSH list mark` was told; `None` for nothing, by its own choice.
type Told = (String, Option<Result<i64>>);

/// How many were told what
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    done: usize,
    maybe: usize,
    not_sent: usize,
    /// By an error of the server.
    refused: usize,
}

/// Holds what callers were told against what the server has.
///
/// The reply to `RPUSH` is the place of the mark: nobody else's reply would fit.
#[track_caller]
fn hold_against(marks: &[String], told: &[Told]) -> Tally {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, mark) in marks.iter().enumerate() {
        places.entry(mark).or_default().push(place + 1);
    }
    let mut tally = Tally::default();
    for (mark, outcome) in told {
        let found = places.remove(mark.as_str()).unwrap_or_default();
        assert!(found.len() <= 1, "{mark} ran {} times: {outcome:?}", found.len());
        match outcome {
            None => {}
            Some(Ok(place)) => {
                assert_eq!(found, [*place as usize], "{mark} has the wrong reply, or none");
                tally.done += 1;
            }
            Some(Err(error)) => match error.delivery() {
                Delivery::MaybeExecuted => tally.maybe += 1,
                delivery => {
                    assert!(found.is_empty(), "{mark} ran, but was told: {error}");
                    let refused = delivery == Delivery::Answered && error.is_server();
                    assert!(refused || delivery == Delivery::NotSent, "{error:?}");
                    *(if refused { &mut tally.refused } else { &mut tally.not_sent }) += 1;
                }
            },
        }
    }
    assert!(places.is_empty(), "marks of nobody: {places:?}");
    tally
}

/// As [`hold_against`], and what ran did so in the order in which it was issued.
#[track_caller]
fn hold_against_in_order(marks: &[String], told: &[Told]) -> Tally {
    let issued = told.iter().map(|(mark, _)| mark).filter(|mark| marks.contains(mark));
    assert!(issued.eq(marks), "the order was not kept: {marks:?}");
    hold_against(marks, told)
}

/// Checks places `0..end` in each of some variants, some places side by side with a rig for each: a connection that is
/// lost young is followed by the next one only after a while.
async fn side_by_side<V: Copy>(
    variants: impl IntoIterator<Item = V>,
    end: u64,
    lanes: u64,
    check: impl AsyncFn(&Rig, V, &mut dyn Iterator<Item = u64>),
) {
    let each = |variant: V| (0..lanes).map(move |lane| (variant, lane));
    let runs = variants.into_iter().flat_map(each).map(async |(variant, lane)| {
        let places = &mut (lane..end).step_by(lanes as usize);
        check(&Rig::start(), variant, places).await;
    });
    join_all(runs).await;
}

fn mark(n: usize) -> String {
    format!("mark-{n:04}")
}

/// Marks `0..count`, written together.
async fn push_all(muxer: &ConnectionMultiplexer, list: &str, count: usize) -> Vec<Told> {
    let calls: Vec<_> = (0..count).map(|n| muxer.execute("RPUSH", (list, mark(n)))).collect();
    let results = within(redmux::pipeline(calls)).await;
    results.into_iter().enumerate().map(|(n, result)| (mark(n), Some(result))).collect()
}

/// The connection is of use again, once the client has noticed that the old one is lost.
async fn comes_back(muxer: &ConnectionMultiplexer) {
    loop {
        match within(muxer.execute::<String>("ECHO", ["again"])).await {
            Ok(echo) => break assert_eq!(echo, "again"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}"),
        }
    }
    let state = &muxer.status().connections[0].diagnostics;
    assert_eq!((state.in_flight, state.queued), (0, 0), "{state:?}");
}

async fn sleep(millis: u64) {
    async_std::task::sleep(Duration::from_millis(millis)).await;
}

async fn next_failure(events: &mut Events) -> redmux::events::ConnectionFailed {
    loop {
        match within(events.next()).await.expect("the multiplexer is open") {
            Event::ConnectionFailed(failed) => return failed,
            _ => continue,
        }
    }
}

async fn restored(events: &mut Events) {
    while !matches!(within(events.next()).await.unwrap(), Event::ConnectionRestored(_)) {}
}
