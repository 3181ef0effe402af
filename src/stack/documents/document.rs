//! What a struct says of its documents.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Storage;
use crate::{
    database::{checks::millis, keys::Expiry},
    resp::{FromReply, ToArg},
    stack::search::Schema,
};

/// A struct whose values are documents; made by `#[derive(Document)]`
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no document",
    note = "derive it: `#[derive(Document)]`, with `#[document(id)]` on a field"
)]
pub trait Document: FromReply {
    /// The type of the id.
    type Id: ToArg;
    /// How documents are stored: as [`JsonStorage`](super::JsonStorage) or [`HashStorage`](super::HashStorage).
    type Storage: Storage<Self>;
    /// `u64` if documents have a version, and otherwise `()`.
    type Version: Version;

    /// What the keys of all documents begin with; the rest of a key is the id.
    const PREFIX: &'static str;

    /// The name of the version in a document; empty if there is none.
    const VERSION_FIELD: &'static str = "";

    /// What distinguishes the document from others of its type.
    fn id(&self) -> &Self::Id;

    /// Its version.
    fn version(&self) -> Self::Version;

    /// What a write does with the time to live.
    fn expiry(&self) -> Expiry {
        Expiry::Unchanged
    }
}

/// A document that an index has; implemented by `#[derive(Document)]` with `index = "…"`
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no index",
    note = "name it: `#[document(index = \"…\")]`, with `#[derive(Schema)]` and `#[search(…)]` on fields"
)]
pub trait Indexed: Document {
    /// The name of the index, or of an alias.
    const INDEX: &'static str;

    /// What the index is made of.
    fn index_schema() -> Schema;
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for () {}
    impl Sealed for u64 {}
}

/// The version of a document: a `u64`, or nothing
pub trait Version: FromReply + Copy + sealed::Sealed {
    #[doc(hidden)]
    fn number(self) -> Option<u64>;
}

/// What is compared by an update; implemented for `u64`.
#[diagnostic::on_unimplemented(
    message = "these documents have no version",
    note = "only documents with a version are updated: mark a `u64` with `#[document(version)]`"
)]
pub trait Numbered: Version {}

impl Numbered for u64 {}

impl Version for () {
    fn number(self) -> Option<u64> {
        None
    }
}

impl Version for u64 {
    fn number(self) -> Option<u64> {
        Some(self)
    }
}

/// The type of a field that says how long its document lives, counted from the last write
///
/// Integers are seconds. A [`SystemTime`] is the moment of the end; what is written with one that has passed is deleted at once.
/// `None` is no end.
///
/// ```
/// use std::time::Duration;
/// use redmux::{database::keys::Expiry, stack::documents::TimeToLive};
///
/// assert_eq!(60_u32.expiry(), Expiry::In(Duration::from_secs(60)));
/// assert_eq!(None::<u64>.expiry(), Expiry::Never);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no time to live",
    note = "a field with `#[document(expire)]` is a `u32` or `u64` (seconds), a `Duration`, a `SystemTime`, or an `Option` of these"
)]
pub trait TimeToLive {
    /// What a write does with the time to live of the document.
    fn expiry(&self) -> Expiry;
}

impl TimeToLive for u32 {
    fn expiry(&self) -> Expiry {
        u64::from(*self).expiry()
    }
}

impl TimeToLive for u64 {
    fn expiry(&self) -> Expiry {
        Duration::from_secs(*self).expiry()
    }
}

impl TimeToLive for Duration {
    fn expiry(&self) -> Expiry {
        Expiry::In(*self)
    }
}

impl TimeToLive for SystemTime {
    fn expiry(&self) -> Expiry {
        let since = self.duration_since(UNIX_EPOCH).unwrap_or_default();
        Expiry::At(millis(since))
    }
}

impl<T: TimeToLive> TimeToLive for Option<T> {
    fn expiry(&self) -> Expiry {
        self.as_ref().map_or(Expiry::Never, T::expiry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_round_up() {
        let after = |time: Duration| (UNIX_EPOCH + time).expiry();
        assert_eq!(after(Duration::from_micros(999)), Expiry::At(1));
        assert_eq!(after(Duration::from_micros(1001)), Expiry::At(2));
        assert_eq!(after(Duration::from_millis(7)), Expiry::At(7));
    }
}
