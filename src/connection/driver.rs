use std::{
    fmt::{self, Write},
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use redmux_transport::{BoxFuture, ByteStream, DialOptions, Endpoint, Environment};

use super::{
    alarm::Alarm,
    config::NEVER,
    core::{Core, Inbox, Phase},
    credentials::{self, Credentials, CredentialsProvider},
    handshake::{ServerInfo, refuses_everything},
    link::Link,
    reconnect::ReconnectPolicy,
    session::{Session, SessionEnd, Turn},
};
use crate::{
    ConnectStage, Delivery, Error, ErrorKind, FULL, Full, TimeoutStage,
    events::{
        ConfigurationChanged, ConnectionFailed, ConnectionRestored, ErrorMessage, Event,
        FailureType,
    },
};

/// A connection that lived this long (in microseconds) proves the server is well: the next
/// outage starts with an immediate redial.
const PROVEN: u64 = 1_000_000;

/// How long an orderly close of the stream may take, in microseconds.
const CLOSE_STREAM: u64 = 1_000_000;

/// How to reach the server, and how often
#[derive(Debug, Clone)]
pub(crate) struct DialPlan {
    /// Tried in turn.
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    /// For dial and handshake together, in microseconds.
    pub(crate) connect_timeout: u64,
    pub(crate) policy: Arc<dyn ReconnectPolicy>,
    /// Attempts after which a link that was never connected gives up.
    pub(crate) initial_attempts: Option<u32>,
    /// End with the first connection instead of dialling again.
    pub(crate) single: bool,
    /// What goes between the socket and Redis.
    pub(crate) options: Arc<DialOptions>,
    /// Asked on each connect.
    pub(crate) credentials: Full<Arc<dyn CredentialsProvider>>,
}

/// The task behind a link: dials, drives the session, dials again
pub(crate) struct Driver {
    link: Arc<Link>,
    env: Environment,
    plan: DialPlan,
    next_endpoint: usize,
    stage: Stage,
    alarm: Alarm,
    outage: Option<Outage>,
    /// Failures in a row; a connection that dies young does not end the row.
    streak: u32,
    ever_ready: bool,
    /// What the last session learnt of the server.
    known: Option<(Arc<Endpoint>, ServerInfo)>,
}

struct Outage {
    since: u64,
    attempts: u32,
}

type Dial = BoxFuture<'static, Result<(Box<dyn ByteStream>, Option<Credentials>), Error>>;

enum Stage {
    /// Waiting until `until`, or for the link to be asked for.
    Waiting {
        until: u64,
    },
    Dialing {
        dial: Dial,
        give_up: u64,
    },
    Session {
        session: Box<Session>,
        ready_by: u64,
        ready_since: Option<u64>,
    },
    /// Everything is answered: saying goodbye to the transport.
    Closing {
        session: Box<Session>,
        give_up: u64,
    },
    Over,
}

/// What a poll of a stage came to
enum Progress {
    /// Look again: the stage has changed.
    Again,
    /// Wait; wake at this moment at the latest.
    Wait(u64),
    /// Let others run and come back.
    Yield,
    Done,
}

impl Driver {
    pub(crate) fn new(link: Arc<Link>, env: Environment, plan: DialPlan) -> Self {
        let alarm = Alarm::new(&link);
        Self {
            link,
            env,
            plan,
            next_endpoint: 0,
            stage: Stage::Waiting { until: 0 },
            alarm,
            outage: None,
            streak: 0,
            ever_ready: false,
            known: None,
        }
    }

    /// Starts with a stream that is already open.
    pub(crate) fn with_stream(mut self, stream: Box<dyn ByteStream>) -> Self {
        let give_up = self.link.clock().saturating_add(self.plan.connect_timeout);
        match self.plan.credentials.get().cloned() {
            None => self.open_session(stream, None, give_up),
            Some(provider) => {
                let server = self.link.endpoint();
                let dial = Box::pin(async move {
                    Ok((stream, Some(credentials::ask(&*provider, &server).await?)))
                });
                self.stage = Stage::Dialing { dial, give_up };
            }
        }
        self
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Progress {
        let now = self.link.clock();
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Over => Progress::Done,
            Stage::Waiting { until } => self.wait(until, now, cx),
            Stage::Dialing { dial, give_up } => self.dialing(dial, give_up, now, cx),
            Stage::Session { session, ready_by, ready_since } => {
                self.session(session, ready_by, ready_since, cx)
            }
            Stage::Closing { session, give_up } => self.closing(session, give_up, now, cx),
        }
    }

    fn wait(&mut self, until: u64, now: u64, cx: &Context<'_>) -> Progress {
        let (phase, deadline) = self.idle(now, cx.waker(), until);
        match phase {
            Phase::Closing | Phase::Closed => self.finish(),
            Phase::Disconnected if now >= until => {
                let dial = self.start_dial();
                let give_up = now.saturating_add(self.plan.connect_timeout);
                self.stage = Stage::Dialing { dial, give_up };
                Progress::Again
            }
            phase => {
                self.stage = Stage::Waiting { until };
                let until = if phase == Phase::Dormant { NEVER } else { until };
                Progress::Wait(until.min(deadline))
            }
        }
    }

    fn start_dial(&mut self) -> Dial {
        let endpoint = self.plan.endpoints[self.next_endpoint % self.plan.endpoints.len()].clone();
        self.next_endpoint = self.next_endpoint.wrapping_add(1);
        self.link.set_endpoint(endpoint.clone());
        if let Some(outage) = &mut self.outage {
            outage.attempts += 1;
        }
        let transport = self.env.transport.clone();
        let options = self.plan.options.clone();
        let provider = self.plan.credentials.get().cloned();
        Box::pin(async move {
            // First, so that no server waits for a slow provider.
            let credentials = match provider {
                // Without `full` there is none, which the compiler does not see in here.
                Some(provider) if FULL => Some(credentials::ask(&*provider, &endpoint).await?),
                _ => None,
            };
            let stream = transport.dial(&endpoint, &options).await.map_err(Error::from_dial)?;
            Ok((stream, credentials))
        })
    }

    fn dialing(
        &mut self,
        mut dial: Dial,
        give_up: u64,
        now: u64,
        cx: &mut Context<'_>,
    ) -> Progress {
        match dial.as_mut().poll(cx) {
            Poll::Ready(Ok((stream, credentials))) => {
                self.open_session(stream, credentials, give_up);
                Progress::Again
            }
            Poll::Ready(Err(error)) => self.failed(error, None),
            Poll::Pending => {
                let (phase, deadline) = self.idle(now, cx.waker(), give_up);
                if matches!(phase, Phase::Closing | Phase::Closed) {
                    return self.finish();
                }
                if now >= give_up {
                    let error = self.connect_timeout("the transport did not connect");
                    return self.failed(error, None);
                }
                self.stage = Stage::Dialing { dial, give_up };
                Progress::Wait(give_up.min(deadline))
            }
        }
    }

    fn connect_timeout(&self, detail: &str) -> Error {
        let limit = self.plan.connect_timeout / 1000;
        Error::new(ErrorKind::Timeout(TimeoutStage::Connect), Delivery::NotSent)
            .detail(format!("{detail} within {limit} ms"))
    }

    /// Without a connection, only deadlines pass.
    fn idle(&mut self, now: u64, waker: &Waker, until: u64) -> (Phase, u64) {
        let judge = now >= self.alarm.grace_until();
        self.link.with(|core| {
            core.driver_runs(now);
            if judge {
                core.expire();
            }
            let deadline = core.next_deadline();
            core.driver_parks(waker, false, deadline.min(until));
            (core.phase, deadline)
        })
    }

    fn open_session(
        &mut self,
        stream: Box<dyn ByteStream>,
        credentials: Option<Credentials>,
        ready_by: u64,
    ) {
        let (first, limits) = self.link.with(|core| {
            if let Some(credentials) = credentials {
                core.config.credentials = credentials;
            }
            (core.begin_session(), core.config.limits)
        });
        let capabilities = self.env.transport.capabilities();
        let session = Box::new(Session::new(stream, capabilities, limits, first));
        self.stage = Stage::Session { session, ready_by, ready_since: None };
    }

    fn session(
        &mut self,
        mut session: Box<Session>,
        ready_by: u64,
        mut ready_since: Option<u64>,
        cx: &mut Context<'_>,
    ) -> Progress {
        let mut deadline = NEVER;
        let (mut drained, mut late) = (false, false);
        let grace_until = self.alarm.grace_until();
        let mut became_ready = false;
        let link = self.link.clone();
        let on_inbox = |inbox: &mut Inbox| {
            became_ready |= std::mem::take(&mut inbox.became_ready);
            attend(&link, inbox);
        };
        let settle = |core: &mut Core| {
            core.check_given_up()?;
            if core.now() >= grace_until {
                core.expire();
                core.check_liveness()?;
            }
            deadline = core.next_deadline();
            if core.phase == Phase::Handshake {
                late = core.now() >= ready_by;
                deadline = deadline.min(ready_by);
            }
            drained = core.phase == Phase::Closed
                || core.phase == Phase::Closing && (core.is_drained() || core.is_close_overdue());
            Ok(deadline)
        };
        let turn = session.turn(&self.link, cx, on_inbox, settle);
        if became_ready {
            ready_since = Some(self.link.clock());
            self.note_ready();
        }
        let end = match turn {
            _ if drained => {
                let give_up = self.link.clock().saturating_add(CLOSE_STREAM);
                self.stage = Stage::Closing { session, give_up };
                return Progress::Again;
            }
            Ok(_) if late => {
                let error = self.connect_timeout("the server did not complete the handshake");
                SessionEnd { error, failure: FailureType::HandshakeFailure }
            }
            Ok(turn) => {
                self.stage = Stage::Session { session, ready_by, ready_since };
                return match turn {
                    Turn::Parked => Progress::Wait(deadline),
                    Turn::Yield => Progress::Yield,
                };
            }
            Err(end) => end,
        };
        let error = in_handshake(end.error, ready_since.is_none());
        let lived = ready_since.map(|since| self.link.clock().saturating_sub(since));
        let lost = self.link.with(|core| {
            // What was written before the write that failed counts as sent.
            core.note_sent(session.written);
            core.end_session(&session.batch, &error, !refuses_everything(&error))
        });
        drop(session);
        if lived.is_some_and(|lived| lived >= PROVEN) {
            self.streak = 0;
        }
        self.failed(error, Some((end.failure, lost)))
    }

    /// The attempt or the connection failed: says so once per outage and plans the next.
    fn failed(&mut self, error: Error, lost: Option<(FailureType, usize)>) -> Progress {
        let now = self.link.clock();
        let error = error.endpoint_at(&self.link.endpoint());
        let (failure, maybe_executed) = lost.unwrap_or_else(|| (FailureType::of(&error), 0));
        if self.outage.is_none() {
            self.outage = Some(Outage { since: now, attempts: 0 });
            self.link.hub.publish(Event::ConnectionFailed(ConnectionFailed {
                endpoint: self.link.endpoint(),
                connection_type: self.link.connection_type,
                failure,
                error: error.clone(),
                maybe_executed,
            }));
        }
        // Another endpoint may be well: each is tried before the waits grow.
        let rounds = u32::try_from(self.plan.endpoints.len()).unwrap_or(u32::MAX).max(1);
        let give_up = self.link.with(|core| {
            core.last_error = Some(error.clone());
            core.failed_attempts += 1;
            core.count_failure();
            core.wake_watchers();
            let exhausted = !self.ever_ready
                && self.plan.initial_attempts.is_some_and(|max| {
                    core.failed_attempts >= max.saturating_mul(rounds) || error.is_auth()
                });
            exhausted || self.plan.single || matches!(core.phase, Phase::Closing | Phase::Closed)
        });
        if give_up {
            return self.finish();
        }
        let since = self.outage.as_ref().map_or(now, |outage| outage.since);
        let outage = Duration::from_micros(now.saturating_sub(since));
        let attempt = self.streak / rounds + 1;
        self.streak = self.streak.saturating_add(1);
        let delay = self.plan.policy.delay(attempt, outage, self.env.runtime.entropy());
        let until = now.saturating_add(u64::try_from(delay.as_micros()).unwrap_or(NEVER));
        self.stage = Stage::Waiting { until };
        Progress::Again
    }

    fn note_ready(&mut self) {
        self.ever_ready = true;
        let endpoint = self.link.endpoint();
        let now = self.link.clock();
        if let Some(outage) = self.outage.take() {
            self.link.hub.publish(Event::ConnectionRestored(ConnectionRestored {
                endpoint: endpoint.clone(),
                connection_type: self.link.connection_type,
                outage: Duration::from_micros(now.saturating_sub(outage.since)),
                attempts: outage.attempts,
            }));
        }
        let server = self.link.with(|core| core.server.clone().unwrap_or_default());
        if let Some(detail) = self.what_changed(&endpoint, &server) {
            let event = ConfigurationChanged { endpoint: endpoint.clone(), detail };
            self.link.hub.publish(Event::ConfigurationChanged(event));
        }
        self.known = Some((endpoint, server));
        self.link.registry.connected(&self.link);
        self.keep_credentials_fresh();
    }

    fn keep_credentials_fresh(&self) {
        let Some(provider) = self.plan.credentials.get().cloned() else { return };
        // A subscribed RESP2 connection takes no `AUTH`.
        let valid_for = self.link.with(|core| match core.config.subscriber {
            true => None,
            false => core.config.credentials.valid_for,
        });
        if let Some(valid_for) = valid_for {
            let renewal = credentials::keep_fresh(self.link.clone(), provider, valid_for);
            self.env.runtime.spawn(Box::pin(renewal));
        }
    }

    fn what_changed(&self, endpoint: &Arc<Endpoint>, server: &ServerInfo) -> Option<String> {
        let (old_endpoint, old) = self.known.as_ref()?;
        let mut changes = String::new();
        let mut change = |what: &str, old: &dyn fmt::Display, new: &dyn fmt::Display| {
            let separator = if changes.is_empty() { "" } else { ", " };
            let _ = write!(changes, "{separator}{what} {old} -> {new}");
        };
        if old_endpoint != endpoint {
            change("endpoint", old_endpoint, endpoint);
        }
        let mut compare = |what: &str, old: &Option<String>, new: &Option<String>| {
            if old != new {
                change(
                    what,
                    &old.as_deref().unwrap_or("unknown"),
                    &new.as_deref().unwrap_or("unknown"),
                );
            }
        };
        compare("role", &old.role, &server.role);
        compare("version", &old.version, &server.version);
        compare("mode", &old.mode, &server.mode);
        (!changes.is_empty()).then_some(changes)
    }

    fn closing(
        &mut self,
        mut session: Box<Session>,
        give_up: u64,
        now: u64,
        cx: &mut Context<'_>,
    ) -> Progress {
        if now >= give_up || session.poll_close(cx).is_ready() {
            return self.finish();
        }
        self.link.with(|core| core.driver_parks(cx.waker(), false, give_up));
        self.stage = Stage::Closing { session, give_up };
        Progress::Wait(give_up)
    }

    fn finish(&mut self) -> Progress {
        self.link.with(Core::shut);
        self.link.registry.ended(&self.link);
        self.stage = Stage::Over;
        Progress::Done
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        let _driving = super::Driving::enter(&this.link);
        this.alarm.attend(&this.link, cx);
        // Bounded, so that a transport which fails at once cannot starve other tasks.
        for _ in 0..16 {
            match this.step(cx) {
                Progress::Again => {}
                Progress::Done => return Poll::Ready(()),
                Progress::Yield => break,
                Progress::Wait(until) => {
                    if !this.alarm.arm(&this.link, until) {
                        return Poll::Pending;
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Driver {
    /// The runtime dropped the task: nobody would ever answer.
    fn drop(&mut self) {
        self.link.abort();
        self.link.registry.ended(&self.link);
    }
}

/// Hands pushes to their subscribers and reports errors nobody waits for.
fn attend(link: &Link, inbox: &mut Inbox) {
    for frame in inbox.pushes.drain(..) {
        link.registry.dispatch(link, &frame);
    }
    for code in inbox.orphan_errors.drain(..) {
        let event = ErrorMessage { endpoint: link.endpoint(), command: None, code };
        link.hub.publish(Event::ErrorMessage(event));
    }
}

/// What ends a connection before it is ready is a failure to connect, and no command's.
fn in_handshake(error: Error, before_ready: bool) -> Error {
    match error.kind() {
        ErrorKind::ConnectionLost | ErrorKind::Protocol if before_ready => {
            // Commands that went along with the handshake are told by errors of their own.
            error.with_kind(ErrorKind::Connect(ConnectStage::Handshake)).deliver(Delivery::NotSent)
        }
        _ => error,
    }
}
