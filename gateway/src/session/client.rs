//! A client that is admitted: what it may do, and what is known of it.

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

/// A client that is admitted
pub(super) struct Session<'s> {
    pub(super) shared: &'s Shared,
    pub(super) peer: Peer,
    pub(super) id: u64,
    pub(super) start: Instant,
    pub(super) live: Mutex<Arc<Live>>,
    pub(super) flight: Mutex<Flight>,
    pub(super) frames: Arc<Frames>,
    /// The last sign of life, and the last message either way; microseconds since the start.
    pub(super) heard: AtomicU64,
    pub(super) active: AtomicU64,
    /// The last bytes from the server, and when a command began that has not ended (zero: none).
    pub(super) answered: AtomicU64,
    pub(super) begun: AtomicU64,
    pub(super) taking: Taking,
    /// It is not being read, because a limit is reached or the server is slow.
    pub(super) stalled: AtomicBool,
    pub(super) commands: AtomicU64,
    pub(super) bytes_in: AtomicU64,
    pub(super) bytes_out: AtomicU64,
    _counted: Counted,
}

/// What holds for a client at the moment
pub(super) struct Live {
    pub(super) grant: Grant,
    /// The client itself, its principal, everybody.
    pub(super) levels: Vec<Level>,
    /// Most commands that go out at once.
    pub(super) batch: usize,
    /// Whether commands go to an audit log.
    pub(super) audited: bool,
}

/// Most commands that go out at once, if no limit is lower.
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

    /// Takes what holds now for this client too, if it still may be here.
    ///
    /// What is no longer allowed may have been granted already: it is tracked, queued in a
    /// transaction, or waited for. A client that loses rights therefore begins anew.
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
            // The WebSocket library was told a lower bound when the client came.
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
