//! Parts of a command that go to one server and are only sent: no call is made of each.

use std::{ops::Range, task::Context};

use crate::{
    Result,
    connection::{Link, Selected, SlotId},
    resp::{ArgList, Frame},
};

/// How many are sent under one lock: their server may begin with these while the rest is encoded.
const AT_ONCE: usize = 128;

/// Parts of a command, on their way to one server; dropping it gives up those that are not over
pub(super) struct Batch<'a> {
    pub(super) link: &'a Link,
    /// Which parts of the command they are.
    places: Range<usize>,
    /// Of those that were sent, from the first one on.
    ids: Vec<SlotId>,
    /// How many of them were taken out: answered, or with another outcome.
    taken: usize,
}

impl<'a> Batch<'a> {
    pub(super) fn new(link: &'a Link, places: Range<usize>) -> Self {
        let ids = Vec::with_capacity(places.len());
        Self { link, places, ids, taken: 0 }
    }

    /// Sends the parts, for which `words` appends the words of the one at a place, to this database within this time.
    /// Returns the places of those that the link did not take: the link is full, or over.
    pub(super) fn send<'w>(
        &mut self,
        how: (Selected, Option<u64>),
        mut words: impl FnMut(usize, &mut ArgList<'w>),
    ) -> Range<usize> {
        let mut begin = self.places.start;
        while begin < self.places.end {
            let end = self.places.end.min(begin + AT_ONCE);
            self.link.submit_several(begin..end, &mut self.ids, how, &mut words);
            begin = self.places.start + self.ids.len();
            if begin < end {
                break;
            }
        }
        begin..self.places.end
    }

    /// Takes the replies that have come, up to a part that has another outcome than a reply without an error: returns
    /// its place, and its outcome is still in the link. `None` if there is none before the first part that is due.
    pub(super) fn take(
        &mut self,
        cx: &Context<'_>,
        outcomes: &mut [Option<Result<Frame>>],
    ) -> Option<(usize, SlotId)> {
        if self.is_over() {
            return None;
        }
        let mut place = self.places.start + self.taken;
        let is_due = self.link.take_replies(&self.ids[self.taken..], cx.waker(), |frame| {
            outcomes[place] = Some(Ok(frame));
            place += 1;
        });
        self.taken = place - self.places.start;
        let id = self.ids.get(self.taken).filter(|_| !is_due)?;
        self.taken += 1;
        Some((place, *id))
    }

    /// Whether nothing of it is due any more.
    pub(super) fn is_over(&self) -> bool {
        self.taken == self.ids.len()
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if !self.is_over() {
            self.link.abandon_all(&self.ids[self.taken..]);
        }
    }
}
