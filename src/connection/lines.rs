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
    bytes: usize,
}

/// A shorter line is copied out of the block that it was read into.
const COPIED: usize = 16 << 10;

#[derive(Default)]
struct State {
    lines: VecDeque<Frame>,
    /// Bytes of these.
    bytes: usize,
    /// Dropped since the last one that was read.
    missed: u64,
    reader: Option<Waker>,
}

impl Lines {
    pub(crate) fn new(capacity: usize, bytes: usize) -> Self {
        Self { state: Mutex::default(), capacity: capacity.max(1), bytes }
    }

    /// Whether it is one of `MONITOR`'s lines, which begin with a time, and no reply.
    pub(crate) fn is_line(frame: &Frame) -> bool {
        frame.kind() == Kind::SimpleString
            && frame.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
    }

    /// Queues a line; the oldest ones are dropped if there is no room.
    pub(crate) fn push(&self, line: Frame) -> Option<Waker> {
        let mut state = self.lock();
        let line = Frame::from_bytes(line.detached(COPIED));
        let full = |state: &State| {
            state.lines.len() >= self.capacity || state.bytes + line.len() > self.bytes
        };
        while full(&state)
            && let Some(oldest) = state.lines.pop_front()
        {
            state.bytes -= oldest.len();
            state.missed += 1;
        }
        state.bytes += line.len();
        state.lines.push_back(line);
        state.reader.take()
    }

    /// The oldest line, and how many were dropped before it.
    pub(crate) fn pop(&self, cx: &Context<'_>) -> Option<(Frame, u64)> {
        let mut state = self.lock();
        match state.lines.pop_front() {
            Some(line) => {
                state.bytes -= line.len();
                Some((line, std::mem::take(&mut state.missed)))
            }
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
        let lines = Lines::new(2, 1000);
        let cx = Context::from_waker(Waker::noop());
        let line = |n: u8| Frame::copy_from_slice(&[b'+', b'0' + n, b'\r', b'\n']);
        assert!(lines.pop(&cx).is_none());
        (0..5).for_each(|n| drop(lines.push(line(n))));
        let pop = || lines.pop(&cx).map(|(line, missed)| (line.as_bytes()[1] - b'0', missed));
        assert_eq!([pop(), pop(), pop()], [Some((3, 3)), Some((4, 0)), None]);
    }

    #[test]
    fn bytes_are_bounded_and_a_short_line_keeps_no_block() {
        let lines = Lines::new(100, 1000);
        let cx = Context::from_waker(Waker::noop());
        let block = bytes::Bytes::from([b"+1", &[b'x'; 296][..], b"\r\n"].concat().repeat(7));
        let line = |n: usize| Frame::from_bytes(block.slice(n * 300..(n + 1) * 300));
        (0..5).for_each(|n| drop(lines.push(line(n))));
        let (first, missed) = lines.pop(&cx).unwrap();
        assert_eq!(missed, 2);
        assert!(!block.as_ptr_range().contains(&first.as_bytes().as_ptr()));
        lines.push(Frame::from_bytes(block.clone()));
        assert_eq!(lines.pop(&cx).map(|(line, missed)| (line.len(), missed)), Some((2100, 2)));
        assert!(lines.pop(&cx).is_none());
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
