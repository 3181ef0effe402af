//! The meter and the WebSocket library together, without a socket: for tests and the fuzzer.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use async_tungstenite::tungstenite::{Message, WebSocket, protocol::Role};

use super::{
    bounds::{Frames, READ_BUFFER},
    meter::Meter,
};
use crate::{
    close::CloseReason,
    limits::{Budget, Charge},
};

/// A client that sends these bytes in pieces of these sizes, and never reads
struct Metered<'a> {
    meter: Meter,
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    most: usize,
}

impl Read for Metered<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // The library has reserved as much as it asks for.
        assert!(buf.len() <= self.most, "{} bytes were reserved", buf.len());
        let size = self.sizes.next().map_or(usize::MAX, |size| usize::from(*size).max(1));
        let n = self.bytes.len().min(buf.len()).min(size);
        buf[..n].copy_from_slice(&self.bytes[..n]);
        self.bytes = &self.bytes[n..];
        self.meter.pass(&buf[..n]).map_err(io::Error::other)?;
        Ok(n)
    }
}

impl Write for Metered<'_> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads messages from these bytes: returns their number, and the close code of the fault that ends
/// them, if one does.
///
/// # Panics
/// The WebSocket library reserves more than a message of `most` bytes needs, or fails in a way
/// that is no fault of the client.
#[doc(hidden)]
pub fn read_messages(bytes: &[u8], sizes: &[u8], most: usize) -> (usize, Option<u16>) {
    let budget = Arc::new(Budget::default());
    budget.set(usize::MAX);
    let frames = Arc::new(Frames::new(most, 4, most));
    let config = frames.config();
    let meter = Meter::new(frames, Charge::new(&budget));
    let most = most + 2 * READ_BUFFER;
    let socket = Metered { meter, bytes, sizes: sizes.iter().cycle(), most };
    let mut socket = WebSocket::from_raw_socket(socket, Role::Server, Some(config));
    let mut messages = 0;
    loop {
        match socket.read() {
            Ok(Message::Close(_)) => return (messages, None),
            Ok(_) => messages += 1,
            Err(error) => {
                let reason = CloseReason::of_error(&error);
                assert_ne!(reason, CloseReason::SlowClient, "{error}");
                return (messages, reason.code());
            }
        }
    }
}
