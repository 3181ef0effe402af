use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{CommandObservation, CommandObserver, CommandOutcome, CommandRecord, ObservedCommand};
use crate::sync::{Mutex, MutexGuard};

/// Number of records that a session keeps by default.
const LIMIT: usize = 10_000;

/// Records each command while the session lives; made by
/// [`ConnectionMultiplexer::profile`](crate::ConnectionMultiplexer::profile)
///
/// A session sees the calls of handles made with [`Database::profiled`](crate::Database::profiled),
/// and those of all handles if [`Options::profiling`](crate::Options::profiling) is set. A call is
/// recorded when it ends, if it began while the session lived. Several sessions may live at the
/// same time. A session keeps at most 10 000 records, or as many as [`limit`](Self::limit) sets,
/// and counts the rest.
///
/// ```no_run
/// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
/// let session = muxer.profile();
/// let db = muxer.database().profiled(&session);
/// db.set("greeting", "hello").await?;
/// db.incr("visits").await?;
/// let profile = session.finish();
/// for record in &profile.records {
///     println!("{record}");
/// }
/// println!("{profile}"); // sums for each command
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is recorded once it is dropped"]
pub struct ProfilingSession {
    sink: Arc<Sink>,
    /// Connects the session to the calls of all handles.
    profiler: Option<Arc<Profiler>>,
}

/// What a [`ProfilingSession`] has recorded
///
/// `Display` sums up each command: its count, failures, mean and longest times.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Profile {
    /// The commands, in the order in which they ended.
    pub records: Vec<CommandRecord>,
    /// Number of commands that were not recorded because the limit was reached.
    pub dropped: u64,
}

impl ProfilingSession {
    pub(crate) fn new(profiler: Option<Arc<Profiler>>) -> Self {
        let sink =
            Arc::new(Sink { kept: Mutex::new(Profile::default()), limit: AtomicUsize::new(LIMIT) });
        if let Some(profiler) = &profiler {
            profiler.attach(&sink);
        }
        Self { sink, profiler }
    }

    /// Keeps at most `records` records at a time. Default 10 000.
    pub fn limit(self, records: usize) -> Self {
        self.sink.limit.store(records, Ordering::Relaxed);
        self
    }

    /// Returns what was recorded since the last time, or since the session began; the session goes
    /// on.
    pub fn take(&self) -> Profile {
        std::mem::take(&mut *self.sink.lock())
    }

    /// Returns what was recorded since the last time, or since the session began, and ends the
    /// session.
    pub fn finish(self) -> Profile {
        self.take()
    }

    /// The observer for a single handle; `None` if the session sees all calls anyway.
    pub(crate) fn observer(&self) -> Option<Arc<dyn CommandObserver>> {
        match self.profiler {
            Some(_) => None,
            None => Some(Arc::new(OneHandle(Arc::downgrade(&self.sink)))),
        }
    }
}

impl Drop for ProfilingSession {
    fn drop(&mut self) {
        if let Some(profiler) = &self.profiler {
            profiler.detach(&self.sink);
        }
    }
}

impl fmt::Debug for ProfilingSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.sink.lock();
        f.debug_struct("ProfilingSession")
            .field("records", &kept.records.len())
            .field("dropped", &kept.dropped)
            .finish_non_exhaustive()
    }
}

/// Forwards the calls of all handles to the sessions that live
#[derive(Debug, Default)]
pub(crate) struct Profiler {
    sinks: Mutex<Vec<Weak<Sink>>>,
    /// Number of sessions, readable without the lock.
    live: AtomicUsize,
}

impl Profiler {
    fn attach(&self, sink: &Arc<Sink>) {
        self.change(|sinks| sinks.push(Arc::downgrade(sink)));
    }

    fn detach(&self, sink: &Arc<Sink>) {
        self.change(|sinks| sinks.retain(|other| !std::ptr::eq(other.as_ptr(), &raw const **sink)));
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Weak<Sink>>)) {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut sinks);
        self.live.store(sinks.len(), Ordering::Relaxed);
    }
}

impl CommandObserver for Profiler {
    fn started(&self, _: &ObservedCommand) -> Option<Box<dyn CommandObservation>> {
        let sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (!sinks.is_empty()).then(|| Box::new(Recording(sinks)) as Box<dyn CommandObservation>)
    }

    fn is_enabled(&self) -> bool {
        self.live.load(Ordering::Relaxed) > 0
    }
}

/// Forwards the calls of one handle to one session
struct OneHandle(Weak<Sink>);

impl CommandObserver for OneHandle {
    fn started(&self, _: &ObservedCommand) -> Option<Box<dyn CommandObservation>> {
        Some(Box::new(Recording(vec![self.0.clone()])))
    }

    fn is_enabled(&self) -> bool {
        self.0.strong_count() > 0
    }
}

struct Recording(Vec<Weak<Sink>>);

impl CommandObservation for Recording {
    fn ended(self: Box<Self>, record: &CommandRecord) {
        for sink in self.0.iter().filter_map(Weak::upgrade) {
            sink.keep(record);
        }
    }
}

struct Sink {
    kept: Mutex<Profile>,
    limit: AtomicUsize,
}

impl Sink {
    fn keep(&self, record: &CommandRecord) {
        let limit = self.limit.load(Ordering::Relaxed);
        let mut kept = self.lock();
        if kept.records.len() < limit {
            kept.records.push(record.clone());
        } else {
            kept.dropped += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Profile> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sums over the records of one command
#[derive(Default)]
struct Sums {
    count: u32,
    failed: u32,
    total: Duration,
    longest: Duration,
    /// Number of answered calls, and the times until they were sent, answered and taken.
    answered: u32,
    stages: [Duration; 3],
}

impl Sums {
    fn add(&mut self, record: &CommandRecord) {
        let timings = &record.timings;
        self.count += 1;
        let well = matches!(record.outcome, CommandOutcome::Succeeded | CommandOutcome::Forgotten);
        self.failed += u32::from(!well);
        self.total += timings.ended;
        self.longest = self.longest.max(timings.ended);
        if let (Some(sent), Some(answered)) = (timings.sent, timings.answered) {
            self.answered += 1;
            self.stages[0] += sent;
            self.stages[1] += answered.saturating_sub(sent);
            self.stages[2] += timings.ended.saturating_sub(answered);
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
        for record in &self.records {
            sums.entry(&record.command.name).or_default().add(record);
        }
        write!(f, "{} commands, {} not kept", self.records.len(), self.dropped)?;
        for (name, sums) in sums {
            let mean = sums.total / sums.count.max(1);
            write!(
                f,
                "\n{name}: {}, failed {}, mean {mean:?}, longest {:?}",
                sums.count, sums.failed, sums.longest
            )?;
            if sums.answered > 0 {
                let [sent, server, taken] = sums.stages.map(|stage| stage / sums.answered);
                write!(f, " (until sent {sent:?}, answered {server:?}, taken {taken:?})")?;
            }
        }
        Ok(())
    }
}
