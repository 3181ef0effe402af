use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use futures::io::{AsyncRead, AsyncWrite};
use redmux_transport::{ByteStream, Capabilities};

use super::{
    core::{Core, Inbox},
    hints,
    inflow::Inflow,
    link::Link,
    outbox::Outbox,
    signal::Signal,
};
use crate::{
    Delivery, Error, ErrorKind,
    events::FailureType,
    resp::{Frame, Limits},
    sync::MutexGuard,
};

/// Slices given to one vectored write.
const MAX_SLICES: usize = 64;

/// Passes in one poll before other tasks get their turn.
const MAX_PASSES: usize = 32;

/// Callers woken before what they send next is written.
///
/// Woken all at once, hundreds of callers would run before the driver does: the server
/// would wait for them, and then they for the server. In waves both work at the same time.
/// (Few in the unit tests, so that they have waves too.)
const WAVE: usize = if cfg!(test) { 3 } else { 128 };

/// Why a session is over
pub(crate) struct SessionEnd {
    pub(crate) error: Error,
    pub(crate) failure: FailureType,
}

impl SessionEnd {
    /// The core gave the stream up.
    fn of(error: Error) -> Self {
        Self { failure: FailureType::of(&error), error }
    }
}

/// One stream while it lives: reads and writes in the same poll, so that neither a big
/// request nor a big reply can block the other
pub(crate) struct Session {
    stream: Box<dyn ByteStream>,
    capabilities: Capabilities,
    inflow: Inflow,
    frames: Vec<Frame>,
    pub(crate) inbox: Inbox,
    /// What is being written.
    pub(crate) batch: Outbox,
    /// Bytes written and not yet told to the core.
    pub(crate) written: usize,
    needs_flush: bool,
    /// The peer has said something.
    spoken_to: bool,
    readable: Signal,
    writable: Signal,
    wakers: Vec<Waker>,
    /// Callers whose outcome is there, to be woken in a later wave.
    deferred: VecDeque<Waker>,
    /// A subscriber is to catch up before more is read.
    paused: bool,
}

/// What a turn of the session left to do
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Everything that could be done was done, and the link is parked.
    Parked,
    /// There is more to do, but others want to run too.
    Yield,
}

impl Session {
    pub(crate) fn new(
        stream: Box<dyn ByteStream>,
        capabilities: Capabilities,
        limits: Limits,
        first: Outbox,
    ) -> Self {
        Self {
            stream,
            capabilities,
            inflow: Inflow::new(limits),
            frames: Vec::new(),
            inbox: Inbox::default(),
            batch: first,
            written: 0,
            needs_flush: false,
            spoken_to: false,
            readable: Signal::new(),
            writable: Signal::new(),
            wakers: Vec::new(),
            deferred: VecDeque::new(),
            paused: false,
        }
    }

    /// Reads, answers and writes until nothing can be done, then parks the link.
    ///
    /// `on_inbox` sees pushes and the end of the handshake, without the lock held;
    /// `settle` runs under the lock before parking and returns the next deadline.
    pub(crate) fn turn(
        &mut self,
        link: &Link,
        cx: &Context<'_>,
        mut on_inbox: impl FnMut(&mut Inbox),
        mut settle: impl FnMut(&mut Core) -> Result<u64, Error>,
    ) -> Result<Turn, SessionEnd> {
        self.readable.attach(cx);
        self.writable.attach(cx);
        for _ in 0..MAX_PASSES {
            let wanted = self.deferred.is_empty() && !self.paused;
            let read = if wanted { self.read() } else { Ok(0) };
            let now = link.clock.now();
            let mut core = link.lock();
            core.driver_runs(now);
            core.note_sent(std::mem::take(&mut self.written));
            let received = match &read {
                Ok(0) => Ok(()),
                read => {
                    let bytes = *read.as_ref().unwrap_or(&0);
                    core.receive(bytes, self.frames.drain(..), &mut self.inbox)
                }
            };
            if self.batch.is_empty() {
                core.take_output(&mut self.batch);
            }
            let look = self.inbox.is_worth_a_look();
            let idle = !look
                && self.batch.is_empty()
                && !self.needs_flush
                && self.deferred.is_empty()
                && core.wakes.due.len() <= WAVE
                && received.is_ok()
                && read.is_ok();
            // With nothing to hand on or to write, the link is parked before it is unlocked.
            let parked = if idle { Some(self.park(&mut core, cx, &mut settle)) } else { None };
            unlock(core, &mut self.wakers);
            self.wake_wave();
            if look {
                on_inbox(&mut self.inbox);
            }
            received.map_err(SessionEnd::of)?;
            read?;
            let parked = match parked {
                Some(parked) => parked?,
                None => {
                    self.write()?;
                    if self.deferred.is_empty() {
                        let mut core = link.lock();
                        core.note_sent(std::mem::take(&mut self.written));
                        let parked = self.park(&mut core, cx, &mut settle);
                        unlock(core, &mut self.wakers);
                        self.wakers.drain(..).for_each(Waker::wake);
                        parked?
                    } else {
                        false
                    }
                }
            };
            if !self.deferred.is_empty() {
                return Ok(Turn::Yield);
            }
            if parked {
                return Ok(Turn::Parked);
            }
        }
        Ok(Turn::Yield)
    }

    /// Parks the link if nothing is to be read; whether that is so.
    // It is in two places: a copy of it in each is more to load.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn park(
        &mut self,
        core: &mut Core,
        cx: &Context<'_>,
        settle: &mut impl FnMut(&mut Core) -> Result<u64, Error>,
    ) -> Result<bool, SessionEnd> {
        let next = settle(core).map_err(SessionEnd::of)?;
        self.paused = core.is_paused();
        if self.readable.is_raised() && !self.paused {
            return Ok(false);
        }
        Ok(core.driver_parks(cx.waker(), self.batch.is_empty(), next))
    }

    /// Wakes as many callers as may run before the next write.
    fn wake_wave(&mut self) {
        if self.deferred.is_empty() && self.wakers.len() <= WAVE {
            self.wakers.drain(..).for_each(Waker::wake);
            return;
        }
        self.deferred.extend(self.wakers.drain(..));
        let wave = self.deferred.len().min(WAVE);
        self.deferred.drain(..wave).for_each(Waker::wake);
    }

    /// Closes the stream in an orderly way.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }

    /// One read, if the stream may have something; returns the bytes read.
    fn read(&mut self) -> Result<usize, SessionEnd> {
        if !self.readable.is_raised() {
            return Ok(0);
        }
        self.readable.lower();
        let room = self.inflow.room();
        match Pin::new(&mut self.stream).poll_read(&mut self.readable.context(), room) {
            Poll::Pending => Ok(0),
            Poll::Ready(Ok(0)) => Err(SessionEnd {
                error: Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted)
                    .detail("the peer closed the connection"),
                failure: FailureType::SocketClosed,
            }),
            Poll::Ready(Ok(n)) => {
                // There may be more: look again before parking.
                self.readable.raise();
                let foreign = if self.spoken_to { None } else { hints::foreign(&room[..n]) };
                self.spoken_to = true;
                match self.inflow.advance(n, &mut self.frames) {
                    Ok(()) => Ok(n),
                    Err(fault) => {
                        let error = Error::new(ErrorKind::Protocol, Delivery::MaybeExecuted);
                        let error = match foreign {
                            Some(detail) => error.detail(detail),
                            None => error.source(fault),
                        };
                        Err(SessionEnd { error, failure: FailureType::ProtocolFailure })
                    }
                }
            }
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {
                self.readable.raise();
                Ok(0)
            }
            Poll::Ready(Err(error)) => Err(broken("reading", error)),
        }
    }

    /// Writes until the batch is out or the stream takes no more.
    fn write(&mut self) -> Result<(), SessionEnd> {
        if !self.writable.is_raised() {
            return Ok(());
        }
        if self.capabilities.message_oriented {
            self.batch.flatten();
        }
        while self.batch.remaining() > 0 {
            self.writable.lower();
            let stream = Pin::new(&mut self.stream);
            let mut cx = self.writable.context();
            let result = if self.batch.is_scattered() && self.capabilities.vectored {
                let mut slices = [IoSlice::new(&[]); MAX_SLICES];
                let used = self.batch.slices(&mut slices);
                stream.poll_write_vectored(&mut cx, &slices[..used])
            } else {
                stream.poll_write(&mut cx, self.batch.slice())
            };
            match result {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(0)) => {
                    return Err(broken("writing", io::ErrorKind::WriteZero.into()));
                }
                Poll::Ready(Ok(n)) => {
                    self.batch.advance(n);
                    self.written += n;
                    self.needs_flush = true;
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Err(broken("writing", error)),
            }
        }
        self.writable.raise();
        if !self.batch.is_empty() {
            self.batch.clear();
        }
        if self.needs_flush {
            self.writable.lower();
            match Pin::new(&mut self.stream).poll_flush(&mut self.writable.context()) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(())) => self.needs_flush = false,
                Poll::Ready(Err(error)) => return Err(broken("flushing", error)),
            }
            self.writable.raise();
        }
        Ok(())
    }
}

impl Drop for Session {
    /// Nobody else would wake those who are still to be woken.
    fn drop(&mut self) {
        self.wakers.drain(..).chain(self.deferred.drain(..)).for_each(Waker::wake);
    }
}

/// Unlocks, and hands out the wakers to call now.
fn unlock(mut core: MutexGuard<'_, Core>, wakers: &mut Vec<Waker>) {
    std::mem::swap(&mut core.wakes.due, wakers);
}

fn broken(doing: &str, error: io::Error) -> SessionEnd {
    let failure = match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::BrokenPipe => FailureType::SocketClosed,
        _ => FailureType::SocketFailure,
    };
    let error = Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted)
        .detail(format!("{doing} failed"))
        .io_source(error);
    SessionEnd { error, failure }
}
