use std::io::IoSlice;

use bytes::Bytes;

use crate::resp::{Arg, write_array_header, write_bulk, write_bulk_header};

/// Arguments of at least this many bytes that the caller shares are not copied.
const SHARE_FROM: usize = 4096;

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
    tail: Vec<u8>,
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
    pub(crate) fn push_command(&mut self, args: &[Arg<'_>]) {
        let before = self.tail.len();
        let mut moved = 0;
        write_array_header(&mut self.tail, args.len());
        for arg in args {
            match arg {
                Arg::Shared(bytes) if bytes.len() >= SHARE_FROM => {
                    write_bulk_header(&mut self.tail, bytes.len());
                    moved += self.tail.len();
                    self.chunks.push(Bytes::from(std::mem::take(&mut self.tail)));
                    moved += bytes.len();
                    self.chunks.push(bytes.clone());
                    self.tail.extend_from_slice(b"\r\n");
                }
                _ => write_bulk(&mut self.tail, arg.as_bytes()),
            }
        }
        self.len += moved + self.tail.len() - before;
    }

    /// Appends bytes that are already RESP.
    pub(crate) fn push_raw(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        self.len += bytes.len();
    }

    /// The next bytes to write, as one slice.
    pub(crate) fn slice(&self) -> &[u8] {
        let part = self.chunks.get(self.chunk).map_or(&self.tail[..], |bytes| &bytes[..]);
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
        for part in parts.chain(std::iter::once(&self.tail[..])) {
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
        all.extend_from_slice(&self.tail);
        all
    }

    /// Empties the box and keeps its buffer for the next batch, unless it is oversized.
    pub(crate) fn clear(&mut self) {
        self.chunks.clear();
        if self.tail.capacity() > KEEP_CAPACITY {
            self.tail = Vec::new();
        }
        self.tail.clear();
        self.len = 0;
        self.written = 0;
        self.chunk = 0;
        self.chunk_start = 0;
    }
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
