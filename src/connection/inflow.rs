mod large;
/// Puts the pushes inside of a frame before it, and the frame without them in its place.
#[cold]
fn take_apart(frames: &mut Vec<Frame>, place: usize, pushes: &[Range<usize>]) {
    let Some(whole) = frames.get(place).cloned() else { return };
    let bytes = whole.as_bytes();
    let mut rest = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for push in pushes {
        rest.extend_from_slice(&bytes[at..push.start]);
        at = push.end;
    }
    rest.extend_from_slice(&bytes[at..]);
    let pushes = pushes.iter().map(|push| Frame::copy_from_slice(&bytes[push.clone()]));
    let parts: Vec<Frame> = pushes.chain([Frame::from_bytes(rest.into())]).collect();
    frames.splice(place..=place, parts);
}

#[cfg(test)]
mod tests;

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use self::large::Large;

use crate::resp::{Frame, Framer, Limits, ProtocolError, Scan};

/// Size of the blocks that are read into.
const BLOCK: usize = 64 << 10;

/// Less room than this at a block's end is not worth a read.
const MIN_ROOM: usize = 4 << 10;

/// A reply beyond this gets a buffer of its own.
const LARGE: usize = 2 << 20;

/// After this many reads that need no such buffer, the last one is freed.
const SMALL_READS: u32 = 4;

/// Frames up to this size are copied into the frame itself.
const INLINE: usize = 30;

/// Bytes as they are read, and the frames found in them
///
/// Large replies are slices of the block they were read into, without a copy.
pub(crate) struct Inflow {
    /// Initialised in full; the part up to `filled` has been read.
    block: BytesMut,
    filled: usize,
    /// The size of what the block is, or was a part of.
    allocated: usize,
    /// Where the current, incomplete frame begins.
    start: usize,
    framer: Framer,
    /// Bytes the current frame lacks at least.
    need: usize,
    /// Where the frames of the last read end.
    ends: Vec<usize>,
    /// Pushes inside of these frames: the frame's place among them, and theirs in its bytes.
    inside: Vec<(usize, Vec<Range<usize>>)>,
    /// The block that was read into before; free again when its replies are.
    twin: Option<Bytes>,
    /// The last large block, while its reply may still be in use.
    spare: Option<Bytes>,
    /// The block that was in use before a large reply came.
    aside: Option<BytesMut>,
    /// The current frame, if it is too large for a block; the block is empty then.
    large: Option<Large>,
    /// The buffer of the last one, while its reply may still be in use: after one large reply
    /// others are likely, and fresh memory costs more than the reading.
    last: Option<Bytes>,
    /// Reads since then.
    small_reads: u32,
    /// Bytes allocated or copied so far.
    #[cfg(test)]
    handled: usize,
}

impl Inflow {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            block: BytesMut::new(),
            filled: 0,
            allocated: 0,
            start: 0,
            framer: Framer::lenient(limits),
            need: 1,
            ends: Vec::new(),
            inside: Vec::new(),
            twin: None,
            spare: None,
            aside: None,
            large: None,
            last: None,
            small_reads: 0,
            #[cfg(test)]
            handled: 0,
        }
    }

    /// Room to read into; never empty.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.large.is_none() {
            self.make_room();
        }
        match &mut self.large {
            Some(large) => large.room(self.need),
            None => &mut self.block[self.filled..],
        }
    }

    fn make_room(&mut self) {
        if self.last.is_some() {
            self.small_reads += 1;
            if self.small_reads > SMALL_READS {
                self.last = None;
            }
        }
        let pending = self.filled - self.start;
        if pending == 0 && self.start > 0 {
            self.start = 0;
            self.filled = 0;
        }
        let room = self.block.len() - self.filled;
        let whole = pending.saturating_add(self.need);
        // The end of a large reply is read into what is left, however little.
        let ends_here = pending >= BLOCK && (1..=room).contains(&self.need);
        if !(room < MIN_ROOM && !ends_here || self.need > room) {
            return;
        }
        // How long an aggregate will be is not known before its end: twice what is
        // pending, so that it is not moved for every few elements.
        let bytes = &self.block[self.start..self.filled];
        let announced = large::is_announced(bytes);
        let more = if announced { 0 } else { pending.max(MIN_ROOM) };
        let size = whole.saturating_add(more);
        if size > LARGE {
            self.count(pending);
            let last = self.last.take().filter(|_| announced);
            let buffer = last.and_then(|last| large::reuse(last, whole)).unwrap_or_default();
            self.large = Some(Large::new(buffer, &self.block[self.start..self.filled]));
            if self.block.len() > BLOCK {
                self.block = self.aside.take().unwrap_or_default();
                self.allocated = BLOCK;
            }
            self.start = 0;
            self.filled = 0;
            return;
        }
        let mut block = self.new_block(whole, more);
        self.count(pending);
        block[..pending].copy_from_slice(&self.block[self.start..self.filled]);
        self.allocated = block.len();
        let old = std::mem::replace(&mut self.block, block);
        if self.block.len() > BLOCK && self.aside.is_none() {
            self.aside = Some(old);
        }
        self.start = 0;
        self.filled = pending;
    }

    /// A block of at least `size` bytes: that of the last large reply if it is free again, or
    /// a new one with some more.
    fn new_block(&mut self, size: usize, more: usize) -> BytesMut {
        if size + more > BLOCK
            && let Some(Ok(block)) = self.spare.take().map(Bytes::try_into_mut)
            && block.len() >= size + more.min(MIN_ROOM)
        {
            return block;
        }
        let size = BLOCK.max(size + more);
        self.count(size);
        BytesMut::zeroed(size)
    }

    /// Bytes were allocated or copied.
    #[inline(always)]
    fn count(&mut self, _bytes: usize) {
        #[cfg(test)]
        {
            self.handled += _bytes;
        }
    }

    /// Notes that `n` bytes were read, and moves the complete frames into `frames`.
    pub(crate) fn advance(
        &mut self,
        n: usize,
        frames: &mut Vec<Frame>,
    ) -> Result<(), ProtocolError> {
        let bytes = match &mut self.large {
            Some(large) => large.advance(n),
            None => {
                self.filled += n;
                &self.block[..self.filled]
            }
        };
        // Lengths first, so that a block is frozen once for many frames.
        self.ends.clear();
        let mut end = self.start;
        let mut result = Ok(());
        while end < bytes.len() {
            match self.framer.scan(&bytes[end..]) {
                Ok(Scan::Complete(len)) => {
                    end += len;
                    if self.framer.has_inside() {
                        self.inside.push((self.ends.len(), self.framer.take_inside()));
                    }
                    self.ends.push(end);
                    self.need = 1;
                }
                Ok(Scan::Incomplete { need }) => {
                    self.need = need;
                    break;
                }
                Err(fault) => {
                    result = Err(fault);
                    break;
                }
            }
        }
        // What came before a fault is good.
        let first = frames.len();
        self.cut(end, frames);
        if !self.inside.is_empty() {
            let inside = std::mem::take(&mut self.inside);
            // From the end: the places of the others stay what they are.
            for (place, pushes) in inside.into_iter().rev() {
                take_apart(frames, first + place, &pushes);
            }
        }
        result
    }

    /// Turns the bytes before each of `ends` into frames; `last` is the last of them.
    fn cut(&mut self, last: usize, frames: &mut Vec<Frame>) {
        let first = self.start;
        if first == last {
            return;
        }
        if let Some(large) = self.large.take() {
            self.leave(large, last, frames);
            return;
        }
        self.start = last;
        let ends = std::mem::take(&mut self.ends);
        let starts = || std::iter::once(first).chain(ends.iter().copied());
        let ranges = || starts().zip(ends.iter().copied());
        if ranges().all(|(from, to)| to - from <= INLINE) {
            frames.extend(ranges().map(|(from, to)| Frame::copy_from_slice(&self.block[from..to])));
        } else {
            // A small reply must not keep a block alive that was made for a large one.
            let least = if self.allocated > BLOCK { self.allocated / 4 } else { 0 };
            let (chunk, whole) = self.freeze(last);
            frames.extend(ranges().map(|(from, to)| match to - from {
                0..=INLINE => Frame::copy_from_slice(&chunk[from..to]),
                length if length < least => Frame::copy_from_slice(&chunk[from..to]),
                _ => Frame::from_bytes(chunk.slice(from..to)),
            }));
            if whole {
                self.twin = Some(chunk);
            } else if chunk.len() > BLOCK {
                if self.filled == 0 {
                    // What is left would keep the large block in use.
                    self.block = self.aside.take().unwrap_or_default();
                    self.allocated = BLOCK;
                }
                // After one large reply others are likely: this saves page faults and zeros.
                self.spare = Some(chunk);
            }
        }
        self.ends = ends;
    }

    /// Makes the bytes up to `last` shareable, and goes on behind them: in the other one of
    /// two blocks if it is free, so that neither is ever cleared again, and else in the rest of
    /// this one. True if all of the block was given away.
    fn freeze(&mut self, last: usize) -> (Bytes, bool) {
        let pending = self.filled - last;
        self.filled = pending;
        self.start = 0;
        if self.block.len() == BLOCK && pending < MIN_ROOM {
            let twin = match self.twin.take() {
                None => Ok(BytesMut::zeroed(BLOCK)),
                Some(twin) => twin.try_into_mut(),
            };
            match twin {
                Ok(mut twin) => {
                    twin[..pending].copy_from_slice(&self.block[last..last + pending]);
                    self.allocated = BLOCK;
                    return (std::mem::replace(&mut self.block, twin).freeze(), true);
                }
                Err(in_use) => self.twin = Some(in_use),
            }
        }
        (self.block.split_to(last).freeze(), false)
    }

    /// The large reply is complete: what was read behind it goes on in a block.
    #[cold]
    fn leave(&mut self, large: Large, last: usize, frames: &mut Vec<Frame>) {
        #[cfg(test)]
        {
            self.handled += large.handled;
        }
        let bytes = large.into_bytes();
        let rest = bytes.len() - last;
        if self.block.len() < rest + MIN_ROOM {
            self.count(BLOCK.max(rest + MIN_ROOM));
            self.block = BytesMut::zeroed(BLOCK.max(rest + MIN_ROOM));
            self.allocated = self.block.len();
        }
        self.count(bytes.len() - self.ends[0]);
        self.block[..rest].copy_from_slice(&bytes[last..]);
        self.start = 0;
        self.filled = rest;
        // Small replies must not keep the large one in memory.
        let behind: Vec<Frame> = self
            .ends
            .windows(2)
            .map(|ends| Frame::copy_from_slice(&bytes[ends[0]..ends[1]]))
            .collect();
        let reply = large::cut(bytes, self.ends[0]);
        self.last = Some(reply.clone());
        self.small_reads = 0;
        frames.push(Frame::from_bytes(reply));
        frames.extend(behind);
    }
}
