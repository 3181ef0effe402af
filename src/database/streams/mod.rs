//! Streams: logs of entries, read by position or by groups of consumers.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! use redmux::database::streams::{StreamId, StreamTrim, XaddOptions, XreadOptions};
//!
//! let id: StreamId = db.xadd("log", [("level", "info"), ("text", "up")]).await?;
//! let short = XaddOptions::new().trim(StreamTrim::maxlen_about(10_000));
//! db.xadd_with("log", [("text", "again")], short).await?.expect("the stream is made if needed");
//! let read = db.xread::<String>([("log", StreamId::MIN)], XreadOptions::new()).await?;
//! for (stream, entries) in read.unwrap_or_default() {
//!     for entry in entries {
//!         println!("{stream} {}: {:?}", entry.id, entry.get::<String>("text"));
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`xread_block`](crate::Database::xread_block) waits for entries, on a connection of its own.

mod add;
mod delete;
mod entry;
mod groups;
mod id;
mod info;
mod pending;
mod read;

pub use add::{StreamTrim, XaddOptions, XcfgsetOptions};
pub use delete::{DeletedEntry, StreamRefs};
pub use entry::StreamEntry;
pub use groups::GroupStart;
pub use id::{StreamId, StreamIdError};
pub use info::{ConsumerInfo, GroupInfo, StreamInfo};
pub use pending::{
    ClaimedEntries, ConsumerPending, NackMode, PendingEntry, PendingSummary, XclaimOptions,
    XnackOptions, XpendingFilter,
};
#[cfg(feature = "full")]
pub(super) use read::{Streams, no_streams};
pub use read::{StreamsRead, XreadGroupOptions, XreadOptions};
