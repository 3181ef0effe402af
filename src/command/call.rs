use std::{
    borrow::Cow,
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

#[cfg(feature = "full")]
use super::retry::Retrying;
use super::{
    Handling, RetryPolicy,
    extras::Extras,
    guard::is_harmless,
    known::{KeyPlace, Named},
};
#[cfg(feature = "full")]
use crate::Full;
#[cfg(feature = "topology")]
use crate::connection::ReadFrom;
use crate::{
    Delivery, Error, ErrorKind, FULL, Result,
    clock::micros,
    connection::{Link, Outcome, Prelude, Selected, SlotId, Submission},
    resp::{AnyArgs, Arg, ArgList, Frame, FromReply, ReplyError, ToArgs},
};

/// A command and, once awaited, its reply
///
/// Nothing is sent before the first poll. Polled calls are pipelined over the shared
/// connection in the order of their first poll. Dropping a call withdraws the command if
/// it has not been written yet; otherwise the client discards the reply when it comes.
///
/// A call borrows the handle that made it. For a task of its own or a field, `owned` (feature `full`)
/// gives one that borrows nothing.
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// use std::time::Duration;
///
/// let name: Option<String> = db.get("name").timeout(Duration::from_millis(50)).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing unless it is awaited"]
pub struct Call<'a, T, A> {
    pub(super) link: &'a Link,
    pub(super) name: Cow<'static, str>,
    /// The second word of commands such as `CONFIG GET`.
    pub(super) subcommand: Option<&'static str>,
    pub(super) args: A,
    pub(super) timeout: Option<u64>,
    pub(super) database: Selected,
    pub(super) key: KeyPlace,
    /// What the handle does with the call; usually nothing.
    pub(super) handling: Option<&'a Arc<Handling>>,
    pub(super) extras: Option<Box<Extras<'a>>>,
    pub(super) state: State<'a>,
    reply: PhantomData<fn() -> T>,
}

/// A call whose arguments and reply are of no particular type; made by [`Call::erased`]
pub type AnyCall<'a> = BoxCall<'a, Frame>;

/// A call whose arguments are of no particular type, so that a struct or a signature can name it; made
/// by [`Call::boxed`]
pub type BoxCall<'a, T> = Call<'a, T, AnyArgs<'a>>;

/// A command of the client's own; of one type, so that there is one copy of the code
pub(crate) type OwnCall<'a> = AnyCall<'a>;

pub(super) enum State<'a> {
    New,
    Refused(Error),
    Sent(InFlight<'a>),
    /// It failed, and is sent again after a pause.
    Pausing,
    /// Its command is for a connection that is leased for it.
    #[cfg(feature = "full")]
    Away,
    /// Several servers have a part of its command.
    #[cfg(feature = "topology")]
    Scattered,
    /// It was sent over this link, at this moment of its clock, and is over or will be sent again.
    #[cfg(feature = "topology")]
    Over(&'a Link, u64),
    Done,
}

/// A command that the link knows; dropping it gives the command up
pub(super) struct InFlight<'a> {
    pub(super) link: &'a Link,
    pub(super) id: SlotId,
    /// The link was full: the command waits in line for room.
    in_line: bool,
    pub(super) answered: bool,
}

impl Drop for InFlight<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.answered {
            self.link.abandon(self.id);
        }
    }
}

impl<'a, T, A> Call<'a, T, A> {
    pub(crate) fn new(link: &'a Link, name: impl Into<Cow<'static, str>>, args: A) -> Self {
        Self {
            link,
            name: name.into(),
            subcommand: None,
            args,
            timeout: None,
            database: Selected::HOME,
            key: KeyPlace::UNKNOWN,
            handling: None,
            extras: None,
            state: State::New,
            reply: PhantomData,
        }
    }

    /// The same for a name of which more is known.
    pub(crate) fn named(link: &'a Link, name: Named, args: A) -> Self {
        Self { key: name.key, ..Self::new(link, name.name, args) }
    }

    /// A command of two words, whose name says nothing of its key.
    pub(crate) fn with_subcommand(mut self, subcommand: &'static str) -> Self {
        self.subcommand = Some(subcommand);
        self
    }

    /// Sends `prelude` before the command, in one piece with it.
    pub(crate) fn after(mut self, prelude: Prelude) -> Self {
        self.extras().prelude = Some(prelude);
        self
    }

    /// What the handle does with the call; usually nothing.
    #[inline]
    pub(super) fn handling(&self) -> Option<&'a Handling> {
        if FULL { self.handling.map(|handling| &**handling) } else { None }
    }

    /// The call for the database with this index: for embedders, as
    /// [`database_at`](crate::ConnectionMultiplexer::database_at) is for programs.
    #[doc(hidden)]
    pub fn in_database(self, index: u32) -> Self {
        let home = self.link.config.database;
        self.on(Selected::new(index, home))
    }

    /// It is for this database.
    pub(crate) fn on(mut self, database: Selected) -> Self {
        self.database = database;
        self
    }

    /// Its handle does this with it.
    pub(crate) fn handled(mut self, handling: Option<&'a Arc<Handling>>) -> Self {
        self.handling = handling;
        self
    }

    /// Fails with `error` instead of being sent.
    pub(crate) fn refuse(mut self, error: Error) -> Self {
        self.state = State::Refused(error);
        self
    }

    /// Gives this call its own time, counted from its first poll, instead of the
    /// `command_timeout` of the options (5 s by default).
    ///
    /// [`Duration::MAX`] waits until there is a reply or the connection is lost. A longer time
    /// than the default also lets the server stay silent for that long (without such a command, a
    /// connection counts as lost after `probe_after` and `probe_timeout`, 7 s).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(micros(Some(timeout)));
        self
    }

    /// The time for calls without their own time.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn default_timeout(mut self, timeout: Duration) -> Self {
        let timeout = micros(Some(timeout));
        #[cfg(feature = "full")]
        if self.timeout.is_none()
            && let Some(leasing) = self.extras.as_mut().and_then(|extras| extras.leasing.as_mut())
        {
            // The time for which the server waits comes on top.
            leasing.set_margin(timeout);
            return self;
        }
        self.timeout.get_or_insert(timeout);
        self
    }

    /// The call's own time, unless it is unlimited.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn given_timeout(&self) -> Option<Duration> {
        #[cfg(feature = "full")]
        if self.timeout.is_none()
            && let Some(leasing) = self.extras.as_ref().and_then(|extras| extras.leasing.as_ref())
        {
            return Some(Duration::from_micros(leasing.longest(self.policy())));
        }
        let total = self.policy().and_then(RetryPolicy::total).unwrap_or_default();
        self.timeout.map(|timeout| Duration::from_micros(timeout).max(total))
    }

    /// Sends the command again if it fails for a passing reason, as this policy says, instead of
    /// that of its handle.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::RetryPolicy;
    /// let name: Option<String> = db.get("name").retry(&RetryPolicy::new()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "full")]
    pub fn retry(mut self, policy: &RetryPolicy) -> Self {
        self.extras().retrying = Full::new(Retrying::new(policy.clone()));
        self
    }

    /// Reads from these servers, instead of those of its handle.
    ///
    /// A command that does more than read goes to the primary all the same.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::options::ReadFrom;
    ///
    /// let views: Option<u64> = db.get("views").read_from(ReadFrom::PreferReplica).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "topology")]
    pub fn read_from(mut self, read_from: ReadFrom) -> Self {
        self.extras().routing.read_from = Some(read_from);
        self
    }

    /// Whether the call is sent again when it fails for a passing reason.
    pub(crate) fn retries(&self) -> bool {
        FULL && self.policy().is_some()
    }

    /// Which policy it is sent again by.
    fn policy(&self) -> Option<&RetryPolicy> {
        let own = self.extras.as_ref().and_then(|extras| extras.retrying.get());
        let own = own.map(|retrying| &retrying.policy);
        own.or_else(|| self.handling()?.retry.as_ref())
    }

    /// Decodes the reply as another type.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::resp::Value;
    /// let value = db.incr("n").reply_as::<Value>().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn reply_as<U: FromReply>(self) -> Call<'a, U, A> {
        self.with(|args| args)
    }

    /// The same call as a type that all calls can have, for pipelines and transactions of any calls
    /// in any number.
    ///
    /// Its reply is a [`Frame`], which [decodes](Frame::decode) into any reply type.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let mut calls = Vec::new();
    /// for user in 0..100 {
    ///     calls.push(db.incr(format!("visits:{user}")).erased());
    ///     if user % 10 == 0 {
    ///         calls.push(db.hset("milestones", (user, "reached")).erased());
    ///     }
    /// }
    /// let replies = redmux::pipeline(calls).all().await?;
    /// let first: i64 = replies[0].decode()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn erased(self) -> AnyCall<'a>
    where
        A: ToArgs + Send + Sync + 'a,
    {
        self.reply_as().boxed()
    }

    /// The same call as a type that has a name
    ///
    /// For a field, a signature or a list of calls with one reply type. It allocates once.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::{BoxCall, Database};
    ///
    /// fn members<'a>(db: &'a Database, key: &str, scored: bool) -> BoxCall<'a, u64> {
    ///     match scored {
    ///         true => db.zcard(key.to_owned()).boxed(),
    ///         false => db.scard(key.to_owned()).boxed(),
    ///     }
    /// }
    /// let players: u64 = members(&db, "players", true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn boxed(self) -> BoxCall<'a, T>
    where
        A: ToArgs + Send + Sync + 'a,
    {
        self.with(AnyArgs::new)
    }

    /// The same call, its arguments made into these and its reply decoded as this type.
    #[inline(always)]
    fn with<U, B>(self, make: impl FnOnce(A) -> B) -> Call<'a, U, B> {
        Call {
            link: self.link,
            name: self.name,
            subcommand: self.subcommand,
            args: make(self.args),
            timeout: self.timeout,
            database: self.database,
            key: self.key,
            handling: self.handling,
            extras: self.extras,
            state: self.state,
            reply: PhantomData,
        }
    }

    pub(crate) fn link(&self) -> &'a Link {
        self.link
    }

    /// Neither refused nor sent.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.state, State::New)
    }

    /// Marks the call as done without sending anything; a transaction sends its command.
    ///
    /// Fails if it was refused, or has been polled.
    pub(super) fn hand_over(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::New => Ok(()),
            State::Refused(error) => Err(self.label(error)),
            sent => {
                self.state = sent;
                Err(self.awaited_again())
            }
        }
    }

    /// Its time in microseconds.
    pub(crate) fn limit(&self) -> u64 {
        self.timeout.unwrap_or_else(|| self.link.config.command_timeout)
    }

    pub(crate) fn full_name(&self) -> Cow<'static, str> {
        match self.subcommand {
            Some(second) => format!("{} {second}", self.name).into(),
            None => self.name.clone(),
        }
    }

    /// Whether a connection is leased for the command.
    pub(crate) fn leases(&self) -> bool {
        self.extras.as_ref().is_some_and(|extras| extras.leases())
    }

    /// The link that has the command, if one has or is sure to get it.
    pub(super) fn at(&self) -> Option<&Link> {
        #[cfg(feature = "full")]
        if let Some(leasing) = self.extras.as_ref().and_then(|extras| extras.leasing.as_ref()) {
            return leasing.link();
        }
        match &self.state {
            State::Sent(in_flight) => Some(in_flight.link),
            #[cfg(feature = "topology")]
            State::Over(link, _) => Some(link),
            _ => Some(self.link),
        }
    }

    /// The link over which the command was sent, while its reply is due.
    #[cfg(feature = "topology")]
    pub(super) fn in_flight(&self) -> Option<&Link> {
        match &self.state {
            State::Sent(in_flight) if !in_flight.in_line => Some(in_flight.link),
            _ => None,
        }
    }

    /// The link that had the command, and when it was issued.
    #[cfg(feature = "topology")]
    pub(super) fn over(&self) -> Option<(&'a Link, u64)> {
        match self.state {
            State::Over(link, since) => Some((link, since)),
            _ => None,
        }
    }

    /// Whether the link was too full to take the command.
    pub(super) fn waits_for_room(&self) -> bool {
        matches!(&self.state, State::Sent(in_flight) if in_flight.in_line)
    }

    pub(super) fn awaited_again(&self) -> Error {
        Error::rejected(&self.name, "this call has already been awaited")
    }

    /// Names the command and the server on an error.
    #[cold]
    #[inline(never)]
    pub(super) fn label(&self, error: Error) -> Error {
        self.at().unwrap_or(self.link).label(&self.full_name(), error)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn not_decoded(&self, error: ReplyError) -> Error {
        self.at().unwrap_or(self.link).not_decoded(&self.full_name(), error)
    }
}

impl<'a, T: FromReply, A: ToArgs> Call<'a, T, A> {
    /// A reply to this command that came another way.
    #[inline]
    pub(crate) fn decode<U: FromReply>(&self, reply: &Frame) -> Result<U> {
        let words = || self.words();
        let reread =
            self.handling().and_then(|handling| handling.reread(&self.name, &words, reply));
        let decoded = self.decode_mended(reread.as_ref().unwrap_or(reply));
        decoded.map_err(|error| self.not_decoded(error))
    }

    /// Decodes what the arguments say that the reply is.
    #[inline(always)]
    pub(super) fn decode_mended<U: FromReply>(&self, reply: &Frame) -> Result<U, ReplyError> {
        let mended = self.args.mend().and_then(|mend| mend.apply(reply));
        match mended {
            None => reply.decode(),
            Some(reply) => reply.decode(),
        }
    }

    /// Sends the command and forgets it: no reply, no error, nothing to await
    ///
    /// The command is queued before this returns, in order with the commands before and after it.
    /// It has a time limit like any other (then it is withdrawn, if it was not sent), and waits for
    /// a connection as the [backlog policy](crate::options::BacklogPolicy) says. The program does not get
    /// the outcome, but an error of the server is an [`ErrorMessage`](crate::events::ErrorMessage)
    /// event.
    ///
    /// ```no_run
    /// # fn f(db: redmux::Database) -> redmux::Result<()> {
    /// db.incr("visits").forget()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the command was refused, or the multiplexer is closed; [`ErrorKind::QueueFull`] where a
    /// call would wait for room in the send queue. A command that waits on the server (`blpop`) is
    /// refused: spawn a task that awaits it.
    pub fn forget(mut self) -> Result<()> {
        if self.leases() && self.is_new() {
            let why = "it leases a connection, which takes a task: spawn one that awaits the call";
            return Err(self.label(Error::rejected(&self.full_name(), why)));
        }
        #[cfg(feature = "topology")]
        if self.link.router().is_some() {
            return self.forget_among_many();
        }
        if self.handling().is_some() {
            self.extras().forgotten = true;
        }
        let sent = match std::mem::replace(&mut self.state, State::New) {
            State::New => self.submit(None, &mut Context::from_waker(Waker::noop())),
            State::Refused(error) => Err(self.label(error)),
            // A call that was polled already is on its way: it needs no further poll.
            sent => {
                self.state = sent;
                Ok(())
            }
        };
        let result = match (sent, &mut self.state) {
            (Err(error), _) => Err(error),
            (_, State::Sent(in_flight)) if in_flight.in_line => {
                let error = Error::new(ErrorKind::QueueFull, Delivery::NotSent);
                Err(self.label(error.detail("the send queue is full")))
            }
            (_, State::Sent(in_flight)) => {
                in_flight.answered = true;
                in_flight.link.with(|core| core.detach(in_flight.id));
                Ok(())
            }
            _ => Err(self.awaited_again()),
        };
        if let Some(observed) = self.observed() {
            observed.forgotten(result.as_ref().err());
        }
        result
    }

    /// Refuses the call if `check` does; `check` runs only for commands that may do harm.
    pub(crate) fn checked(self, check: impl FnOnce(&[Arg<'_>]) -> Result<()>) -> Self {
        if is_harmless(self.name.as_bytes()) { self } else { self.judged(check) }
    }

    /// Refuses it if `check` does.
    pub(crate) fn judged(self, check: impl FnOnce(&[Arg<'_>]) -> Result<()>) -> Self {
        let refusal = {
            let words = self.words();
            check(&words).err()
        };
        match refusal {
            None => self,
            Some(error) => self.refuse(error),
        }
    }

    /// The words of the command, as the caller has given them.
    #[inline(never)]
    pub(crate) fn words(&self) -> ArgList<'_> {
        let mut words = ArgList::new();
        self.append_to(&mut words);
        words
    }

    /// Only for [`submit`](Self::submit), where speed matters.
    #[inline(always)]
    fn append_to<'s>(&'s self, args: &mut ArgList<'s>) {
        args.push(Arg::Bytes(self.name.as_bytes()));
        if let Some(second) = self.subcommand {
            args.push(Arg::Bytes(second.as_bytes()));
        }
        self.args.append_to(args);
    }

    /// Rewrites the words of the command into those for the server.
    #[inline]
    pub(crate) fn rewrite<'s>(&'s self, words: &mut ArgList<'s>) -> Result<()> {
        self.handling().map_or(Ok(()), |handling| handling.rewrite(words))
    }

    pub(super) fn submit(&mut self, waiting: Option<SlotId>, cx: &mut Context<'_>) -> Result<()> {
        #[cfg_attr(not(feature = "topology"), allow(unused_mut, reason = "there is one link"))]
        let mut link = self.link;
        let mut timeout = self.timeout;
        let plain = self.is_plain();
        // With several servers, and nothing else to do for it.
        let straight = !plain && self.is_simple();
        if !plain && !straight {
            timeout = self.prepare(waiting.is_some())?;
            #[cfg(feature = "full")]
            if self.leases() {
                return self.begin_lease(timeout, cx);
            }
        }
        #[cfg(feature = "topology")]
        if !plain
            && (!straight || !self.key.is_known())
            && let Some(router) = self.link.router()
        {
            return self.submit_routed(router, timeout, waiting, cx);
        }
        let mut args = ArgList::new();
        // The caller's code runs here, before the link is locked.
        self.append_to(&mut args);
        #[cfg(feature = "topology")]
        let asking;
        let mut command = Submission { args: &[], prelude: None, database: self.database, timeout };
        let mut observed = false;
        if !plain {
            #[cfg(feature = "topology")]
            if let (true, Some(router)) = (straight, link.router()) {
                match self.straight_to(router, waiting, &args) {
                    Some(there) => link = there,
                    None => {
                        drop(args);
                        return self.submit_routed(router, timeout, waiting, cx);
                    }
                }
            }
            if !straight {
                if let Err(error) = self.rewrite(&mut args) {
                    drop(args);
                    self.state = State::Done;
                    return Err(self.label(error));
                }
                if let Some(extras) = &self.extras {
                    command.prelude = extras.prelude.as_ref();
                    #[cfg(feature = "topology")]
                    {
                        asking = self.asking();
                        command.prelude = asking.as_ref().or(command.prelude);
                    }
                    observed = extras.is_observed();
                }
            }
        }
        command.args = &args;
        let submitted = match observed {
            true => link.submit_traced(&command, waiting, cx.waker()),
            false => {
                link.submit(&command, waiting, cx.waker()).map(|(id, in_line)| (id, in_line, None))
            }
        };
        match submitted {
            Ok((id, in_line, trace)) => {
                discard(args);
                self.sent(link, id, in_line);
                if let (Some(trace), Some(observed)) = (trace, self.observed()) {
                    observed.queued(trace);
                }
                Ok(())
            }
            Err(error) => {
                drop(args);
                self.settle();
                #[cfg(feature = "topology")]
                if !std::ptr::eq(link, self.link) {
                    self.state = State::Over(link, link.clock.now());
                }
                Err(self.label(error))
            }
        }
    }

    /// The link has taken the command, or put it in line.
    #[inline]
    pub(super) fn sent(&mut self, link: &'a Link, id: SlotId, in_line: bool) {
        match &mut self.state {
            // Over there is the same slot as before, for a call that was in line.
            State::Sent(in_flight) => in_flight.in_line = in_line,
            state => *state = State::Sent(InFlight { link, id, in_line, answered: false }),
        }
    }

    /// Nothing but sending is to be done for it: no policy of the handle, no extras.
    #[inline]
    fn is_plain(&self) -> bool {
        self.is_simple() & self.link.router().is_none()
    }

    /// No policy of the handle, no extras.
    #[inline]
    pub(super) fn is_simple(&self) -> bool {
        self.handling().is_none() & self.extras.is_none()
    }

    /// Marks the slot as released: nothing is left to give up.
    pub(super) fn settle(&mut self) {
        if let State::Sent(in_flight) = &mut self.state {
            in_flight.answered = true;
        }
        self.state = State::Done;
    }

    fn finish(&mut self, outcome: Outcome, cx: &mut Context<'_>) -> Poll<Result<T>> {
        self.settle();
        if !self.is_plain() {
            #[cfg(feature = "topology")]
            let outcome = self.without_asking(outcome);
            return self.finish_with_extras(outcome, cx);
        }
        Poll::Ready(match outcome.into_reply() {
            Ok(frame) => self.decode_mended(&frame).map_err(|error| self.not_decoded(error)),
            Err(error) => Err(self.label(error)),
        })
    }
}

/// Drops arguments, of which most have nothing to drop.
#[cfg_attr(not(target_family = "wasm"), inline)]
pub(crate) fn discard(args: ArgList<'_>) {
    if !args.spilled() && args.iter().all(|arg| matches!(arg, Arg::Bytes(_) | Arg::Number(_))) {
        std::mem::forget(args);
    }
}

impl<T: FromReply, A: ToArgs> Future for Call<'_, T, A> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.get_mut();
        match &this.state {
            State::New => match this.submit(None, cx) {
                Ok(()) => Poll::Pending,
                Err(error) => this.fail(error, cx),
            },
            #[cfg(feature = "topology")]
            State::Sent(_) if this.link.router().is_some() => this.poll_routed(cx),
            State::Sent(in_flight) => {
                let id = in_flight.id;
                match this.link.poll_reply(id, cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Some(outcome)) => this.finish(outcome, cx),
                    // There was no room for the command so far.
                    Poll::Ready(None) => match this.submit(Some(id), cx) {
                        Ok(()) => Poll::Pending,
                        Err(error) => this.fail(error, cx),
                    },
                }
            }
            State::Refused(_) => match std::mem::replace(&mut this.state, State::Done) {
                State::Refused(error) => Poll::Ready(Err(this.label(error))),
                _ => Poll::Pending,
            },
            State::Pausing => this.pause(cx),
            #[cfg(feature = "full")]
            State::Away => this.poll_away(cx),
            #[cfg(feature = "topology")]
            State::Scattered => this.poll_scattered(cx),
            #[cfg(feature = "topology")]
            State::Over(..) => Poll::Ready(Err(this.awaited_again())),
            State::Done => Poll::Ready(Err(this.awaited_again())),
        }
    }
}

// Nothing in a call is ever pinned: the arguments are only read.
impl<T, A> Unpin for Call<'_, T, A> {}

impl<T, A> fmt::Debug for Call<'_, T, A> {
    /// Prints the command's name, never its arguments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("command", &self.full_name()).finish_non_exhaustive()
    }
}
