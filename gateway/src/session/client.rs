//! An admitted client: what it may do now, and what is known of it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_tungstenite::{WebSocketReceiver, WebSocketSender};

use super::{flight::Flight, taking::Taking};
use crate::{
    auth::{Grant, Lost},
    close::CloseReason,
    frames::{Frames, Watched},
    limits::{self, Level, Usage},
    log::event,
    shared::{Counted, Peer, Shared},
};

pub(super) type Sink = WebSocketSender<Watched>;
pub(super) type Source = WebSocketReceiver<Watched>;

/// An admitted client
pub(super) struct Session<'s> {
    pub(super) shared: &'s Shared,
    pub(super) peer: Peer,
    pub(super) id: u64,
    pub(super) start: Instant,
    pub(super) live: Mutex<Arc<Live>>,
    pub(super) flight: Mutex<Flight>,
    pub(super) frames: Arc<Frames>,
    /// When the client last gave a sign of life, and when a message last went either way; in
    /// microseconds since the start.
    pub(super) heard: AtomicU64,
    pub(super) active: AtomicU64,
    /// When the server last sent something, and when the unfinished command began (zero if there is
    /// none); in microseconds since the start.
    pub(super) answered: AtomicU64,
    pub(super) begun: AtomicU64,
    pub(super) taking: Taking,
    /// Whether the client is not read at the moment, because of a limit or a slow server.
    pub(super) stalled: AtomicBool,
    pub(super) commands: AtomicU64,
    pub(super) bytes_in: AtomicU64,
    pub(super) bytes_out: AtomicU64,
    _counted: Counted,
}

/// What applies to a client now; a reload replaces it
pub(super) struct Live {
    pub(super) grant: Grant,
    /// The client's own usage, its principal's, and that of all clients.
    pub(super) levels: Vec<Level>,
    /// The most commands that are sent at once.
    pub(super) batch: usize,
    /// Whether commands are written to an audit log.
    pub(super) audited: bool,
}

/// The most commands that are sent at once, if no limit is lower.
const BATCH: usize = 256;

impl Live {
    fn new(shared: &Shared, usages: [Arc<Usage>; 3], grant: Grant) -> Self {
        let policy = &grant.principal.policy;
        let [own, principal, all] = usages;
        let client = Level {
            usage: own,
            in_flight: Some(policy.client.in_flight),
            rate: policy.client.rate,
        };
        let state = shared.state();
        let levels = vec![
            client,
            Level::new(principal, &policy.principal),
            Level::new(all, &state.config.limits),
        ];
        let least = levels.iter().filter_map(|level| level.in_flight).min().unwrap_or(BATCH);
        Self { grant, levels, batch: least.clamp(1, BATCH), audited: state.audit.is_some() }
    }

    fn usages(&self) -> [Arc<Usage>; 3] {
        [0, 1, 2].map(|level: usize| self.levels[level].usage.clone())
    }
}

impl<'s> Session<'s> {
    pub(super) fn new(
        shared: &'s Shared,
        peer: Peer,
        grant: Grant,
        frames: Arc<Frames>,
        counted: Counted,
    ) -> Self {
        let client = &grant.principal.policy.client;
        let _ = frames.set(client.message, client.fragments);
        let usages =
            [Arc::default(), shared.ledger.of_principal(grant.key()), shared.ledger.all.clone()];
        let session = Self {
            shared,
            peer,
            id: shared.sessions.fetch_add(1, Relaxed),
            start: Instant::now(),
            live: Mutex::new(Arc::new(Live::new(shared, usages, grant))),
            flight: Mutex::default(),
            frames,
            heard: AtomicU64::new(0),
            active: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            taking: Taking::default(),
            stalled: AtomicBool::new(false),
            commands: AtomicU64::new(0),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            _counted: counted,
        };
        session.began();
        session
    }

    /// Applies the current configuration to this client.
    ///
    /// # Errors
    /// Why the client must be closed. A client that loses rights must connect again: what it may no
    /// longer do may be under way, as a tracked key, in a transaction, or in a blocking command.
    pub(super) fn renew(&self, live: &Live) -> Result<(), CloseReason> {
        let renewed = self.shared.state().config.access.renew(&live.grant);
        let lost = |lost| match lost {
            Lost::Changed => CloseReason::Restart,
            Lost::Withdrawn(why) => {
                event("withdrawn", format_args!("session={} reason={why:?}", self.id));
                CloseReason::Expired
            }
        };
        let Some(grant) = renewed.map_err(lost)? else { return Ok(()) };
        let (old, new) = (&live.grant.principal, &grant.principal);
        let same_server = old.upstream == new.upstream && old.login == new.login;
        if !same_server || !grant.rules.covers(&live.grant.rules) {
            return Err(CloseReason::Restart);
        }
        let client = &new.policy.client;
        if !self.frames.set(client.message, client.fragments) {
            // The WebSocket library has a lower bound since the client connected.
            return Err(CloseReason::Restart);
        }
        let live = Live::new(self.shared, live.usages(), grant);
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
        Ok(())
    }

    pub(super) fn live(&self) -> Arc<Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn flight<T>(&self, act: impl FnOnce(&mut Flight) -> T) -> T {
        act(&mut self.flight.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    pub(super) fn note(&self, what: &AtomicU64) {
        what.store(self.now(), Relaxed);
    }

    pub(super) fn at(&self, what: &AtomicU64) -> Instant {
        self.start + Duration::from_micros(what.load(Relaxed))
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let left = self.flight(|flight| flight.len());
        limits::give_room(&self.live().levels, left);
    }
}
