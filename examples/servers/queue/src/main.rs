//! A queue of jobs on a stream with a group of consumers: a job whose worker dies is done by another.
//!
//! `cargo run -- localhost:6379 add hello world` adds two jobs, `cargo run -- localhost:6379 work` does jobs.

use std::{collections::HashMap, error::Error, time::Duration};

use redmux::{
    Database,
    database::streams::{
        GroupStart, StreamEntry, StreamId, StreamTrim, XaddOptions, XpendingFilter,
        XreadGroupOptions,
    },
};

const JOBS: &str = "jobs";
/// Jobs that were tried too often, for a person to look at.
const DEAD: &str = "jobs:dead";
const GROUP: &str = "workers";
/// A job that takes longer is given to another worker, so that it may be done twice.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a job is tried.
const TRIES: u64 = 3;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let redis = args.next().unwrap_or_else(|| "localhost:6379".to_owned());
    let muxer = redmux::tokio::connect(redis).await?;
    let db = muxer.database();
    match args.next().as_deref() {
        Some("add") => add(&db, args).await?,
        Some("work") => work(&db).await?,
        _ => return Err("say what to do: add TEXT …, or work".into()),
    }
    muxer.close().await;
    Ok(())
}

/// Adds jobs, all in one round trip.
async fn add(db: &Database, texts: impl Iterator<Item = String>) -> Result<()> {
    // Done jobs are deleted; the bound is for a queue that nobody works on.
    let bound = XaddOptions::new().trim(StreamTrim::maxlen_about(1_000_000));
    let calls: Vec<_> =
        texts.map(|text| db.xadd_with(JOBS, [("text", text)], bound.clone()).erased()).collect();
    for id in redmux::pipeline(calls).all().await? {
        println!("added {}", id.decode::<StreamId>()?);
    }
    Ok(())
}

/// Does jobs until Ctrl-C; the one that is being done is finished first.
async fn work(db: &Database) -> Result<()> {
    let start = GroupStart::beginning().make_stream();
    if let Err(error) = db.xgroup_create(JOBS, GROUP, start).await {
        // Another worker has made it.
        if error.server().is_none_or(|error| error.code() != "BUSYGROUP") {
            return Err(error.into());
        }
    }
    let me = format!("worker-{}", std::process::id());
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    println!("{me} waits for jobs");
    loop {
        let next = tokio::select! {
            stop = &mut interrupted => return Ok(stop?),
            next = next(db, &me) => next,
        };
        match next {
            Ok(Some(job)) => run(db, &job).await?,
            Ok(None) => {}
            // The client connects again by itself; what was given to this worker stays its own.
            Err(error) => {
                eprintln!("{error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Returns a job whose worker is gone, or else a new one; none if nothing comes for a while.
async fn next(db: &Database, me: &str) -> redmux::Result<Option<StreamEntry>> {
    let stale = db.xautoclaim(JOBS, GROUP, me, PATIENCE, StreamId::MIN, 1).await?;
    if let Some(job) = stale.entries.into_iter().next() {
        return Ok(Some(job));
    }
    // Waits on a connection of its own; the shared one goes on.
    let one = XreadGroupOptions::new().count(1);
    let read = db.xreadgroup_block::<String>(GROUP, me, [(JOBS, ">")], one, PATIENCE / 6).await?;
    Ok(read.into_iter().flatten().flat_map(|(_, entries)| entries).next())
}

/// Does a job, and says that it is done.
async fn run(db: &Database, job: &StreamEntry) -> Result<()> {
    let this = XpendingFilter::new(1).range(job.id, job.id);
    let tries =
        db.xpending_entries(JOBS, GROUP, this).await?.first().map_or(1, |one| one.deliveries);
    let done = match job.get::<String>("text")? {
        _ if tries > TRIES => {
            let fields: HashMap<String, String> = job.fields()?;
            db.xadd(DEAD, fields).await?;
            eprintln!("{}: tried {TRIES} times", job.id);
            true
        }
        Some(text) => {
            perform(&text).await.inspect_err(|why| eprintln!("{}: {why}", job.id)).is_ok()
        }
        None => true,
    };
    if done {
        // Together, so that no job stays that nobody would be given.
        db.transaction((db.xack(JOBS, GROUP, job.id), db.xdel(JOBS, job.id))).all().await?;
    }
    Ok(())
}

/// The work itself: here it is to print, and a text that begins with `!` fails.
async fn perform(text: &str) -> std::result::Result<(), &'static str> {
    if text.starts_with('!') {
        return Err("that cannot be done");
    }
    println!("done: {text}");
    Ok(())
}
