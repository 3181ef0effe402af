use std::{
    fmt,
    sync::{Arc, PoisonError},
    task::{Context, Poll, Waker},
};

#[cfg(feature = "full")]
use std::sync::Weak;

use futures::future::poll_fn;
use redmux_transport::Endpoint;

#[cfg(feature = "topology")]
use super::databases::Selected;
#[cfg(feature = "full")]
use super::owner::Home;
use super::{
    config::LinkConfig,
    core::{Core, Phase, Submission},
    credentials::Credentials,
    owner::Owner,
    router::Router,
    slots::{Outcome, SlotId},
};
#[cfg(feature = "topology")]
use crate::resp::{ArgList, Frame};
use crate::{
    Error, Result,
    clock::Clock,
    events::{ConnectionType, ErrorMessage, Event},
    resp::ReplyError,
    sync::{Mutex, MutexGuard},
};
#[cfg(feature = "topology")]
use std::ops::Range;

/// One connection to one server, for good: it outlives the streams that carry it
///
/// Callers lock it for a memcpy; its driver does the I/O.
pub(crate) struct Link {
    core: Mutex<Core>,
    pub(crate) config: Arc<LinkConfig>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) connection_type: ConnectionType,
    pub(crate) owner: Arc<dyn Owner>,
    /// The endpoint in use, or tried last.
    endpoint: Mutex<Arc<Endpoint>>,
    /// Where there are several servers: knows the links to them.
    #[cfg(feature = "topology")]
    router: Option<Arc<dyn Router>>,
    /// What keeps the link open at present.
    #[cfg(feature = "full")]
    home: Mutex<Option<Weak<dyn Home>>>,
    /// When the link was made, by its clock.
    #[cfg(feature = "full")]
    pub(crate) made: u64,
}

impl Link {
    pub(crate) fn new(
        config: LinkConfig,
        credentials: Credentials,
        phase: Phase,
        clock: Arc<Clock>,
        connection_type: ConnectionType,
        owner: Arc<dyn Owner>,
        endpoint: Arc<Endpoint>,
    ) -> Self {
        let config = Arc::new(config);
        #[cfg(feature = "full")]
        let made = clock.now();
        Self {
            core: Mutex::new(Core::new(config.clone(), credentials, phase)),
            config,
            clock,
            connection_type,
            owner,
            endpoint: Mutex::new(endpoint),
            #[cfg(feature = "topology")]
            router: None,
            #[cfg(feature = "full")]
            home: Mutex::new(None),
            #[cfg(feature = "full")]
            made,
        }
    }

    /// The same link, whose commands go where this router says.
    #[cfg(feature = "topology")]
    pub(crate) fn routed(mut self, router: Arc<dyn Router>) -> Self {
        self.router = Some(router);
        self
    }

    /// Where the commands of this link go, if there are several servers.
    #[inline(always)]
    pub(crate) fn router(&self) -> Option<&dyn Router> {
        #[cfg(feature = "topology")]
        let router = self.router.as_deref();
        #[cfg(not(feature = "topology"))]
        let router = None;
        router
    }

    /// What keeps the link open, if that is known and still there.
    #[cfg(feature = "full")]
    pub(crate) fn home(&self) -> Option<Arc<dyn Home>> {
        self.home.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.upgrade()
    }

    #[cfg(feature = "full")]
    pub(crate) fn set_home(&self, home: Weak<dyn Home>) {
        *self.home.lock().unwrap_or_else(PoisonError::into_inner) = Some(home);
    }

    pub(crate) fn endpoint(&self) -> Arc<Endpoint> {
        self.endpoint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_endpoint(&self, endpoint: Arc<Endpoint>) {
        *self.endpoint.lock().unwrap_or_else(PoisonError::into_inner) = endpoint;
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state under the lock; then wakes the tasks that the change concerns.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = self.lock();
        let result = change(&mut core);
        release(core);
        result
    }

    /// Sends a command, or puts it in line for room; `waiting` is a place in that line.
    /// Returns whether the command is in the line.
    pub(crate) fn submit(
        &self,
        command: &Submission<'_>,
        waiting: Option<SlotId>,
        waker: &Waker,
    ) -> Result<(SlotId, bool)> {
        self.with(|core| {
            self.stamp(core);
            let id = core.submit(command, waiting, waker);
            core.rouse_driver();
            let id = id?;
            Ok((id, !core.backlog.room.is_empty() && core.is_waiting_for_room(id)))
        })
    }

    /// Sends one command after the other, for each of these places the one whose words `words` appends, as far as there
    /// is room for them now. Their callers [look](Self::take_replies) for the replies: nobody is woken.
    #[cfg(feature = "topology")]
    pub(crate) fn submit_several<'w>(
        &self,
        places: Range<usize>,
        ids: &mut Vec<SlotId>,
        (database, timeout): (Selected, Option<u64>),
        mut words: impl FnMut(usize, &mut ArgList<'w>),
    ) {
        self.with(|core| {
            self.stamp(core);
            let mut args = ArgList::new();
            for place in places {
                args.clear();
                words(place, &mut args);
                let command = Submission { args: &args, prelude: None, database, timeout };
                match core.submit_unwatched(&command) {
                    Ok(Some(id)) => ids.push(id),
                    Ok(None) | Err(_) => break,
                }
            }
            core.rouse_driver();
        });
    }

    /// Sends a command whose outcome is for the collector; `None` if there is no room for it now.
    pub(crate) fn submit_collected(
        &self,
        command: &Submission<'_>,
        number: u32,
    ) -> Result<Option<SlotId>> {
        self.with(|core| {
            self.stamp(core);
            let id = core.submit_collected(command, number);
            core.rouse_driver();
            id
        })
    }

    /// Sends a command of the client's own, unless a borrower has made the connection its own.
    pub(super) fn submit_own(
        &self,
        command: &Submission<'_>,
        waker: &Waker,
    ) -> Result<Option<SlotId>> {
        self.with(|core| {
            if core.quiet {
                return Ok(None);
            }
            self.stamp(core);
            let id = core.submit(command, None, waker);
            core.rouse_driver();
            id.map(Some)
        })
    }

    /// As [`with`](Self::with), for who holds a lock that no waker must meet: they go into
    /// `wakers`, to be called later.
    pub(crate) fn quietly<R>(
        &self,
        wakers: &mut Vec<Waker>,
        change: impl FnOnce(&mut Core) -> R,
    ) -> R {
        let mut core = self.lock();
        self.stamp(&mut core);
        let result = change(&mut core);
        core.rouse_driver();
        wakers.append(&mut core.wakes.due);
        result
    }

    /// Reads the clock, unless the driver is about to run: then its last reading is
    /// fresh enough, and a batch of commands costs one reading. Should it take long to run,
    /// it dates them anew.
    pub(super) fn stamp(&self, core: &mut Core) {
        if !core.wakes.scheduled {
            core.now = self.clock.now();
        }
    }

    /// The outcome of a command, or pending.
    ///
    /// Ready without an outcome when the caller is in line for room and has its turn.
    #[inline(always)]
    pub(crate) fn poll_reply(&self, id: SlotId, cx: &Context<'_>) -> Poll<Option<Outcome>> {
        let mut core = self.lock();
        match core.slots.poll(id, cx.waker()) {
            None if !core.is_waiting_for_room(id) => Poll::Pending,
            outcome => Poll::Ready(outcome),
        }
    }

    /// The same, with the moment at which the command was issued.
    #[cfg(feature = "topology")]
    #[inline(always)]
    pub(crate) fn poll_dated(&self, id: SlotId, cx: &Context<'_>) -> Poll<Option<(Outcome, u64)>> {
        let mut core = self.lock();
        // Before the place is given back.
        let since = core.slots.issued(id);
        match core.slots.poll(id, cx.waker()) {
            Some(outcome) => Poll::Ready(Some((outcome, since))),
            None if !core.is_waiting_for_room(id) => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    /// Takes the replies to these commands, in their order, up to the first command that is still due, whose reply
    /// wakes `waker`, or that has another outcome than a reply without an error. Returns whether it is due.
    #[cfg(feature = "topology")]
    pub(crate) fn take_replies(
        &self,
        ids: &[SlotId],
        waker: &Waker,
        mut take: impl FnMut(Frame),
    ) -> bool {
        let mut core = self.lock();
        for id in ids {
            match core.slots.take_reply(*id, waker) {
                Ok(frame) => take(frame),
                Err(is_due) => return is_due,
            }
        }
        false
    }

    /// The caller has gone.
    pub(crate) fn abandon(&self, id: SlotId) {
        self.with(|core| core.abandon(id));
    }

    /// The caller of all of these has gone.
    #[cfg(feature = "topology")]
    pub(crate) fn abandon_all(&self, ids: &[SlotId]) {
        self.with(|core| ids.iter().for_each(|id| core.abandon(*id)));
    }

    /// Takes the one place for a collector, unless it is taken.
    pub(crate) fn begin_collection(&self) -> bool {
        let mut core = self.lock();
        !std::mem::replace(&mut core.slots.collection.in_use, true)
    }

    /// Swaps the outcomes for an empty list; calls `waker` when there are more.
    pub(crate) fn collect(&self, waker: &Waker, outcomes: &mut Vec<(u32, SlotId, Outcome)>) {
        let mut core = self.lock();
        let collection = &mut core.slots.collection;
        std::mem::swap(&mut collection.outcomes, outcomes);
        match &collection.waker {
            Some(known) if known.will_wake(waker) => {}
            _ => collection.waker = Some(waker.clone()),
        }
    }

    /// Gives a command of the collector up, answered or not.
    pub(crate) fn give_up_collected(&self, id: SlotId) {
        self.with(|core| core.give_up_collected(id));
    }

    pub(crate) fn end_collection(&self) {
        self.with(Core::end_collection);
    }

    /// Waits until `done` says so; it is asked after every change of phase.
    pub(crate) async fn watch<R>(&self, mut done: impl FnMut(&Core) -> Option<R>) -> R {
        poll_fn(|cx| {
            let mut core = self.lock();
            match done(&core) {
                Some(result) => Poll::Ready(result),
                None => {
                    core.wakes.watch(cx.waker());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Names the command and the server on an error.
    pub(crate) fn label(&self, name: &str, error: Error) -> Error {
        error.command(name).endpoint_at(&self.endpoint())
    }

    /// The error that a reply is or causes; one of the server's is counted and published.
    #[cold]
    pub(crate) fn not_decoded(&self, name: &str, error: ReplyError) -> Error {
        match error {
            ReplyError::Server(error) => {
                self.with(|core| core.count_server_error());
                let code = error.code().to_owned();
                let error = self.label(name, Error::from_server(error));
                self.publish_error(error.command_name(), code);
                error
            }
            ReplyError::Decode(error) => self.label(name, Error::from_decode(error)),
        }
    }

    /// Publishes an error of the server's, with the name of the command if it answers one.
    pub(crate) fn publish_error(&self, command: Option<&str>, code: String) {
        if self.owner.has_listeners() {
            let (endpoint, command) = (self.endpoint(), command.map(Into::into));
            self.owner.publish(Event::ErrorMessage(ErrorMessage { endpoint, command, code }));
        }
    }

    /// Gives what waits for a connection back to its callers: another server is to execute it.
    #[cfg(feature = "topology")]
    pub(crate) fn surrender(&self, all: bool) {
        self.with(|core| {
            core.now = self.clock.now();
            core.surrender(all);
        });
    }

    /// Gives all that was not sent back to its callers, with a connection and without: another server is used by now.
    #[cfg(feature = "topology")]
    pub(crate) fn relinquish(&self) {
        self.with(|core| {
            core.now = self.clock.now();
            core.give_back();
            core.surrender(true);
        });
    }

    /// Ends the link after what was issued has been answered; accepts nothing new.
    pub(crate) fn close(&self) {
        self.with(|core| {
            core.now = self.clock.now();
            match core.phase {
                Phase::Closing | Phase::Closed => {}
                Phase::Handshake | Phase::Ready => {
                    core.phase = Phase::Closing;
                    core.ending.by = core.now.saturating_add(core.config.close_timeout);
                }
                Phase::Dormant | Phase::Disconnected => core.shut(),
            }
            core.wakes.wake_driver();
        });
    }

    /// Ends the link at once.
    pub(crate) fn abort(&self) {
        self.with(|core| {
            core.shut();
            core.wakes.wake_driver();
        });
    }

    /// Waits until the link is over.
    pub(crate) async fn closed(&self) {
        self.watch(|core| (core.phase == Phase::Closed).then_some(())).await;
    }

    /// Why the link is over, if it is.
    pub(crate) fn over(&self) -> Option<Error> {
        self.with(|core| match core.phase {
            Phase::Closing | Phase::Closed => {
                Some(core.redial.last_error.clone().unwrap_or_else(|| core.closed_error()))
            }
            _ => None,
        })
    }

    /// Waits until the link is ready, or over: then its last error is the reason.
    pub(crate) async fn ready(&self) -> Result<()> {
        self.watch(|core| match core.phase {
            Phase::Ready => Some(Ok(())),
            Phase::Closing | Phase::Closed => {
                Some(Err(core.redial.last_error.clone().unwrap_or_else(|| core.closed_error())))
            }
            _ => None,
        })
        .await
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("type", &self.connection_type).finish_non_exhaustive()
    }
}

/// Unlocks, then wakes the tasks that the change concerns.
// It is used everywhere: a call is slower, and a copy in each place is more to load.
#[cfg_attr(not(target_family = "wasm"), inline)]
#[cfg_attr(target_family = "wasm", inline(never))]
fn release(mut core: MutexGuard<'_, Core>) {
    match core.wakes.due.len() {
        0 => {}
        // The common case keeps the vector where it is.
        1 => {
            let waker = core.wakes.due.pop();
            drop(core);
            waker.into_iter().for_each(Waker::wake);
        }
        _ => {
            let wake = std::mem::take(&mut core.wakes.due);
            drop(core);
            wake.into_iter().for_each(Waker::wake);
        }
    }
}
