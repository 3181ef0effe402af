//! Deleting entries, and what groups keep of them.

use crate::{
    Call,
    command::named,
    database::{
        Counted, Database, Join,
        checks::{Unless, empty},
        options::words,
    },
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// Deletes entries and returns how many there were
    ///
    /// See [XDEL](https://redis.io/docs/latest/commands/xdel/).
    pub fn xdel(&self, key: impl ToArg, ids: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("XDEL"), (key,), ids, "ids")
    }

    /// Deletes entries and treats what groups keep of them as asked; returns the outcome of each
    ///
    /// See [XDELEX](https://redis.io/docs/latest/commands/xdelex/). Since Redis 8.2.
    pub fn xdelex(
        &self,
        key: impl ToArg,
        references: StreamRefs,
        ids: impl ToArgs,
    ) -> Call<'_, Vec<DeletedEntry>, impl ToArgs> {
        let fault = empty(&ids, "ids");
        let ids = Join((references, "IDS"), Counted::new(ids, ()));
        self.call(named!("XDELEX"), Join((key,), ids)).unless(fault)
    }

    /// Acknowledges entries for a group and deletes them; returns the outcome of each
    ///
    /// See [XACKDEL](https://redis.io/docs/latest/commands/xackdel/). Since Redis 8.2.
    pub fn xackdel(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        references: StreamRefs,
        ids: impl ToArgs,
    ) -> Call<'_, Vec<DeletedEntry>, impl ToArgs> {
        let fault = empty(&ids, "ids");
        let ids = Join((references, "IDS"), Counted::new(ids, ()));
        self.call(named!("XACKDEL"), Join((key, group), ids)).unless(fault)
    }
}

words! {
    /// What to do with entries that groups have not acknowledged yet
    StreamRefs {
        /// The groups keep them in their lists.
        Keep => "KEEPREF",
        /// All groups drop them from their lists.
        Delete => "DELREF",
        /// Only entries that all groups have acknowledged are deleted.
        Acked => "ACKED",
    }
}

/// The outcome for an entry that was to be deleted
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletedEntry {
    /// There is no such entry.
    Missing,
    /// It is deleted.
    Deleted,
    /// The entry stays: a group has not acknowledged it.
    Kept,
}

impl FromReply for DeletedEntry {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        Ok(match i64::from_reply(reply)? {
            -1 => Self::Missing,
            1 => Self::Deleted,
            2 => Self::Kept,
            _ => {
                let why = "of unknown meaning";
                return Err(
                    DecodeError::because("what became of an entry", reply.kind(), why).into()
                );
            }
        })
    }
}
