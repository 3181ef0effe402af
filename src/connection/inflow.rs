use bytes::BytesMut;

use crate::resp::{Frame, Framer, Limits, ProtocolError, Scan};

/// Size of the blocks that are read into.
const BLOCK: usize = 64 << 10;

/// Less room than this at a block's end is not worth a read.
const MIN_ROOM: usize = 4 << 10;

/// An announced size is believed up to this far ahead of the bytes that have come.
const MAX_AHEAD: usize = 4 << 20;

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
}

impl Inflow {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { block: BytesMut::new(), filled: 0, start: 0, framer: Framer::new(limits), need: 1 }
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
        if room < MIN_ROOM || self.start + whole > self.block.len() {
            let mut block = BytesMut::zeroed(BLOCK.max(whole + MIN_ROOM));
            block[..pending].copy_from_slice(&self.block[self.start..self.filled]);
            self.block = block;
            self.start = 0;
            self.filled = pending;
        }
        &mut self.block[self.filled..]
    }

    /// Notes that `n` bytes were read, and moves the complete frames into `frames`.
    pub(crate) fn advance(
        &mut self,
        n: usize,
        frames: &mut Vec<Frame>,
    ) -> Result<(), ProtocolError> {
        self.filled += n;
        // Lengths first, so that a block is frozen once for many frames.
        let mut ends = [0; 64];
        loop {
            let mut count = 0;
            let mut end = self.start;
            while count < ends.len() && end < self.filled {
                match self.framer.scan(&self.block[end..self.filled])? {
                    Scan::Complete(len) => {
                        end += len;
                        ends[count] = end;
                        count += 1;
                        self.need = 1;
                    }
                    Scan::Incomplete { need } => {
                        self.need = need;
                        break;
                    }
                }
            }
            self.cut(&ends[..count], frames);
            if count < ends.len() {
                return Ok(());
            }
        }
    }

    /// Turns the bytes before each of `ends` into frames.
    fn cut(&mut self, ends: &[usize], frames: &mut Vec<Frame>) {
        let Some(&last) = ends.last() else { return };
        let starts = || std::iter::once(self.start).chain(ends.iter().copied());
        let ranges = || starts().zip(ends.iter().copied());
        if ranges().all(|(from, to)| to - from <= INLINE) {
            frames.extend(ranges().map(|(from, to)| Frame::copy_from_slice(&self.block[from..to])));
            self.start = last;
            return;
        }
        let chunk = self.block.split_to(last).freeze();
        frames.extend(ranges().map(|(from, to)| match to - from {
            0..=INLINE => Frame::copy_from_slice(&chunk[from..to]),
            _ => Frame::from_bytes(chunk.slice(from..to)),
        }));
        self.filled -= last;
        self.start = 0;
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
    fn an_announced_size_allocates_no_more_than_the_cap() {
        let mut inflow = Inflow::new(Limits::default());
        let head = b"$500000000\r\n";
        inflow.room()[..head.len()].copy_from_slice(head);
        inflow.advance(head.len(), &mut Vec::new()).unwrap();
        assert!(inflow.room().len() <= MAX_AHEAD + BLOCK);
    }
}
