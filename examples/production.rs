//! The code of `docs/production.md`, which a test runs.
//!
//! `cargo run --example production -- localhost:6379`

use std::time::Duration;

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Delivery, Error, ErrorKind, Event, Events, Options, Result,
    events::{NotificationType, log_events},
    group::GroupMember,
    options::Maintenance,
};

#[allow(dead_code, reason = "the test that includes this file has a main of its own")]
#[async_std::main]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "localhost:6379".to_owned());
    run(&server).await
}

/// All of it, in turn.
pub(crate) async fn run(server: &str) -> Result<()> {
    let muxer = timeouts(server).await?;
    log_everything(&muxer);
    async_std::task::spawn(on_maintenance(muxer.events(), |line| eprintln!("{line}")));
    let db = muxer.database();

    // A command that is not one, and one that does not fit the key.
    let refused = muxer.execute::<()>("SUBSCRIBE", "channel").await;
    println!("{:?}", refused.map_err(|error| what_to_do(&error)));
    db.set("text", "no number").await?;
    println!("{:?}", db.incr("text").await.map_err(|error| what_to_do(&error)));

    count_a_visit(&muxer).await?;
    println!("{}", muxer.status());
    muxer.close().await;

    during_maintenance(server).await?;
    two_sites(server, server).await
}

/// Events in a log.
pub(crate) fn log_everything(muxer: &ConnectionMultiplexer) {
    // Through the `tracing` facade, with fields; to a file or a collector from there.
    async_std::task::spawn(log_events(muxer.events()));

    // Or by hand: count some events, alarm on others.
    let mut events = muxer.events();
    async_std::task::spawn(async move {
        while let Some(event) = events.next().await {
            match &event {
                Event::ConnectionFailed(e) => {
                    eprintln!("{event}; {} commands may have run", e.maybe_executed);
                }
                Event::ConnectionRestored(e) => eprintln!("{event}, down for {:?}", e.outage),
                _ => eprintln!("{event}"),
            }
        }
    });
}

/// Announced maintenance.
pub(crate) async fn on_maintenance(mut events: Events, mut log: impl FnMut(String)) {
    while let Some(event) = events.next().await {
        let Event::ServerMaintenance(notice) = &event else { continue };
        // What it means, and the notice as the server sent it.
        log(format!("{event} [{:?}]", notice.raw_message));
        match (notice.notification_type, notice.starts_in()) {
            (NotificationType::NodeMaintenanceScheduled, Some(wait)) => {
                log(format!("users are warned: slow for a while in {} min", wait.as_secs() / 60));
            }
            (NotificationType::NodeMaintenanceEnded, _) => log("the warning is gone".to_owned()),
            _ => {}
        }
    }
}

/// Servers that announce maintenance to each connection.
pub(crate) async fn during_maintenance(server: &str) -> Result<()> {
    let options = Options::new(server)
        .maintenance(Maintenance::Auto) // the default at Redis Cloud and Azure Managed Redis
        .relaxed_timeout(Duration::from_secs(10)); // for commands while it lasts
    let muxer = ConnectionMultiplexer::connect(options).await?;
    if let Err(error) = muxer.database().set("greeting", "hello").await {
        match error.maintenance() {
            Some(notice) => eprintln!("{error}: nothing new while {notice} lasts"),
            None => eprintln!("{error}: look into it"),
        }
    }
    muxer.close().await;
    Ok(())
}

/// Two deployments, one of which is used.
pub(crate) async fn two_sites(near: &str, far: &str) -> Result<()> {
    let members =
        [GroupMember::new("frankfurt", near).weight(2.0), GroupMember::new("dublin", far)];
    let muxer = ConnectionMultiplexer::connect_group(members).await?;
    let mut events = muxer.events();
    async_std::task::spawn(async move {
        while let Some(event) = events.next().await {
            if let Event::ActiveMemberChanged(change) = &event {
                // The data there may be older: reload caches and open pages.
                eprintln!("{event} ({:?})", change.reason);
            }
        }
    });
    muxer.database().set("greeting", "hello").await?;

    // Before work on one of them:
    if let Some(group) = muxer.group()
        && group.fail_over_to("dublin").await?
    {
        // … the work …
        group.release().await?;
    }
    muxer.close().await;
    Ok(())
}

/// Time limits set by the program.
pub(crate) async fn timeouts(server: &str) -> Result<ConnectionMultiplexer> {
    let options = Options::new(server)
        .connect_timeout(Duration::from_millis(1000)) // for one connection attempt
        .sync_timeout(Duration::from_millis(2000)) // for a command of `muxer.blocking()`
        .command_timeout(Duration::from_millis(3000)); // for any other command
    let muxer = ConnectionMultiplexer::connect(options).await?;

    let name = muxer.database().get::<String>("name").timeout(Duration::from_millis(50)).await;
    println!("{name:?}");
    Ok(muxer)
}

/// One error, told apart.
pub(crate) fn what_to_do(error: &Error) -> &'static str {
    match (error.kind(), error.delivery()) {
        // It says what was wrong with the command; nothing was sent.
        (ErrorKind::Command, _) => "correct the program",
        // The server answered, with a code such as WRONGTYPE or OOM.
        (ErrorKind::Server, _) if error.is_retryable() => "try again soon",
        (ErrorKind::Server, _) => "correct the program or the data",
        // No connection, or no time: what matters is whether the command may have run.
        (_, Delivery::NotSent) => "try again",
        (_, Delivery::MaybeExecuted) => "check before trying again",
        _ => "give up",
    }
}

/// Once more if, and only if, it cannot have run.
pub(crate) async fn count_a_visit(muxer: &ConnectionMultiplexer) -> Result<i64> {
    let db = muxer.database();
    match db.incr("visits").await {
        Err(error) if error.delivery() == Delivery::NotSent && error.is_retryable() => {
            db.incr("visits").await
        }
        result => result,
    }
}
