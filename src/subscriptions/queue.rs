//! The bounded queue between the driver and one subscription.

use std::{
    collections::VecDeque,
    sync::PoisonError,
    task::{Context, Poll, Waker},
};

use super::items::{EndCause, Item, Message, Missed, MissedCause, Overflow, SubscriptionCounts};
use crate::{
    Error, Result,
    clock::micros,
    sync::{Mutex, MutexGuard},
};

/// One stream of one of the multiplexer's links
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionId {
    pub(super) dedicated: bool,
    pub(super) number: u64,
}

/// What a queue holds at most, and what happens beyond that
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
    pub(crate) overflow: Overflow,
}

/// The bounded queue between the driver and one subscription
pub(crate) struct Queue {
    state: Mutex<State>,
    bounds: Bounds,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    counts: SubscriptionCounts,
    /// Dropped messages of which the reader has not been told.
    untold: u64,
    /// Set by [`Overflow::End`].
    ended: Option<EndCause>,
    /// Topics that the server has not confirmed since they were subscribed to.
    unconfirmed: usize,
    /// Why it does not.
    refused: Option<Error>,
    closed: bool,
    /// A connection waits for the reader, or has waited for nothing.
    awaited: bool,
    /// The last look at all queues that came here.
    looked: u64,
    waker: Option<Waker>,
}

impl Queue {
    /// A queue for messages of this many topics.
    pub(crate) fn new(bounds: Bounds, topics: usize) -> Self {
        let bounds = Bounds { messages: bounds.messages.max(1), ..bounds };
        let state = State { unconfirmed: topics, ..State::default() };
        Self { state: Mutex::new(state), bounds }
    }

    /// Queues a message; without room for it, does what the overflow policy says.
    ///
    /// `pause` is asked whether the connection waits for the reader, for this many microseconds.
    pub(super) fn push(&self, message: Message, pause: impl FnOnce(u64) -> bool) -> Option<Waker> {
        let mut state = self.lock();
        if state.ended.is_some() || state.closed {
            state.counts.dropped += 1;
            return None;
        }
        let size = message.size();
        if !self.has_room(&state, size) {
            match self.bounds.overflow {
                Overflow::Wait { at_most } if pause(micros(Some(at_most))) => state.awaited = true,
                Overflow::DropOldest | Overflow::Wait { .. } => {
                    while !self.has_room(&state, size) {
                        state.drop_oldest();
                    }
                }
                Overflow::DropNewest => {
                    state.counts.dropped += 1;
                    state.untold += 1;
                    return None;
                }
                Overflow::End => {
                    state.counts.dropped += 1;
                    state.ended = Some(EndCause::QueueFull);
                    return state.waker.take();
                }
            }
        } else if self.bounds.overflow == Overflow::DropNewest {
            state.tell_at_the_back();
        }
        state.items.push_back(Item::Message(message));
        state.counts.queued += 1;
        state.counts.queued_bytes += size;
        state.waker.take()
    }

    /// Whether a message of this size may be queued; into an empty queue any may.
    fn has_room(&self, state: &State, size: usize) -> bool {
        let SubscriptionCounts { queued, queued_bytes, .. } = state.counts;
        let Bounds { messages, bytes, .. } = self.bounds;
        queued == 0 || queued < messages && queued_bytes.saturating_add(size) <= bytes
    }

    /// This many confirmations more are waited for: a topic is at several servers.
    #[cfg(feature = "topology")]
    pub(crate) fn expect_more(&self, confirmations: usize) {
        self.lock().unconfirmed += confirmations;
    }

    /// The server has confirmed another one of the topics.
    pub(super) fn confirm(&self) -> Option<Waker> {
        let mut state = self.lock();
        state.unconfirmed = state.unconfirmed.saturating_sub(1);
        if state.unconfirmed == 0 { state.waker.take() } else { None }
    }

    /// The server has refused a topic that it never confirmed.
    pub(super) fn refuse(&self, error: Error) -> Option<Waker> {
        let mut state = self.lock();
        state.refused.get_or_insert(error);
        state.waker.take()
    }

    /// Waits until the server has confirmed all topics, or refused one; and until it is closed.
    pub(crate) fn poll_confirmed(&self, cx: &Context<'_>) -> Poll<Result<()>> {
        let mut state = self.lock();
        if let Some(error) = state.refused.take() {
            return Poll::Ready(Err(error));
        }
        if state.unconfirmed == 0 || state.closed {
            return Poll::Ready(Ok(()));
        }
        keep_waker(state, cx);
        Poll::Pending
    }

    /// Messages may be missing here that were sent while there was no subscription.
    pub(super) fn gap(&self, cause: MissedCause) -> Option<Waker> {
        let mut state = self.lock();
        if state.ended.is_some() {
            return None;
        }
        if self.bounds.overflow == Overflow::DropNewest {
            state.tell_at_the_back();
        }
        let missed = |cause| Item::Missed(Missed { cause, count: None });
        // Unread, it is over.
        if state.items.back() == Some(&missed(MissedCause::NotRestored)) {
            state.items.pop_back();
        }
        // One gap says as much as two in a row.
        if state.items.back() != Some(&missed(cause)) {
            state.items.push_back(missed(cause));
        }
        state.waker.take()
    }

    pub(super) fn close(&self) -> Option<Waker> {
        let mut state = self.lock();
        state.closed = true;
        state.waker.take()
    }

    /// The reader is gone; whether a connection waits for it, or has waited.
    pub(crate) fn stop_waiting(&self) -> bool {
        std::mem::take(&mut self.lock().awaited)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The same, but once for each number of a look at all queues.
    pub(super) fn counts_once(&self, look: u64) -> Option<SubscriptionCounts> {
        let mut state = self.lock();
        (std::mem::replace(&mut state.looked, look) != look).then_some(state.counts)
    }

    pub(crate) fn counts(&self) -> SubscriptionCounts {
        self.lock().counts
    }

    /// The next item; true beside it if a connection has waited and may go on.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> (Poll<Option<Item>>, bool) {
        let mut state = self.lock();
        // What was dropped stood before all that is queued, or behind it.
        let oldest = matches!(self.bounds.overflow, Overflow::DropOldest | Overflow::Wait { .. });
        if oldest || state.items.is_empty() {
            state.tell_at_the_front();
        }
        if let Some(item) = state.items.pop_front() {
            if let Item::Message(message) = &item {
                state.counts.queued -= 1;
                state.counts.queued_bytes -= message.size();
                state.counts.delivered += 1;
            }
            let SubscriptionCounts { queued, queued_bytes, .. } = state.counts;
            let caught_up =
                queued <= self.bounds.messages / 2 && queued_bytes <= self.bounds.bytes / 2;
            let resume = caught_up && std::mem::take(&mut state.awaited);
            return (Poll::Ready(Some(item)), resume);
        }
        if let Some(cause) = state.ended.take() {
            state.closed = true;
            return (Poll::Ready(Some(Item::Ended(cause))), false);
        }
        if state.closed {
            return (Poll::Ready(None), false);
        }
        keep_waker(state, cx);
        (Poll::Pending, false)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the waker of who waits, and unlocks.
fn keep_waker(mut state: MutexGuard<'_, State>, cx: &Context<'_>) {
    if state.waker.as_ref().is_none_or(|known| !known.will_wake(cx.waker())) {
        let before = state.waker.replace(cx.waker().clone());
        drop(state);
        // Outside the lock: what a waker holds may be a task with subscriptions.
        drop(before);
    }
}

impl State {
    /// Drops the oldest message. Gaps stay: the reader is to hear of each.
    fn drop_oldest(&mut self) {
        let is_message = |item: &Item| matches!(item, Item::Message(_));
        if let Some(oldest) = self.items.iter().position(is_message) {
            // Hardly ever far: what is before it moves back by one.
            (0..oldest).rev().for_each(|place| self.items.swap(place, place + 1));
        }
        if self.items.front().is_some_and(is_message)
            && let Some(Item::Message(message)) = self.items.pop_front()
        {
            self.counts.queued -= 1;
            self.counts.queued_bytes -= message.size();
            self.counts.dropped += 1;
            self.untold += 1;
        }
        // Two gaps without a message between them are one; so they cannot pile up either.
        if self.items.len() > 1 && self.items[0] == self.items[1] && !is_message(&self.items[0]) {
            self.items.pop_front();
        }
    }

    fn tell_at_the_back(&mut self) {
        if let Some(missed) = self.untold() {
            self.items.push_back(missed);
        }
    }

    fn tell_at_the_front(&mut self) {
        if let Some(missed) = self.untold() {
            self.items.push_front(missed);
        }
    }

    fn untold(&mut self) -> Option<Item> {
        let count = std::mem::take(&mut self.untold);
        let missed = Missed { cause: MissedCause::QueueFull, count: Some(count) };
        (count > 0).then_some(Item::Missed(missed))
    }
}

#[cfg(test)]
mod tests;
