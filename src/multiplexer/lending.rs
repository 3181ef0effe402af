//! What leased connections are used for.

use std::{borrow::Cow, fmt};

/// What a leased connection is used for
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseUse {
    /// It is being dialled for a caller.
    Opening,
    /// It was given back, and is open for the next user.
    Idle,
    /// The program holds a [`Lease`](crate::database::Lease).
    Lease,
    /// A command of the client's methods runs on it: one that waits on the server (`BLPOP`),
    /// `MONITOR`, or `WATCH` and the transaction behind it.
    Command(Cow<'static, str>),
}

impl fmt::Display for LeaseUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening => "opening",
            Self::Idle => "idle",
            Self::Lease => "lease",
            Self::Command(name) => name,
        })
    }
}
