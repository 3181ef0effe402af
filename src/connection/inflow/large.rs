use bytes::Bytes;

use crate::SMALL;

/// A buffer grows by no more than this, or by what it holds if that is more, however much is
/// announced: a server that announces a lot and sends little gets little.
///
/// More in a page: the memory of wasm never shrinks, and a buffer in it cannot grow where it is, so
/// that the outgrown ones would take as much as the last one. What is reserved is not touched.
pub(super) const MAX_AHEAD: usize = if SMALL { 96 << 20 } else { 4 << 20 };

/// Number of bytes that are cleared and read at a time: they stay in the processor's cache between
/// the two.
const STEP: usize = 256 << 10;

/// A reply that is too large for a block
///
/// Its buffer grows with the bytes that come, at most to twice as much: whatever its size, each
/// byte is moved once on average. (For large buffers most allocators move pages and not bytes.)
/// What is reserved and not read into yet is not touched.
pub(super) struct Large {
    /// Initialised up to its length, of which `filled` has been read.
    buffer: Vec<u8>,
    filled: usize,
    #[cfg(test)]
    pub(super) handled: usize,
}

impl Large {
    /// Begins with what is there. What `buffer` holds is read over: it is not cleared again.
    pub(super) fn new(mut buffer: Vec<u8>, pending: &[u8]) -> Self {
        let (over, behind) = pending.split_at(pending.len().min(buffer.len()));
        buffer[..over.len()].copy_from_slice(over);
        buffer.extend_from_slice(behind);
        Self {
            buffer,
            filled: pending.len(),
            #[cfg(test)]
            handled: 0,
        }
    }

    /// Room to read into, never empty; at least `need` bytes are missing.
    pub(super) fn room(&mut self, need: usize) -> &mut [u8] {
        let announced = is_announced(&self.buffer);
        // Nothing is read behind a string: it is given away with all of its buffer.
        let bound = if announced { self.filled.saturating_add(need) } else { usize::MAX };
        if self.buffer.len() == self.filled {
            if self.buffer.capacity() == self.filled {
                let ahead = need.min(self.filled.max(MAX_AHEAD));
                // How long an aggregate will be is not known before its end.
                let more = if announced { ahead } else { ahead.max(self.filled) };
                self.buffer.reserve_exact(more);
                #[cfg(test)]
                {
                    self.handled += self.buffer.capacity();
                }
            }
            let step = (self.filled + STEP).min(self.buffer.capacity()).min(bound);
            self.buffer.resize(step, 0);
        }
        let end = self.buffer.len().min(bound);
        &mut self.buffer[self.filled..end]
    }

    /// Notes that `n` bytes were read; returns all there are.
    pub(super) fn advance(&mut self, n: usize) -> &[u8] {
        self.filled += n;
        &self.buffer[..self.filled]
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.buffer.truncate(self.filled);
        self.buffer
    }
}

/// The buffer of the reply before and what is in it, if nobody holds that any more and it is not
/// too large for one of `whole` bytes, which may be kept for long.
pub(super) fn reuse(last: Bytes, whole: usize) -> Option<Vec<u8>> {
    let buffer = last.try_into_mut().ok()?;
    if buffer.capacity() / 2 > whole {
        return None;
    }
    Some(buffer.into())
}

/// The first `end` bytes, without a copy.
pub(super) fn cut(mut bytes: Vec<u8>, end: usize) -> Bytes {
    bytes.truncate(end);
    Bytes::from(bytes)
}

/// Whether a reply begins with its length: what it lacks is then known, and not only a lower
/// bound of it.
pub(super) fn is_announced(reply: &[u8]) -> bool {
    matches!(reply, [b'$' | b'=' | b'!', second, ..] if *second != b'?')
}
