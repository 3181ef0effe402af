//! What a reply may cost at most.

/// The largest replies that a [`Framer`](super::Framer) accepts
///
/// A reply beyond a limit is a [`ProtocolError`](super::ProtocolError): the framer says so as
/// soon as the size is announced, before the bytes arrive.
///
/// ```
/// use redmux_resp::Limits;
/// let limits = Limits::default().max_bulk(1 << 20).max_depth(16);
/// assert_eq!((limits.max_bulk, limits.max_depth), (1 << 20, 16));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Aggregates within aggregates; 128. More than [`Limits::DEPTH_CAP`] counts as that.
    pub max_depth: usize,
    /// Elements of one aggregate, where an entry of a map counts as two; 16 Mi.
    pub max_elements: usize,
    /// Bytes of one bulk string, or of a streamed string in all; 512 MiB.
    pub max_bulk: usize,
    /// Bytes of a simple string, simple error, double or big number; 64 KiB.
    pub max_line: usize,
    /// Bytes of one whole reply; 1 GiB.
    pub max_frame: usize,
}

impl Limits {
    /// No `max_depth` goes beyond this, so that walking a reply cannot exhaust a stack.
    pub const DEPTH_CAP: usize = 512;

    /// With this many aggregates within aggregates.
    #[must_use]
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels;
        self
    }

    /// With this many elements in one aggregate.
    #[must_use]
    pub fn max_elements(mut self, elements: usize) -> Self {
        self.max_elements = elements;
        self
    }

    /// With this many bytes in one bulk string.
    #[must_use]
    pub fn max_bulk(mut self, bytes: usize) -> Self {
        self.max_bulk = bytes;
        self
    }

    /// With this many bytes in one line.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes;
        self
    }

    /// With this many bytes in one whole reply.
    #[must_use]
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.max_frame = bytes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 128,
            max_elements: 16 << 20,
            max_bulk: 512 << 20,
            max_line: 64 << 10,
            max_frame: 1 << 30,
        }
    }
}
