//! Refuses bad arguments before anything is sent, and writes times as the server wants them.

use std::time::Duration;

use super::{Database, Join};
use crate::{Call, Error, command::Named, resp::ToArgs};

impl Database {
    /// A command with a list that must not be empty; `what` is in it.
    pub(crate) fn list<T, A: ToArgs, L: ToArgs>(
        &self,
        name: Named,
        before: A,
        list: L,
        what: &'static str,
    ) -> Call<'_, T, Join<A, L>> {
        let fault = empty(&list, what);
        self.call(name, Join(before, list)).unless(fault)
    }

    /// A command of two words with a list that must not be empty.
    pub(super) fn list2<T, L: ToArgs>(
        &self,
        name: &'static str,
        second: &'static str,
        list: L,
        what: &'static str,
    ) -> Call<'_, T, L> {
        let fault = empty(&list, what);
        self.call2(name, second, list).unless(fault)
    }

    /// A command with pairs, of which there must be at least one.
    pub(crate) fn pairs<T, A: ToArgs, L: ToArgs>(
        &self,
        name: Named,
        before: A,
        pairs: L,
        what: &'static str,
    ) -> Call<'_, T, Join<A, L>> {
        let fault = uneven(&pairs, 2, what);
        self.call(name, Join(before, pairs)).unless(fault)
    }

    /// A command of two words with pairs, of which there must be at least one.
    pub(super) fn pairs2<T, L: ToArgs>(
        &self,
        name: &'static str,
        second: &'static str,
        pairs: L,
        what: &'static str,
    ) -> Call<'_, T, L> {
        let fault = uneven(&pairs, 2, what);
        self.call2(name, second, pairs).unless(fault)
    }
}

/// Why a command cannot be sent
pub(crate) type Fault = Option<String>;

pub(crate) trait Unless {
    /// Refuses the call if there is a fault.
    fn unless(self, fault: Option<impl Into<String>>) -> Self;
}

impl<T, A> Unless for Call<'_, T, A> {
    fn unless(self, fault: Option<impl Into<String>>) -> Self {
        match fault {
            None => self,
            Some(fault) => {
                let error = Error::rejected(&self.full_name(), fault);
                self.refuse(error)
            }
        }
    }
}

/// The fault of an empty list.
pub(crate) fn empty(list: &impl ToArgs, what: &'static str) -> Fault {
    (list.arg_count() == 0).then(|| format!("the list of {what} is empty"))
}

/// The fault of a list that is empty or no multiple of `size`.
pub(super) fn uneven(list: &impl ToArgs, size: usize, what: &'static str) -> Fault {
    match list.arg_count() {
        0 => Some(format!("the list of {what} is empty")),
        count if count % size != 0 => {
            Some(format!("the list of {what} has {count} parts, which is no multiple of {size}"))
        }
        _ => None,
    }
}

/// The fault of a time of zero, where the server would take it for something else.
pub(super) fn zero(time: Duration) -> Fault {
    time.is_zero().then(|| {
        "the time to live is zero, which the server takes for an error or for none at all"
            .to_owned()
    })
}

/// Whole milliseconds, rounded up: nothing expires before its time.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_up() {
        assert_eq!(millis(Duration::ZERO), 0);
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_micros(1999)), 2);
        assert_eq!(millis(Duration::from_millis(7)), 7);
        assert_eq!(millis(Duration::MAX), u64::MAX);
    }

    #[test]
    fn lists_are_counted_as_they_are_sent() {
        assert_eq!(empty(&"key", "keys"), None);
        assert!(empty(&(), "keys").is_some_and(|fault| fault.contains("keys")));
        assert_eq!(uneven(&[("a", 1)], 2, "pairs"), None);
        assert!(uneven(&["a", "b", "c"], 2, "pairs").is_some_and(|fault| fault.contains('3')));
    }
}
