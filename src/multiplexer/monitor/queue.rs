use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use crate::resp::{Frame, Kind};

/// The bounded queue between the driver of a monitoring connection and its reader
pub(crate) struct Lines {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Frame>,
    /// Dropped since the last one that was read.
    missed: u64,
    reader: Option<Waker>,
}

impl Lines {
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), capacity: capacity.max(1) }
    }

    /// Whether it is one of `MONITOR`'s lines, which begin with a time, and no reply.
    pub(crate) fn is_line(frame: &Frame) -> bool {
        frame.kind() == Kind::SimpleString
            && frame.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
    }

    /// Queues a line; the oldest one is dropped if there is no room.
    pub(crate) fn push(&self, line: Frame) -> Option<Waker> {
        let mut state = self.lock();
        if state.lines.len() >= self.capacity {
            state.lines.pop_front();
            state.missed += 1;
        }
        state.lines.push_back(line);
        state.reader.take()
    }

    /// The oldest line, and how many were dropped before it.
    pub(super) fn pop(&self, cx: &Context<'_>) -> Option<(Frame, u64)> {
        let mut state = self.lock();
        match state.lines.pop_front() {
            Some(line) => Some((line, std::mem::take(&mut state.missed))),
            None => {
                state.reader = Some(cx.waker().clone());
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reader_loses_the_oldest_and_is_told_how_many() {
        let lines = Lines::new(2);
        let cx = Context::from_waker(Waker::noop());
        let line = |n: u8| Frame::copy_from_slice(&[b'+', b'0' + n, b'\r', b'\n']);
        assert!(lines.pop(&cx).is_none());
        (0..5).for_each(|n| drop(lines.push(line(n))));
        let pop = || lines.pop(&cx).map(|(line, missed)| (line.as_bytes()[1] - b'0', missed));
        assert_eq!([pop(), pop(), pop()], [Some((3, 3)), Some((4, 0)), None]);
    }

    #[test]
    fn replies_are_no_lines() {
        let is_line = |bytes: &[u8]| Lines::is_line(&Frame::copy_from_slice(bytes));
        assert!(is_line(b"+1700000000.123456 [0 127.0.0.1:1] \"PING\"\r\n"));
        for reply in [&b"+OK\r\n"[..], b"+PONG\r\n", b":12\r\n", b"-1 ERR\r\n", b"$1\r\n1\r\n"] {
            assert!(!is_line(reply));
        }
    }
}
