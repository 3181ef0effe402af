//! What an update has done.

use crate::{
    database::options::mismatch,
    resp::{FromReply, Reply, ReplyError},
};

/// What [`update`](super::DocumentCommands::update) has done
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "what is not `Done` was not written"]
pub enum Updated {
    /// It was written, and has this version now.
    Done(u64),
    /// Nothing was written: the stored document has this version, and not that of the one that was given.
    Stale(u64),
    /// Nothing was written: there is no such document.
    Missing,
}

impl Updated {
    /// Whether it was written.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Done(_))
    }
}

impl FromReply for Updated {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (outcome, version): (i64, u64) = reply.decode()?;
        match outcome {
            1 => Ok(Self::Done(version)),
            0 => Ok(Self::Stale(version)),
            -1 => Ok(Self::Missing),
            _ => Err(mismatch("the outcome of an update", reply)),
        }
    }
}
