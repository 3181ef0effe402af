//! Whatever the host is asked to wait for.
//!
//! Wakers are called and dropped outside of the borrow: with the last one a task may end whose sockets and timers are
//! in here.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    task::{Context, Poll, Waker},
    time::Instant,
};

use wasip2::{
    clocks::monotonic_clock::subscribe_duration,
    io::poll::{Pollable, poll},
};

thread_local! {
    static REACTOR: RefCell<Reactor> = RefCell::default();
}

/// Waits until a source is ready or a timer is due, and wakes their tasks. Returns false if there is nothing to wait
/// for.
pub(super) fn wait() -> bool {
    let woken = REACTOR.with_borrow_mut(|reactor| reactor.poll(true));
    woken.map(wake).is_some()
}

/// The same for what is ready by now.
pub(super) fn look() {
    let woken = REACTOR.with_borrow_mut(|reactor| reactor.poll(false));
    wake(woken.unwrap_or_default());
}

fn wake(woken: Vec<Waker>) {
    woken.into_iter().for_each(Waker::wake);
}

#[derive(Default)]
struct Reactor {
    sources: Vec<Option<Interest>>,
    free: Vec<usize>,
    timers: BTreeMap<TimerKey, Waker>,
    timers_made: u64,
    /// What the host wakes this component with for the earliest timer, and when. It may be early: a timer that is
    /// postponed, as most are, costs nothing then.
    alarm: Option<(Instant, Pollable)>,
    /// Makes a question out of a wait.
    at_once: Option<Pollable>,
}

struct Interest {
    pollable: Pollable,
    waker: Option<Waker>,
    is_ready: bool,
}

/// When a timer is due, and which one it is
pub(super) type TimerKey = (Instant, u64);

impl Reactor {
    /// Returns the wakers of what is ready; `None` if nothing is waited for.
    fn poll(&mut self, wait: bool) -> Option<Vec<Waker>> {
        self.set_alarm();
        let waiting = |interest: &Interest| interest.waker.is_some();
        let places: Vec<usize> = (0..self.sources.len())
            .filter(|place| self.sources[*place].as_ref().is_some_and(waiting))
            .collect();
        if places.is_empty() && self.alarm.is_none() {
            return None;
        }
        if !wait && self.at_once.is_none() {
            self.at_once = Some(subscribe_duration(0));
        }
        let mut list: Vec<&Pollable> = Vec::with_capacity(places.len() + 2);
        list.extend(places.iter().flat_map(|place| &self.sources[*place]).map(|it| &it.pollable));
        let alarm_at = list.len();
        list.extend(self.alarm.as_ref().map(|(_, pollable)| pollable));
        let at_once_at = list.len();
        if !wait {
            list.extend(&self.at_once);
        }
        let ready = poll(&list);

        let mut woken = Vec::with_capacity(ready.len());
        for at in ready.into_iter().map(|at| at as usize) {
            if let Some(interest) = places.get(at).and_then(|place| self.sources[*place].as_mut()) {
                interest.is_ready = true;
                woken.extend(interest.waker.take());
            } else if at == alarm_at && at < at_once_at {
                self.alarm = None;
                self.expire(&mut woken);
            }
        }
        Some(woken)
    }

    fn set_alarm(&mut self) {
        let Some(((earliest, _), _)) = self.timers.first_key_value() else {
            self.alarm = None;
            return;
        };
        if self.alarm.as_ref().is_none_or(|(due, _)| earliest < due) {
            let left = earliest.saturating_duration_since(Instant::now()).as_nanos();
            let left = u64::try_from(left).unwrap_or(u64::MAX);
            self.alarm = Some((*earliest, subscribe_duration(left)));
        }
    }

    fn expire(&mut self, woken: &mut Vec<Waker>) {
        let now = Instant::now();
        while let Some(first) = self.timers.first_entry().filter(|first| first.key().0 <= now) {
            woken.push(first.remove());
        }
    }
}

/// Something of the host's that becomes ready
///
/// It ends before the stream or socket that it is of, or the host ends the component: it is the later variable, or the
/// earlier field.
#[derive(Debug)]
pub(super) struct Source(usize);

impl Source {
    pub(super) fn new(pollable: Pollable) -> Self {
        let interest = Some(Interest { pollable, waker: None, is_ready: false });
        Self(REACTOR.with_borrow_mut(|reactor| match reactor.free.pop() {
            Some(place) => {
                reactor.sources[place] = interest;
                place
            }
            None => {
                reactor.sources.push(interest);
                reactor.sources.len() - 1
            }
        }))
    }

    /// Ready once after the host has said so; asked again, the host is asked again.
    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let (ready, replaced) = REACTOR.with_borrow_mut(|reactor| {
            let Some(interest) = &mut reactor.sources[self.0] else { return (false, None) };
            if interest.is_ready {
                interest.is_ready = false;
                return (true, interest.waker.take());
            }
            match &interest.waker {
                Some(same) if same.will_wake(cx.waker()) => (false, None),
                _ => (false, interest.waker.replace(cx.waker().clone())),
            }
        });
        drop(replaced);
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(super) async fn ready(&self) {
        std::future::poll_fn(|cx| self.poll_ready(cx)).await;
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let ended = REACTOR.with_borrow_mut(|reactor| {
            reactor.free.push(self.0);
            reactor.sources[self.0].take()
        });
        drop(ended);
    }
}

/// Adds a timer.
pub(super) fn add_timer(deadline: Instant, waker: &Waker) -> TimerKey {
    REACTOR.with_borrow_mut(|reactor| {
        reactor.timers_made += 1;
        let key = (deadline, reactor.timers_made);
        reactor.timers.insert(key, waker.clone());
        key
    })
}

/// Whether the timer is not due yet; then `waker` is called once it is.
pub(super) fn keep_timer(key: TimerKey, waker: &Waker) -> bool {
    let (pending, replaced) =
        REACTOR.with_borrow_mut(|reactor| match reactor.timers.get_mut(&key) {
            None => (false, None),
            Some(same) if same.will_wake(waker) => (true, None),
            Some(other) => (true, Some(std::mem::replace(other, waker.clone()))),
        });
    drop(replaced);
    pending
}

/// Removes a timer, if it is not due yet.
pub(super) fn remove_timer(key: TimerKey) {
    let removed = REACTOR.with_borrow_mut(|reactor| reactor.timers.remove(&key));
    drop(removed);
}
