//! Calls where there are several servers: which one each goes to, and what happens when that one sends it on.
//!
//! A server that answers with a redirect, or that it cannot serve the command now, has executed nothing. Such a command
//! is sent again, whatever it does, within the call's own time. What may have been executed is a matter of the
//! retry policy, as with one server.

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{
    Call, Handling, ResponsePolicy, Route, SideEffects,
    block::Block,
    call::{State, discard},
    join::can_be_joined,
    route::{Split, Target, scripted},
    routing::{Turn, refusal},
    scatter::{Origin, Scattered},
};
use crate::{
    Delivery, Error, ErrorKind, Result,
    commands::slot_of,
    connection::{Berth, Link, Outcome, Prelude, ReadFrom, Reading, Router, SlotId, Submission},
    resp::{Arg, FromReply, ServerError, ServerErrorKind, ToArgs, encode_command},
    sync::SyncFuture,
};

/// The command demands a replica, and there is none.
pub(super) fn no_replica(why: &'static str) -> Error {
    Error::new(ErrorKind::NoReplica, Delivery::NotSent).detail(why)
}

/// Where a command goes this time
enum Placed<'a> {
    /// Over this link; whether it is the probe of the circuit breaker.
    At(&'a Link, bool),
    /// Each part to its server, or the same to each of these servers.
    Apart(Apart<'a>),
    /// That is known in a moment.
    Soon,
}

enum Apart<'a> {
    Split(Split),
    All(ResponsePolicy, Vec<&'a Link>),
}

impl<'a, T, A> Call<'a, T, A> {
    /// The command goes to the server of this link, until that sends it on.
    pub(crate) fn bound_to(mut self, link: &'a Link) -> Self {
        self.extras().routing.fixed = Some(link);
        self
    }

    /// The command goes to the server of this slot, if one is given.
    pub(super) fn in_slot(mut self, slot: Option<u16>) -> Self {
        if slot.is_some() && self.link.router().is_some() {
            self.extras().routing.slot = slot;
        }
        self
    }
}

impl<'a, T: FromReply, A: ToArgs> Call<'a, T, A> {
    /// The outcome, and the address of the server that it is from where there are several.
    #[cfg(feature = "search")]
    pub(crate) async fn with_server(mut self) -> (Result<T>, Option<redmux_transport::Endpoint>) {
        // What has extras keeps in mind where it was.
        self.extras();
        let outcome = (&mut self).await;
        (outcome, self.over().map(|(link, _)| (*link.endpoint()).clone()))
    }

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

    /// The link to the server of a command that has a key of its own, if that is known without a search and nothing
    /// else is to be done for the command.
    #[inline]
    pub(super) fn straight_to(
        &self,
        router: &'a dyn Router,
        waiting: Option<SlotId>,
        words: &[Arg<'_>],
    ) -> Option<&'a Link> {
        // What is in the line for room is at a server already.
        let key = self.key.of(words).filter(|_| waiting.is_none())?;
        router.link_to(Some(slot_of(key.as_bytes())))
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
            State::Sent(in_flight) => Ok(Placed::At(in_flight.link, false)),
            _ => self.admitted(router, &words),
        });
        let (link, probe) = match placed {
            Ok(Placed::At(link, probe)) => (link, probe),
            Ok(Placed::Apart(apart)) => {
                let block = Block::of(&words);
                drop(words);
                if let Some(extras) = &self.extras {
                    timeout = extras.routing.left(self.link.clock.now()).or(timeout);
                }
                let mut scattered = self.scatter(router, apart, block, timeout);
                // Now, in order with what is sent before and after.
                if scattered.send(cx) {
                    cx.waker().wake_by_ref();
                }
                self.state = State::Scattered;
                self.extras().parts = Some(SyncFuture::new(Box::pin(scattered)));
                return Ok(());
            }
            Ok(Placed::Soon) => {
                drop(words);
                return self.look_again(cx);
            }
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

    /// Sends the command in a moment, when it may be known where to.
    #[cold]
    fn look_again(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let (clock, limit) = (&self.link.clock, self.limit());
        let random = clock.runtime.entropy();
        let routing = &mut self.extras().routing;
        let turn = routing.patience(random);
        if routing.go_on(turn, clock.now(), limit, clock).is_none() {
            self.state = State::Done;
            return Err(self.label(no_replica("none is connected")));
        }
        self.state = State::Pausing;
        match self.pause(cx) {
            Poll::Ready(Err(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Sends the command and forgets it: a task of its own goes on where the server sends it on.
    pub(super) fn forget_among_many(self) -> Result<()> {
        if let State::Refused(_) | State::Done | State::Over(..) = self.state {
            let mut refused = self;
            let again = refused.awaited_again();
            return Err(match std::mem::replace(&mut refused.state, State::Done) {
                State::Refused(error) => refused.label(error),
                _ => again,
            });
        }
        let runtime = self.link.clock.runtime.clone();
        let mut forgotten = self.reply_as::<()>().owned();
        // Now, in order with what is sent before and after.
        let mut silent = Context::from_waker(std::task::Waker::noop());
        match Pin::new(&mut forgotten).poll(&mut silent) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                runtime.spawn(Box::pin(async move { drop(forgotten.await) }));
                Ok(())
            }
        }
    }

    /// Polls the parts of a command.
    pub(super) fn poll_scattered(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let parts = self.extras.as_mut().and_then(|extras| extras.parts.as_mut());
        let Some(parts) = parts else { return Poll::Ready(Err(self.awaited_again())) };
        let joined = ready!(Pin::new(parts).poll(cx));
        self.state = State::Done;
        self.extras().parts = None;
        match joined {
            Ok(frame) => self.finish_with_extras(Outcome::Reply(frame), cx),
            Err(error) => self.fail(error, cx),
        }
    }

    /// Takes the command apart; the retry policy holds for each of its parts.
    fn scatter(
        &mut self,
        router: &'a dyn Router,
        apart: Apart<'a>,
        words: Block,
        timeout: Option<u64>,
    ) -> Scattered<'a> {
        let policy = self.extras.as_mut().and_then(|extras| {
            std::mem::take(&mut extras.retrying).get().map(|retrying| retrying.policy.clone())
        });
        let origin = Origin {
            link: self.link,
            name: self.name.clone(),
            full_name: self.full_name(),
            handling: self.handling().and_then(Handling::of_parts),
            policy,
            read_from: self.reads_from(),
            timeout,
            database: self.database,
            words,
        };
        match apart {
            Apart::Split(split) => Scattered::split(origin, split, router),
            Apart::All(policy, links) => {
                let random = self.link.clock.runtime.entropy();
                Scattered::all(origin, policy, links, random)
            }
        }
    }

    /// The link to the server of these words, if its circuit breaker admits the command; whether that is the
    /// breaker's probe.
    fn admitted(&self, router: &'a dyn Router, words: &[Arg<'_>]) -> Result<Placed<'a>> {
        let placed = self.place(router, words)?;
        let (Placed::At(link, _), Some(handling)) = (&placed, self.handling()) else {
            return Ok(placed);
        };
        let forgotten = self.extras.as_ref().is_some_and(|extras| extras.forgotten);
        let probe = match forgotten {
            true => handling.admit_unheard(link).map(|()| false)?,
            false => handling.admit(link)?,
        };
        Ok(Placed::At(link, probe))
    }

    /// Polls a command that was sent.
    pub(super) fn poll_routed(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let State::Sent(in_flight) = &self.state else { return Poll::Pending };
        let (link, id) = (in_flight.link, in_flight.id);
        match ready!(link.poll_dated(id, cx)) {
            Some((Outcome::Reply(frame), _)) if !frame.is_error() && self.is_simple() => {
                self.settle();
                let decoded = self.decode_mended(&frame);
                Poll::Ready(decoded.map_err(|error| link.not_decoded(&self.full_name(), error)))
            }
            Some((outcome, since)) => self.finish_routed(link, outcome, since, cx),
            // There was no room for the command so far.
            None => match self.submit(Some(id), cx) {
                Ok(()) => Poll::Pending,
                Err(error) => self.fail(error, cx),
            },
        }
    }

    /// Finishes a call that is more than a command and its reply, or that a server did not serve.
    #[inline(never)]
    fn finish_routed(
        &mut self,
        link: &'a Link,
        outcome: Outcome,
        since: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T>> {
        self.settle();
        self.state = State::Over(link, since);
        let outcome = self.without_asking(outcome);
        match self.sent_on(&outcome, cx) {
            Some(poll) => poll,
            None => self.finish_with_extras(outcome, cx),
        }
    }

    /// The link to the server that these words are for.
    fn place(&self, router: &'a dyn Router, words: &[Arg<'_>]) -> Result<Placed<'a>> {
        let mut slot = None;
        if let Some(extras) = &self.extras {
            let routing = &extras.routing;
            if let Some(link) = routing.goal.or(routing.fixed) {
                return Ok(Placed::At(link, false));
            }
            slot = routing.slot;
        }
        let has_prelude = || self.extras.as_ref().is_some_and(|extras| extras.prelude.is_some());
        let from = self.reads_from();
        if slot.is_none() && router.is_undivided() {
            if from != ReadFrom::Primary && !has_prelude() {
                slot = self.any_slot(words);
            }
        } else if slot.is_none() {
            match self.target(words)? {
                Target::Slot(of) => slot = Some(of),
                Target::Split(_) if has_prelude() => return Err(self.crossing()),
                Target::Split(split) => return Ok(Placed::Apart(Apart::Split(split))),
                Target::Keyless(route @ (Route::Primaries | Route::Nodes), policy)
                    if !has_prelude() && can_be_joined(&self.full_name(), policy) =>
                {
                    let links = router.links(route == Route::Nodes);
                    return Ok(Placed::Apart(Apart::All(policy, links)));
                }
                Target::Keyless(Route::Special, _) if self.name.eq_ignore_ascii_case("SCAN") => {
                    let why =
                        "each server has cursors of its own: `scan_stream` visits all of them";
                    return Err(Error::rejected("SCAN", why));
                }
                Target::Keyless(..) => {}
            }
        }
        if from != ReadFrom::Primary
            && let Some(slot) = slot
            && !has_prelude()
            && self.only_reads(words)
        {
            match router.reader(slot, from) {
                Reading::Replica(link) => return Ok(Placed::At(link, false)),
                Reading::Soon => return Ok(Placed::Soon),
                Reading::Nowhere(why) => return Err(no_replica(why)),
                Reading::Primary => {}
            }
        }
        Ok(Placed::At(router.link_to(slot).ok_or_else(Error::closed)?, false))
    }

    /// The link over which the command goes as things are, if there are several servers.
    pub(super) fn link_to_server(&self) -> Option<&'a Link> {
        let router = self.link.router()?;
        let mut words = self.words();
        self.rewrite(&mut words).ok()?;
        match self.place(router, &words) {
            Ok(Placed::At(link, _)) => Some(link),
            _ => None,
        }
    }

    /// Which servers the command is to be read from, if it only reads.
    fn reads_from(&self) -> ReadFrom {
        let own = self.extras.as_ref().and_then(|extras| extras.routing.read_from);
        let of_handle = || self.handling().map(|handling| handling.read_from);
        own.or_else(of_handle).unwrap_or_default()
    }

    /// Whether it is to be read from a replica and from nothing else, and no replicas are known.
    pub(super) fn demands_a_replica_of_nobody(&self) -> bool {
        self.reads_from() == ReadFrom::Replica
            && self.link.router().is_none()
            && !self.link.config.leased
            && self.only_reads(&self.words())
    }

    /// Whether the command, for which these are the words, changes nothing.
    fn only_reads(&self, words: &[Arg<'_>]) -> bool {
        SideEffects::of(&self.known(words)) == SideEffects::ReadOnly
    }

    /// The slot of the first key, if the command has keys.
    fn any_slot(&self, words: &[Arg<'_>]) -> Option<u16> {
        match self.target(words) {
            Ok(Target::Slot(slot)) => Some(slot),
            Ok(Target::Split(split)) => split.parts.first().map(|part| part.slot),
            Ok(Target::Keyless(..)) => None,
            // Its keys are in several slots, which is nothing here.
            Err(_) => Some(0),
        }
    }

    fn crossing(&self) -> Error {
        Error::rejected(&self.full_name(), "its keys are in different slots (CROSSSLOT)")
    }

    /// Where these words go, as the table of commands says.
    fn target(&self, words: &[Arg<'_>]) -> Result<Target> {
        if let Some(key) = self.key.of(words) {
            return Ok(Target::Slot(slot_of(key.as_bytes())));
        }
        Target::of(&self.known(words))
    }

    /// These words as the table of commands knows them: with the command's own name.
    fn known<'w>(&'w self, words: &'w [Arg<'w>]) -> Cow<'w, [Arg<'w>]> {
        if self.handling().is_none_or(|handling| handling.commands.is_empty()) {
            return Cow::Borrowed(words);
        }
        let mut known: Vec<Arg<'_>> =
            words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
        if let Some(name) = known.first_mut() {
            *name = Arg::Bytes(self.name.as_bytes());
        }
        Cow::Owned(known)
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
            return Ok(Berth { slot: None, goal: Some(self.link) });
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
        let leasing = self.extras.as_ref()?.leasing.as_ref()?;
        let lent = leasing.sent.as_ref()?.lent.clone();
        // To lease a connection, to wait at the server, and for the rest: without end if the server may wait without end.
        let attempt = leasing.wait.saturating_add(leasing.margin.saturating_mul(2));
        let limit = self.timeout.unwrap_or(attempt);
        let turn = self.turn(router, lent.link(), &error)?;
        self.tell(Some(&Error::from_server(error)));
        self.hand_back();
        let clock = &self.link.clock;
        self.extras().routing.go_on(turn, clock.now(), limit, clock)?;
        self.state = State::Pausing;
        Some(self.pause(cx))
    }

    /// The slot of these words, if they have one.
    fn slot(&self, words: &[Arg<'_>]) -> Result<Option<u16>> {
        if self.link.router().is_some_and(|router| router.is_undivided()) {
            return Ok(None);
        }
        match self.target(words)? {
            Target::Slot(slot) => Ok(Some(slot)),
            Target::Split(_) => Err(self.crossing()),
            Target::Keyless(..) => Ok(None),
        }
    }

    /// What is sent before the command: what was to be anyway, behind `ASKING` where that is called for.
    pub(super) fn asking(&self) -> Option<Prelude> {
        let extras = self.extras.as_ref().filter(|extras| extras.routing.asking)?;
        let mut prelude = Prelude { commands: 1, ..Prelude::default() };
        encode_command(&mut prelude.bytes, &[Arg::Bytes(b"ASKING")]);
        prelude.asks = prelude.bytes.len();
        // The next server keeps nothing for the cache, and each of the two counts for the next command alone.
        if let Some(own) = extras.prelude.as_ref().filter(|own| !own.consents) {
            prelude.bytes.extend_from_slice(&own.bytes);
            prelude.commands += own.commands;
            prelude.opens = own.opens;
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
        let mut reads = false;
        if let Some((from, _)) = self.over() {
            reads = from.config.reads;
            if reads {
                router.unfit(from);
            }
            if error.is_timeout() {
                // A server that is stopped says nothing, and its successor is known to others.
                router.troubled();
            }
        }
        let lost = matches!(error.kind(), ErrorKind::ConnectionLost | ErrorKind::Closed);
        // What only reads may be executed twice.
        if !lost || error.delivery() != Delivery::NotSent && !reads {
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
        let elsewhere = match there {
            Ok(Placed::At(link, _)) => error.is_given_back() || !std::ptr::eq(link, from),
            Ok(Placed::Soon) => true,
            // Where it waited there was one server, and now there are several.
            Ok(Placed::Apart(..)) => error.is_given_back(),
            Err(_) => false,
        };
        if !elsewhere {
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
            // The one server of a deployment: no other one has what it refuses.
            Moved | Ask | Redirected | TryAgain | ReadOnly if !router.is_one_of_several(from) => {
                None
            }
            kind @ (Moved | Ask | Redirected) => {
                let goal = router.redirected(from, &error.redirect()?, kind != Ask);
                // Who demands a replica is not served by a primary.
                let demands = from.config.reads && self.reads_from() == ReadFrom::Replica;
                let goal = goal.filter(|_| !demands);
                self.extras().routing.hop(goal, kind == Ask, random)
            }
            TryAgain => Some(self.extras().routing.patience(random)),
            ClusterDown | Loading | MasterDown if from.config.reads => {
                router.unfit(from);
                self.extras().routing.hop(None, false, random)
            }
            // Here it takes the command for one that writes.
            ReadOnly if from.config.reads => None,
            // What a script did before may have been executed.
            ReadOnly if scripted(error, &self.name) => {
                router.troubled();
                None
            }
            ClusterDown | Loading | MasterDown | Unblocked | ReadOnly => {
                router.troubled();
                Some(self.extras().routing.patience(random))
            }
            _ => None,
        }
    }
}
