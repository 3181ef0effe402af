use std::task::Waker;

use crate::{Error, resp::Frame};

/// Slots kept after a burst of commands.
const KEEP: usize = 1024;

/// A slab of up to this many slots is not trimmed.
const FEW: usize = 4096;

/// A place in the slab; the generation tells a reused place from the one meant
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SlotId {
    index: u32,
    generation: u32,
}

/// What became of a command
#[derive(Debug)]
pub(crate) enum Outcome {
    Reply(Frame),
    /// The last reply to a prelude and its command, behind the errors among those before: each with
    /// its command's place from 0.
    Group(Box<(Vec<(u32, Frame)>, Frame)>),
    Failed(Error),
}

impl Outcome {
    /// The command's own reply, or why there is none.
    #[inline]
    pub(crate) fn into_reply(self) -> Result<Frame, Error> {
        match self {
            Self::Reply(frame) => Ok(frame),
            Self::Group(group) => Ok(group.1),
            Self::Failed(error) => Err(error),
        }
    }
}

/// The replies to a prelude so far
#[derive(Debug, Default)]
pub(super) struct Preceding {
    pub(super) count: u32,
    pub(super) errors: Vec<(u32, Frame)>,
}

impl Preceding {
    /// Counts a reply; what it is matters only if somebody waits for the whole.
    pub(super) fn note(&mut self, frame: Option<Frame>) {
        if let Some(frame) = frame.filter(Frame::is_error) {
            self.errors.push((self.count, frame));
        }
        self.count += 1;
    }
}

/// The caller's half of a command in flight
pub(crate) struct Slot {
    generation: u32,
    state: State,
    /// Sequence number of the FIFO entry; [`Slot::NO_ENTRY`] while waiting for room.
    pub(crate) entry: u64,
    /// When it was issued, in microseconds of the link's clock.
    pub(crate) issued: u64,
    /// The time it was given, in microseconds.
    pub(crate) timeout: u64,
}

enum State {
    Vacant {
        next: u32,
    },
    Waiting(Option<Waker>),
    /// The collector takes the outcome, under this number.
    Collected(u32),
    /// Nobody will ask, but its time is kept.
    Detached,
    Done(Outcome),
}

impl Slot {
    pub(crate) const NO_ENTRY: u64 = u64::MAX;
}

const NIL: u32 = u32::MAX;

/// Reply slots of one link, reused without allocating
pub(crate) struct Slots {
    slots: Vec<Slot>,
    free: u32,
    live: usize,
    generation: u32,
    /// How many were in use when it was last looked which may go.
    looked_at: usize,
    pub(super) collection: Collection,
}

/// What the collector has to take
#[derive(Default)]
pub(crate) struct Collection {
    pub(crate) outcomes: Vec<(u32, SlotId, Outcome)>,
    /// The collector, once it has found nothing.
    pub(crate) waker: Option<Waker>,
    /// There is a collector.
    pub(crate) in_use: bool,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: NIL,
            live: 0,
            generation: 0,
            looked_at: usize::MAX,
            collection: Collection::default(),
        }
    }

    /// Takes a place for a command issued at `issued`, in the FIFO as `entry`.
    pub(crate) fn insert(
        &mut self,
        entry: u64,
        issued: u64,
        timeout: u64,
        waker: Option<Waker>,
    ) -> SlotId {
        self.place(entry, issued, timeout, State::Waiting(waker))
    }

    /// The same, for the collector's command of this number.
    pub(crate) fn insert_collected(
        &mut self,
        entry: u64,
        issued: u64,
        timeout: u64,
        number: u32,
    ) -> SlotId {
        self.place(entry, issued, timeout, State::Collected(number))
    }

    #[inline(always)]
    fn place(&mut self, entry: u64, issued: u64, timeout: u64, state: State) -> SlotId {
        // One counter for all places: a place may be given back to the allocator and
        // made anew without an old id ever matching it by accident.
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        self.live += 1;
        let slot = Slot { generation, state, entry, issued, timeout };
        if self.free == NIL {
            let index = self.slots.len() as u32;
            self.slots.push(slot);
            return SlotId { index, generation };
        }
        let index = self.free;
        let place = &mut self.slots[index as usize];
        if let State::Vacant { next } = place.state {
            self.free = next;
        }
        // A vacant place has nothing to drop, which the compiler does not see.
        std::mem::forget(std::mem::replace(place, slot));
        SlotId { index, generation }
    }

    /// The slot, unless it was given up or its outcome was taken.
    pub(crate) fn get_mut(&mut self, id: SlotId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(id.index as usize)?;
        let live = slot.generation == id.generation && !matches!(slot.state, State::Vacant { .. });
        live.then_some(slot)
    }

    /// The sequence number of a command that has no outcome yet and is not in line for room.
    pub(super) fn entry_of(&self, id: SlotId) -> Option<u64> {
        let entry = self.slots.get(id.index as usize).filter(|_| self.is_waiting(id))?.entry;
        (entry != Slot::NO_ENTRY).then_some(entry)
    }

    /// Whether this one has no outcome yet.
    pub(crate) fn is_waiting(&self, id: SlotId) -> bool {
        self.slots.get(id.index as usize).is_some_and(|slot| {
            slot.generation == id.generation
                && matches!(slot.state, State::Waiting(_) | State::Collected(_) | State::Detached)
        })
    }

    /// The commands of the collector that are still open.
    pub(crate) fn collected(&self) -> Vec<SlotId> {
        let open = self.slots.iter().enumerate();
        let open = open.filter(|(_, slot)| matches!(slot.state, State::Collected(_)));
        open.map(|(index, slot)| SlotId { index: index as u32, generation: slot.generation })
            .collect()
    }

    /// Whether this one has its reply, and nobody has taken it yet.
    pub(crate) fn has_reply(&self, id: SlotId) -> bool {
        self.slots.get(id.index as usize).is_some_and(|slot| {
            slot.generation == id.generation && matches!(slot.state, State::Done(Outcome::Reply(_)))
        })
    }

    /// When the time of a command is up; `u64::MAX` for never, and when it is over.
    pub(crate) fn deadline(&self, id: SlotId) -> u64 {
        match self.slots.get(id.index as usize) {
            Some(slot) if slot.generation == id.generation => {
                slot.issued.saturating_add(slot.timeout)
            }
            _ => u64::MAX,
        }
    }

    /// Gives the caller its outcome and returns the waker to call once unlocked.
    ///
    /// Returns the outcome instead when nobody waits for it.
    // Once for each reply, and in one place that matters.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn complete(
        &mut self,
        id: SlotId,
        outcome: Outcome,
    ) -> Result<Option<Waker>, Outcome> {
        match self.get_mut(id) {
            Some(slot) => match &mut slot.state {
                State::Waiting(waker) => {
                    let waker = waker.take();
                    // A state without a waker has nothing to drop, which the compiler does not see.
                    std::mem::forget(std::mem::replace(&mut slot.state, State::Done(outcome)));
                    Ok(waker)
                }
                State::Collected(number) => {
                    let number = *number;
                    Ok(self.collect(number, id, outcome))
                }
                State::Detached => {
                    self.abandon(id);
                    Err(outcome)
                }
                _ => Err(outcome),
            },
            None => Err(outcome),
        }
    }

    /// Keeps an outcome for the collector and returns its waker.
    // Programs that wait for their calls do not pay for it.
    #[cfg_attr(not(target_family = "wasm"), inline(never))]
    fn collect(&mut self, number: u32, id: SlotId, outcome: Outcome) -> Option<Waker> {
        self.abandon(id);
        self.collection.outcomes.push((number, id, outcome));
        self.collection.waker.take()
    }

    /// The caller wants no outcome: the place is free when there is one.
    pub(crate) fn detach(&mut self, id: SlotId) {
        if let Some(slot) = self.get_mut(id)
            && let State::Waiting(_) = slot.state
        {
            slot.state = State::Detached;
        }
    }

    /// Takes the outcome, or leaves `waker` to be called when it is there.
    #[inline]
    pub(crate) fn poll(&mut self, id: SlotId, waker: &Waker) -> Option<Outcome> {
        let slot = self.slots.get_mut(id.index as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        match &mut slot.state {
            State::Done(_) => {
                let vacant = State::Vacant { next: self.free };
                let state = std::mem::replace(&mut slot.state, vacant);
                self.vacated(id);
                match state {
                    State::Done(outcome) => Some(outcome),
                    _ => None,
                }
            }
            State::Waiting(Some(known)) if known.will_wake(waker) => None,
            State::Waiting(known) => {
                *known = Some(waker.clone());
                None
            }
            State::Vacant { .. } | State::Collected(_) | State::Detached => None,
        }
    }

    /// Takes the reply to a command, unless it is an error. If there is no such reply: whether the command is still due,
    /// in which case `waker` is called once there is an outcome.
    #[cfg(feature = "topology")]
    #[inline]
    pub(super) fn take_reply(&mut self, id: SlotId, waker: &Waker) -> Result<Frame, bool> {
        let slot = self.slots.get(id.index as usize);
        let Some(slot) = slot.filter(|slot| slot.generation == id.generation) else {
            return Err(false);
        };
        match &slot.state {
            State::Done(Outcome::Reply(frame)) if !frame.is_error() => {}
            State::Done(_) => return Err(false),
            _ => {}
        }
        match self.poll(id, waker) {
            Some(Outcome::Reply(frame)) => Ok(frame),
            _ => Err(true),
        }
    }

    /// When a command was issued whose outcome has not been taken yet.
    #[cfg(feature = "topology")]
    #[inline]
    pub(crate) fn issued(&self, id: SlotId) -> u64 {
        self.slots.get(id.index as usize).map_or(0, |slot| slot.issued)
    }

    /// Takes the waker of a caller that waits, to wake it without an outcome.
    pub(crate) fn take_waker(&mut self, id: SlotId) -> Option<Waker> {
        match &mut self.get_mut(id)?.state {
            State::Waiting(waker) => waker.take(),
            _ => None,
        }
    }

    /// Places in use.
    #[cfg(all(test, shuttle))]
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// Forgets the slot: the caller has gone.
    pub(crate) fn abandon(&mut self, id: SlotId) -> bool {
        let next = self.free;
        let Some(slot) = self.get_mut(id) else { return false };
        slot.state = State::Vacant { next };
        self.vacated(id);
        true
    }

    /// Whether most of many places are free, though not all.
    #[inline]
    pub(super) fn are_sparse(&self) -> bool {
        self.slots.len() > FEW && self.live < self.slots.len() / 8 && self.live < self.looked_at / 2
    }

    /// Gives the free places at the end back; the first free ones are used first from now on, so
    /// that more of them get free at the end.
    #[cold]
    pub(super) fn trim(&mut self) {
        self.looked_at = self.live;
        let in_use = |slot: &Slot| !matches!(slot.state, State::Vacant { .. });
        let end = self.slots.iter().rposition(in_use).map_or(0, |last| last + 1);
        self.slots.truncate(end);
        self.slots.shrink_to(end.max(KEEP));
        self.free = NIL;
        for (index, slot) in self.slots.iter_mut().enumerate().rev() {
            if let State::Vacant { next } = &mut slot.state {
                *next = std::mem::replace(&mut self.free, index as u32);
            }
        }
        if end <= FEW {
            self.looked_at = usize::MAX;
        }
    }

    /// Notes that a place, which already points to the free one behind it, is free.
    fn vacated(&mut self, id: SlotId) {
        self.free = id.index;
        self.live -= 1;
        if self.live == 0 && self.slots.len() > KEEP {
            self.slots = Vec::new();
            self.free = NIL;
            self.looked_at = usize::MAX;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_id_never_reaches_a_reused_place() {
        let mut slots = Slots::new();
        let first = slots.insert(Slot::NO_ENTRY, 0, 0, None);
        assert!(slots.abandon(first));
        let second = slots.insert(Slot::NO_ENTRY, 0, 0, None);
        assert_eq!(first.index, second.index);
        assert!(slots.get_mut(first).is_none());
        assert!(!slots.abandon(first));
        let reply = Frame::copy_from_slice(b"+OK\r\n");
        assert!(slots.complete(first, Outcome::Reply(reply.clone())).is_err());
        assert!(slots.complete(second, Outcome::Reply(reply)).is_ok());
        assert!(slots.poll(second, Waker::noop()).is_some());
        assert!(slots.poll(second, Waker::noop()).is_none());
    }

    #[test]
    fn a_burst_gives_most_of_its_memory_back_while_one_command_stays_open() {
        let mut slots = Slots::new();
        let open = slots.insert(7, 0, 0, None);
        let ids: Vec<_> = (0..100_000).map(|_| slots.insert(8, 0, 0, None)).collect();
        assert!(!slots.are_sparse());
        ids.iter().for_each(|id| assert!(slots.abandon(*id)));
        assert!(slots.are_sparse());
        slots.trim();
        assert!(slots.slots.capacity() <= KEEP && !slots.are_sparse());
        assert!(slots.is_waiting(open) && ids.iter().all(|id| slots.get_mut(*id).is_none()));
        // One at the end keeps the places before it, which are looked through once and not again.
        let ids: Vec<_> = (0..100_000).map(|_| slots.insert(8, 0, 0, None)).collect();
        let (last, ids) = ids.split_last().unwrap();
        ids.iter().for_each(|id| assert!(slots.abandon(*id)));
        assert!(slots.are_sparse());
        slots.trim();
        assert!(!slots.are_sparse() && slots.is_waiting(*last) && slots.is_waiting(open));
        let next = slots.insert(9, 0, 0, None);
        assert_eq!(next.index, 1, "the first free place");
        assert!([open, *last, next].iter().all(|id| slots.abandon(*id)));
        assert!(slots.slots.is_empty());
    }

    #[test]
    fn a_burst_gives_its_memory_back_and_ids_stay_unique() {
        let mut slots = Slots::new();
        let ids: Vec<_> = (0..5000).map(|_| slots.insert(Slot::NO_ENTRY, 0, 0, None)).collect();
        ids.iter().for_each(|id| assert!(slots.abandon(*id)));
        assert!(slots.slots.is_empty());
        let fresh = slots.insert(Slot::NO_ENTRY, 0, 0, None);
        assert!(ids.iter().all(|old| *old != fresh));
        assert!(slots.is_waiting(fresh));
    }
}
