//! The bounds of a client's messages, and the faults of its frames.

use std::{
    fmt, io,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use async_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The bounds of a client's messages, which may change while it is connected, and its progress
#[derive(Debug)]
pub(crate) struct Frames {
    pub(super) message: AtomicUsize,
    pub(super) fragments: AtomicUsize,
    /// The bound that the WebSocket library was given: it cannot be raised later.
    wall: usize,
    start: Instant,
    /// When the unfinished message began, and when the client stopped taking what is written: in
    /// microseconds since `start`; zero if there is no such moment.
    pub(super) begun: AtomicU64,
    pub(super) blocked: AtomicU64,
}

impl Frames {
    pub(crate) fn new(message: usize, fragments: usize, wall: usize) -> Self {
        Self {
            message: message.into(),
            fragments: fragments.into(),
            wall: wall.max(message),
            start: Instant::now(),
            begun: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
        }
    }

    /// Sets the bounds. Returns whether the WebSocket library allows messages of that size.
    pub(crate) fn set(&self, message: usize, fragments: usize) -> bool {
        self.message.store(message, Relaxed);
        self.fragments.store(fragments, Relaxed);
        message <= self.wall
    }

    /// Returns the settings of the WebSocket library.
    pub(crate) fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            // The library zeroes it before each read: 128 KiB, the default, cost more than the
            // message.
            .read_buffer_size(READ_BUFFER)
            // Each message is written at once. At most one message of replies and a few pongs wait
            // for a slow client; further pongs replace each other.
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(self.wall))
            .max_frame_size(Some(self.wall))
    }

    /// Returns since when an unfinished message is arriving.
    pub(crate) fn begun(&self) -> Option<Instant> {
        self.at(&self.begun)
    }

    /// Returns since when the client has taken nothing of what waits for it.
    pub(crate) fn blocked(&self) -> Option<Instant> {
        self.at(&self.blocked)
    }

    /// Restarts the time of an unfinished message, after a pause in which the client was not read.
    pub(crate) fn begin_anew(&self) {
        if self.begun.load(Relaxed) != 0 {
            self.note(&self.begun);
        }
    }

    fn note(&self, what: &AtomicU64) {
        let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        what.store(micros.max(1), Relaxed);
    }

    /// Notes the time when `is_so` turns true, and clears it when it turns false.
    pub(super) fn note_if(&self, what: &AtomicU64, is_so: bool) {
        match (is_so, what.load(Relaxed)) {
            (true, 0) => self.note(what),
            (false, 1..) => what.store(0, Relaxed),
            _ => {}
        }
    }

    fn at(&self, what: &AtomicU64) -> Option<Instant> {
        match what.load(Relaxed) {
            0 => None,
            micros => Some(self.start + Duration::from_micros(micros)),
        }
    }
}

/// The most bytes that are read from a client at once.
pub(super) const READ_BUFFER: usize = 16 << 10;
/// The most bytes that wait for a client: one message of replies, and pongs.
const WRITE_BUFFER: usize = MAX_REPLY + (16 << 10);
/// The most bytes of replies in one message.
pub(crate) const MAX_REPLY: usize = 64 << 10;

/// Why a frame is not accepted
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameFault {
    /// The message is too big.
    Bytes,
    /// The message has too many fragments.
    Fragments,
    /// The unfinished messages of all clients together are too big.
    Together,
    /// The frame breaks the WebSocket protocol.
    Broken(&'static str),
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "message too big",
            Self::Fragments => "message of too many fragments",
            Self::Together => "the clients together have too much under way",
            Self::Broken(what) => what,
        })
    }
}

impl std::error::Error for FrameFault {}

impl FrameFault {
    /// The fault that an error of the stream carries.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}
