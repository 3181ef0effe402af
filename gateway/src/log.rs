use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::lines::{Lines, Lost};

static QUIET: AtomicBool = AtomicBool::new(false);
static LOG: OnceLock<Option<Lines>> = OnceLock::new();
static LOST: OnceLock<Arc<Lost>> = OnceLock::new();
static OFTEN: Mutex<BTreeMap<&str, Often>> = Mutex::new(BTreeMap::new());
static HELD_BACK: AtomicU64 = AtomicU64::new(0);

/// The most lines in a second of an event that strangers can cause.
const A_SECOND: u32 = 20;

/// Silences the gateway's log (to standard error) for this process.
pub fn silence() {
    QUIET.store(true, Relaxed);
}

/// Waits until the log is written, at most for a second. Call it before the process ends.
pub fn flush() {
    if let Some(log) = log() {
        log.flush(Duration::from_secs(1));
    }
}

/// Writes a message for the operator, also when the log is silenced.
pub fn tell(text: &str) {
    line(format!("redmux-gateway: {text}\n"));
}

/// Writes one event as a line of `key=value` pairs to standard error.
///
/// Callers pass no payloads, queries or keys. The line is written by another thread.
pub(crate) fn event(name: &str, details: fmt::Arguments<'_>) {
    if !QUIET.load(Relaxed) {
        line(format!("event={name} {details}\n"));
    }
}

/// As [`event`], for events that strangers can cause: at most 20 lines a second of each.
pub(crate) fn event_often(name: &'static str, details: fmt::Arguments<'_>) {
    if QUIET.load(Relaxed) {
        return;
    }
    let mut often = OFTEN.lock().unwrap_or_else(PoisonError::into_inner);
    let told = often.entry(name).or_default().come(Instant::now());
    drop(often);
    match told {
        None => drop(HELD_BACK.fetch_add(1, Relaxed)),
        Some(0) => event(name, details),
        Some(held_back) => event(name, format_args!("{details} held_back={held_back}")),
    }
}

/// Writes a line, also when the log is silenced.
pub(crate) fn line(line: String) {
    if let Some(log) = log() {
        log.push(line);
    }
}

/// Returns how many lines of the log were lost, and how many were held back because there were too
/// many of one event.
pub(crate) fn lost() -> (u64, u64) {
    (lost_lines().dropped.load(Relaxed), HELD_BACK.load(Relaxed))
}

pub(crate) fn lost_lines() -> &'static Arc<Lost> {
    LOST.get_or_init(Arc::default)
}

fn log() -> Option<&'static Lines> {
    // Without a thread there is no log; that must not stop the gateway.
    let start = || {
        let told = |dropped| format!("event=log-dropped lines={dropped}\n");
        Lines::start(io::stderr(), lost_lines().clone(), told).ok()
    };
    LOG.get_or_init(start).as_ref()
}

/// The number of lines of one event in the current second
#[derive(Debug, Default)]
struct Often {
    second: Option<Instant>,
    lines: u32,
    held_back: u64,
}

impl Often {
    /// Returns how many lines were held back before this one; `None` if this one is held back too.
    fn come(&mut self, now: Instant) -> Option<u64> {
        if self.second.is_none_or(|at| now.saturating_duration_since(at) >= Duration::from_secs(1))
        {
            (self.second, self.lines) = (Some(now), 0);
        }
        if self.lines >= A_SECOND {
            self.held_back += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_held_back_and_told_of() {
        let (mut often, now) = (Often::default(), Instant::now());
        for _ in 0..A_SECOND {
            assert_eq!(often.come(now), Some(0));
        }
        for _ in 0..5 {
            assert_eq!(often.come(now + Duration::from_millis(999)), None);
        }
        assert_eq!(often.come(now + Duration::from_secs(1)), Some(5));
        assert_eq!(often.come(now + Duration::from_secs(1)), Some(0));
    }
}
