use std::{
    collections::VecDeque,
    io::{self, IoSlice, Read},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use futures::io::{AsyncRead, AsyncWrite};

use crate::lock::lock;

/// Two ends of an in-process stream: what one writes, the other reads
///
/// The first capacity is that of the buffer from the first end to the second, the second
/// of the way back, in bytes. A full buffer makes writes wait.
///
/// # Panics
///
/// When a capacity is zero: nothing could ever be written.
pub fn duplex(capacity_a_to_b: usize, capacity_b_to_a: usize) -> (Duplex, Duplex) {
    let a_to_b = Pipe::shared(capacity_a_to_b);
    let b_to_a = Pipe::shared(capacity_b_to_a);
    let a = Duplex { incoming: b_to_a.clone(), outgoing: a_to_b.clone() };
    let b = Duplex { incoming: a_to_b, outgoing: b_to_a };
    (a, b)
}

/// One end of an in-process stream
///
/// Closing it ends the direction it writes: the other end reads what is left and then the
/// end of the stream, and can still answer. Dropping it ends both directions.
#[derive(Debug)]
pub struct Duplex {
    incoming: Arc<Mutex<Pipe>>,
    outgoing: Arc<Mutex<Pipe>>,
}

impl Duplex {
    /// Breaks the stream: every read and write of both ends fails with `kind` from now on,
    /// those that wait included. Bytes not read yet are lost.
    pub fn fail(&self, kind: io::ErrorKind) {
        for pipe in [&self.incoming, &self.outgoing] {
            end(pipe, |pipe| {
                pipe.failure = Some(kind);
                pipe.bytes.clear();
            });
        }
    }

    /// Gives this end at most `max` bytes per read (at least one): with 1, every message
    /// is split at every byte.
    pub fn set_max_read(&self, max: usize) {
        lock(&self.incoming).max_read = max.max(1);
    }

    /// Gives the other end at most `max` bytes per read (at least one).
    pub fn set_peer_max_read(&self, max: usize) {
        lock(&self.outgoing).max_read = max.max(1);
    }

    /// Bytes written by the other end and not read yet.
    pub fn readable(&self) -> usize {
        lock(&self.incoming).bytes.len()
    }

    /// Bytes written by this end that the other has not read yet.
    pub fn unread_by_peer(&self) -> usize {
        lock(&self.outgoing).bytes.len()
    }

    /// Whether the other end was dropped or closed its direction.
    pub fn peer_closed(&self) -> bool {
        lock(&self.incoming).writer_done
    }

    fn poll_write_with(
        &self,
        cx: &mut Context<'_>,
        wanted: usize,
        put: impl FnOnce(&mut VecDeque<u8>, usize) -> usize,
    ) -> Poll<io::Result<usize>> {
        let mut pipe = lock(&self.outgoing);
        if let Some(kind) = pipe.failure {
            return Poll::Ready(Err(kind.into()));
        }
        if pipe.writer_done || pipe.reader_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if wanted == 0 {
            return Poll::Ready(Ok(0));
        }
        let room = pipe.capacity - pipe.bytes.len();
        if room == 0 {
            let former = pipe.writer.replace(cx.waker().clone());
            drop(pipe);
            drop(former);
            return Poll::Pending;
        }
        let written = put(&mut pipe.bytes, room);
        let reader = pipe.reader.take();
        drop(pipe);
        wake(reader);
        Poll::Ready(Ok(written))
    }
}

impl AsyncRead for Duplex {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut pipe = lock(&self.incoming);
        if let Some(kind) = pipe.failure {
            return Poll::Ready(Err(kind.into()));
        }
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if pipe.bytes.is_empty() {
            if pipe.writer_done {
                return Poll::Ready(Ok(0));
            }
            let former = pipe.reader.replace(cx.waker().clone());
            drop(pipe);
            drop(former);
            return Poll::Pending;
        }
        let wanted = buffer.len().min(pipe.max_read);
        let mut read = pipe.bytes.read(&mut buffer[..wanted])?;
        // A ring buffer reads up to its seam; the rest is behind it.
        read += pipe.bytes.read(&mut buffer[read..wanted])?;
        let writer = pipe.writer.take();
        drop(pipe);
        wake(writer);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, bytes.len(), |buffer, room| {
            let written = bytes.len().min(room);
            buffer.extend(&bytes[..written]);
            written
        })
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wanted = slices.iter().map(|slice| slice.len()).sum();
        self.poll_write_with(cx, wanted, |buffer, room| {
            let mut left = room;
            for slice in slices {
                let written = slice.len().min(left);
                buffer.extend(&slice[..written]);
                left -= written;
            }
            room - left
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(lock(&self.outgoing).failure.map_or(Ok(()), |kind| Err(kind.into())))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        end(&self.outgoing, |pipe| pipe.writer_done = true);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        end(&self.outgoing, |pipe| pipe.writer_done = true);
        end(&self.incoming, |pipe| pipe.reader_gone = true);
    }
}

/// One direction
#[derive(Debug)]
struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    max_read: usize,
    writer_done: bool,
    reader_gone: bool,
    failure: Option<io::ErrorKind>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn shared(capacity: usize) -> Arc<Mutex<Self>> {
        assert!(capacity > 0, "a duplex needs room for at least one byte in each direction");
        Arc::new(Mutex::new(Self {
            bytes: VecDeque::new(),
            capacity,
            max_read: usize::MAX,
            writer_done: false,
            reader_gone: false,
            failure: None,
            reader: None,
            writer: None,
        }))
    }
}

/// Changes a pipe for good and wakes both of its sides.
fn end(pipe: &Mutex<Pipe>, change: impl FnOnce(&mut Pipe)) {
    let mut pipe = lock(pipe);
    change(&mut pipe);
    let wakers = [pipe.reader.take(), pipe.writer.take()];
    drop(pipe);
    wakers.into_iter().for_each(wake);
}

/// Never called with a pipe locked: the last waker of a task may drop the task, and with
/// it the other end of this very stream.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use futures::{
        FutureExt,
        executor::block_on,
        future::join,
        io::{AsyncReadExt, AsyncWriteExt},
    };

    use super::*;

    #[test]
    fn carries_more_than_its_buffers_hold() {
        let (mut a, mut b) = duplex(7, 3);
        let message: Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
        let send = async {
            a.write_all(&message).await.unwrap();
            a.close().await.unwrap();
            let mut back = Vec::new();
            a.read_to_end(&mut back).await.unwrap();
            back
        };
        let echo = async {
            let mut got = Vec::new();
            b.read_to_end(&mut got).await.unwrap();
            b.write_all(&got).await.unwrap();
            b.close().await.unwrap();
            got
        };
        let (back, got) = block_on(join(send, echo));
        assert_eq!(got, message);
        assert_eq!(back, message);
    }

    #[test]
    fn a_full_buffer_makes_writes_wait() {
        let (mut a, mut b) = duplex(4, 4);
        assert_eq!(block_on(a.write(b"abcdef")).unwrap(), 4);
        assert_eq!((a.unread_by_peer(), b.readable()), (4, 4));
        let mut write = a.write(b"ef");
        assert!((&mut write).now_or_never().is_none());
        let mut two = [0; 2];
        block_on(b.read(&mut two)).unwrap();
        assert_eq!(write.now_or_never().unwrap().unwrap(), 2);
        let mut rest = [0; 9];
        assert_eq!(block_on(b.read(&mut rest)).unwrap(), 4);
        assert_eq!(&rest[..4], b"cdef");
    }

    #[test]
    fn vectored_writes_fill_the_room_there_is() {
        let (mut a, mut b) = duplex(5, 1);
        let slices = [IoSlice::new(b"one"), IoSlice::new(b"two")];
        assert_eq!(block_on(a.write_vectored(&slices)).unwrap(), 5);
        let mut got = [0; 5];
        block_on(b.read_exact(&mut got)).unwrap();
        assert_eq!(&got, b"onetw");
    }

    #[test]
    fn reads_are_capped() {
        let (mut a, mut b) = duplex(64, 64);
        block_on(a.write_all(b"abcdef")).unwrap();
        let mut buffer = [0; 64];
        b.set_max_read(1);
        assert_eq!(block_on(b.read(&mut buffer)).unwrap(), 1);
        a.set_peer_max_read(2);
        assert_eq!(block_on(b.read(&mut buffer)).unwrap(), 2);
    }

    #[test]
    fn a_drop_is_the_end_of_the_stream_and_a_broken_pipe() {
        let (mut a, mut b) = duplex(64, 64);
        block_on(a.write_all(b"last words")).unwrap();
        assert!(!b.peer_closed());
        drop(a);
        assert!(b.peer_closed());
        let mut words = String::new();
        block_on(b.read_to_string(&mut words)).unwrap();
        assert_eq!(words, "last words");
        assert_eq!(block_on(b.write(b"x")).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_failure_wakes_and_fails_both_ends() {
        let (mut a, mut b) = duplex(1, 1);
        block_on(a.write_all(b"x")).unwrap();
        let (waker, woken) = counting_waker();
        let mut cx = Context::from_waker(&waker);
        assert!(Pin::new(&mut a).poll_write(&mut cx, b"y").is_pending());
        assert!(Pin::new(&mut a).poll_read(&mut cx, &mut [0]).is_pending());
        b.fail(io::ErrorKind::ConnectionReset);
        assert_eq!(woken.load(std::sync::atomic::Ordering::Relaxed), 2);
        for end in [&mut a, &mut b] {
            let reset = io::ErrorKind::ConnectionReset;
            assert_eq!(block_on(end.read(&mut [0])).unwrap_err().kind(), reset);
            assert_eq!(block_on(end.write(b"z")).unwrap_err().kind(), reset);
            assert_eq!(block_on(end.flush()).unwrap_err().kind(), reset);
        }
    }

    /// A waker that counts.
    fn counting_waker() -> (Waker, Arc<std::sync::atomic::AtomicUsize>) {
        struct Count(Arc<std::sync::atomic::AtomicUsize>);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        (Waker::from(Arc::new(Count(count.clone()))), count)
    }
}
