//! Ends sessions that are too long, idle, too slow or no longer allowed, or whose server is silent.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant, SystemTime},
};

use futures::future::{Either, select};
use smol::Timer;

use super::client::Session;
use crate::{auth::Credential, close::CloseReason};

/// The time between two checks that the key of a client's JWT still exists.
const LOOK_AT_KEYS: Duration = Duration::from_secs(10);

impl Session<'_> {
    /// Ends when the session has to: it is too long, idle, too slow, or no longer allowed.
    pub(super) async fn watch(&self) -> CloseReason {
        let mut state = self.shared.state();
        // The configuration may have changed since the credential was checked.
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
                // Keys that are not from a file have the number 0.
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
            // A command that begins from now on must be checked in time too.
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

    /// Ends when replies are due and the server does not answer.
    ///
    /// Commands may block for any time. So when nothing has come for a while, the server is asked
    /// on another connection.
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

    /// Returns since when a command or a message is unfinished; `None` while the client is not
    /// read.
    fn unfinished(&self) -> Option<Instant> {
        if self.stalled.load(Relaxed) {
            return None;
        }
        let command = Some(&self.begun).filter(|begun| begun.load(Relaxed) != 0);
        [command.map(|begun| self.at(begun)), self.frames.begun()].into_iter().flatten().min()
    }

    /// Notes whether there is an unfinished command; `anew` says that it is another one than
    /// before.
    pub(super) fn begun(&self, is_so: bool, anew: bool) {
        match (is_so, self.begun.load(Relaxed)) {
            (false, 0) => {}
            (false, _) => self.begun.store(0, Relaxed),
            (true, before) if before == 0 || anew => self.note(&self.begun),
            (true, _) => {}
        }
    }

    /// Restarts the time of an unfinished command, when the client is read again.
    pub(super) fn read_again(&self) {
        self.begun(self.begun.load(Relaxed) != 0, true);
        self.frames.begin_anew();
    }

    /// Returns whether the client has taken nothing for too long.
    pub(super) fn takes_nothing(&self, now: Instant) -> bool {
        let patience = self.shared.state().config.slow_client_timeout;
        self.frames.blocked().is_some_and(|since| now.saturating_duration_since(since) >= patience)
    }
}
