use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures::Stream;

use super::Event;
#[cfg(feature = "full")]
use super::ServerMaintenance;
use crate::sync::{Mutex, MutexGuard};

/// Events kept for the slowest listener.
const CAPACITY: usize = 256;

/// Notices of maintenance that are remembered: each connection gets one.
#[cfg(feature = "full")]
const NOTICES: usize = 32;

/// One bounded ring that every listener reads at its own pace
#[derive(Default)]
pub(crate) struct Hub {
    ring: Mutex<Ring>,
    listeners: AtomicUsize,
    /// The hub of the group that this one is part of, which has its events too.
    #[cfg(feature = "topology")]
    above: Option<Arc<Self>>,
}

#[derive(Default)]
struct Ring {
    events: VecDeque<Event>,
    /// Sequence number of `events[0]`.
    first: u64,
    wakers: Vec<Waker>,
    closed: bool,
    /// Notices of maintenance that were published.
    #[cfg(feature = "full")]
    notices: VecDeque<String>,
}

impl Hub {
    /// Whether there are listeners: without any, building an event is not worth it.
    pub(crate) fn has_listeners(&self) -> bool {
        #[cfg(feature = "topology")]
        if self.above.as_ref().is_some_and(|above| above.has_listeners()) {
            return true;
        }
        self.has_own_listeners()
    }

    fn has_own_listeners(&self) -> bool {
        self.listeners.load(Ordering::Relaxed) > 0
    }

    /// One whose events are also those of another one.
    #[cfg(feature = "topology")]
    pub(crate) fn below(above: &Arc<Self>) -> Self {
        Self { above: Some(above.clone()), ..Self::default() }
    }

    pub(crate) fn publish(&self, event: Event) {
        #[cfg(feature = "topology")]
        if let Some(above) = &self.above {
            above.publish(event.clone());
        }
        if !self.has_own_listeners() {
            return;
        }
        let wakers = {
            let mut ring = self.lock();
            if ring.events.len() == CAPACITY {
                ring.events.pop_front();
                ring.first += 1;
            }
            ring.events.push_back(event);
            std::mem::take(&mut ring.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Publishes a notice of maintenance, unless it came over another connection before.
    #[cfg(feature = "full")]
    pub(crate) fn publish_notice(&self, notice: ServerMaintenance) {
        if !self.has_listeners() {
            return;
        }
        if notice.sequence.is_some() {
            let mut ring = self.lock();
            if ring.notices.contains(&notice.raw_message) {
                return;
            }
            ring.notices.truncate(NOTICES - 1);
            ring.notices.push_front(notice.raw_message.clone());
        }
        self.publish(Event::ServerMaintenance(notice));
    }

    /// Ends every stream, after its listener has read all events.
    pub(crate) fn close(&self) {
        let wakers = {
            let mut ring = self.lock();
            ring.closed = true;
            std::mem::take(&mut ring.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn listen(self: &Arc<Self>) -> Events {
        let next = {
            let ring = self.lock();
            self.listeners.fetch_add(1, Ordering::Relaxed);
            ring.first + ring.events.len() as u64
        };
        Events { hub: self.clone(), next }
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of [`Event`]s, from the moment of its creation
///
/// It ends when the multiplexer is closed or dropped. Up to 256 events wait for a slow listener;
/// then the oldest are dropped and [`Event::Missed`] says how many.
pub struct Events {
    hub: Arc<Hub>,
    next: u64,
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = &mut *self;
        let mut ring = this.hub.lock();
        if this.next < ring.first {
            let missed = ring.first - this.next;
            this.next = ring.first;
            return Poll::Ready(Some(Event::Missed(missed)));
        }
        let offset = (this.next - ring.first) as usize;
        if let Some(event) = ring.events.get(offset) {
            this.next += 1;
            return Poll::Ready(Some(event.clone()));
        }
        if ring.closed {
            return Poll::Ready(None);
        }
        if !ring.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            ring.wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if self.hub.listeners.fetch_sub(1, Ordering::Relaxed) == 1 {
            // No listener is left to read them.
            let mut ring = self.hub.lock();
            let dropped = ring.events.len() as u64;
            ring.events.clear();
            ring.first += dropped;
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("next", &self.next).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};

    use super::*;

    fn event(n: u64) -> Event {
        Event::Missed(n)
    }

    #[test]
    fn a_listener_hears_what_comes_after_it_and_then_the_end() {
        let hub = Arc::new(Hub::default());
        hub.publish(event(1));
        let mut a = hub.listen();
        hub.publish(event(2));
        let mut b = hub.listen();
        hub.publish(event(3));
        hub.close();
        let heard = |events: Events| {
            events.map(|e| e.to_string()).collect::<Vec<_>>().now_or_never().unwrap().len()
        };
        assert!(matches!(a.next().now_or_never(), Some(Some(Event::Missed(2)))));
        assert!(matches!(b.next().now_or_never(), Some(Some(Event::Missed(3)))));
        assert_eq!(heard(a), 1);
        assert_eq!(heard(b), 0);
    }

    #[test]
    fn a_slow_listener_is_told_how_many_it_missed() {
        let hub = Arc::new(Hub::default());
        let mut slow = hub.listen();
        for n in 0..(CAPACITY as u64 + 7) {
            hub.publish(event(1000 + n));
        }
        assert!(matches!(slow.next().now_or_never(), Some(Some(Event::Missed(7)))));
        assert!(matches!(slow.next().now_or_never(), Some(Some(Event::Missed(1007)))));
    }

    #[test]
    fn a_parked_listener_is_woken() {
        let hub = Arc::new(Hub::default());
        let mut events = hub.listen();
        let (waker, count) = futures_test_waker();
        let mut cx = Context::from_waker(&waker);
        assert!(events.poll_next_unpin(&mut cx).is_pending());
        hub.publish(event(1));
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert!(events.poll_next_unpin(&mut cx).is_ready());
    }

    #[test]
    fn nothing_is_kept_without_listeners() {
        let hub = Arc::new(Hub::default());
        drop(hub.listen());
        hub.publish(event(1));
        assert!(hub.lock().events.is_empty());
    }

    struct CountingWaker(AtomicUsize);

    impl std::task::Wake for CountingWaker {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn futures_test_waker() -> (Waker, Arc<Counter>) {
        let inner = Arc::new(CountingWaker(AtomicUsize::new(0)));
        (Waker::from(inner.clone()), Arc::new(Counter(inner)))
    }

    struct Counter(Arc<CountingWaker>);

    impl Counter {
        fn load(&self, order: Ordering) -> usize {
            self.0.0.load(order)
        }
    }
}
