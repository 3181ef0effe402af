//! Whether the peer is alive.

use crate::{
    Delivery, Error, ErrorKind,
    clock::NEVER,
    connection::{
        core::{Core, Phase},
        entry::Kind,
        liveness::{LATE_ROUNDS, Late, probe_end},
    },
    error::TimeoutStage,
    resp::Arg,
};

impl Core {
    /// Sends a probe when the peer has been silent for too long, or gives the peer up.
    pub(crate) fn check_liveness(&mut self) -> Result<(), Error> {
        // What the peer has sent is not looked for in a pause.
        if !matches!(self.phase, Phase::Ready | Phase::Closing) || self.is_paused() {
            return Ok(());
        }
        if self.liveness.late.rounds >= LATE_ROUNDS && !self.config.leased {
            self.liveness.late = Late::default();
            let error = Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted);
            return Err(error.detail(format!(
                "replies came, and in {LATE_ROUNDS} rounds of time-outs none for a command that \
                 still waited: one must have got lost"
            )));
        }
        if self.now >= self.liveness.probe_deadline {
            let patience = self.liveness.patience(&self.wire, self.config.leased);
            if patience > self.now {
                // Looked at again, because that call may be given up meanwhile.
                self.liveness.probe_deadline =
                    patience.min(probe_end(&self.config, self.now)).min(self.show_use());
                return Ok(());
            }
            let silence = self.now.saturating_sub(self.liveness.last_read.unwrap_or(0));
            return Err(Error::new(
                ErrorKind::Timeout(TimeoutStage::Response),
                Delivery::MaybeExecuted,
            )
            .command("PING")
            .detail("the peer does not answer a probe")
            .diagnose(self.diagnose(silence, self.config.probe_timeout)));
        }
        if self.liveness.probe_deadline == NEVER && !self.quiet && self.now >= self.next_probe() {
            self.liveness.probe_deadline = probe_end(&self.config, self.now);
            if self.config.leased
                && self.liveness.patience(&self.wire, self.config.leased) > self.now
            {
                let next = self.now.saturating_add(self.config.keep_alive);
                self.liveness.probe_deadline = self.liveness.probe_deadline.min(next);
            }
            #[cfg(feature = "topology")]
            {
                self.liveness.is_silent = self.wire.in_flight() > 0;
            }
            self.post(&[Arg::Bytes(b"PING")], Kind::Probe);
        }
        Ok(())
    }

    /// Whether it has just become known that replies are due and nothing comes.
    #[cfg(feature = "topology")]
    pub(in crate::connection) fn has_fallen_silent(&mut self) -> bool {
        std::mem::take(&mut self.liveness.is_silent)
    }

    /// Whether replies are due, and nothing has come for as long as it takes to send a probe.
    #[cfg(feature = "topology")]
    pub(crate) fn is_silent(&self, now: u64) -> bool {
        self.phase == Phase::Ready
            && self.wire.in_flight() > 0
            && self.liveness.next_probe(&self.wire, &self.config, now) <= now
    }

    /// When the server was last heard: now, unless the connection is lost.
    #[cfg(feature = "topology")]
    pub(crate) fn last_heard(&self) -> u64 {
        let lost = self.phase != Phase::Ready;
        self.liveness.last_read.filter(|_| lost).unwrap_or(self.now)
    }

    fn next_probe(&self) -> u64 {
        self.liveness.next_probe(&self.wire, &self.config, self.now)
    }

    /// When [`check_liveness`](Self::check_liveness) has something to do.
    pub(in crate::connection) fn liveness_deadline(&self) -> u64 {
        match self.liveness.probe_deadline {
            NEVER if self.quiet => NEVER,
            NEVER => self.next_probe(),
            probe => probe,
        }
    }
}
