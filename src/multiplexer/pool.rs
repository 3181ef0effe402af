//! The pool of leased connections, for commands that cannot share one.

mod upkeep;

use std::{
    collections::VecDeque,
    io,
    pin::pin,
    sync::{
        Arc, PoisonError, Weak,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    time::Duration,
};

use futures::{
    channel::oneshot,
    future::{poll_fn, select},
};
use redmux_transport::{Environment, Instant};

use super::{
    gate::{Gate, PROVEN, Turn},
    leased::{Leased, Stamp},
};
#[cfg(feature = "full")]
use crate::connection::Home;
use crate::{
    Delivery, Error, ErrorKind, Full, Options, Result,
    clock::until,
    connection::{
        BacklogPolicy, DialPlan, Driver, Lines, Link, LinkConfig, Owner, Phase, ReconnectPolicy,
        Selected, Unheard,
    },
    error::{TimeoutStage, whole_millis},
    events::ConnectionType,
    sync::{Mutex, MutexGuard},
};

/// The leased connections of one multiplexer
pub(crate) struct Pool {
    env: Environment,
    options: Arc<Options>,
    policy: Arc<dyn ReconnectPolicy>,
    /// The shared connection: leased ones lead to its server, and wait for it.
    main: Arc<Link>,
    /// The server is the one that the options name, wherever it has moved to.
    named: bool,
    /// Of the leased connections: their users learn of failures by their commands.
    owner: Arc<dyn Owner>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Given back clean, the last one last.
    idle: Vec<Idle>,
    /// Out, or about to be: at most `max_leased`.
    permits: usize,
    /// Connections dialled so far.
    opened: u64,
    out: Vec<Weak<Leased>>,
    /// Being dialled.
    opening: Vec<Weak<Link>>,
    line: VecDeque<oneshot::Sender<Permit>>,
    gate: Gate,
    /// How often the program has asked for other connections.
    round: u64,
    /// The task that closes idle connections, and watches the shared connection, runs.
    kept: bool,
    /// That task looks again by itself.
    armed: bool,
    closed: bool,
}

struct Idle {
    link: Arc<Link>,
    stamp: Stamp,
    database: u32,
    since: Instant,
}

/// What a connection is leased for
pub(super) struct Purpose {
    pub(super) database: Selected,
    /// For `MONITOR`: what the server sends goes there.
    pub(super) lines: Option<Arc<Lines>>,
}

/// The right to one connection; dropped, it goes to the first in line
pub(super) struct Permit(pub(super) Option<Arc<Pool>>);

/// A connection that is being dialled; dropped, it is given up
struct Opening<'a> {
    pool: &'a Pool,
    link: Arc<Link>,
    round: u64,
    settled: bool,
}

/// What a caller waits for, so that a time-out can say it
#[derive(Default)]
pub(super) struct Progress(AtomicU8);

/// One of the connections that may be leased at a time.
const A_PERMIT: u8 = 0;
/// The shared connection.
const THE_SERVER: u8 = 1;
/// A dial.
const A_DIAL: u8 = 2;

/// How many leased connections there are
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseStatus {
    /// In use, or being opened.
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
    pub(super) fn new(
        env: Environment,
        options: Arc<Options>,
        main: Arc<Link>,
        named: bool,
    ) -> Arc<Self> {
        let policy = options.dial_plan().policy;
        let owner = Arc::new(Unheard);
        Arc::new(Self { env, options, policy, main, named, owner, state: Mutex::default() })
    }

    /// A connection that is ready: one that was given back, or a new one to the shared
    /// connection's server.
    ///
    /// It waits for the shared connection as commands do, and dials no more often than the
    /// reconnect policy says. A caller that limits the time drops this future. For `MONITOR` it is a new
    /// connection.
    pub(super) async fn acquire(
        self: &Arc<Self>,
        purpose: &Purpose,
        progress: &Progress,
    ) -> Result<Arc<Leased>> {
        progress.0.store(A_PERMIT, SeqCst);
        let permit = self.permit().await?;
        loop {
            progress.0.store(THE_SERVER, SeqCst);
            let stamp = self.server().await?;
            let idle = match purpose.lines {
                Some(_) => None,
                None => self.take_idle(&stamp, purpose),
            };
            if let Some(link) = idle {
                return self.lend(Leased::new(link, stamp, None, permit));
            }
            progress.0.store(A_DIAL, SeqCst);
            let round = self.turn().await?;
            let mut opening = self.open(&stamp, purpose, round)?;
            let error = match opening.link.ready().await {
                Ok(()) => {
                    opening.succeed();
                    if !self.is_current(&stamp) {
                        // The server is another one by now.
                        continue;
                    }
                    let fresh = Some((self.env.runtime.now(), round));
                    let link = opening.keep();
                    return self.lend(Leased::new(link, stamp, fresh, permit));
                }
                Err(error) => error,
            };
            if refuses_database(&error) {
                // The server is well.
                opening.succeed();
                return Err(error);
            }
            opening.fail(Some(&error));
            // As with commands: what passes is waited for, unless nothing is to wait.
            if is_final(&error) || self.fails_fast() {
                return Err(error);
            }
        }
    }

    /// The multiplexer that the pool belongs to.
    #[cfg(feature = "full")]
    pub(super) fn home(&self) -> Option<Arc<dyn Home>> {
        self.main.home()
    }

    fn fails_fast(&self) -> bool {
        self.options.backlog == BacklogPolicy::FailFast
    }

    fn lend(self: &Arc<Self>, leased: Leased) -> Result<Arc<Leased>> {
        let leased = Arc::new(leased);
        #[cfg(feature = "full")]
        leased.link.set_home({
            let home: Arc<dyn Home> = leased.clone();
            Arc::downgrade(&home)
        });
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return Err(Error::closed());
        }
        state.out.retain(|leased| leased.strong_count() > 0);
        state.out.push(Arc::downgrade(&leased));
        let keep = !std::mem::replace(&mut state.kept, true);
        drop(state);
        if keep {
            let keeper = keep_in_order(Arc::downgrade(self), self.main.clone());
            self.env.runtime.spawn(Box::pin(keeper));
        }
        Ok(leased)
    }

    async fn permit(self: &Arc<Self>) -> Result<Permit> {
        let turn = {
            let mut state = self.lock();
            if state.closed {
                return Err(Error::closed());
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
        turn.await.map_err(|_| Error::closed())
    }

    /// Waits for the shared connection; which server it leads to.
    async fn server(&self) -> Result<Stamp> {
        self.main.with(|core| core.want());
        let (session, endpoint) = self
            .main
            .watch(|core| {
                // Under its lock a ready connection and its endpoint belong together.
                Some(core.leasable()?.map(|session| (session, self.main.endpoint())))
            })
            .await?;
        Ok(Stamp { endpoint, session, round: self.lock().round })
    }

    /// Whether the shared connection still leads to that server, over the same stream.
    fn is_current(&self, stamp: &Stamp) -> bool {
        let main = self.main.with(|core| (core.phase == Phase::Ready).then_some(core.wire.number));
        main == Some(stamp.session) && self.lock().round == stamp.round
    }

    /// Waits until this caller may dial.
    async fn turn(&self) -> Result<u64> {
        loop {
            let (turn, error) = {
                let mut state = self.lock();
                let turn = state.gate.ask(self.env.runtime.now());
                (turn, state.gate.error().cloned())
            };
            match turn {
                Turn::Go(round) => return Ok(round),
                _ if self.fails_fast() => return Err(error.unwrap_or_else(lost)),
                Turn::Pause(moment) => until(&*self.env.runtime, moment).await,
                // An error only says that there is something to see.
                Turn::Behind(turn) => drop(turn.await),
            }
        }
    }

    fn take_idle(&self, stamp: &Stamp, purpose: &Purpose) -> Option<Arc<Link>> {
        let database = purpose.database.index(self.options.database);
        loop {
            let Idle { link, stamp: of, .. } = {
                let idle = &mut self.lock().idle;
                let place = idle.iter().rposition(|idle| idle.database == database)?;
                idle.remove(place)
            };
            if of == *stamp && is_clean(&link) {
                return Some(link);
            }
            // Lost, about to be probed, or of another server: its driver must not live on unseen.
            link.abort();
        }
    }

    fn open(&self, stamp: &Stamp, purpose: &Purpose, round: u64) -> Result<Opening<'_>> {
        // No integrity checks: in a user's MULTI one would be queued.
        let mut config = LinkConfig {
            leased: true,
            database: purpose.database.index(self.options.database),
            beside: stamp.session,
            breaker: self.main.config.breaker.clone(),
            // The one who leased it is not to lose it half-way.
            redial_on_readonly: false,
            ..self.options.link_config(false)
        };
        let lines = purpose.lines.clone();
        if lines.is_some() {
            // A line holds a whole command.
            config.limits.max_line = config.limits.max_frame;
            config.monitor = Full::of(|| lines);
            config.subscriber = true;
        }
        let link = Arc::new(Link::new(
            config,
            self.options.credentials(),
            Phase::Disconnected,
            self.main.clock.clone(),
            ConnectionType::Interactive,
            self.owner.clone(),
            stamp.endpoint.clone(),
        ));
        let opening = Opening { pool: self, link, round, settled: false };
        {
            let mut state = self.lock();
            if state.closed {
                drop(state);
                return Err(Error::closed());
            }
            state.opened += 1;
            state.opening.retain(|link| link.strong_count() > 0);
            state.opening.push(Arc::downgrade(&opening.link));
        }
        let plan = self.options.dial_plan();
        // One of several servers proves the name or the address by which it is known.
        let plan = if self.named { plan } else { DialPlan { endpoints: Vec::new(), ..plan } };
        let plan = plan.toward(stamp.endpoint.clone());
        let driver = Driver::new(opening.link.clone(), self.env.clone(), plan);
        self.env.runtime.spawn(Box::pin(driver));
        Ok(opening)
    }

    /// Takes a connection back from its user, unless it is of no use to the next one.
    pub(super) fn take_back(&self, leased: &Leased, as_new: bool) -> bool {
        let now = self.env.runtime.now();
        self.judge(leased, as_new, now);
        if leased.link.with(|core| core.take_read_only()) {
            self.main.found_demoted(leased.stamp.session);
        }
        let current = self.is_current(&leased.stamp);
        let mut state = self.lock();
        // As many as may be leased: those to other databases do not come on top.
        let full = state.idle.len() >= self.options.max_leased;
        if !(as_new && current) || state.closed || full {
            return false;
        }
        let (link, stamp) = (leased.link.clone(), leased.stamp.clone());
        let database = link.config.database;
        state.idle.push(Idle { link, stamp, database, since: now });
        let armed = std::mem::replace(&mut state.armed, true);
        drop(state);
        if !armed {
            // The task that looks after it learns of it.
            self.main.with(|core| core.wakes.wake_watchers());
        }
        true
    }

    /// Notes whether dialling led to a connection of use.
    fn judge(&self, leased: &Leased, as_new: bool, now: Instant) {
        let Some((since, round)) = leased.fresh else { return };
        let lost = leased.link.with(|core| core.is_lost().then(|| core.redial.last_error.clone()));
        match lost {
            Some(error) if now.saturating_duration_since(since) < PROVEN => {
                let random = self.env.runtime.entropy();
                self.lock().gate.failed(round, error, &*self.policy, now, random);
            }
            Some(_) => self.lock().gate.proven(),
            None if as_new => self.lock().gate.proven(),
            None => {}
        }
    }

    /// No connection was to be had in time.
    pub(super) fn timed_out(&self, progress: &Progress, limit: Duration) -> Error {
        let limit = whole_millis(limit);
        let (ready, cause) =
            self.main.with(|core| (core.phase == Phase::Ready, core.redial.last_error.clone()));
        let error = Error::new(ErrorKind::Timeout(TimeoutStage::Queue), Delivery::NotSent);
        let (detail, cause) = match progress.0.load(SeqCst) {
            A_PERMIT => {
                let max = self.options.max_leased;
                let detail = format!(
                    "all {max} connections that maxLeased allows were in use for {limit} ms"
                );
                (detail, if ready { None } else { cause })
            }
            THE_SERVER => (format!("not connected for {limit} ms"), cause),
            _ => {
                let detail = format!("no connection could be leased within {limit} ms");
                (detail, self.lock().gate.error().cloned())
            }
        };
        match cause {
            Some(cause) => error.detail(detail).source(cause),
            None => error.detail(detail),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes idle connections and watches the server of the shared connection, until that has ended.
async fn keep_in_order(pool: Weak<Pool>, main: Arc<Link>) {
    loop {
        let Some(next) = pool.upgrade().map(|pool| pool.tidy()) else { return };
        let mut begun = false;
        // Ready after the next change, whatever it is.
        let changed = main.watch(|core| {
            let changed = std::mem::replace(&mut begun, true) || core.phase == Phase::Closed;
            changed.then_some(core.phase)
        });
        let mut timer = next.map(|next| main.clock.runtime.timer(next));
        let expired = poll_fn(|cx| match &mut timer {
            Some(timer) => timer.poll_expired(cx),
            None => std::task::Poll::Pending,
        });
        if let futures::future::Either::Left((Phase::Closed, _)) =
            select(pin!(changed), pin!(expired)).await
        {
            return;
        }
    }
}

impl Opening<'_> {
    fn succeed(&mut self) {
        self.settled = true;
        self.pool.lock().gate.opened();
    }

    fn fail(&mut self, error: Option<&Error>) {
        self.settled = true;
        let (now, random) = (self.pool.env.runtime.now(), self.pool.env.runtime.entropy());
        let policy = &*self.pool.policy;
        self.pool.lock().gate.failed(self.round, error.cloned(), policy, now, random);
    }

    /// It is somebody's now.
    fn keep(&mut self) -> Arc<Link> {
        self.forget();
        self.link.clone()
    }

    fn forget(&self) {
        let this = Arc::downgrade(&self.link);
        self.pool.lock().opening.retain(|link| !link.ptr_eq(&this));
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if !self.settled {
            // Given up: a loop of such callers must not dial faster for it.
            self.fail(None);
        }
        let kept = {
            let this = Arc::downgrade(&self.link);
            !self.pool.lock().opening.iter().any(|link| link.ptr_eq(&this))
        };
        if !kept {
            self.forget();
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

/// Connected, and nothing is asked or due but answers to the client's own probes.
pub(super) fn is_clean(link: &Link) -> bool {
    let now = link.clock.now();
    link.with(|core| core.is_reusable(now))
}

/// Whether another dial would fail as well: it does not depend on how the server is.
fn is_final(error: &Error) -> bool {
    let unsupported = error
        .underlying()
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|error| error.kind() == io::ErrorKind::Unsupported);
    unsupported || error.is_auth() || error.kind() == ErrorKind::Closed
}

/// The server has no such database, or does not let this user there.
fn refuses_database(error: &Error) -> bool {
    let for_good = error.server().is_some_and(|error| !error.is_transient());
    for_good && error.command_name() == Some("SELECT")
}

fn lost() -> Error {
    Error::new(ErrorKind::ConnectionLost, Delivery::NotSent)
}
