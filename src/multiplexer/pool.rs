//! Connections of their own for those who cannot share one.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{channel::oneshot, future::poll_fn};
use redmux_transport::{Environment, Instant};

use crate::{
    Delivery, Error, ErrorKind, Full, Options, Result,
    connection::{DialPlan, Driver, Link, LinkConfig, Phase},
    events::{ConnectionType, Hub},
    multiplexer::Lines,
    pubsub::Registry,
    sync::{Mutex, MutexGuard},
};

/// As good as for ever, and little enough for every platform's clock.
pub(super) const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// The leased connections of one multiplexer
pub(crate) struct Pool {
    env: Environment,
    options: Arc<Options>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Given back clean, the last one last.
    idle: Vec<(Arc<Link>, Instant)>,
    /// Out, or about to be: at most `max_leased`.
    permits: usize,
    /// Connections dialled so far.
    opened: u64,
    out: Vec<Weak<Leased>>,
    line: VecDeque<oneshot::Sender<Permit>>,
    /// A task waits to close what lies idle too long.
    swept: bool,
    closed: bool,
}

/// The right to one connection; dropped, it goes to the first in line
struct Permit(Option<Arc<Pool>>);

/// One connection for one user, given back when dropped
pub(crate) struct Leased {
    pub(crate) link: Arc<Link>,
    /// The connection is not as it was when new (`WATCH`, `SELECT`…): it is not used again.
    pub(crate) spoiled: AtomicBool,
    /// A command may wait on the server for long: closing does not wait for it.
    pub(crate) blocking: AtomicBool,
    watching: Mutex<Watching>,
    permit: Permit,
}

/// How far an attempt of an optimistic loop has come, on the connection it leased
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watching {
    /// It is no such connection.
    No,
    /// Keys are watched.
    Reads,
    /// `EXEC` is on its way.
    Commits,
    /// `EXEC` was answered: nothing is watched any more.
    Over { conflict: bool },
}

/// How many leased connections there are
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseStatus {
    /// In use.
    pub leased: usize,
    /// Given back, and open for the next user.
    pub idle: usize,
    /// Callers in line for one.
    pub waiting: usize,
    /// Most that may be leased at a time.
    pub max: usize,
    /// Dialled since the multiplexer was made.
    pub opened: u64,
}

impl Pool {
    pub(super) fn new(env: Environment, options: Arc<Options>) -> Arc<Self> {
        Arc::new(Self { env, options, state: Mutex::default() })
    }

    /// A connection that is ready: one that was given back, or a new one to `main`'s server.
    ///
    /// Whoever bounds the time drops this. With `lines` it is a new one, and what `MONITOR` sends goes there.
    pub(super) async fn acquire(
        self: &Arc<Self>,
        main: &Link,
        lines: Option<Arc<Lines>>,
    ) -> Result<Arc<Leased>> {
        let permit = self.permit().await?;
        let idle = if lines.is_some() { None } else { self.take_idle() };
        let link = idle.unwrap_or_else(|| self.dial(main, lines));
        let (spoiled, blocking) = (AtomicBool::new(false), AtomicBool::new(false));
        let watching = Mutex::new(Watching::No);
        let leased = Arc::new(Leased { link, spoiled, blocking, watching, permit });
        {
            let mut state = self.lock();
            if state.closed {
                drop(state);
                return Err(closed());
            }
            state.out.retain(|leased| leased.strong_count() > 0);
            state.out.push(Arc::downgrade(&leased));
        }
        leased.link.ready().await?;
        Ok(leased)
    }

    async fn permit(self: &Arc<Self>) -> Result<Permit> {
        let turn = {
            let mut state = self.lock();
            if state.closed {
                return Err(closed());
            }
            if state.permits < self.options.max_leased {
                state.permits += 1;
                return Ok(Permit(Some(self.clone())));
            }
            let (sender, turn) = oneshot::channel();
            state.line.retain(|waiting| !waiting.is_canceled());
            state.line.push_back(sender);
            turn
        };
        turn.await.map_err(|_| closed())
    }

    fn take_idle(&self) -> Option<Arc<Link>> {
        let mut state = self.lock();
        loop {
            let (link, _) = state.idle.pop()?;
            if is_clean(&link) {
                return Some(link);
            }
            // Lost, or about to be probed: its driver must not live on unseen.
            link.abort();
        }
    }

    fn dial(&self, main: &Link, lines: Option<Arc<Lines>>) -> Arc<Link> {
        let endpoint = main.endpoint();
        // No integrity checks: in a user's MULTI one would be queued.
        let mut config = LinkConfig {
            leased: true,
            // The one who leased it is not to lose it half-way.
            redial_on_readonly: false,
            ..self.options.link_config(false)
        };
        if lines.is_some() {
            // A line holds a whole command.
            config.limits.max_line = config.limits.max_frame;
            config.monitor = Full::of(|| lines);
            config.subscriber = true;
        }
        let link = Arc::new(Link::new(
            config,
            Phase::Disconnected,
            self.env.runtime.clone(),
            ConnectionType::Interactive,
            // Its failures are told to its user, who alone is concerned.
            Arc::new(Hub::default()),
            Arc::new(Registry::default()),
            endpoint.clone(),
        ));
        self.lock().opened += 1;
        let plan = DialPlan { endpoints: vec![endpoint], single: true, ..self.options.dial_plan() };
        self.env.runtime.spawn(Box::pin(Driver::new(link.clone(), self.env.clone(), plan)));
        link
    }

    fn give_back(self: &Arc<Self>, link: Arc<Link>) {
        let now = self.env.runtime.now();
        let mut state = self.lock();
        if state.closed {
            drop(state);
            link.close();
            return;
        }
        state.idle.push((link, now));
        let sweep = !std::mem::replace(&mut state.swept, true);
        drop(state);
        if sweep {
            let (pool, runtime) = (Arc::downgrade(self), self.env.runtime.clone());
            let max_idle = self.max_idle();
            self.env.runtime.spawn(Box::pin(async move {
                let mut timer = runtime.timer(now + max_idle);
                loop {
                    poll_fn(|cx| timer.poll_expired(cx)).await;
                    let Some(next) = pool.upgrade().and_then(|pool| pool.sweep()) else { return };
                    timer.reset(next);
                }
            }));
        }
    }

    /// Closes what lies idle too long; when to look again, if anything is left.
    fn sweep(&self) -> Option<Instant> {
        let max_idle = self.max_idle();
        let now = self.env.runtime.now();
        let mut state = self.lock();
        let (old, kept) = std::mem::take(&mut state.idle)
            .into_iter()
            .partition(|(_, since)| now.saturating_duration_since(*since) >= max_idle);
        state.idle = kept;
        let next = state.idle.iter().map(|(_, since)| *since + max_idle).min();
        state.swept = next.is_some();
        drop(state);
        let old: Vec<(Arc<Link>, Instant)> = old;
        old.iter().for_each(|(link, _)| link.close());
        next
    }

    fn max_idle(&self) -> Duration {
        // For ever is more than a clock can hold.
        self.options.lease_idle.min(FAR)
    }

    pub(super) fn status(&self) -> LeaseStatus {
        let state = self.lock();
        LeaseStatus {
            leased: state.out.iter().filter(|leased| leased.strong_count() > 0).count(),
            idle: state.idle.len(),
            waiting: state.line.iter().filter(|waiting| !waiting.is_canceled()).count(),
            max: self.options.max_leased,
            opened: state.opened,
        }
    }

    /// Gives out nothing more and ends all connections; what is in flight may finish, unless it
    /// waits on the server for long. Returns what ends only then.
    pub(super) fn close(&self) -> Vec<Arc<Link>> {
        let (idle, out, line) = {
            let mut state = self.lock();
            state.closed = true;
            let state = &mut *state;
            (
                std::mem::take(&mut state.idle),
                std::mem::take(&mut state.out),
                std::mem::take(&mut state.line),
            )
        };
        drop(line);
        let mut ending: Vec<_> = idle.into_iter().map(|(link, _)| link).collect();
        for leased in out.iter().filter_map(Weak::upgrade) {
            if leased.blocking.load(Ordering::SeqCst) {
                leased.link.abort();
            }
            ending.push(leased.link.clone());
        }
        ending.iter().for_each(|link| link.close());
        ending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leased {
    pub(crate) fn watching(&self) -> Watching {
        *self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_watching(&self, watching: Watching) {
        *self.watching.lock().unwrap_or_else(PoisonError::into_inner) = watching;
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        if !self.spoiled.load(Ordering::SeqCst) && is_clean(&self.link) {
            // Before the permit, so that the next in line finds it.
            if let Some(pool) = &self.permit.0 {
                pool.give_back(self.link.clone());
            }
        } else {
            // The server frees what it holds for a connection when that ends.
            self.link.abort();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Empty where it was handed on.
        let Some(pool) = self.0.take() else { return };
        loop {
            let first = {
                let mut state = pool.lock();
                let first = state.line.pop_front();
                if first.is_none() {
                    state.permits -= 1;
                }
                first
            };
            let Some(first) = first else { return };
            match first.send(Self(Some(pool.clone()))) {
                Ok(()) => return,
                // That caller has gone.
                Err(mut back) => back.0 = None,
            }
        }
    }
}

/// Connected, and nothing is asked or due.
pub(super) fn is_clean(link: &Link) -> bool {
    link.with(|core| core.phase == Phase::Ready && core.is_drained())
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, Delivery::NotSent)
}

impl fmt::Debug for Leased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leased").field("link", &self.link).finish_non_exhaustive()
    }
}
