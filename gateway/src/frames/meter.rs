use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::bounds::{FrameFault, Frames};
use crate::limits::Charge;

/// Checks the headers of frames before the WebSocket library reads them
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) frames: Arc<Frames>,
    charge: Charge,
    header: [u8; 10],
    have: usize,
    /// Bytes of the frame behind its header: the mask and the payload.
    skip: u64,
    /// Frames and payload bytes since the last message ended.
    count: usize,
    bytes: u64,
    /// Whether there is an unfinished message.
    open: bool,
    /// Whether the current frame ends a message.
    ends: bool,
}

/// Longest payload of a control frame (RFC 6455, 5.5).
const MAX_CONTROL: u64 = 125;

impl Meter {
    pub(super) fn new(frames: Arc<Frames>, charge: Charge) -> Self {
        Self {
            frames,
            charge,
            header: [0; 10],
            have: 0,
            skip: 0,
            count: 0,
            bytes: 0,
            open: false,
            ends: false,
        }
    }

    /// Checks bytes that have arrived. After an error, the bytes must not reach the library.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) -> Result<(), FrameFault> {
        loop {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len() as u64);
                self.skip -= skipped;
                #[expect(clippy::cast_possible_truncation, reason = "no more than there are")]
                let rest = &bytes[skipped as usize..];
                bytes = rest;
                if self.skip > 0 {
                    break;
                }
            }
            if self.ends {
                (self.count, self.bytes, self.open, self.ends) = (0, 0, false, false);
                self.charge.free();
                self.frames.note_if(&self.frames.begun, false);
            }
            let Some((byte, rest)) = bytes.split_first() else { break };
            self.header[self.have] = *byte;
            self.have += 1;
            bytes = rest;
            if self.have >= 2 && self.have == self.header_len() {
                self.frame()?;
                self.have = 0;
            }
        }
        self.frames.note_if(&self.frames.begun, self.open);
        Ok(())
    }

    fn header_len(&self) -> usize {
        match self.header[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    /// Checks a complete header.
    fn frame(&mut self) -> Result<(), FrameFault> {
        let h = &self.header;
        let length = match h[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([h[2], h[3]])),
            127 => u64::from_be_bytes([h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9]]),
            length => u64::from(length),
        };
        let (is_last, opcode) = (h[0] & 0x80 != 0, h[0] & 0x0f);
        if h[0] & 0x70 != 0 {
            return Err(FrameFault::Broken("reserved bits are set"));
        }
        if h[1] & 0x80 == 0 {
            return Err(FrameFault::Broken("a frame is not masked"));
        }
        // Pings may come between fragments, so an endless row of them is counted like fragments.
        self.count += 1;
        match opcode {
            0..=2 => {
                self.bytes = self.bytes.saturating_add(length);
                (self.open, self.ends) = (true, is_last);
            }
            8..=10 if !is_last => return Err(FrameFault::Broken("a control frame is cut")),
            8..=10 if length > MAX_CONTROL => {
                return Err(FrameFault::Broken("a control frame is too long"));
            }
            // Between messages control frames are free: pongs arrive there.
            8..=10 if !self.open => self.count = 0,
            8..=10 => {}
            _ => return Err(FrameFault::Broken("an unknown kind of frame")),
        }
        if self.bytes > self.frames.message.load(Relaxed) as u64 {
            return Err(FrameFault::Bytes);
        }
        if self.count > self.frames.fragments.load(Relaxed).max(1) {
            return Err(FrameFault::Fragments);
        }
        // At most `message`, which is a usize; four bytes are the mask.
        self.skip = length + 4;
        if !self.charge.hold(usize::try_from(self.bytes).unwrap_or(usize::MAX)) {
            return Err(FrameFault::Together);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
