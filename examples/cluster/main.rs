//! Watches a cluster under a small load: prints its state as a line of JSON four times a second.
//!
//! `cargo run --example cluster -- localhost:7000,localhost:7001 [tasks] [milliseconds]`
//!
//! Each task counts, writes and reads two keys of its own (`watch:…`, gone after an hour) and pauses for these milliseconds. It compares each reply
//! with what it knows, so that kills, failovers and moves of slots show what they cost: `errors`, by whether the command ran;
//! `lost`, what servers had acknowledged and no longer have; `wrong`, replies that cannot be. `cargo xtask demo --cluster` draws it.

mod checks;
mod json;
mod load;

use std::{
    io::{Write, stdout},
    sync::Arc,
    time::{Duration, Instant},
};

use async_std::task;
use futures::{FutureExt, StreamExt};
use redmux::{ConnectionMultiplexer, Event, Options, options::Mode, status::Status};

use self::{json::Line, load::Tally};

const EVERY: Duration = Duration::from_millis(250);
/// Tasks and pause, unless the command line says otherwise: about 1600 commands in a second.
const TASKS: u32 = 400;
const PAUSE: u32 = 1000;

#[async_std::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let servers = words.next().unwrap_or_else(|| "localhost:7000".to_owned());
    let tasks = number("tasks", words.next(), 1..=10_000, TASKS)?;
    let pause = number("milliseconds", words.next(), 1..=10_000, PAUSE)?;

    let options = Options::try_from(servers)?.mode(Mode::Cluster).client_name("redmux-cluster");
    let muxer = ConnectionMultiplexer::connect(options).await?;
    let mut events = muxer.events();
    let tally = Arc::new(Tally::default());
    load::start(&muxer.database(), tasks, Duration::from_millis(pause.into()), &tally);

    let started = Instant::now();
    loop {
        task::sleep(EVERY).await;
        // Those that are there; the stream waits for the next one otherwise.
        let mut happened = Vec::new();
        while let Some(Some(event)) = events.next().now_or_never() {
            happened.push(event);
        }
        let line = line(started.elapsed(), &muxer.status(), &tally, &happened);
        let mut out = stdout().lock();
        // The end of the reader is the end of the program.
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            return Ok(());
        }
    }
}

fn number(
    name: &str,
    word: Option<String>,
    range: std::ops::RangeInclusive<u32>,
    default: u32,
) -> Result<u32, String> {
    let Some(word) = word else { return Ok(default) };
    let number = word.parse().ok().filter(|number| range.contains(number));
    let (least, most) = (range.start(), range.end());
    number.ok_or_else(|| format!("{name}: {word:?} is no number from {least} to {most}"))
}

/// All of it as one object.
fn line(at: Duration, status: &Status, tally: &Tally, events: &[Event]) -> String {
    let mut line = Line::new();
    line.object(|all| {
        all.name("seconds").number(at.as_secs_f64());
        tally.write(all);
        all.name("map").object(|map| {
            map.name("age_ms").maybe(status.map.age, |age, map| map.number(age.as_millis() as f64));
            map.name("refreshes").number(status.map.refreshes as f64);
            map.name("redirects").number(status.map.redirects as f64);
        });
        all.name("nodes").list(&status.nodes, |node, all| {
            all.object(|one| {
                one.name("endpoint").text(&node.endpoint);
                write_role(&node.role, one);
                one.name("zone").maybe(node.zone.as_ref(), |zone, one| one.text(zone));
                one.name("slots").list(&node.slots, |range, one| {
                    one.list([range.start(), range.end()], |slot, one| one.number((*slot).into()));
                });
                one.name("connected").boolean(node.connected);
                // A replica has a connection for reading, and perhaps another one.
                let links =
                    status.connections.iter().filter(|link| *link.endpoint == node.endpoint);
                let (sent, under_way) = links.fold((0, 0), |(sent, under_way), link| {
                    let now = &link.diagnostics;
                    (sent + link.counters.commands_sent, under_way + now.queued + now.in_flight)
                });
                one.name("sent").number(sent as f64);
                one.name("under_way").number(under_way as f64);
            });
        });
        all.name("events").list(events, |event, all| {
            all.object(|one| {
                one.name("kind").text(kind(event));
                one.name("text").text(event);
            });
        });
    });
    line.done()
}

fn write_role(role: &redmux::status::NodeRole, node: &mut Line) {
    use redmux::status::NodeRole;
    match role {
        NodeRole::Primary => node.name("role").text("primary"),
        NodeRole::Replica { of } => {
            node.name("role").text("replica");
            node.name("of").text(of);
        }
        _ => node.name("role").text("unknown"),
    }
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::ConnectionFailed(_) => "connectionFailed",
        Event::ConnectionRestored(_) => "connectionRestored",
        Event::ConfigurationChanged(_) => "configurationChanged",
        Event::HashSlotsMoved(_) => "slotsMoved",
        Event::ErrorMessage(_) => "errorMessage",
        Event::InternalError(_) => "internalError",
        Event::Missed(_) => "missed",
        _ => "other",
    }
}
