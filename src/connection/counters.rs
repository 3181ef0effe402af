use std::fmt;

/// What went over one connection since the multiplexer was made, all its streams together
///
/// Counted where a batch of commands or replies is at hand anyway, or taken from the numbers
/// that match replies with commands: they cost a command nothing. The client's own commands
/// (handshake, probes, integrity checks, subscriptions) count like any other, and a transaction
/// counts as one command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Bytes that the transport took.
    pub bytes_written: u64,
    /// Bytes that the transport gave. Below TLS there are more.
    pub bytes_read: u64,
    /// Commands that the transport took in full.
    pub commands_sent: u64,
    /// Commands that were answered.
    pub replies: u64,
    /// Answers that were errors, where the caller did not ask for them as a value.
    pub server_errors: u64,
    /// Commands whose time was up, at whatever stage.
    pub timeouts: u64,
    /// Commands whose caller had gone before there was an outcome.
    pub abandoned: u64,
    /// Commands that were sent in full and whose answer was lost with the stream.
    pub lost: u64,
    /// Handshakes that succeeded: the first one, and one for each reconnect.
    pub connects: u64,
    /// Attempts to connect that failed, and connections that were lost.
    pub failures: u64,
    /// Most commands under way at a time: queued, sent and not answered.
    pub peak_in_flight: usize,
    /// Most bytes given to the transport at a time: how much was queued while it was busy or
    /// there was no connection.
    pub peak_batch_bytes: usize,
}

impl Counters {
    /// Connections made after the first one.
    pub fn reconnects(&self) -> u64 {
        self.connects.saturating_sub(1)
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sent {} ({} B), replies {} ({} B), server errors {}, timeouts {}, abandoned {}, lost {}, \
             connects {}, failures {}, peak in flight {}, peak batch {} B",
            self.commands_sent,
            self.bytes_written,
            self.replies,
            self.bytes_read,
            self.server_errors,
            self.timeouts,
            self.abandoned,
            self.lost,
            self.connects,
            self.failures,
            self.peak_in_flight,
            self.peak_batch_bytes,
        )
    }
}

/// The number of the first FIFO entry of a link, with room for entries pushed in front of it by
/// each handshake.
pub(super) const FIRST: u64 = 1 << 32;

/// What the present state of a link does not tell
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Without what [`Core::counters`] derives.
    pub(super) counted: Counters,
    /// Entries that were pushed in front of the FIFO.
    pub(super) pushed_in_front: u64,
    /// Entries that left the front of the FIFO without an answer.
    pub(super) unanswered: u64,
    /// Answers to the client's own probes, checks and handshakes, and those for which nobody waits any more.
    #[cfg(feature = "topology")]
    pub(super) own: u64,
}

impl Tally {
    /// The handshake's commands went in front of all others.
    pub(super) fn begin(&mut self, steps: usize) {
        self.pushed_in_front += steps as u64;
    }

    /// `entries` entries left the FIFO without an answer; `sent` of them had been sent.
    pub(super) fn unanswered(&mut self, entries: usize, sent: usize) {
        self.unanswered += entries as u64;
        self.counted.lost += sent as u64;
    }

    /// An answer came that no caller gets.
    #[inline(always)]
    pub(super) fn note_own(&mut self) {
        #[cfg(feature = "topology")]
        {
            self.own += 1;
        }
    }

    /// Before the count of a stream's bytes begins anew.
    pub(super) fn end(&mut self, sent: u64) {
        self.counted.bytes_written += sent;
    }

    /// What is about to be written, and how many commands are under way.
    #[inline]
    pub(super) fn batch(&mut self, bytes: usize, in_flight: usize) {
        let counted = &mut self.counted;
        counted.peak_batch_bytes = counted.peak_batch_bytes.max(bytes);
        counted.peak_in_flight = counted.peak_in_flight.max(in_flight);
    }
}
