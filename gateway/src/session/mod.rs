//! One client and its connection to a server.

mod audited;
mod close;
mod first_message;
mod flight;
mod replies;
mod requests;
mod taking;
mod transaction;
mod watch;

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_io::Timer;
use async_std::{channel::Receiver, future::timeout};
use async_tungstenite::{
    WebSocketReceiver, WebSocketSender, WebSocketStream,
    tungstenite::{
        Error as WsError, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use futures::{
    StreamExt,
    future::{Either, select},
};

pub use close::CloseReason;
use flight::Flight;
use taking::Taking;

pub(crate) use first_message::MAX_BYTES as MAX_FIRST_MESSAGE;

use crate::{
    auth::{Grant, Lost},
    commands::CommandReader,
    frames::{Frames, Watched},
    limits::{self, Level, Stranger, Usage},
    log::{event, event_often},
    server::{Counted, Shared},
    upstream::Unconnected,
};

type Sink = WebSocketSender<Watched>;
type Source = WebSocketReceiver<Watched>;

/// Who connected, as far as can be known before a credential is shown
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) origin: Option<String>,
}

/// Who has its WebSocket
pub(crate) enum Entered {
    Known(Box<(Grant, Counted)>),
    /// It has to show a credential in its first message.
    Stranger(Stranger),
}

/// A client that is admitted
pub(crate) struct Session<'s> {
    shared: &'s Shared,
    peer: Peer,
    id: u64,
    start: Instant,
    live: Mutex<Arc<Live>>,
    flight: Mutex<Flight>,
    frames: Arc<Frames>,
    /// The last sign of life, and the last message either way; microseconds since the start.
    heard: AtomicU64,
    active: AtomicU64,
    /// The last bytes from the server, and when a command began that has not ended (zero: none).
    answered: AtomicU64,
    begun: AtomicU64,
    taking: Taking,
    /// It is not being read, because a limit is reached or the server is slow.
    stalled: AtomicBool,
    commands: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    _counted: Counted,
}

/// What holds for a client at the moment
struct Live {
    grant: Grant,
    /// The client itself, its principal, everybody.
    levels: Vec<Level>,
    /// Most commands that go out at once.
    batch: usize,
    /// Whether commands are told to an audit log.
    audited: bool,
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

/// Serves one client until either side ends.
///
/// A stranger's first message must show a credential. `shutdown` ends (its channel is
/// closed) when the gateway is to stop.
pub(crate) async fn serve(
    socket: WebSocketStream<Watched>,
    frames: Arc<Frames>,
    entered: Entered,
    shared: &Shared,
    peer: Peer,
    shutdown: &Receiver<()>,
) {
    let (mut sink, mut source) = socket.split();
    let admitted = match entered {
        Entered::Known(admitted) if first_message::may_follow(&admitted.0, shared) => {
            first_message::await_one(&mut source, shared, &peer, &frames, *admitted).await
        }
        Entered::Known(admitted) => Ok((*admitted, first_message::Opening::default())),
        // It counts as a stranger until it is known.
        Entered::Stranger(_stranger) => first_message::read(&mut source, shared, &peer).await,
    };
    let reason = match admitted {
        Err(reason) => {
            let (address, text) = (peer.address, reason.to_string());
            event_often("turned-away", format_args!("peer={address} reason={text:?}"));
            shared.closed(&reason);
            reason
        }
        Ok(((grant, counted), opening)) => {
            let session = Session::new(shared, peer, grant, frames, counted);
            let reason = session.run(&mut sink, &mut source, opening, shutdown).await;
            session.ended(&reason);
            reason
        }
    };
    say_goodbye(sink, source, &reason).await;
}

impl<'s> Session<'s> {
    fn new(
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

    async fn run(
        &self,
        sink: &mut Sink,
        source: &mut Source,
        mut opening: first_message::Opening,
        shutdown: &Receiver<()>,
    ) -> CloseReason {
        let live = self.live();
        let upstream = live.grant.principal.upstream.clone();
        let connecting = Box::pin(upstream.connect(&live.grant));
        let connected = match select(connecting, Box::pin(shutdown.recv())).await {
            Either::Left((connected, _)) => connected,
            Either::Right(_) => return CloseReason::Restart,
        };
        let result = if connected.is_ok() { "connected" } else { "failed" };
        self.shared.metrics.upstream_connects.add(result, &upstream.name, 1);
        let name = &upstream.name;
        let (from, mut to) = match connected {
            Ok(halves) => halves,
            Err(Unconnected::Unreachable(error)) => {
                event_often("upstream-failed", format_args!("upstream={name:?} error={error:?}"));
                return CloseReason::UpstreamUnreachable;
            }
            Err(Unconnected::Refused(why)) => {
                event_often("upstream-refused", format_args!("upstream={name:?} error={why:?}"));
                return CloseReason::UpstreamRefused;
            }
        };
        if let Some(answer) = opening.answer.take()
            && let Err(error) = sink.send(Message::Binary(answer)).await
        {
            return CloseReason::of_error(&error);
        }
        let client = &live.grant.principal.policy.client;
        let mut reader = opening
            .reader
            .take()
            .unwrap_or_else(|| CommandReader::new(client.command, client.arguments));
        reader.limit(client.command, client.arguments);
        drop(live);

        let mut replies = Box::pin(replies::forward(self, sink, from));
        let first = {
            let requests = requests::forward(self, source, &mut to, reader, opening);
            // New rules are taken before more commands are judged.
            let watch = select(Box::pin(self.watch()), Box::pin(self.watch_server()));
            let ends = select(select(watch, Box::pin(requests)), &mut replies);
            match select(Box::pin(ends), Box::pin(self.told_to_stop(shutdown))).await {
                Either::Left((ends, _)) => Some(match ends {
                    Either::Left((Either::Left((watched, _)), _)) => watched.factor_first().0,
                    Either::Left((Either::Right((reason, _)), _)) | Either::Right((reason, _)) => {
                        reason
                    }
                }),
                Either::Right(_) => None,
            }
        };
        match first {
            Some(reason) => reason,
            // The gateway stops: nothing more is read from the client; replies on their way are.
            None => {
                let drain = self.shared.state().config.drain;
                let drained = Box::pin(timeout(drain, self.drained()));
                match select(drained, &mut replies).await {
                    Either::Left(_) => CloseReason::Restart,
                    Either::Right((reason, _)) => reason,
                }
            }
        }
    }

    /// Takes what holds now for this client too, if it still may be here.
    ///
    /// What is no longer allowed may have been granted already: it is tracked, queued in a
    /// transaction, or waited for. A client that loses rights therefore begins anew.
    fn renew(&self, live: &Live) -> Result<(), CloseReason> {
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

    /// Ends when the gateway stops and it is this client's turn.
    async fn told_to_stop(&self, shutdown: &Receiver<()>) {
        // The channel carries nothing: it ends when the gateway stops.
        let _ = shutdown.recv().await;
        // Not all at once, or all would knock at the same moment elsewhere.
        Timer::after(part_of(self.shared.state().config.drain_spread)).await;
    }

    /// Ends when no replies are due.
    async fn drained(&self) {
        while self.flight(|flight| flight.len()) > 0 {
            Timer::after(Duration::from_millis(5)).await;
        }
    }

    fn live(&self) -> Arc<Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn flight<T>(&self, act: impl FnOnce(&mut Flight) -> T) -> T {
        act(&mut self.flight.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn note(&self, what: &AtomicU64) {
        what.store(self.now(), Relaxed);
    }

    fn at(&self, what: &AtomicU64) -> Instant {
        self.start + Duration::from_micros(what.load(Relaxed))
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let left = self.flight(|flight| flight.len());
        limits::give_room(&self.live().levels, left);
    }
}

/// A random part of this time.
fn part_of(time: Duration) -> Duration {
    let random = u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or(0);
    let part = time.as_secs_f64() * f64::from(random) / f64::from(u32::MAX);
    Duration::try_from_secs_f64(part).unwrap_or(time)
}

/// Sends the close frame and waits a moment for the client's.
pub(crate) async fn say_goodbye(mut sink: Sink, mut source: Source, reason: &CloseReason) {
    let Some(code) = reason.code() else { return };
    let mut text = reason.to_string();
    // A close frame has room for 123 bytes.
    while text.len() > 120 {
        text.pop();
    }
    let frame = CloseFrame { code: CloseCode::from(code), reason: text.into() };
    let goodbye = async {
        sink.send(Message::Close(Some(frame))).await?;
        while let Some(Ok(_)) = source.next().await {}
        Ok::<_, WsError>(())
    };
    // The client may have gone or may not listen: it was told as well as could be.
    let _ = timeout(Duration::from_secs(2), goodbye).await;
}
