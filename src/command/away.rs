//! Calls that lease a connection for each attempt: commands that wait on the server.
//!
//! Such a call is made for the shared connection, like any other, and is retried, observed and
//! decoded as others are. Only its command goes elsewhere. The connection comes from a [`Lender`](crate::connection::Lender),
//! which the layers above provide.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{
    call::{Call, State},
    leasing::{Away, Leasing, Plan, Source},
};
use crate::{
    Result,
    clock::NEVER,
    connection::{Home, Lent, Outcome, Selected, SlotId, Submission},
    resp::{FromReply, ToArgs},
    sync::SyncFuture,
};

impl<'a, T, A> Call<'a, T, A> {
    /// The command may wait on the server for `wait` microseconds, on a connection of its own.
    pub(crate) fn leasing(mut self, source: Source<'a>, wait: u64) -> Self {
        let margin = self.link.config.command_timeout;
        self.extras().leasing = Some(Box::new(Leasing {
            source,
            wait,
            margin,
            until: None,
            lease: None,
            sent: None,
            failed: None,
        }));
        self
    }

    /// The same by the plan of another call, at this home.
    pub(super) fn leasing_as(self, plan: Plan, home: &'a dyn Home) -> Self {
        let source = plan.held.map(Source::Held);
        let Some(source) = source.or_else(|| home.lender().map(Source::Pool)) else { return self };
        let mut call = self.leasing(source, plan.wait);
        if let Some(leasing) = call.lease() {
            leasing.margin = plan.margin;
        }
        call
    }

    /// The time in which the server ought to answer, besides what it may wait: longer while it has announced maintenance.
    fn margin(&mut self) -> u64 {
        let margin = self.lease().map_or(0, |leasing| leasing.margin);
        #[cfg(feature = "full")]
        let margin = {
            let now = self.link.clock.now();
            self.link.with(|core| core.patience(now)).map_or(margin, |relaxed| relaxed.max(margin))
        };
        margin
    }

    fn lease(&mut self) -> Option<&mut Leasing<'a>> {
        self.extras.as_mut()?.leasing.as_deref_mut()
    }

    /// Drops what is left of an attempt: its connection goes back.
    pub(super) fn hand_back(&mut self) {
        let extras = self.extras.as_mut();
        if let Some(observed) = extras.and_then(|extras| extras.observed.get_mut()) {
            observed.leave();
        }
        if let Some(leasing) = self.lease() {
            (leasing.lease, leasing.sent) = (None, None);
        }
    }
}

impl<T: FromReply, A: ToArgs> Call<'_, T, A> {
    /// Begins an attempt, of this many microseconds if the caller has given the call a time.
    #[cold]
    pub(super) fn begin_lease(&mut self, given: Option<u64>, cx: &mut Context<'_>) -> Result<()> {
        let checked = {
            let mut words = self.words();
            let rewritten = self.rewrite(&mut words);
            #[cfg(feature = "topology")]
            let berth = rewritten.and_then(|()| self.berth(&words));
            #[cfg(not(feature = "topology"))]
            let berth = rewritten.map(|()| crate::connection::Berth::default());
            berth
        };
        // A command that cannot be sent needs no connection.
        let berth = match checked {
            Ok(berth) => berth,
            Err(error) => {
                self.state = State::Done;
                return Err(self.label(error));
            }
        };
        let now = self.link.clock.now();
        let database = self.database;
        let margin = self.margin();
        let Some(leasing) = self.lease() else { return Err(self.awaited_again()) };
        leasing.until = given.map(|given| now.saturating_add(given));
        let begun = match &leasing.source {
            Source::Held(lent) => {
                let lent = lent.clone();
                self.send_on(lent, cx)
            }
            Source::Pool(lender) => {
                let limit = Duration::from_micros(given.unwrap_or(margin));
                leasing.lease = Some(SyncFuture::new(lender.lend(berth, database, limit)));
                self.poll_lease(cx)
            }
        };
        self.state = State::Away;
        if let (Err(error), Some(leasing)) = (begun, self.lease()) {
            leasing.failed = Some(error);
            cx.waker().wake_by_ref();
        }
        Ok(())
    }

    /// Sends the command once there is a connection.
    fn poll_lease(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let Some(leasing) = self.lease() else { return Ok(()) };
        let Some(lease) = &mut leasing.lease else { return Ok(()) };
        let Poll::Ready(lent) = Pin::new(lease).poll(cx) else { return Ok(()) };
        leasing.lease = None;
        match lent {
            Ok(lent) => self.send_on(lent, cx),
            Err(error) => Err(self.label(error)),
        }
    }

    fn send_on(&mut self, lent: Arc<dyn Lent>, cx: &mut Context<'_>) -> Result<()> {
        lent.begin(self.full_name());
        let away = Away { lent: lent.clone(), id: None };
        if let Some(leasing) = self.lease() {
            leasing.sent = Some(away);
        }
        if let Some(handling) = self.handling() {
            let admitted = handling.admit(lent.link());
            self.extras().probe = admitted.map_err(|error| self.label(error))?;
        }
        self.submit_on(&*lent, None, cx)?;
        if let Some(observed) = self.observed() {
            observed.sent_on(lent);
        }
        Ok(())
    }

    fn submit_on(
        &mut self,
        lent: &dyn Lent,
        waiting: Option<SlotId>,
        cx: &mut Context<'_>,
    ) -> Result<()> {
        let link = lent.link();
        let margin = self.margin();
        let Some(leasing) = self.lease() else { return Err(self.awaited_again()) };
        let timeout = match leasing.until {
            Some(NEVER) => NEVER,
            Some(until) => until.saturating_sub(link.clock.now()).max(1),
            None => leasing.wait.saturating_add(margin),
        };
        let is_observed = self.extras.as_ref().is_some_and(|extras| extras.is_observed());
        let mut words = self.words();
        let rewritten = self.rewrite(&mut words);
        #[cfg(feature = "topology")]
        let asking = self.asking();
        #[cfg(not(feature = "topology"))]
        let asking = None;
        let submitted = rewritten.and_then(|()| {
            // A leased connection is in its database from the start.
            let database = Selected::HOME;
            let timeout = Some(timeout);
            let command = Submission { args: &words, prelude: asking.as_ref(), database, timeout };
            match is_observed {
                true => link.submit_traced(&command, waiting, cx.waker()),
                false => link
                    .submit(&command, waiting, cx.waker())
                    .map(|(id, in_line)| (id, in_line, None)),
            }
        });
        drop(words);
        let (id, _, trace) = submitted.map_err(|error| self.label(error))?;
        if let Some(away) = self.lease().and_then(|leasing| leasing.sent.as_mut()) {
            away.id = Some(id);
        }
        if let (Some(trace), Some(observed)) = (trace, self.observed()) {
            observed.queued(trace);
        }
        Ok(())
    }

    /// Polls an attempt under way.
    #[cold]
    pub(super) fn poll_away(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let polled = match ready!(self.poll_outcome(cx)) {
            Ok(outcome) => {
                // Not `finish`: with a second caller it would not be inlined into the plain path.
                self.state = State::Done;
                #[cfg(feature = "topology")]
                let outcome = self.without_asking(outcome);
                #[cfg(feature = "topology")]
                if let Some(poll) = self.leave(&outcome, cx) {
                    return poll;
                }
                self.finish_with_extras(outcome, cx)
            }
            Err(error) => {
                self.state = State::Done;
                self.fail(error, cx)
            }
        };
        self.hand_back();
        polled
    }

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Result<Outcome>> {
        let Some(leasing) = self.lease() else { return Poll::Ready(Err(self.awaited_again())) };
        if let Some(error) = leasing.failed.take() {
            return Poll::Ready(Err(error));
        }
        let Some(away) = &mut leasing.sent else {
            return match self.poll_lease(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            };
        };
        let Some(id) = away.id else { return Poll::Ready(Err(self.awaited_again())) };
        match ready!(away.lent.link().poll_reply(id, cx)) {
            Some(outcome) => {
                away.id = None;
                Poll::Ready(Ok(outcome))
            }
            // There was no room for the command so far.
            None => {
                let lent = away.lent.clone();
                match self.submit_on(&*lent, Some(id), cx) {
                    Ok(()) => Poll::Pending,
                    Err(error) => Poll::Ready(Err(error)),
                }
            }
        }
    }
}
