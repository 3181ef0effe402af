//! What the client sets on a connection beside what it cannot do without: a name, `CLIENT TRACKING`.
//!
//! A server that executes a slow script, loads its data or has taken a right away refuses
//! them. The connection is of use all the same, and they are asked for again.

use crate::{
    clock::NEVER,
    connection::{
        core::{Core, Inbox, Phase},
        entry::{Kind, Step},
        handshake::Handshake,
        settings::{Settings, pause_after},
    },
    resp::{Arg, Frame, ServerError, ServerErrorKind},
};

impl Core {
    /// A setting was refused: tells of it, and asks again where that may help.
    pub(in crate::connection) fn refused_setting(
        &mut self,
        step: Step,
        error: &ServerError,
        inbox: &mut Inbox,
    ) {
        // Nothing is said on a connection that somebody has leased.
        let told = matches!(step, Step::SetName | Step::Track) && !self.config.leased;
        if told && self.settings.attempts == 0 {
            self.count_server_error();
            inbox.refused_settings.push((step.command(), error.code().to_owned()));
        }
        let again = error.is_transient() || told && error.kind() == ServerErrorKind::NoPerm;
        if !again || self.config.leased {
            return;
        }
        // By the number of this attempt, so that many clients do not come at once.
        let random = self.tally.counted.connects.wrapping_add(self.now);
        let at = self.now.saturating_add(pause_after(self.settings.attempts, error, random));
        self.settings.retry_at = self.settings.retry_at.min(at);
        self.settings.unset.push(step);
        self.find_retry_due();
    }

    /// The registry has something to ask for again at this moment, or nothing ([`NEVER`]).
    pub(crate) fn retry_subscriptions_at(&mut self, at: u64) {
        self.settings.subscriptions_due = at;
        self.find_retry_due();
    }

    /// The same, at this moment at the latest.
    #[cfg(feature = "topology")]
    pub(crate) fn retry_subscriptions_by(&mut self, at: u64) {
        if at < self.settings.subscriptions_due {
            self.retry_subscriptions_at(at);
        }
    }

    fn find_retry_due(&mut self) {
        self.settings.due = self.settings.subscriptions_due.min(self.settings.retry_at);
    }

    /// Asks again for settings that were refused; whether the registry has to do the same.
    #[inline]
    pub(crate) fn retry(&mut self) -> bool {
        self.now >= self.settings.due && self.retry_now()
    }

    #[cold]
    fn retry_now(&mut self) -> bool {
        self.retry_settings();
        let due = self.now >= self.settings.subscriptions_due;
        if due {
            self.settings.subscriptions_due = NEVER;
        }
        self.find_retry_due();
        due && self.phase == Phase::Ready
    }

    /// Nothing is asked for again before the next connection.
    pub(in crate::connection) fn end_retries(&mut self) {
        self.settings = Settings::default();
    }

    /// Asks again for what was refused, when its time has come.
    fn retry_settings(&mut self) {
        if self.now < self.settings.retry_at {
            return;
        }
        self.settings.retry_at = NEVER;
        if self.phase != Phase::Ready {
            return;
        }
        self.settings.attempts += 1;
        for step in std::mem::take(&mut self.settings.unset) {
            self.post_setting(step);
        }
    }

    /// Asks for a setting outside of the handshake.
    pub(in crate::connection) fn post_setting(&mut self, step: Step) {
        let words = Handshake::words(step, &self.config, &self.credentials);
        let words: Vec<String> = words.into_iter().map(Into::into).collect();
        let words: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
        self.post(&words, Kind::Setting(step));
    }

    pub(in crate::connection) fn answer_setting(
        &mut self,
        step: Step,
        frame: &Frame,
        inbox: &mut Inbox,
    ) {
        match frame.reply().error() {
            Some(error) => self.refused_setting(step, &error, inbox),
            None if step == Step::Track => {
                if let Some(cache) = &self.config.cache {
                    cache.reset(true);
                }
            }
            None => {}
        }
    }
}
