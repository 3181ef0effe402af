//! The last lines of what happens, for every page that is open.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// At four lines a second, what a page that opens later sees of the past: a minute.
const KEPT: usize = 240;

/// Lines with numbers; old ones are forgotten, and a reader that is too slow does not get them
#[derive(Default)]
pub(crate) struct Feed {
    lines: Mutex<Lines>,
    more: Condvar,
}

#[derive(Default)]
struct Lines {
    /// The number of the next line.
    next: u64,
    kept: VecDeque<Arc<str>>,
}

impl Feed {
    pub(crate) fn push(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.kept.len() == KEPT {
            lines.kept.pop_front();
        }
        lines.kept.push_back(line.into());
        lines.next += 1;
        drop(lines);
        self.more.notify_all();
    }

    /// Waits for lines from this number on; returns them, perhaps none, and the number to go on with.
    pub(crate) fn after(&self, from: u64, limit: Duration) -> (Vec<Arc<str>>, u64) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.more.wait_timeout_while(lines, limit, |lines| lines.next <= from);
        let (lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let new = usize::try_from(lines.next.saturating_sub(from)).unwrap_or(usize::MAX);
        let skipped = lines.kept.len().saturating_sub(new);
        (lines.kept.iter().skip(skipped).cloned().collect(), lines.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_get_what_is_new_and_no_more_than_is_kept() {
        let feed = Feed::default();
        let read = |from| {
            let (lines, next) = feed.after(from, Duration::ZERO);
            (lines.iter().map(|line| line.parse().unwrap()).collect::<Vec<usize>>(), next)
        };
        assert_eq!(read(0), (vec![], 0));
        feed.push("0".into());
        feed.push("1".into());
        assert_eq!(read(0), (vec![0, 1], 2));
        assert_eq!(read(1), (vec![1], 2));
        assert_eq!(read(2), (vec![], 2));
        (2..KEPT + 10).for_each(|number| feed.push(number.to_string()));
        let (lines, next) = read(1);
        assert_eq!((lines.len(), lines[0], next), (KEPT, 10, KEPT as u64 + 10));
    }
}
