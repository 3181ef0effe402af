use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Room for commands, which waiters get in the order in which they asked
#[derive(Debug, Default)]
pub(super) struct Room {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    waiting: VecDeque<(u64, Waker)>,
    tickets: u64,
}

impl State {
    /// Returns the waker of the first waiter.
    fn first(&self) -> Option<Waker> {
        self.waiting.front().map(|(_, waker)| waker.clone())
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Room {
    pub(super) fn used(&self) -> usize {
        self.state().used
    }

    /// Waits for a turn, then takes as much of `wanted` as there is room for: at least one.
    pub(super) fn take(&self, wanted: usize, limit: Option<usize>) -> Turn<'_> {
        Turn { room: self, wanted, limit, ticket: None }
    }

    pub(super) fn give(&self, count: usize) {
        if count > 0 {
            let mut state = self.state();
            state.used -= count;
            let first = state.first();
            drop(state);
            wake(first);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waiter for room
pub(super) struct Turn<'r> {
    room: &'r Room,
    wanted: usize,
    limit: Option<usize>,
    ticket: Option<u64>,
}

impl Future for Turn<'_> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let room = self.room;
        let mut state = room.state();
        let is_first = match self.ticket {
            None => state.waiting.is_empty(),
            Some(ticket) => state.waiting.front().is_some_and(|(first, _)| *first == ticket),
        };
        let free = self.limit.map_or(usize::MAX, |limit| limit.max(1).saturating_sub(state.used));
        if is_first && free > 0 {
            let taken = self.wanted.min(free);
            state.used += taken;
            if self.ticket.take().is_some() {
                state.waiting.pop_front();
            }
            // There may be room for the next waiter too.
            let next = state.first();
            drop(state);
            wake(next);
            return Poll::Ready(taken);
        }
        match self.ticket {
            None => {
                let ticket = state.tickets;
                state.tickets += 1;
                state.waiting.push_back((ticket, cx.waker().clone()));
                self.ticket = Some(ticket);
            }
            Some(ticket) => {
                if let Some((_, waker)) = state.waiting.iter_mut().find(|(at, _)| *at == ticket) {
                    waker.clone_from(cx.waker());
                }
            }
        }
        Poll::Pending
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.room.state();
        state.waiting.retain(|(at, _)| *at != ticket);
        // It may have been the turn of this waiter.
        let first = state.first();
        drop(state);
        wake(first);
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, poll};

    use super::*;

    #[test]
    fn a_large_wish_is_not_starved_by_small_ones() {
        smol::block_on(async {
            // One client keeps a command in flight all the time; another wants five at once.
            let room = Room::default();
            assert_eq!(room.take(1, Some(5)).await, 1);
            let mut five = Box::pin(room.take(5, Some(5)));
            assert_eq!(poll!(&mut five), Poll::Ready(4), "what fits goes");
            let mut next = Box::pin(room.take(5, Some(5)));
            let mut small = Box::pin(room.take(1, Some(5)));
            assert!(poll!(&mut next).is_pending() && poll!(&mut small).is_pending());
            // The first in line is served first, though the other is polled before.
            room.give(1);
            assert!(poll!(&mut small).is_pending());
            assert_eq!(poll!(&mut next), Poll::Ready(1));
            room.give(1);
            assert_eq!(poll!(&mut small), Poll::Ready(1));
            assert_eq!(room.used(), 5);
        });
    }

    #[test]
    fn who_gives_up_lets_the_next_one_go() {
        smol::block_on(async {
            let room = Room::default();
            assert_eq!(room.take(3, Some(3)).await, 3);
            let mut first = Box::pin(room.take(1, Some(3)));
            let mut second = Box::pin(room.take(1, Some(3)));
            assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
            room.give(1);
            drop(first);
            assert_eq!(second.now_or_never(), Some(1));
            room.give(3);
            assert_eq!((room.used(), room.state().waiting.len()), (0, 0));
            // Without a limit all go; with one, one at least.
            assert_eq!(room.take(9, None).await, 9);
            room.give(9);
            assert_eq!(room.take(9, Some(0)).await, 1);
        });
    }
}
