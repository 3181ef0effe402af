//! What a server that a test writes reads of its client.

use futures::{AsyncRead, AsyncReadExt};
use redmux::resp::{Frame, Framer, Limits, Scan};

/// The commands that a client sends, one after the other
pub struct Commands<S> {
    /// Where they come from, and where the replies go.
    pub stream: S,
    buffer: Vec<u8>,
    framer: Framer,
}

impl<S: AsyncRead + Unpin> Commands<S> {
    /// Those of this stream.
    pub fn of(stream: S) -> Self {
        Self { stream, buffer: Vec::new(), framer: Framer::new(Limits::default()) }
    }

    /// The words of the next command; `None` once the client has gone.
    pub async fn next(&mut self) -> Option<Vec<Vec<u8>>> {
        let mut chunk = [0; 4096];
        loop {
            let scan = self.framer.scan(&self.buffer).expect("the client sends RESP");
            if let Scan::Complete(len) = scan {
                let frame: Vec<u8> = self.buffer.drain(..len).collect();
                return Some(Frame::copy_from_slice(&frame).decode().expect("a command"));
            }
            let Ok(n @ 1..) = self.stream.read(&mut chunk).await else { return None };
            self.buffer.extend_from_slice(&chunk[..n]);
        }
    }
}
