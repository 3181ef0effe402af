mod aftermath;
#[cfg(feature = "full")]
mod handoff;
mod renewal;
mod toward;
#[cfg(feature = "full")]
mod unmoved;

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use redmux_transport::{BoxFuture, ByteStream, DialOptions, DialProgress, Endpoint, Environment};

pub(crate) use self::aftermath::contained;
use super::{
    alarm::Alarm,
    core::{Core, Inbox, Phase},
    credentials::{Credentials, CredentialsProvider},
    handshake::{ServerInfo, refuses_everything},
    hints,
    link::Link,
    reconnect::ReconnectPolicy,
    redial::Wait,
    session::{Session, SessionEnd, Turn},
};
use crate::{Error, FULL, Full, clock::NEVER, events::FailureType};

/// A connection that lived this long (in microseconds), or carried traffic, proves the server is
/// well: the next outage starts with an immediate redial.
const PROVEN: u64 = 1_000_000;

/// How long an orderly close of the stream may take, in microseconds.
const CLOSE_STREAM: u64 = 1_000_000;

/// How to reach the server, and how often
#[derive(Debug, Clone)]
pub(crate) struct DialPlan {
    /// Tried in turn; without any, the endpoint of the link, which may change.
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
    /// Failures in a row; a connection that dies young and unused does not end the row.
    streak: u32,
    /// No attempt begins before this moment.
    not_before: u64,
    ever_ready: bool,
    bare: Bare,
    /// How far the dial in progress has come.
    progress: DialProgress,
    /// What the last session learnt of the server.
    known: Option<(Arc<Endpoint>, ServerInfo)>,
    /// The stream that is to take the place of the one in use.
    #[cfg(feature = "full")]
    successor: Option<Successor>,
}

/// The stream that is to take the place of the one in use
#[cfg(feature = "full")]
struct Successor {
    /// Makes the handshake.
    link: Arc<Link>,
    driver: Box<Driver>,
    endpoint: Arc<Endpoint>,
    /// The server has named that.
    named: bool,
}

struct Outage {
    since: u64,
    attempts: u32,
}

/// Whether the handshake leaves out what simple proxies hang up on
#[derive(Default)]
struct Bare {
    /// On the next connection, or the one in use.
    on: bool,
    /// Since the link was last ready.
    tried: bool,
    /// `HELLO` was answered at some time: the server is no such proxy.
    needless: bool,
}

type Dial = BoxFuture<'static, Result<(Box<dyn ByteStream>, Option<Credentials>), Error>>;

enum Stage {
    /// Waiting until `until`, or for the link to be asked for.
    Waiting(Wait),
    Dialing {
        dial: Dial,
        give_up: u64,
    },
    Session {
        session: Box<Session>,
        ready_by: u64,
        ready: Option<Since>,
    },
    /// Everything is answered: saying goodbye to the transport.
    Closing {
        session: Box<Session>,
        give_up: u64,
    },
    Over,
}

/// When a connection became ready, and the number of the command whose reply was due then
#[derive(Clone, Copy)]
struct Since {
    at: u64,
    front: u64,
}

/// What the driver of a session has found out about the link
#[derive(Default)]
struct Seen {
    /// When to look again.
    deadline: u64,
    /// The handshake takes too long.
    late: bool,
    /// A closing link has nothing left to wait for.
    drained: bool,
    /// The owner has something to ask for again.
    retry: bool,
    /// Replies are due and nothing comes.
    #[cfg(feature = "topology")]
    silent: bool,
    /// Another stream is to take the place of this one.
    #[cfg(feature = "full")]
    moving: bool,
}

impl Seen {
    /// Does what is due, for a link of which more is to be known than its deadlines.
    #[cold]
    fn look(&mut self, core: &mut Core, grace_until: u64, ready_by: u64) -> Result<(), Error> {
        core.check_given_up()?;
        #[cfg(feature = "full")]
        {
            self.moving = core.is_moving();
        }
        if core.now() >= grace_until {
            core.expire();
            core.check_liveness()?;
        }
        self.retry |= core.retry();
        #[cfg(feature = "topology")]
        {
            self.silent |= core.has_fallen_silent();
        }
        self.deadline = core.next_deadline();
        // Anew in each pass: the handshake may end in the next one.
        let handshake = core.phase == Phase::Handshake;
        self.late = handshake && core.now() >= ready_by;
        if handshake {
            self.deadline = self.deadline.min(ready_by);
        }
        self.drained = core.phase == Phase::Closed
            || core.phase == Phase::Closing && (core.is_drained() || core.is_close_overdue());
        Ok(())
    }
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
            stage: Stage::Waiting(Wait::NONE),
            alarm,
            outage: None,
            streak: 0,
            not_before: 0,
            ever_ready: false,
            bare: Bare::default(),
            progress: DialProgress::default(),
            known: None,
            #[cfg(feature = "full")]
            successor: None,
        }
    }

    /// Starts with a stream that is already open.
    pub(crate) fn with_stream(mut self, stream: Box<dyn ByteStream>) -> Self {
        let give_up = self.link.clock.now().saturating_add(self.plan.connect_timeout);
        match self.plan.credentials.get().cloned() {
            None => self.open_session(stream, None, give_up),
            Some(provider) => {
                let (link, server) = (self.link.clone(), self.link.endpoint());
                let dial = Box::pin(async move {
                    Ok((stream, Some(renewal::ask(&link, &*provider, &server).await?)))
                });
                self.stage = Stage::Dialing { dial, give_up };
            }
        }
        self
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Progress {
        let now = self.link.clock.now();
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Over => Progress::Done,
            Stage::Waiting(wait) => self.wait(wait, now, cx),
            Stage::Dialing { dial, give_up } => self.dialing(dial, give_up, now, cx),
            Stage::Session { session, ready_by, ready } => {
                self.session(session, ready_by, ready, cx)
            }
            Stage::Closing { session, give_up } => self.closing(session, give_up, now, cx),
        }
    }

    fn wait(&mut self, wait: Wait, now: u64, cx: &Context<'_>) -> Progress {
        let (phase, deadline, until) = self.idle(now, cx.waker(), |core| core.plan_redial(&wait));
        match phase {
            Phase::Closing | Phase::Closed => self.finish(),
            Phase::Disconnected if now >= until => {
                self.link.with(Core::begin_attempt);
                let dial = self.start_dial();
                let give_up = now.saturating_add(self.plan.connect_timeout);
                self.stage = Stage::Dialing { dial, give_up };
                Progress::Again
            }
            phase => {
                self.stage = Stage::Waiting(wait);
                let until = if phase == Phase::Dormant { NEVER } else { until };
                Progress::Wait(until.min(deadline))
            }
        }
    }

    fn start_dial(&mut self) -> Dial {
        let endpoint = match self.plan.endpoints.len() {
            0 => self.link.endpoint(),
            count => self.plan.endpoints[self.next_endpoint % count].clone(),
        };
        self.next_endpoint = self.next_endpoint.wrapping_add(1);
        self.link.set_endpoint(endpoint.clone());
        if let Some(outage) = &mut self.outage {
            outage.attempts += 1;
        }
        let transport = self.env.transport.clone();
        self.progress = DialProgress::default();
        let mut options = DialOptions::clone(&self.plan.options);
        options.progress = self.progress.clone();
        let provider = self.plan.credentials.get().cloned();
        let link = self.link.clone();
        Box::pin(async move {
            // First, so that no server waits for a slow provider.
            let credentials = match provider {
                // Without `full` there is none, which the compiler does not see in here.
                Some(provider) if FULL => Some(renewal::ask(&link, &*provider, &endpoint).await?),
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
        #[cfg(feature = "topology")]
        if self.link.with(|core| core.is_revoked()) {
            self.stage = Stage::Waiting(Wait::NONE);
            return Progress::Again;
        }
        match dial.as_mut().poll(cx) {
            Poll::Ready(Ok((stream, credentials))) => {
                self.open_session(stream, credentials, give_up);
                Progress::Again
            }
            Poll::Ready(Err(error)) => self.failed(error, None),
            Poll::Pending => {
                let (phase, deadline, _) = self.idle(now, cx.waker(), |_| give_up);
                if matches!(phase, Phase::Closing | Phase::Closed) {
                    return self.finish();
                }
                if now >= give_up {
                    let limit = self.plan.connect_timeout;
                    let error = hints::dial_timeout(limit, self.progress.stage());
                    return self.failed(error, None);
                }
                self.stage = Stage::Dialing { dial, give_up };
                Progress::Wait(give_up.min(deadline))
            }
        }
    }

    /// Another stream is ready in the place of the one before.
    #[cfg(feature = "full")]
    fn go_on_with(&mut self, session: Box<Session>) -> Progress {
        let since = Since {
            at: self.link.clock.now(),
            front: self.link.with(|core| core.answered_up_to()),
        };
        self.note_ready();
        self.stage = Stage::Session { session, ready_by: NEVER, ready: Some(since) };
        Progress::Again
    }

    /// Without a connection, only deadlines pass.
    fn idle(
        &mut self,
        now: u64,
        waker: &Waker,
        until: impl FnOnce(&mut Core) -> u64,
    ) -> (Phase, u64, u64) {
        let judge = now >= self.alarm.grace_until();
        self.link.with(|core| {
            core.driver_runs(now);
            if judge {
                core.expire();
            }
            let until = until(core);
            let deadline = core.next_deadline();
            core.driver_parks(waker, false, deadline.min(until));
            (core.phase, deadline, until)
        })
    }

    fn open_session(
        &mut self,
        stream: Box<dyn ByteStream>,
        credentials: Option<Credentials>,
        ready_by: u64,
    ) {
        let first = self.link.with(|core| {
            if let Some(credentials) = credentials {
                core.credentials = credentials;
            }
            core.begin_session(self.bare.on)
        });
        let limits = self.link.config.limits;
        let capabilities = self.env.transport.capabilities();
        let session = Box::new(Session::new(stream, capabilities, limits, first));
        self.stage = Stage::Session { session, ready_by, ready: None };
    }

    fn session(
        &mut self,
        mut session: Box<Session>,
        ready_by: u64,
        mut ready: Option<Since>,
        cx: &mut Context<'_>,
    ) -> Progress {
        let grace_until = self.alarm.grace_until();
        let mut became_ready = false;
        let mut seen = Seen::default();
        let link = &self.link;
        let on_inbox = |inbox: &mut Inbox| {
            became_ready |= std::mem::take(&mut inbox.became_ready);
            attend(link, inbox);
        };
        let settle = |core: &mut Core| {
            match core.calm_until() {
                // What an earlier pass saw of a handshake is over.
                Some(deadline) => (seen.deadline, seen.late) = (deadline, false),
                None => seen.look(core, grace_until, ready_by)?,
            }
            Ok(seen.deadline)
        };
        let turn = session.turn(link, cx, on_inbox, settle);
        let Seen { deadline, late, drained, retry, .. } = seen;
        #[cfg(feature = "topology")]
        if seen.silent {
            self.link.owner.silent(&self.link);
        }
        if became_ready {
            ready = Some(Since {
                at: self.link.clock.now(),
                front: self.link.with(|core| core.answered_up_to()),
            });
            self.note_ready();
        }
        if retry {
            self.link.owner.retry(&self.link);
        }
        let end = match turn {
            _ if drained => {
                let give_up = self.link.clock.now().saturating_add(CLOSE_STREAM);
                self.stage = Stage::Closing { session, give_up };
                return Progress::Again;
            }
            Ok(_) if late => {
                let error = hints::handshake_timeout(self.plan.connect_timeout);
                SessionEnd { error, failure: FailureType::HandshakeFailure }
            }
            Ok(turn) => {
                #[cfg(feature = "full")]
                if seen.moving && self.plan.single {
                    self.link.with(|core| core.disregard_move());
                } else if seen.moving {
                    let unwritten = !session.batch.is_empty();
                    if let Some(next) = self.attend_move(unwritten, cx) {
                        drop(session);
                        return self.go_on_with(next);
                    }
                    self.stage = Stage::Session { session, ready_by, ready };
                    let due = self.link.with(|core| core.next_deadline());
                    return match turn {
                        Turn::Parked if deadline <= due => Progress::Wait(deadline),
                        // What is to be done, or may be sent again, is so earlier than it was when the link was parked.
                        Turn::Parked => Progress::Wait(due),
                        Turn::Yield => Progress::Yield,
                    };
                }
                self.stage = Stage::Session { session, ready_by, ready };
                return match turn {
                    Turn::Parked => Progress::Wait(deadline),
                    Turn::Yield => Progress::Yield,
                };
            }
            Err(end) => end,
        };
        let mut error = end.error;
        let (silent, answered) =
            self.link.with(|core| (core.has_read_nothing(), core.answered_up_to()));
        if ready.is_none() {
            error = hints::in_handshake(error);
            if silent {
                let endpoint = self.link.endpoint();
                error = hints::without_a_word(error, end.failure, &endpoint, &self.plan.options);
            }
        }
        let lost = self.link.with(|core| {
            // What was written before the write that failed counts as sent.
            core.note_sent(session.written);
            core.end_session(&session.batch, &error, !refuses_everything(&error))
        });
        drop(session);
        #[cfg(feature = "full")]
        if let Some(next) = self.take_over_at_once(&error, (end.failure, lost), ready, answered) {
            return self.go_on_with(next);
        }
        let hung_up = ready.is_none() && silent && end.failure == FailureType::SocketClosed;
        if std::mem::take(&mut self.bare.on) || !hung_up || !self.may_be_bare() {
            self.note_end(ready, answered);
            return self.failed(error, Some((end.failure, lost)));
        }
        // A proxy that knows no HELLO? Then the plain way in works, at once.
        (self.bare.on, self.bare.tried) = (true, true);
        self.stage = Stage::Waiting(Wait::NONE);
        Progress::Again
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
        self.link.owner.ended(&self.link);
        self.stage = Stage::Over;
        Progress::Done
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        #[cfg(not(target_family = "wasm"))]
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
        self.link.owner.ended(&self.link);
    }
}

/// Hands pushes to the owner and reports errors nobody waits for.
fn attend(link: &Link, inbox: &mut Inbox) {
    for push in inbox.pushes.drain(..) {
        link.owner.pushed(link, push);
    }
    for (command, code) in inbox.refused_settings.drain(..) {
        link.publish_error(Some(command), code);
    }
    for code in inbox.orphan_errors.drain(..) {
        link.publish_error(None, code);
    }
}
