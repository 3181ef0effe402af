use std::{
    future::{Future, IntoFuture},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use crate::{
    Call, ConnectionMultiplexer, Delivery, Error, ErrorKind, Options, Result,
    connection::Driving,
    error::TimeoutStage,
    resp::{FromReply, ToArgs},
};
use redmux_transport::Environment;

/// What is left to the connection's own deadline before the thread gives up by itself.
const MARGIN: Duration = Duration::from_millis(250);

/// Runs calls from threads outside any async runtime; returned by
/// [`ConnectionMultiplexer::blocking`]
///
/// Works on any thread but two kinds. A thread that is running the connection's own task (in a
/// [`ReconnectPolicy`](crate::options::ReconnectPolicy), a credentials provider, a waker) would wait for
/// itself: its calls fail at once with [`ErrorKind::Command`]. On the only thread of an executor no
/// other thread can run that task; the client cannot see this, and the call ends as a timeout.
///
/// ```no_run
/// # fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
/// let db = muxer.database();
/// let blocking = muxer.blocking();
/// blocking.run(db.set("k", "v"))?;
/// let value: Option<String> = blocking.run(db.get("k"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Blocking {
    muxer: ConnectionMultiplexer,
}

impl ConnectionMultiplexer {
    /// The blocking API, for threads outside any async runtime.
    pub fn blocking(&self) -> Blocking {
        Blocking::new(self.clone())
    }
}

impl Blocking {
    fn new(muxer: ConnectionMultiplexer) -> Self {
        Self { muxer }
    }

    /// Connects over the given transport and runtime, and parks the thread until the server has
    /// answered; `redmux::blocking::connect` has both.
    ///
    /// # Errors
    /// As for [`ConnectionMultiplexer::connect_with`].
    pub fn connect_with(
        options: impl TryInto<Options, Error: Into<Error>>,
        environment: Environment,
    ) -> Result<Self> {
        let connected = park_on(ConnectionMultiplexer::connect_with(options, environment), None);
        // Without a deadline, parking ends with an outcome.
        let muxer = connected.unwrap_or_else(|| {
            Err(Error::new(ErrorKind::Timeout(TimeoutStage::Connect), Delivery::NotSent))
        })?;
        Ok(Self::new(muxer))
    }

    /// The multiplexer whose calls it runs.
    pub fn multiplexer(&self) -> &ConnectionMultiplexer {
        &self.muxer
    }

    /// Runs a call, or what a closure begins, and parks the thread until it is done.
    ///
    /// A [`Call`] has the `sync_timeout` of the options (5 s by default) instead of the
    /// `command_timeout`, unless it was given a time; for a command that waits on the server (`blpop`),
    /// that wait comes on top. The thread wakes by itself even when the async runtime is stuck, and the error says
    /// whether the command was sent.
    ///
    /// Anything else of this client is begun by a closure: a pipeline, a transaction, a subscription, an
    /// `async` block. It has the `sync_timeout` in all and is dropped then; what it had sent by that
    /// time may have been executed.
    ///
    /// ```no_run
    /// # fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// let (db, blocking) = (muxer.database(), muxer.blocking());
    /// let name: Option<String> = blocking.run(db.get("name"))?;
    /// let (n, more) = blocking.run(|| db.transaction((db.incr("n"), db.incr("n"))).all())?;
    /// let next = blocking.run(async || Ok(db.get::<i64>("n").await?.unwrap_or(0) + 1))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of what is run; a timeout.
    pub fn run<R: Run<Kind>, Kind>(&self, what: R) -> Result<R::Output> {
        what.run_on(self, None)
    }

    /// The same within another time: that of the call, or of all that the closure begins.
    ///
    /// [`Duration::MAX`] waits without a limit.
    ///
    /// # Errors
    /// Those of what is run; a timeout.
    pub fn run_within<R: Run<Kind>, Kind>(&self, limit: Duration, what: R) -> Result<R::Output> {
        what.run_on(self, Some(limit))
    }

    fn run_call<T: FromReply, A: ToArgs>(&self, call: Call<'_, T, A>) -> Result<T> {
        let limit = self.muxer.inner().options.sync_timeout;
        let call = call.default_timeout(limit);
        let given = call.given_timeout().unwrap_or(limit);
        let name = call.full_name().into_owned();
        let late = "the async runtime did not run the connection's task in time";
        let (link, leases) = (call.link(), call.leases());
        let handed_over = || link.with(|core| core.handed_over());
        let before = handed_over();
        self.wait(call, given, given.saturating_add(MARGIN), late).map_err(|error| {
            // The task took nothing in all that time: the command, given up by now, is withdrawn.
            let withdrawn = !leases && error.is_timeout() && handed_over() == before;
            let error = match withdrawn {
                true => {
                    let queue = ErrorKind::Timeout(TimeoutStage::Queue);
                    error.with_kind(queue).deliver(Delivery::NotSent)
                }
                false => error,
            };
            error.command(name)
        })
    }

    /// Polls `future` on this thread for so long.
    fn wait<T>(
        &self,
        future: impl Future<Output = Result<T>>,
        given: Duration,
        limit: Duration,
        late: &str,
    ) -> Result<T> {
        let inner = self.muxer.inner();
        if Driving::is_under_way(inner.link()) {
            let error = Error::new(ErrorKind::Command, Delivery::NotSent);
            return Err(error.detail(
                "the connection's own task would wait for itself: call it from another thread",
            ));
        }
        let start = Instant::now();
        park_on(future, start.checked_add(limit)).unwrap_or_else(|| {
            let micros = |d: Duration| u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
            let (elapsed, given) = (micros(start.elapsed()), micros(given));
            let stage = ErrorKind::Timeout(TimeoutStage::Response);
            // What the future has done cannot be known here; of a single call, `run_call` finds it out.
            Err(Error::new(stage, Delivery::MaybeExecuted)
                .endpoint_at(&inner.link().endpoint())
                .detail(late)
                .diagnose(inner.link().with(|core| core.diagnose(elapsed, given))))
        })
    }
}

/// What [`Blocking::run`] runs: a [`Call`], or a closure that returns a future of this client
///
/// A call that is not in a closure has its own time, and its error says whether it was sent. A future without
/// a closure is refused, so that the two are not taken for each other:
///
/// ```compile_fail,E0277
/// # fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
/// muxer.blocking().run(muxer.subscriber().subscribe("news"))?; // run(|| …) or run(async || …)
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a call nor a closure",
    label = "a future needs a closure around it",
    note = "write `run(|| future)` or `run(async || ...)` for a pipeline, a transaction or a subscription"
)]
pub trait Run<Kind> {
    /// What it gives.
    type Output;

    #[doc(hidden)]
    fn run_on(self, blocking: &Blocking, limit: Option<Duration>) -> Result<Self::Output>;
}

/// The kinds of [`Run`]: they keep its implementations apart.
mod kinds {
    #[derive(Debug)]
    pub struct OfCall;
    #[derive(Debug)]
    pub struct OfClosure;
}

impl<T: FromReply, A: ToArgs> Run<kinds::OfCall> for Call<'_, T, A> {
    type Output = T;

    fn run_on(self, blocking: &Blocking, limit: Option<Duration>) -> Result<T> {
        blocking.run_call(match limit {
            Some(limit) => self.timeout(limit),
            None => self,
        })
    }
}

impl<F, I, T> Run<kinds::OfClosure> for F
where
    F: FnOnce() -> I,
    I: IntoFuture<Output = Result<T>>,
{
    type Output = T;

    fn run_on(self, blocking: &Blocking, limit: Option<Duration>) -> Result<T> {
        let limit = limit.unwrap_or(blocking.muxer.inner().options.sync_timeout);
        blocking.wait(self().into_future(), limit, limit, "it was not done in time")
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls `future` on this thread until it is ready or `deadline` has passed.
fn park_on<F: Future>(future: F, deadline: Option<Instant>) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        match deadline {
            None => thread::park(),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return None;
                }
                thread::park_timeout(left);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_is_never_woken_does_not_hold_the_thread() {
        let soon = Instant::now() + Duration::from_millis(20);
        assert_eq!(park_on(std::future::pending::<()>(), Some(soon)), None);
        assert_eq!(park_on(std::future::ready(7), None), Some(7));
    }
}
