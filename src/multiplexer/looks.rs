//! Looks at a server of which somebody said that it has changed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use futures::future::poll_fn;

use crate::connection::Link;

/// Between two looks at the servers at least: anybody who may publish can make the client look.
const PACE: Duration = Duration::from_secs(1);

/// A demoted server is looked for after 1, 2, 4 … s and at last after this: its name may lead to it for some
/// seconds more.
const LONGEST: Duration = Duration::from_secs(16);

/// One look at a time, and one more for all that was announced meanwhile
#[derive(Default)]
pub(super) struct Looks(AtomicU8);

const IDLE: u8 = 0;
const LOOKING: u8 = 1;
const AND_AGAIN: u8 = 2;

impl Looks {
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
            let (mut demoted, mut pause) = (false, PACE);
            // Dropped with the multiplexer, at the latest after a pause.
            while let Some(link) = link.upgrade() {
                demoted = link.look_again(demoted).await;
                drop(link);
                let mut timer = runtime.timer(runtime.after(pause));
                poll_fn(|cx| timer.poll_expired(cx)).await;
                if demoted && pause < LONGEST {
                    pause *= 2;
                    continue;
                }
                (demoted, pause) = (false, PACE);
                if !looks.again() {
                    return;
                }
            }
        }));
    }

    /// Whether the caller is to look; otherwise the one who looks does it once more.
    fn begin(&self) -> bool {
        let next = |now| Some(if now == IDLE { LOOKING } else { AND_AGAIN });
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) == Ok(IDLE)
    }

    /// Whether to look once more.
    fn again(&self) -> bool {
        let next = |now| Some(if now == AND_AGAIN { LOOKING } else { IDLE });
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) == Ok(AND_AGAIN)
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
