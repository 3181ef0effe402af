//! Lines that a separate thread writes: the tasks that log never wait for it.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

/// The most bytes of lines that wait to be written.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// The numbers of lines that were lost
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Lines for which there was no room.
    pub(crate) dropped: AtomicU64,
    /// Lines that could not be written.
    pub(crate) failed: AtomicU64,
}

/// A bounded queue of lines, and the thread that writes them
///
/// When it is dropped, the thread writes what is left and ends.
#[derive(Debug)]
pub(crate) struct Lines(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    lost: Arc<Lost>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<String>,
    bytes: usize,
    /// Lines that were dropped since the last line that reports dropped lines.
    dropped: u64,
    writing: bool,
    closed: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// `told` makes the line that reports how many lines were dropped.
    pub(crate) fn start(
        to: impl Write + Send + 'static,
        lost: Arc<Lost>,
        told: fn(u64) -> String,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), lost });
        let lines = Self(shared.clone());
        thread::Builder::new().name("redmux-lines".to_owned()).spawn(move || {
            write_all(&shared, to, told);
        })?;
        Ok(lines)
    }

    /// Takes a line, which ends with a line feed, if there is room for it.
    pub(crate) fn push(&self, line: String) {
        let mut state = self.0.state();
        if state.bytes + line.len() > MAX_BYTES {
            state.dropped += 1;
            self.0.lost.dropped.fetch_add(1, Relaxed);
            return;
        }
        state.bytes += line.len();
        state.waiting.push_back(line);
        drop(state);
        self.0.changed.notify_all();
    }

    /// Waits until all lines are written, at most for `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        let state = self.0.state();
        let busy = |state: &mut State| state.writing || !state.waiting.is_empty();
        drop(self.0.changed.wait_timeout_while(state, patience, busy));
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.changed.notify_all();
    }
}

fn write_all(shared: &Shared, mut to: impl Write, told: fn(u64) -> String) {
    loop {
        let mut state = shared.state();
        state.writing = false;
        shared.changed.notify_all();
        let idle = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let mut state =
            shared.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
        if state.waiting.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut state.waiting);
        let dropped = std::mem::take(&mut state.dropped);
        state.bytes = 0;
        state.writing = true;
        drop(state);
        let count = lines.len() as u64;
        let mut text: String = lines.into_iter().collect();
        if dropped > 0 {
            text.push_str(&told(dropped));
        }
        if to.write_all(text.as_bytes()).and_then(|()| to.flush()).is_err() {
            shared.lost.failed.fetch_add(count, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Blocks in `write` until the test lets it go on.
    struct Stuck {
        entered: mpsc::Sender<()>,
        let_go: mpsc::Receiver<()>,
        written: mpsc::Sender<String>,
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.entered.send(()).map_err(io::Error::other)?;
            self.let_go.recv().map_err(io::Error::other)?;
            self.written
                .send(String::from_utf8_lossy(bytes).into_owned())
                .map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_writer_that_is_stuck_holds_nobody_up_and_little_memory() {
        const PATIENCE: Duration = Duration::from_secs(60);
        let (entered, is_stuck) = mpsc::channel();
        let (go, let_go) = mpsc::channel();
        let (written, seen) = mpsc::channel();
        let lost = Arc::new(Lost::default());
        let told = |dropped| format!("dropped {dropped}\n");
        let lines = Lines::start(Stuck { entered, let_go, written }, lost.clone(), told).unwrap();
        // It takes what waits when it comes: it must be stuck before there is more than fits.
        lines.push("first\n".to_owned());
        is_stuck.recv_timeout(PATIENCE).unwrap();
        let line = format!("{}\n", "x".repeat(999));
        for _ in 0..5000 {
            lines.push(line.clone());
        }
        assert!(lines.0.state().bytes <= MAX_BYTES);
        let dropped = lost.dropped.load(Relaxed);
        assert_eq!(dropped, 5000 - (MAX_BYTES / line.len()) as u64);
        for _ in 0..3 {
            go.send(()).unwrap();
        }
        assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), "first\n");
        let text = seen.recv_timeout(PATIENCE).unwrap();
        assert!(text.ends_with(&format!("x\ndropped {dropped}\n")), "{}", text.len());
        lines.push("last\n".to_owned());
        lines.flush(PATIENCE);
        assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), "last\n");
        // What cannot be written is counted.
        drop(go);
        lines.push("one\n".to_owned());
        lines.flush(PATIENCE);
        assert_eq!(lost.failed.load(Relaxed), 1);
    }
}
