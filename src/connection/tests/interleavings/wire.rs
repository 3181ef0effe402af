//! An in-process stream whose two ends live on different threads of the model checker.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures::io::{AsyncRead, AsyncWrite};

use crate::sync::Mutex;

/// A duplex stream that holds up to `room` bytes in each direction.
pub(super) fn wire(room: usize) -> (End, End) {
    let pipe = || Arc::new(Pipe { room, state: Mutex::default() });
    let (up, down) = (pipe(), pipe());
    (End { incoming: down.clone(), outgoing: up.clone() }, End { incoming: up, outgoing: down })
}

/// One end of a stream; the other sees an orderly end when it is dropped
pub(super) struct End {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
}

impl End {
    /// Ends the stream so that the peer loses what it has not read.
    pub(super) fn reset(&self) {
        for pipe in [&self.incoming, &self.outgoing] {
            pipe.change(|state| {
                state.bytes.clear();
                state.ended = Some(Ended::Reset);
            });
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        for pipe in [&self.incoming, &self.outgoing] {
            pipe.change(|state| {
                state.ended.get_or_insert(Ended::InOrder);
            });
        }
    }
}

struct Pipe {
    room: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    ended: Option<Ended>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    InOrder,
    Reset,
}

impl Pipe {
    /// Changes the state, then wakes both sides: a wake-up too many does no harm.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, wakers) = {
            let mut state = self.state.lock().unwrap();
            (change(&mut state), [state.reader.take(), state.writer.take()])
        };
        wakers.into_iter().flatten().for_each(Waker::wake);
        result
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let (read, writer) = {
            let mut state = self.incoming.state.lock().unwrap();
            match (state.bytes.len(), state.ended) {
                (0, None) => {
                    state.reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                (0, Some(Ended::InOrder)) => return Poll::Ready(Ok(0)),
                (_, Some(Ended::Reset)) => {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                }
                (held, _) => {
                    let n = held.min(buf.len());
                    for (to, from) in buf.iter_mut().zip(state.bytes.drain(..n)) {
                        *to = from;
                    }
                    (n, state.writer.take())
                }
            }
        };
        writer.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let (written, reader) = {
            let mut state = self.outgoing.state.lock().unwrap();
            if state.ended.is_some() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let n = buf.len().min(self.outgoing.room - state.bytes.len());
            if n == 0 {
                state.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            state.bytes.extend(&buf[..n]);
            (n, state.reader.take())
        };
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(written))
    }

    /// Fails when the peer has gone, as layers above a socket do.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.outgoing.state.lock().unwrap().ended {
            None => Poll::Ready(Ok(())),
            Some(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.change(|state| {
            state.ended.get_or_insert(Ended::InOrder);
        });
        Poll::Ready(Ok(()))
    }
}
