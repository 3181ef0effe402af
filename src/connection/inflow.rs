use bytes::{Bytes, BytesMut};

use crate::resp::{Frame, Framer, Limits, ProtocolError, Scan};

/// Size of the blocks that are read into.
const BLOCK: usize = 64 << 10;

/// Less room than this at a block's end is not worth a read.
const MIN_ROOM: usize = 4 << 10;

/// An announced size is believed up to this far ahead of the bytes that have come.
const MAX_AHEAD: usize = 4 << 20;

/// The largest block that is kept for the next large reply.
const MAX_SPARE: usize = 2 << 20;

/// Frames up to this size are copied into the frame itself.
const INLINE: usize = 30;

/// Bytes as they are read, and the frames found in them
///
/// Large replies are slices of the block they were read into, without a copy.
pub(crate) struct Inflow {
    /// Initialised in full; the part up to `filled` has been read.
    block: BytesMut,
    filled: usize,
    /// Where the current, incomplete frame begins.
    start: usize,
    framer: Framer,
    /// Bytes the current frame lacks at least.
    need: usize,
    /// Where the frames of the last read end.
    ends: Vec<usize>,
    /// The block that was read into before; free again when its replies are.
    twin: Option<Bytes>,
    /// The last large block, while its reply may still be in use.
    spare: Option<Bytes>,
    /// The block that was in use before a large reply came.
    aside: Option<BytesMut>,
}

impl Inflow {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            block: BytesMut::new(),
            filled: 0,
            start: 0,
            framer: Framer::new(limits),
            need: 1,
            ends: Vec::new(),
            twin: None,
            spare: None,
            aside: None,
        }
    }

    /// Room to read into; never empty.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let pending = self.filled - self.start;
        if pending == 0 && self.start > 0 {
            self.start = 0;
            self.filled = 0;
        }
        let room = self.block.len() - self.filled;
        let whole = pending + self.need.min(MAX_AHEAD.max(pending));
        // The end of a large reply is read into what is left, however little.
        let ends_here = pending >= BLOCK && (1..=room).contains(&self.need);
        if room < MIN_ROOM && !ends_here || self.start + whole > self.block.len() {
            // How long an aggregate will be is not known before its end: twice what is
            // pending, so that it is not moved for every few elements.
            let more = if self.need > MIN_ROOM { 0 } else { pending.max(MIN_ROOM) };
            let mut block = self.new_block(whole, more);
            block[..pending].copy_from_slice(&self.block[self.start..self.filled]);
            let old = std::mem::replace(&mut self.block, block);
            if self.block.len() > BLOCK && self.aside.is_none() {
                self.aside = Some(old);
            }
            self.start = 0;
            self.filled = pending;
        }
        &mut self.block[self.filled..]
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
        BytesMut::zeroed(BLOCK.max(size + more))
    }

    /// Notes that `n` bytes were read, and moves the complete frames into `frames`.
    pub(crate) fn advance(
        &mut self,
        n: usize,
        frames: &mut Vec<Frame>,
    ) -> Result<(), ProtocolError> {
        self.filled += n;
        // Lengths first, so that a block is frozen once for many frames.
        self.ends.clear();
        let mut end = self.start;
        let mut result = Ok(());
        while end < self.filled {
            match self.framer.scan(&self.block[end..self.filled]) {
                Ok(Scan::Complete(len)) => {
                    end += len;
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
        self.cut(end, frames);
        result
    }

    /// Turns the bytes before each of `ends` into frames; `last` is the last of them.
    fn cut(&mut self, last: usize, frames: &mut Vec<Frame>) {
        let first = self.start;
        if first == last {
            return;
        }
        self.start = last;
        let ends = std::mem::take(&mut self.ends);
        let starts = || std::iter::once(first).chain(ends.iter().copied());
        let ranges = || starts().zip(ends.iter().copied());
        if ranges().all(|(from, to)| to - from <= INLINE) {
            frames.extend(ranges().map(|(from, to)| Frame::copy_from_slice(&self.block[from..to])));
        } else {
            let (chunk, whole) = self.freeze(last);
            frames.extend(ranges().map(|(from, to)| match to - from {
                0..=INLINE => Frame::copy_from_slice(&chunk[from..to]),
                _ => Frame::from_bytes(chunk.slice(from..to)),
            }));
            if whole {
                self.twin = Some(chunk);
            } else if chunk.len() > BLOCK {
                if self.filled == 0 {
                    // What is left would keep the large block in use.
                    self.block = self.aside.take().unwrap_or_default();
                }
                // Whoever reads large replies reads more of them: pages and zeros are saved.
                self.spare = (chunk.len() <= MAX_SPARE).then_some(chunk);
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
                    return (std::mem::replace(&mut self.block, twin).freeze(), true);
                }
                Err(in_use) => self.twin = Some(in_use),
            }
        }
        (self.block.split_to(last).freeze(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` in reads of at most `step` and returns the frames' bytes.
    fn feed(bytes: &[u8], step: usize) -> Vec<Vec<u8>> {
        let mut inflow = Inflow::new(Limits::default());
        let mut frames = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = inflow.room();
            assert!(!room.is_empty());
            let n = rest.len().min(step).min(room.len());
            room[..n].copy_from_slice(&rest[..n]);
            inflow.advance(n, &mut frames).unwrap();
            rest = &rest[n..];
        }
        frames.iter().map(|frame| frame.as_bytes().to_vec()).collect()
    }

    #[test]
    fn frames_come_out_whole_however_they_are_read() {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for n in 0..400usize {
            let len = [0, 3, 40, 1000, 70_000][n % 5];
            let frame =
                [format!("${len}\r\n").into_bytes(), vec![b'x'; len], b"\r\n".to_vec()].concat();
            bytes.extend_from_slice(&frame);
            expected.push(frame);
            bytes.extend_from_slice(b"+OK\r\n");
            expected.push(b"+OK\r\n".to_vec());
        }
        for step in [97, 4096, 65_536, 1 << 20] {
            assert!(feed(&bytes, step) == expected, "step {step}");
        }
        let short = &bytes[..3000];
        assert_eq!(feed(short, 1), feed(short, 3000));
    }

    #[test]
    fn many_small_frames_reuse_one_block() {
        let mut inflow = Inflow::new(Limits::default());
        let mut frames = Vec::new();
        let at = inflow.room().as_ptr();
        for _ in 0..100_000 {
            let room = inflow.room();
            room[..5].copy_from_slice(b"+OK\r\n");
            inflow.advance(5, &mut frames).unwrap();
            frames.clear();
        }
        assert_eq!(inflow.room().as_ptr(), at);
    }

    #[test]
    fn a_large_block_is_used_again_once_its_reply_is_gone() {
        let mut inflow = Inflow::new(Limits::default());
        let reply = [b"$1000000\r\n".to_vec(), vec![b'x'; 1_000_000], b"\r\n".to_vec()].concat();
        let mut frames = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for round in 0..10 {
            let mut rest = &reply[..];
            while !rest.is_empty() {
                let room = inflow.room();
                let n = rest.len().min(room.len());
                room[..n].copy_from_slice(&rest[..n]);
                inflow.advance(n, &mut frames).unwrap();
                rest = &rest[n..];
            }
            let frame = frames.pop().unwrap();
            assert!(frame.as_bytes() == reply, "round {round}");
            seen.insert(frame.as_bytes().as_ptr());
            if round == 4 {
                // Kept: its bytes must not be read over.
                let kept = frame;
                frames.clear();
                feed_one(
                    &mut inflow,
                    &[b"$1000000\r\n".to_vec(), vec![b'y'; 1_000_000], b"\r\n".to_vec()].concat(),
                );
                assert!(kept.as_bytes() == reply);
            }
        }
        assert!(seen.len() <= 4, "{}", seen.len());
    }

    #[test]
    fn two_blocks_serve_replies_that_are_let_go_and_none_is_read_over() {
        let mut inflow = Inflow::new(Limits::default());
        let reply = |n: usize| format!("$64\r\n{n:064}\r\n").into_bytes();
        let mut blocks = std::collections::HashSet::new();
        let mut kept = Vec::new();
        for n in 0..20_000 {
            let mut frames = Vec::new();
            let (before, after) = (reply(n), reply(n + 1));
            // Half of the next reply comes with this one.
            let bytes = if n == 0 { &before[..] } else { &before[30..] };
            let room = inflow.room();
            blocks.insert(room.as_ptr() as usize / BLOCK);
            room[..bytes.len()].copy_from_slice(bytes);
            room[bytes.len()..bytes.len() + 30].copy_from_slice(&after[..30]);
            inflow.advance(bytes.len() + 30, &mut frames).unwrap();
            assert!(frames.len() == 1 && frames[0].as_bytes() == before);
            if n >= 10_000 {
                kept.append(&mut frames);
            }
            if n == 9_999 {
                assert!(blocks.len() <= 4, "{}", blocks.len());
            }
        }
        for (n, frame) in kept.iter().enumerate() {
            assert!(frame.as_bytes() == reply(10_000 + n));
        }
    }

    #[test]
    fn arrays_beyond_a_block_use_one_block_again() {
        let mut inflow = Inflow::new(Limits::default());
        let mut reply = b"*1000\r\n".to_vec();
        (0..1000).for_each(|_| {
            reply.extend_from_slice(&[b"$64\r\n", &[b'x'; 64][..], b"\r\n"].concat())
        });
        let mut blocks = std::collections::HashSet::new();
        for _ in 0..20 {
            let (mut rest, mut frames) = (&reply[..], Vec::new());
            while !rest.is_empty() {
                let room = inflow.room();
                let n = rest.len().min(room.len()).min(16_000);
                room[..n].copy_from_slice(&rest[..n]);
                inflow.advance(n, &mut frames).unwrap();
                rest = &rest[n..];
            }
            assert!(frames.len() == 1 && frames[0].as_bytes() == reply);
            blocks.insert(frames[0].as_bytes().as_ptr());
        }
        assert!(blocks.len() <= 2, "{}", blocks.len());
    }

    fn feed_one(inflow: &mut Inflow, mut bytes: &[u8]) {
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let room = inflow.room();
            let n = bytes.len().min(room.len());
            room[..n].copy_from_slice(&bytes[..n]);
            inflow.advance(n, &mut frames).unwrap();
            bytes = &bytes[n..];
        }
        assert_eq!(frames.len(), 1);
    }

    #[test]
    fn a_reply_of_unknown_length_is_moved_seldom() {
        let mut inflow = Inflow::new(Limits::default());
        let mut reply = b"*100000\r\n".to_vec();
        (0..100_000).for_each(|_| reply.extend_from_slice(b"$5\r\nvalue\r\n"));
        let (mut rest, mut blocks, mut frames) = (&reply[..], 0, Vec::new());
        let mut block = 0;
        while !rest.is_empty() {
            let room = inflow.room();
            let n = rest.len().min(room.len()).min(8192);
            room[..n].copy_from_slice(&rest[..n]);
            inflow.advance(n, &mut frames).unwrap();
            blocks += usize::from(inflow.block.len() != block);
            block = inflow.block.len();
            rest = &rest[n..];
        }
        assert!(frames.len() == 1 && frames[0].as_bytes() == reply);
        assert!(blocks < 10, "{blocks}");
    }

    #[test]
    fn an_announced_size_allocates_no_more_than_the_cap() {
        let mut inflow = Inflow::new(Limits::default());
        let head = b"$500000000\r\n";
        inflow.room()[..head.len()].copy_from_slice(head);
        inflow.advance(head.len(), &mut Vec::new()).unwrap();
        assert!(inflow.room().len() <= MAX_AHEAD + BLOCK);
    }
}
