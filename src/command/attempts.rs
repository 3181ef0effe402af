//! Calls that are more than a command and its reply: observed, sent again, behind a prelude.

use std::task::{Context, Poll};

#[cfg(feature = "topology")]
use super::routed::no_replica;
use super::{Call, Handling, call::State, extras::Extras, observed::Observed, retry::Retrying};
use crate::{
    Error, Full, Result,
    clock::NEVER,
    connection::Outcome,
    resp::{Frame, FromReply, ToArgs},
};
#[cfg(feature = "topology")]
use crate::{ErrorKind, error::TimeoutStage};

impl<'a, T, A> Call<'a, T, A> {
    pub(super) fn extras(&mut self) -> &mut Extras<'a> {
        self.extras.get_or_insert_default()
    }

    /// Once answered: the errors among the replies to the prelude, each with its place.
    pub(crate) fn prelude_errors(&self) -> &[(u32, Frame)] {
        self.extras.as_ref().map_or(&[], |extras| &extras.refused)
    }
}

impl<'a, T: FromReply, A: ToArgs> Call<'a, T, A> {
    /// Before an attempt of a call that is not treated as usual, and again when it has been in the
    /// line for room: the time the attempt is given.
    #[inline(never)]
    pub(super) fn prepare(&mut self, in_line: bool) -> Result<Option<u64>> {
        let in_line = in_line || self.is_sent_on();
        let retrying = self.extras.as_mut().and_then(|extras| extras.retrying.get_mut());
        if in_line {
            return Ok(retrying.map_or(self.timeout, |retrying| retrying.time()));
        }
        let has_own = retrying.is_some();
        let policy = self.handling().and_then(|handling| handling.retry.as_ref());
        if let (false, Some(policy)) = (has_own, policy) {
            self.extras().retrying = Full::new(Retrying::new(policy.clone()));
        }
        #[cfg(feature = "topology")]
        if self.demands_a_replica_of_nobody() {
            self.state = State::Done;
            return Err(self.label(no_replica("one server is known, and no replica of it")));
        }
        let (link, mut time) = (self.link, self.timeout);
        let leases = self.leases();
        // Each attempt of a command that waits on the server has its full time.
        let full = leases && time.is_none();
        let limit = if full { NEVER } else { self.limit() };
        if let Some(retrying) = self.extras.as_mut().and_then(|extras| extras.retrying.get_mut()) {
            let begun = retrying.begin(link, time, limit);
            time = if full { None } else { begun };
        }
        if let Some(handling) = self.handling() {
            #[cfg(all(feature = "full", feature = "topology"))]
            if handling.arrived.is_some() {
                self.extras().routing.asking = true;
            }
            if handling.observers.are_enabled() {
                self.observe(handling);
            }
            let forgotten = self.extras.as_ref().is_some_and(|extras| extras.forgotten);
            // A call that leases a connection may become the probe once it has one.
            let routed = self.link.router().is_some();
            let admitted = match forgotten || leases {
                // Once it is known which server it goes to.
                _ if routed => Ok(false),
                false => handling.admit(self.link),
                true => handling.admit_unheard(self.link).map(|()| false),
            };
            match admitted {
                Ok(false) => {}
                Ok(true) => self.extras().probe = true,
                Err(error) => {
                    self.state = State::Done;
                    return Err(self.label(error));
                }
            }
        }
        Ok(time)
    }

    /// Whether the same attempt goes on at another server.
    fn is_sent_on(&self) -> bool {
        #[cfg(feature = "topology")]
        let is = self.extras.as_ref().is_some_and(|extras| extras.routing.is_under_way());
        #[cfg(not(feature = "topology"))]
        let is = false;
        is
    }

    pub(super) fn observed(&mut self) -> Option<&mut Observed<'a>> {
        self.extras.as_mut()?.observed.get_mut()
    }

    /// Reports the begin of the call to its observers.
    #[inline(never)]
    fn observe(&mut self, handling: &Handling) {
        if let Some(observed) = self.observed() {
            return observed.again();
        }
        let prelude = self.extras.as_ref().and_then(|extras| extras.prelude.as_ref());
        // The first of them is `MULTI`.
        let batch = prelude.filter(|_| self.name == "EXEC").map(|prelude| prelude.commands - 1);
        let name = if batch.is_some() { "MULTI".into() } else { self.full_name() };
        if let Some(observed) = Observed::begin(self.link, name, batch, &handling.observers) {
            self.extras().observed = Full::new(observed);
        }
    }

    /// Fails the call, or prepares to send it again.
    #[cold]
    #[inline(never)]
    pub(super) fn fail(&mut self, mut error: Error, cx: &mut Context<'_>) -> Poll<Result<T>> {
        #[cfg(feature = "topology")]
        if self.sent_elsewhere(&error, cx) {
            return Poll::Pending;
        }
        #[cfg(feature = "topology")]
        if error.is_given_back() && self.link.router().is_some() {
            // It may go to another server, and has no time left for that.
            error = error.with_kind(ErrorKind::Timeout(TimeoutStage::Queue));
        }
        self.tell(Some(&error));
        if self.is_sent_again(&error) {
            return self.begin_pause(cx);
        }
        if let Some(extras) = &mut self.extras {
            if let Some(retrying) = extras.retrying.get_mut() {
                error = retrying.conclude(error);
            }
            if let Some(observed) = extras.observed.get_mut() {
                observed.end(Some(&error));
            }
        }
        Poll::Ready(Err(error))
    }

    fn begin_pause(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        self.state = State::Pausing;
        #[cfg(feature = "topology")]
        if let Some(extras) = &mut self.extras {
            extras.routing.begin_anew();
        }
        if self.is_paused(cx) {
            return Poll::Pending;
        }
        // Not from here: attempts that fail at once would pile up.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether the retry policy has the command sent again after this error.
    fn is_sent_again(&mut self, error: &Error) -> bool {
        let Some(mut extras) = self.extras.take() else { return false };
        let again = extras
            .retrying
            .get_mut()
            .is_some_and(|retrying| retrying.again(self.link, error, &self.words()));
        self.extras = Some(extras);
        again
    }

    /// Reports the outcome of an attempt to the handle.
    pub(super) fn tell(&mut self, error: Option<&Error>) {
        let probe = self.extras.as_mut().is_some_and(|extras| std::mem::take(&mut extras.probe));
        // A connection that could not be leased says nothing: the shared one tells of the server.
        if let (Some(handling), Some(link)) = (self.handling(), self.at()) {
            handling.settle(self.link, link, probe, error);
        }
        if let (None, Some(observed)) = (error, self.observed()) {
            observed.end(None);
        }
    }

    fn is_paused(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(extras) = &mut self.extras else { return false };
        #[cfg(feature = "topology")]
        if let Some(timer) = extras.routing.timer() {
            return timer.poll_expired(cx).is_pending();
        }
        let timer = extras.retrying.get_mut().and_then(Retrying::timer);
        timer.is_some_and(|timer| timer.poll_expired(cx).is_pending())
    }

    /// Sends the command again when it is time.
    #[cold]
    pub(super) fn pause(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        if self.is_paused(cx) {
            return Poll::Pending;
        }
        self.state = State::New;
        match self.submit(None, cx) {
            Ok(()) => Poll::Pending,
            Err(error) => self.fail(error, cx),
        }
    }

    #[inline(never)]
    pub(super) fn finish_with_extras(
        &mut self,
        outcome: Outcome,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T>> {
        let outcome = match outcome {
            Outcome::Group(group) => {
                let (refused, last) = *group;
                self.extras().refused = refused;
                Outcome::Reply(last)
            }
            outcome => outcome,
        };
        let (result, refused) = match outcome.into_reply() {
            Ok(frame) => (self.decode(&frame), frame.reply().error()),
            Err(error) => (Err(self.label(error)), None),
        };
        match result {
            Ok(value) => {
                // The reply's type may hold errors: whether to send again is not up to it.
                if let Some(error) = refused.map(Error::from_server)
                    && self.is_sent_again(&error)
                {
                    self.tell(Some(&error));
                    return self.begin_pause(cx);
                }
                self.tell(None);
                Poll::Ready(Ok(value))
            }
            Err(error) => self.fail(error, cx),
        }
    }
}
