//! How much a client may send in one message, and what is wrong with a frame.

use std::{
    fmt, io,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use async_tungstenite::tungstenite::protocol::WebSocketConfig;

/// How much a message may be, which may change while the client is connected, and how it goes
#[derive(Debug)]
pub(crate) struct Frames {
    pub(super) message: AtomicUsize,
    pub(super) fragments: AtomicUsize,
    /// The bound of the WebSocket library: nothing raises it while the client is connected.
    wall: usize,
    start: Instant,
    /// When a message began that has not ended; when the client stopped taking what is written.
    /// Microseconds since `start`; zero is not at all.
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

    /// Takes other limits; whether the WebSocket library allows them.
    pub(crate) fn set(&self, message: usize, fragments: usize) -> bool {
        self.message.store(message, Relaxed);
        self.fragments.store(fragments, Relaxed);
        message <= self.wall
    }

    /// How the WebSocket library is set up.
    pub(crate) fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            // Cleared before each read: the default of 128 KiB costs more than the message.
            .read_buffer_size(READ_BUFFER)
            // Each message is written at once. What the client does not take is one message of
            // replies and a few pongs; pongs beyond that replace each other.
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(self.wall))
            .max_frame_size(Some(self.wall))
    }

    /// Since when a message comes that has not ended.
    pub(crate) fn begun(&self) -> Option<Instant> {
        self.at(&self.begun)
    }

    /// Since when the client has taken nothing of what waits for it.
    pub(crate) fn blocked(&self) -> Option<Instant> {
        self.at(&self.blocked)
    }

    /// The client was not read: a message that is under way begins now.
    pub(crate) fn begin_anew(&self) {
        if self.begun.load(Relaxed) != 0 {
            self.note(&self.begun);
        }
    }

    fn note(&self, what: &AtomicU64) {
        let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        what.store(micros.max(1), Relaxed);
    }

    /// Notes the time if it is so and was not so before.
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

/// Bytes read from a client at once.
pub(super) const READ_BUFFER: usize = 16 << 10;
/// Most bytes that wait for a client: one message of replies, and pongs.
const WRITE_BUFFER: usize = MAX_REPLY + (16 << 10);
/// Most bytes of replies in one message.
pub(crate) const MAX_REPLY: usize = 64 << 10;

/// A frame that is not taken
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameFault {
    /// The message is too big.
    Bytes,
    /// It is of too many fragments.
    Fragments,
    /// All clients together have too much under way.
    Together,
    /// No WebSocket client sends this.
    Broken(&'static str),
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "message too big",
            Self::Fragments => "message of too many fragments",
            Self::Together => "too much is under way of all clients together",
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
