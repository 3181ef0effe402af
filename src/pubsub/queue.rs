//! The bounded queue between the driver and one subscription.

use std::{
    collections::VecDeque,
    sync::PoisonError,
    task::{Context, Poll, Waker},
};

use super::items::{
    EndCause, Message, Missed, MissedCause, Overflow, SubscriptionCounts, SubscriptionItem,
};
use crate::{
    connection::micros,
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
pub(super) struct Bounds {
    pub(super) messages: usize,
    pub(super) bytes: usize,
    pub(super) overflow: Overflow,
}

/// The bounded queue between the driver and one subscription
pub(super) struct Queue {
    state: Mutex<State>,
    bounds: Bounds,
}

#[derive(Default)]
struct State {
    items: VecDeque<SubscriptionItem>,
    counts: SubscriptionCounts,
    /// Dropped messages of which the reader has not been told.
    untold: u64,
    /// Set by [`Overflow::End`].
    ended: Option<EndCause>,
    /// The connection on which the server last confirmed the subscription.
    confirmed_on: Option<SessionId>,
    closed: bool,
    /// A connection waits for the reader, or has waited for nothing.
    awaited: bool,
    waker: Option<Waker>,
}

impl Queue {
    pub(super) fn new(bounds: Bounds) -> Self {
        let bounds = Bounds { messages: bounds.messages.max(1), ..bounds };
        Self { state: Mutex::default(), bounds }
    }

    /// Queues a message; without room for it, does what the overflow policy says.
    ///
    /// `pause` is asked whether the connection waits for the reader, for so many microseconds.
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
        state.items.push_back(SubscriptionItem::Message(message));
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

    pub(super) fn confirm(&self, session: SessionId) {
        self.lock().confirmed_on = Some(session);
    }

    /// The subscription is made again; on another connection, that leaves a gap.
    pub(super) fn restore(&self, session: SessionId) -> Option<Waker> {
        let mut state = self.lock();
        match state.confirmed_on {
            Some(before) if before != session => state.confirmed_on = Some(session),
            _ => return None,
        }
        if state.ended.is_some() {
            return None;
        }
        if self.bounds.overflow == Overflow::DropNewest {
            state.tell_at_the_back();
        }
        let gap = Missed { cause: MissedCause::ConnectionLost, count: None };
        // One gap says as much as two in a row.
        if state.items.back() != Some(&SubscriptionItem::Missed(gap)) {
            state.items.push_back(SubscriptionItem::Missed(gap));
        }
        state.waker.take()
    }

    pub(super) fn close(&self) -> Option<Waker> {
        let mut state = self.lock();
        state.closed = true;
        state.waker.take()
    }

    /// The reader is gone; whether a connection waits for it, or has waited.
    pub(super) fn stop_waiting(&self) -> bool {
        std::mem::take(&mut self.lock().awaited)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(super) fn counts(&self) -> SubscriptionCounts {
        self.lock().counts
    }

    /// The next item; true beside it if a connection has waited and may go on.
    pub(super) fn poll(&self, cx: &Context<'_>) -> (Poll<Option<SubscriptionItem>>, bool) {
        let mut state = self.lock();
        // What was dropped stood before all that is queued, or behind it.
        let oldest = matches!(self.bounds.overflow, Overflow::DropOldest | Overflow::Wait { .. });
        if oldest || state.items.is_empty() {
            state.tell_at_the_front();
        }
        if let Some(item) = state.items.pop_front() {
            if let SubscriptionItem::Message(message) = &item {
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
            return (Poll::Ready(Some(SubscriptionItem::Ended(cause))), false);
        }
        if state.closed {
            return (Poll::Ready(None), false);
        }
        if state.waker.as_ref().is_none_or(|known| !known.will_wake(cx.waker())) {
            let before = state.waker.replace(cx.waker().clone());
            drop(state);
            // Outside the lock: what a waker holds may be a task with subscriptions.
            drop(before);
        }
        (Poll::Pending, false)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Drops the oldest message. Gaps stay: the reader is to hear of each.
    fn drop_oldest(&mut self) {
        let is_message = |item: &SubscriptionItem| matches!(item, SubscriptionItem::Message(_));
        if let Some(oldest) = self.items.iter().position(is_message)
            && let Some(SubscriptionItem::Message(message)) = self.items.remove(oldest)
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

    fn untold(&mut self) -> Option<SubscriptionItem> {
        let count = std::mem::take(&mut self.untold);
        let missed = Missed { cause: MissedCause::QueueFull, count: Some(count) };
        (count > 0).then_some(SubscriptionItem::Missed(missed))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn message(n: u8) -> Message {
        Message { channel: Bytes::from_static(b"c"), pattern: None, payload: vec![n].into() }
    }

    fn queue(messages: usize, overflow: Overflow) -> Queue {
        Queue::new(Bounds { messages, bytes: 1 << 20, overflow })
    }

    fn push(queue: &Queue, n: u8) -> Option<Waker> {
        queue.push(message(n), |_| false)
    }

    fn drain(queue: &Queue) -> Vec<SubscriptionItem> {
        let cx = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match queue.poll(&cx).0 {
            Poll::Ready(item) => item,
            Poll::Pending => None,
        })
        .collect()
    }

    #[test]
    fn a_slow_reader_loses_the_oldest_and_is_told_how_many() {
        let queue = queue(2, Overflow::DropOldest);
        for n in 0..5 {
            push(&queue, n);
        }
        let missed = Missed { cause: MissedCause::QueueFull, count: Some(3) };
        assert_eq!(
            drain(&queue),
            [
                SubscriptionItem::Missed(missed),
                SubscriptionItem::Message(message(3)),
                SubscriptionItem::Message(message(4)),
            ]
        );
    }

    #[test]
    fn a_gap_stands_where_the_connection_was_lost() {
        let queue = queue(8, Overflow::DropOldest);
        let session = |number| SessionId { dedicated: false, number };
        queue.restore(session(1));
        assert_eq!(drain(&queue), []);
        queue.confirm(session(1));
        queue.restore(session(1));
        push(&queue, 1);
        queue.restore(session(2));
        queue.restore(session(3));
        push(&queue, 2);
        queue.close();
        let gap = Missed { cause: MissedCause::ConnectionLost, count: None };
        assert_eq!(
            drain(&queue),
            [
                SubscriptionItem::Message(message(1)),
                SubscriptionItem::Missed(gap),
                SubscriptionItem::Message(message(2)),
            ]
        );
        assert_eq!(queue.poll(&Context::from_waker(Waker::noop())).0, Poll::Ready(None));
    }

    #[test]
    fn dropping_the_newest_tells_where_they_are_missing() {
        let queue = queue(2, Overflow::DropNewest);
        (0..5).for_each(|n| drop(push(&queue, n)));
        let cx = Context::from_waker(Waker::noop());
        let (read, _) = queue.poll(&cx);
        assert_eq!(read, Poll::Ready(Some(SubscriptionItem::Message(message(0)))));
        push(&queue, 5);
        push(&queue, 6);
        let missed = |count| {
            let count = Some(count);
            SubscriptionItem::Missed(Missed { cause: MissedCause::QueueFull, count })
        };
        assert_eq!(
            drain(&queue),
            [
                SubscriptionItem::Message(message(1)),
                missed(3),
                SubscriptionItem::Message(message(5)),
                missed(1),
            ]
        );
        let counts =
            SubscriptionCounts { delivered: 3, dropped: 4, ..SubscriptionCounts::default() };
        assert_eq!(queue.counts(), counts);
    }

    #[test]
    fn ending_gives_what_is_queued_and_then_says_why() {
        let queue = queue(2, Overflow::End);
        (0..4).for_each(|n| drop(push(&queue, n)));
        queue.close();
        assert_eq!(
            drain(&queue),
            [
                SubscriptionItem::Message(message(0)),
                SubscriptionItem::Message(message(1)),
                SubscriptionItem::Ended(EndCause::QueueFull),
            ]
        );
        push(&queue, 9);
        queue.close();
        assert_eq!(queue.poll(&Context::from_waker(Waker::noop())).0, Poll::Ready(None));
        let counts =
            SubscriptionCounts { delivered: 2, dropped: 3, ..SubscriptionCounts::default() };
        assert_eq!(queue.counts(), counts);
    }

    #[test]
    fn a_full_queue_keeps_its_gaps() {
        let queue = queue(1, Overflow::DropOldest);
        let session = |number| SessionId { dedicated: false, number };
        queue.confirm(session(1));
        for n in 2..5 {
            queue.restore(session(n));
            push(&queue, n as u8);
        }
        let gap = |cause, count| SubscriptionItem::Missed(Missed { cause, count });
        assert_eq!(
            drain(&queue),
            [
                gap(MissedCause::QueueFull, Some(2)),
                gap(MissedCause::ConnectionLost, None),
                SubscriptionItem::Message(message(4)),
            ]
        );
    }

    fn large(n: u8, length: usize) -> Message {
        Message { payload: vec![n; length].into(), ..message(n) }
    }

    fn numbers(items: Vec<SubscriptionItem>) -> Vec<u8> {
        items.into_iter().filter_map(SubscriptionItem::message).map(|m| m.payload[0]).collect()
    }

    #[test]
    fn bytes_are_bounded_as_well_as_messages() {
        for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
            let queue = Queue::new(Bounds { messages: 100, bytes: 1000, overflow });
            (0..6).for_each(|n| drop(queue.push(large(n, 300), |_| true)));
            let counts = queue.counts();
            assert_eq!((counts.queued, counts.queued_bytes, counts.dropped), (3, 903, 3));
            let kept = if overflow == Overflow::DropOldest { [3, 4, 5] } else { [0, 1, 2] };
            assert_eq!(numbers(drain(&queue)), kept);
            // One that is larger than all there is room for is not refused for ever.
            queue.push(large(7, 5000), |_| true);
            queue.push(message(8), |_| true);
            let kept: &[u8] = if overflow == Overflow::DropOldest { &[8] } else { &[7] };
            assert_eq!(numbers(drain(&queue)), kept);
            assert_eq!((queue.counts().queued, queue.counts().queued_bytes), (0, 0));
        }
    }

    #[test]
    fn a_connection_that_waits_loses_nothing_and_goes_on_when_half_is_read() {
        let queue = queue(4, Overflow::Wait { at_most: std::time::Duration::from_secs(1) });
        let mut asked = 0;
        for n in 0..10 {
            queue.push(message(n), |micros| {
                asked += 1;
                micros == 1_000_000
            });
        }
        assert_eq!((asked, queue.counts().queued, queue.counts().dropped), (6, 10, 0));
        let cx = Context::from_waker(Waker::noop());
        for n in 0..10 {
            let (read, resume) = queue.poll(&cx);
            assert_eq!(read, Poll::Ready(Some(SubscriptionItem::Message(message(n)))));
            assert_eq!(resume, n == 7, "{n}");
        }
    }

    #[test]
    fn a_connection_that_does_not_wait_drops_the_oldest() {
        let queue = queue(2, Overflow::Wait { at_most: std::time::Duration::from_secs(1) });
        (0..5).for_each(|n| drop(queue.push(message(n), |_| n < 4)));
        let missed = Missed { cause: MissedCause::QueueFull, count: Some(3) };
        let items = drain(&queue);
        assert_eq!(items[0], SubscriptionItem::Missed(missed));
        assert_eq!(numbers(items), [3, 4]);
    }
}
