use std::{
    fmt,
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
};

static QUIET: AtomicBool = AtomicBool::new(false);

/// Silences the gateway's log (to standard error) for this process.
pub fn silence() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Writes one event as a line of `key=value` pairs to standard error.
///
/// Callers give no payloads, queries or keys.
pub(crate) fn event(name: &str, details: fmt::Arguments<'_>) {
    if !QUIET.load(Ordering::Relaxed) {
        // A log that cannot be written must not stop the gateway.
        let _ = writeln!(std::io::stderr().lock(), "event={name} {details}");
    }
}
