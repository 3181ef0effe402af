//! Looks at a server of which somebody said that it has changed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::Duration,
};

use crate::{clock::sleep, connection::Link};

/// Between two looks at the servers at least: anybody who may publish can make the client look.
const PACE: Duration = Duration::from_secs(1);

/// Where a replica is found instead of a primary, the client looks again after 1, 2, 4 … s and at last after this: the
/// name may lead to the old server for some seconds more.
const LONGEST: Duration = Duration::from_secs(16);

/// One look at a time, and one more for all that was announced meanwhile
#[derive(Default)]
pub(super) struct Looks {
    state: AtomicU8,
    /// There was a primary when a change was announced. The connection may be lost before the change is over, and the
    /// next one may lead to a replica.
    primary: AtomicBool,
}

const IDLE: u8 = 0;
const LOOKING: u8 = 1;
const AND_AGAIN: u8 = 2;

impl Looks {
    /// A change is announced: remembers whether this link leads to a primary before it.
    pub(super) fn note(&self, link: &Link) {
        if link.leads_to_a_primary() {
            self.primary.store(true, Ordering::Release);
        }
    }

    /// Looks whether the server of this link is what it was, in the background.
    ///
    /// Cheap to call often: there is one look at a time, and a second between two.
    pub(super) fn look(self: &Arc<Self>, link: &Arc<Link>) {
        if !self.begin() {
            return;
        }
        let (looks, runtime) = (self.clone(), link.clock.runtime.clone());
        let link = Arc::downgrade(link);
        runtime.clone().spawn(Box::pin(async move {
            let (mut was_primary, mut pause) = (looks.take_primary(), PACE);
            // Dropped with the multiplexer, at the latest after a pause.
            while let Some(link) = link.upgrade() {
                was_primary = link.look_again(was_primary).await;
                drop(link);
                sleep(&*runtime, pause).await;
                if was_primary && pause < LONGEST {
                    pause *= 2;
                    continue;
                }
                (was_primary, pause) = (looks.take_primary(), PACE);
                if !looks.again() {
                    return;
                }
            }
        }));
    }

    fn take_primary(&self) -> bool {
        self.primary.swap(false, Ordering::AcqRel)
    }

    /// Whether the caller is to look; otherwise the one who looks does it once more.
    fn begin(&self) -> bool {
        let next = |now| Some(if now == IDLE { LOOKING } else { AND_AGAIN });
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) == Ok(IDLE)
    }

    /// Whether to look once more.
    fn again(&self) -> bool {
        let next = |now| Some(if now == AND_AGAIN { LOOKING } else { IDLE });
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) == Ok(AND_AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_announcements_are_one_more_look() {
        let looks = Looks::default();
        assert!(looks.begin());
        for _ in 0..3 {
            assert!(!looks.begin());
        }
        assert!(looks.again());
        assert!(!looks.again());
        assert!(looks.begin());
        assert!(!looks.again());
    }
}
