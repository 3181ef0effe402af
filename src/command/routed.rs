//! Calls where there are several servers: which one each goes to, and what happens when that one sends it on.
//!
//! A server that answers with a redirect, or that it cannot serve the command now, has executed nothing. Such a command
//! is sent again, whatever it does, within the call's own time. What may have been executed is a matter of the
//! retry policy, as with one server.

use std::task::{Context, Poll, ready};

use super::{
    Call,
    call::{State, discard},
    route::{Target, scripted},
    routing::{Turn, refusal},
};
use crate::{
    Delivery, Error, ErrorKind, Result,
    clock::NEVER,
    connection::{Berth, Link, Outcome, Prelude, Router, SlotId, Submission},
    resp::{Arg, FromReply, ServerError, ServerErrorKind, ToArgs, encode_command},
};

impl<T, A> Call<'_, T, A> {
    /// The command goes to the server of this slot, if one is given.
    pub(super) fn in_slot(mut self, slot: Option<u16>) -> Self {
        if slot.is_some() && self.link.router().is_some() {
            self.extras().routing.slot = slot;
        }
        self
    }
}

impl<'a, T: FromReply, A: ToArgs> Call<'a, T, A> {
    /// Notes the slot of these words, which must be that of others that have one.
    pub(super) fn join_slot(&self, slot: &mut Option<u16>, words: &[Arg<'_>]) -> Result<()> {
        let own = self.slot(words)?;
        match (*slot, own) {
            (Some(one), Some(other)) if one != other => {
                let why = "the keys of a transaction must be in one slot (CROSSSLOT)";
                Err(Error::rejected(&self.full_name(), why))
            }
            _ => {
                *slot = slot.or(own);
                Ok(())
            }
        }
    }

    /// Sends the command to its server; `timeout` is the time of this attempt, if it has its own.
    pub(super) fn submit_routed(
        &mut self,
        router: &'a dyn Router,
        mut timeout: Option<u64>,
        waiting: Option<SlotId>,
        cx: &mut Context<'_>,
    ) -> Result<()> {
        let mut words = self.words();
        let rewritten = self.rewrite(&mut words);
        let placed = rewritten.and_then(|()| match &self.state {
            State::Sent(in_flight) => Ok((in_flight.link, false)),
            _ => self.admitted(router, &words),
        });
        let (link, probe) = match placed {
            Ok(placed) => placed,
            Err(error) => {
                drop(words);
                self.state = State::Done;
                return Err(self.label(error));
            }
        };
        let (mut asking, mut prelude, mut observed) = (None, None, false);
        if let Some(extras) = &self.extras {
            asking = self.asking();
            prelude = extras.prelude.as_ref();
            observed = extras.is_observed();
            timeout = extras.routing.left(link.clock.now()).or(timeout);
        }
        prelude = asking.as_ref().or(prelude);
        let command = Submission { args: &words, prelude, database: self.database, timeout };
        let submitted = match observed {
            true => link.submit_traced(&command, waiting, cx.waker()),
            false => {
                link.submit(&command, waiting, cx.waker()).map(|(id, in_line)| (id, in_line, None))
            }
        };
        drop(asking);
        match submitted {
            Ok((id, in_line, trace)) => {
                discard(words);
                self.sent(link, id, in_line);
                if probe {
                    self.extras().probe = true;
                }
                if let Some(observed) = self.observed() {
                    observed.sent_over(link);
                    if let Some(trace) = trace {
                        observed.queued(trace);
                    }
                }
                Ok(())
            }
            Err(error) => {
                drop(words);
                if let State::Sent(in_flight) = &mut self.state {
                    in_flight.answered = true;
                }
                self.state = State::Over(link, link.clock.now());
                Err(self.label(error))
            }
        }
    }

    /// The link to the server of these words, if its circuit breaker admits the command; whether that is the
    /// breaker's probe.
    fn admitted(&self, router: &'a dyn Router, words: &[Arg<'_>]) -> Result<(&'a Link, bool)> {
        let link = self.place(router, words)?;
        let Some(handling) = self.handling() else { return Ok((link, false)) };
        let forgotten = self.extras.as_ref().is_some_and(|extras| extras.forgotten);
        let probe = match forgotten {
            true => handling.admit_unheard(link).map(|()| false)?,
            false => handling.admit(link)?,
        };
        Ok((link, probe))
    }

    /// Polls a command that was sent.
    pub(super) fn poll_routed(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let State::Sent(in_flight) = &mut self.state else { return Poll::Pending };
        let (link, id) = (in_flight.link, in_flight.id);
        let Some((outcome, since)) = ready!(link.poll_dated(id, cx)) else {
            // There was no room for the command so far.
            return match self.submit(Some(id), cx) {
                Ok(()) => Poll::Pending,
                Err(error) => self.fail(error, cx),
            };
        };
        in_flight.answered = true;
        self.state = State::Over(link, since);
        match outcome {
            Outcome::Reply(frame) if !frame.is_error() && self.extras.is_none() => {
                self.tell(None);
                Poll::Ready(self.decode(&frame))
            }
            outcome => {
                let outcome = self.without_asking(outcome);
                match self.sent_on(&outcome, cx) {
                    Some(poll) => poll,
                    None => self.finish_with_extras(outcome, cx),
                }
            }
        }
    }

    /// The link to the server that these words are for.
    fn place(&self, router: &'a dyn Router, words: &[Arg<'_>]) -> Result<&'a Link> {
        let routing = self.extras.as_ref().map(|extras| &extras.routing);
        if let Some(goal) = routing.and_then(|routing| routing.goal) {
            return Ok(goal);
        }
        let slot = match routing.and_then(|routing| routing.slot) {
            Some(slot) => Some(slot),
            None => self.slot(words)?,
        };
        let closed = || Error::new(ErrorKind::Closed, Delivery::NotSent);
        router.link_to(slot).ok_or_else(closed)
    }

    /// The slot of the command, if there are several servers and it has one.
    pub(crate) fn slot_there(&self) -> Result<Option<u16>> {
        if self.link.router().is_none() {
            return Ok(None);
        }
        let mut words = self.words();
        self.rewrite(&mut words)?;
        self.slot(&words).map_err(|error| self.label(error))
    }

    /// The server at which a command that waits is to lease a connection.
    pub(super) fn berth(&self, words: &[Arg<'_>]) -> Result<Berth<'a>> {
        if self.link.router().is_none() {
            return Ok(Berth::default());
        }
        let goal = self.extras.as_ref().and_then(|extras| extras.routing.goal);
        Ok(Berth { slot: self.slot(words)?, goal })
    }

    /// What a call is to do whose command a server did not execute on a leased connection.
    pub(super) fn leave(
        &mut self,
        reply: &Outcome,
        cx: &mut Context<'_>,
    ) -> Option<Poll<Result<T>>> {
        let router = self.link.router()?;
        let error = refusal(reply)?;
        let lent = self.extras.as_ref()?.leasing.as_ref()?.sent.as_ref()?.lent.clone();
        let turn = self.turn(router, lent.link(), &error)?;
        self.tell(Some(&Error::from_server(error)));
        self.hand_back();
        let limit = if self.timeout.is_some() { self.limit() } else { NEVER };
        let clock = &self.link.clock;
        self.extras().routing.go_on(turn, clock.now(), limit, clock)?;
        self.state = State::Pausing;
        Some(self.pause(cx))
    }

    /// The slot of these words, if they have one.
    fn slot(&self, words: &[Arg<'_>]) -> Result<Option<u16>> {
        let renamed = self.handling().is_some_and(|handling| !handling.commands.is_empty());
        let target = match renamed {
            false => Target::of(words)?,
            true => {
                // The table knows the command by its own name.
                let mut known: Vec<Arg<'_>> =
                    words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
                if let Some(name) = known.first_mut() {
                    *name = Arg::Bytes(self.name.as_bytes());
                }
                Target::of(&known)?
            }
        };
        match target {
            Target::Slot(slot) => Ok(Some(slot)),
            Target::Split(_) => {
                Err(Error::rejected(&self.name, "its keys are in different slots (CROSSSLOT)"))
            }
            Target::Keyless(..) => Ok(None),
        }
    }

    /// What is sent before the command: what was to be anyway, behind `ASKING` where that is called for.
    pub(super) fn asking(&self) -> Option<Prelude> {
        let extras = self.extras.as_ref().filter(|extras| extras.routing.asking)?;
        let mut prelude = Prelude { commands: 1, ..Prelude::default() };
        encode_command(&mut prelude.bytes, &[Arg::Bytes(b"ASKING")]);
        if let Some(own) = &extras.prelude {
            prelude.bytes.extend_from_slice(&own.bytes);
            prelude.commands += own.commands;
        }
        Some(prelude)
    }

    /// Takes the reply to `ASKING` out of those to a prelude.
    pub(super) fn without_asking(&self, outcome: Outcome) -> Outcome {
        let Some(extras) = self.extras.as_ref().filter(|extras| extras.routing.asking) else {
            return outcome;
        };
        match outcome {
            Outcome::Group(group) if extras.prelude.is_none() => Outcome::Reply(group.1),
            Outcome::Group(mut group) => {
                group.0.retain(|(place, _)| *place > 0);
                group.0.iter_mut().for_each(|(place, _)| *place -= 1);
                Outcome::Group(group)
            }
            outcome => outcome,
        }
    }

    /// Sends the command again, if this reply says that it was not executed and may be, there or later.
    fn sent_on(&mut self, reply: &Outcome, cx: &mut Context<'_>) -> Option<Poll<Result<T>>> {
        let router = self.link.router()?;
        let error = refusal(reply)?;
        let (from, since) = self.over()?;
        let turn = self.turn(router, from, &error)?;
        self.tell(Some(&Error::from_server(error)));
        self.take_turn(turn, since, cx)
    }

    /// The same for a command that was not sent, because its server is gone or is another one by now.
    pub(super) fn sent_elsewhere(&mut self, error: &Error, cx: &mut Context<'_>) -> bool {
        let Some(router) = self.link.router() else { return false };
        let lost = matches!(error.kind(), ErrorKind::ConnectionLost | ErrorKind::Closed);
        if !lost || error.delivery() != Delivery::NotSent {
            return false;
        }
        if self.leases() {
            let (clock, limit) = (&self.link.clock, self.limit());
            let random = clock.runtime.entropy();
            let routing = &mut self.extras().routing;
            let turn = routing.hop(None, false, random);
            if turn.and_then(|turn| routing.go_on(turn, clock.now(), limit, clock)).is_none() {
                return false;
            }
            self.state = State::Pausing;
            return self.pause(cx).is_pending();
        }
        let Some((from, since)) = self.over() else { return false };
        let routing = &mut self.extras().routing;
        (routing.goal, routing.asking) = (None, false);
        let there = {
            let mut words = self.words();
            let rewritten = self.rewrite(&mut words);
            rewritten.and_then(|()| self.place(router, &words))
        };
        if !there.is_ok_and(|link| !std::ptr::eq(link, from)) {
            return false;
        }
        self.tell(Some(error));
        self.go_on(Turn::default(), since).is_some_and(|()| {
            self.state = State::Pausing;
            cx.waker().wake_by_ref();
            true
        })
    }

    fn take_turn(
        &mut self,
        turn: Turn<'a>,
        since: u64,
        cx: &mut Context<'_>,
    ) -> Option<Poll<Result<T>>> {
        self.go_on(turn, since)?;
        self.state = State::Pausing;
        Some(self.pause(cx))
    }

    /// Prepares the next sending; `None` if there is no time for it.
    fn go_on(&mut self, turn: Turn<'a>, since: u64) -> Option<()> {
        let (clock, limit) = (&self.link.clock, self.limit());
        self.extras().routing.go_on(turn, since, limit, clock)
    }

    fn turn(
        &mut self,
        router: &'a dyn Router,
        from: &Link,
        error: &ServerError,
    ) -> Option<Turn<'a>> {
        use ServerErrorKind::*;
        let random = self.link.clock.runtime.entropy();
        match error.kind() {
            kind @ (Moved | Ask | Redirected) => {
                let goal = router.redirected(from, &error.redirect()?, kind != Ask);
                self.extras().routing.hop(goal, kind == Ask, random)
            }
            TryAgain => Some(self.extras().routing.patience(random)),
            // What a script did before may have been executed.
            ReadOnly if scripted(error, &self.name) => {
                router.troubled(from);
                None
            }
            ClusterDown | Loading | MasterDown | Unblocked | ReadOnly => {
                router.troubled(from);
                Some(self.extras().routing.patience(random))
            }
            _ => None,
        }
    }
}
