use std::io::IoSlice;

use bytes::Bytes;

use crate::resp::Arg;

/// Arguments of at least this many bytes that the caller shares are not copied.
const SHARE_FROM: usize = 4096;

/// The first room for commands.
const LEAST_ROOM: usize = 1024;

/// A spare buffer larger than this is given back to the allocator after use.
const KEEP_CAPACITY: usize = 1 << 20;

/// Encoded commands waiting to be written
///
/// Small commands lie end to end in one buffer; large shared arguments stand between
/// such buffers as chunks of their own. Bytes stay until the whole box is written, so
/// that a half-written command can be sent again on another connection.
#[derive(Default)]
pub(crate) struct Outbox {
    chunks: Vec<Bytes>,
    /// Initialised in full, so that pieces are copied to where they belong without a look at
    /// the capacity for each; the part up to `end` is in use.
    tail: Vec<u8>,
    end: usize,
    /// Bytes put in.
    len: usize,
    /// Bytes of `chunks` and `tail` already written.
    written: usize,
    /// The chunk (or the tail) in which `written` falls, and where that begins.
    chunk: usize,
    chunk_start: usize,
}

impl Outbox {
    /// Bytes put in, written or not.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes not yet written.
    pub(crate) fn remaining(&self) -> usize {
        self.len - self.written
    }

    /// Appends one command.
    #[inline]
    pub(crate) fn push_command(&mut self, args: &[Arg<'_>]) {
        match encode_small(&mut self.tail[self.end..], args) {
            Some(length) => {
                self.end += length;
                self.len += length;
            }
            None => self.push_any_command(args),
        }
    }

    /// As [`push_command`](Self::push_command), of any size and where there is no room yet.
    #[cold]
    fn push_any_command(&mut self, args: &[Arg<'_>]) {
        let copied = args.iter().map(|arg| if is_shared(arg) { 0 } else { arg.len() }).sum();
        self.make_room(copied, args.len());
        self.push_header(b'*', args.len());
        for arg in args {
            match arg {
                Arg::Shared(bytes) if is_shared(arg) => {
                    self.push_header(b'$', bytes.len());
                    self.tail.truncate(self.end);
                    self.chunks.push(Bytes::from(std::mem::take(&mut self.tail)));
                    self.chunks.push(bytes.clone());
                    self.len += bytes.len();
                    self.end = 0;
                    self.push_raw(b"\r\n");
                }
                _ => match encode_short_bulk(&mut self.tail[self.end..], arg.as_bytes()) {
                    Some(length) => {
                        self.end += length;
                        self.len += length;
                    }
                    None => {
                        self.push_header(b'$', arg.len());
                        self.push_raw(arg.as_bytes());
                        self.push_raw(b"\r\n");
                    }
                },
            }
        }
    }

    pub(super) fn push_header(&mut self, type_byte: u8, number: usize) {
        let mut digits = itoa::Buffer::new();
        self.push_raw(&[type_byte]);
        self.push_raw(digits.format(number).as_bytes());
        self.push_raw(b"\r\n");
    }

    /// Appends bytes that are already RESP.
    pub(crate) fn push_raw(&mut self, bytes: &[u8]) {
        if self.tail.len() - self.end < bytes.len() {
            self.make_room(bytes.len(), 0);
        }
        self.tail[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
        self.len += bytes.len();
    }

    /// Puts what is in `other`, none of it written, behind what is in here.
    pub(super) fn append(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        self.len += other.len;
        self.tail.truncate(self.end);
        self.chunks.push(Bytes::from(std::mem::take(&mut self.tail)));
        self.chunks.extend(other.chunks);
        self.tail = other.tail;
        self.end = other.end;
    }

    /// Makes room for `bytes` bytes in `args` arguments, and for as much again as there is.
    fn make_room(&mut self, bytes: usize, args: usize) {
        /// A type byte, twenty digits, and two line ends.
        const HEADER: usize = 25;
        let needed = self.end + bytes + (args + 1) * HEADER;
        if needed > self.tail.len() {
            self.tail.resize(needed.max(2 * self.tail.len()).max(LEAST_ROOM), 0);
        }
    }

    /// The next bytes to write, as one slice.
    pub(crate) fn slice(&self) -> &[u8] {
        let part = self.chunks.get(self.chunk).map_or(&self.tail[..self.end], |bytes| &bytes[..]);
        &part[self.written - self.chunk_start..]
    }

    /// Whether the rest is more than one slice.
    pub(crate) fn is_scattered(&self) -> bool {
        self.chunk < self.chunks.len()
    }

    /// Fills `slices` with the next bytes to write and returns how many were used.
    pub(crate) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut used = 0;
        let mut skip = self.written - self.chunk_start;
        let parts = self.chunks[self.chunk..].iter().map(|bytes| &bytes[..]);
        for part in parts.chain(std::iter::once(&self.tail[..self.end])) {
            let part = &part[skip..];
            skip = 0;
            if part.is_empty() {
                continue;
            }
            let Some(slot) = slices.get_mut(used) else { break };
            *slot = IoSlice::new(part);
            used += 1;
        }
        used
    }

    /// Joins what is scattered, for transports that want one buffer.
    pub(crate) fn flatten(&mut self) {
        if !self.chunks.is_empty() {
            self.tail = self.all_bytes();
            self.end = self.tail.len();
            self.chunks.clear();
            self.chunk = 0;
            self.chunk_start = 0;
        }
    }

    /// Notes that the transport took `n` bytes.
    pub(crate) fn advance(&mut self, n: usize) {
        self.written += n;
        debug_assert!(self.written <= self.len);
        while let Some(bytes) = self.chunks.get(self.chunk) {
            if self.written - self.chunk_start < bytes.len() {
                break;
            }
            self.chunk_start += bytes.len();
            self.chunk += 1;
        }
    }

    /// Everything that was put in, written or not.
    pub(crate) fn all_bytes(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.len);
        self.chunks.iter().for_each(|bytes| all.extend_from_slice(bytes));
        all.extend_from_slice(&self.tail[..self.end]);
        all
    }

    /// Empties the box and keeps its buffer for the next batch, unless it is oversized.
    pub(crate) fn clear(&mut self) {
        self.chunks.clear();
        if self.tail.len() > KEEP_CAPACITY {
            self.tail = Vec::new();
        }
        self.end = 0;
        self.len = 0;
        self.written = 0;
        self.chunk = 0;
        self.chunk_start = 0;
    }
}

/// Whether an argument is given to the transport as it is, without a copy.
fn is_shared(arg: &Arg<'_>) -> bool {
    matches!(arg, Arg::Shared(bytes) if bytes.len() >= SHARE_FROM)
}

/// Encodes a command of few and short arguments, as nine in ten are, and returns its length;
/// `None` for others and where it does not fit.
#[inline(always)]
fn encode_small(out: &mut [u8], args: &[Arg<'_>]) -> Option<usize> {
    if args.len() > 9 {
        return None;
    }
    let (header, _) = out.split_first_chunk_mut()?;
    *header = [b'*', b'0' + args.len() as u8, b'\r', b'\n'];
    let mut at = header.len();
    for arg in args {
        at += encode_short_bulk(&mut out[at..], arg.as_bytes())?;
    }
    Some(at)
}

/// Encodes an argument of up to 99 bytes, and returns the length; `None` for a longer one and
/// where it does not fit.
#[inline(always)]
fn encode_short_bulk(out: &mut [u8], bytes: &[u8]) -> Option<usize> {
    // Assigned, not copied from slices: where functions are not inlined, each would be a call.
    let start = match bytes.len() {
        length @ 0..10 => {
            let (header, _) = out.split_first_chunk_mut()?;
            *header = [b'$', b'0' + length as u8, b'\r', b'\n'];
            header.len()
        }
        length @ 10..100 => {
            let (tens, ones) = (b'0' + length as u8 / 10, b'0' + length as u8 % 10);
            let (header, _) = out.split_first_chunk_mut()?;
            *header = [b'$', tens, ones, b'\r', b'\n'];
            header.len()
        }
        _ => return None,
    };
    let end = start + bytes.len();
    out.get_mut(start..end)?.copy_from_slice(bytes);
    *out.get_mut(end..)?.first_chunk_mut()? = *b"\r\n";
    Some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scattered() -> Outbox {
        let big = Bytes::from(vec![b'x'; SHARE_FROM]);
        let mut out = Outbox::default();
        out.push_command(&[Arg::Bytes(b"SET"), Arg::Bytes(b"k"), Arg::Shared(big)]);
        out.push_command(&[Arg::Bytes(b"PING")]);
        out
    }

    fn expected() -> Vec<u8> {
        let mut bytes = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4096\r\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', SHARE_FROM));
        bytes.extend_from_slice(b"\r\n*1\r\n$4\r\nPING\r\n");
        bytes
    }

    #[test]
    fn every_way_of_taking_bytes_gives_the_same_bytes() {
        for step in [1, 7, 4096, 100_000] {
            let mut out = scattered();
            assert_eq!(out.len(), expected().len());
            let mut taken = Vec::new();
            while out.remaining() > 0 {
                let mut slices = [IoSlice::new(&[]); 2];
                let used = out.slices(&mut slices);
                assert!(used > 0);
                let n = slices[0].len().min(step);
                assert_eq!(out.slice()[..n], slices[0][..n]);
                taken.extend_from_slice(&slices[0][..n]);
                out.advance(n);
            }
            assert_eq!(taken, expected());
            assert_eq!(out.all_bytes(), expected());
        }
    }

    #[test]
    fn small_commands_are_encoded_as_all_others() {
        for count in 0..12 {
            for length in [0, 1, 9, 10, 15, 60, 99, 100, 200] {
                let text = vec![b'x'; length];
                let args = vec![Arg::Bytes(&text); count];
                let mut out = Outbox::default();
                out.push_command(&args);
                let mut expected = Vec::new();
                crate::resp::encode_command(&mut expected, &args);
                assert_eq!(out.all_bytes(), expected, "{count} of {length}");
                assert_eq!(out.len(), expected.len());
            }
        }
    }

    #[test]
    fn boxes_are_joined() {
        let mut out = Outbox::default();
        out.push_command(&[Arg::Bytes(b"PING")]);
        out.append(scattered());
        out.append(Outbox::default());
        let before = b"*1\r\n$4\r\nPING\r\n";
        assert_eq!(out.all_bytes(), [before, &expected()[..]].concat());
        assert_eq!(out.len(), out.all_bytes().len());
        let mut empty = Outbox::default();
        empty.append(scattered());
        assert_eq!(empty.all_bytes(), expected());
    }

    #[test]
    fn flattening_keeps_the_place() {
        let mut out = scattered();
        out.advance(40);
        out.flatten();
        assert!(!out.is_scattered());
        assert_eq!(out.slice(), &expected()[40..]);
    }

    #[test]
    fn large_shared_arguments_are_not_copied() {
        let big = Bytes::from(vec![b'x'; SHARE_FROM]);
        let mut out = Outbox::default();
        out.push_command(&[Arg::Bytes(b"ECHO"), Arg::Shared(big.clone())]);
        assert!(out.chunks.iter().any(|chunk| chunk.as_ptr() == big.as_ptr()));
    }
}
