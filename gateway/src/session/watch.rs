//! What ends a session though nobody says so.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant, SystemTime},
};

use async_io::Timer;
use futures::future::{Either, select};

use super::client::Session;
use crate::{auth::Credential, close::CloseReason};

/// How often a client with a JWT is asked whether its key is still there.
const LOOK_AT_KEYS: Duration = Duration::from_secs(10);

impl Session<'_> {
    /// Ends when the session must: it is too long, too idle, too slow, or its grounds are gone.
    pub(super) async fn watch(&self) -> CloseReason {
        let mut state = self.shared.state();
        // The configuration may have changed since the credential was looked at.
        if let Err(reason) = self.renew(&self.live()) {
            return reason;
        }
        loop {
            let live = self.live();
            let client = &live.grant.principal.policy.client;
            let expires = live.grant.expires.and_then(|at| {
                Instant::now().checked_add(at.duration_since(SystemTime::now()).unwrap_or_default())
            });
            let recheck = match live.grant.credential {
                // Keys that are in no file have the number 0.
                Credential::Jwt { keys: 1.., .. } => Instant::now().checked_add(LOOK_AT_KEYS),
                _ => None,
            };
            let over = client.session.and_then(|length| self.start.checked_add(length));
            let idle = client.idle.and_then(|length| self.at(&self.active).checked_add(length));
            let now = Instant::now();
            let patience = state.config.command_timeout;
            let slow = self.unfinished().and_then(|since| since.checked_add(patience));
            let past = |at: Option<Instant>| at.is_some_and(|at| at <= now);
            match () {
                () if past(expires) => return CloseReason::Expired,
                () if past(over) => return CloseReason::SessionOver,
                () if past(idle) => return CloseReason::Idle,
                () if past(slow) => return CloseReason::TooSlow,
                () => {}
            }
            // What begins from now on is looked at in time too.
            let slow = slow.or_else(|| now.checked_add(patience));
            let next = [expires, over, idle, recheck, slow].into_iter().flatten().min();
            let next = next.map_or_else(Timer::never, Timer::at);
            let replaced = Box::pin(state.replaced.recv());
            if let Either::Right(_) = select(next, replaced).await {
                state = self.shared.state();
            }
            if let Err(reason) = self.renew(&live) {
                return reason;
            }
        }
    }

    /// Ends when replies are due and the server answers nobody.
    ///
    /// Commands may block for as long as they like: so the server is asked on a connection of its
    /// own, whenever nothing has come for a while.
    pub(super) async fn watch_server(&self) -> CloseReason {
        loop {
            let live = self.live();
            let grant = &live.grant;
            let patience = grant.principal.upstream.reply_timeout;
            let due = self.flight(|flight| flight.oldest());
            let since = due.map(|sent| {
                self.start + Duration::from_micros(sent.max(self.answered.load(Relaxed)))
            });
            // A client that takes no replies hides what the server does.
            let since = since.filter(|_| !self.taking.is_stuck());
            let now = Instant::now();
            match since.and_then(|since| since.checked_add(patience)) {
                Some(at) if at <= now => {
                    if !grant.principal.upstream.answers().await {
                        return CloseReason::UpstreamSilent;
                    }
                    Timer::after(patience).await;
                }
                Some(at) => drop(Timer::at(at).await),
                None => drop(Timer::after(patience).await),
            }
        }
    }

    /// Since when something comes that has not ended; nothing does while the client is not read.
    fn unfinished(&self) -> Option<Instant> {
        if self.stalled.load(Relaxed) {
            return None;
        }
        let command = Some(&self.begun).filter(|begun| begun.load(Relaxed) != 0);
        [command.map(|begun| self.at(begun)), self.frames.begun()].into_iter().flatten().min()
    }

    /// Notes whether a command has begun that has not ended; `anew`: not the one before.
    pub(super) fn begun(&self, is_so: bool, anew: bool) {
        match (is_so, self.begun.load(Relaxed)) {
            (false, 0) => {}
            (false, _) => self.begun.store(0, Relaxed),
            (true, before) if before == 0 || anew => self.note(&self.begun),
            (true, _) => {}
        }
    }

    /// The client is read again: what is under way has time from now on.
    pub(super) fn read_again(&self) {
        self.begun(self.begun.load(Relaxed) != 0, true);
        self.frames.begin_anew();
    }

    /// Whether the client has taken nothing for longer than it may.
    pub(super) fn takes_nothing(&self, now: Instant) -> bool {
        let patience = self.shared.state().config.slow_client_timeout;
        self.frames.blocked().is_some_and(|since| now.saturating_duration_since(since) >= patience)
    }
}
