//! When keys and fields expire.

use std::time::Duration;

use super::checks::{Fault, millis, zero};
use crate::resp::{Arg, ArgList, DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs};

/// What to do with a time to live
///
/// Converts from a [`Duration`], or from an `Option` of one, where `None` is
/// [`Never`](Self::Never).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expiry {
    /// It expires after this time (`PX`), rounded up to milliseconds; zero is refused.
    In(Duration),
    /// It expires at this moment (`PXAT`), in milliseconds since 1970.
    At(u64),
    /// It does not expire any more (`PERSIST`, or nothing where that is the default).
    Never,
    /// It stays as it is (`KEEPTTL`, or nothing where that is the default).
    Unchanged,
}

impl From<Duration> for Expiry {
    fn from(time: Duration) -> Self {
        Self::In(time)
    }
}

impl From<Option<Duration>> for Expiry {
    fn from(time: Option<Duration>) -> Self {
        time.map_or(Self::Never, Self::In)
    }
}

impl Expiry {
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::In(time) => zero(time),
            _ => None,
        }
    }

    /// The options of a command that reads and by default leaves the time to live unchanged.
    pub(super) fn of_reader(self) -> ExpiryArgs {
        ExpiryArgs(self, Self::Unchanged)
    }

    /// The options of a command that writes and by default removes the time to live.
    pub(super) fn of_writer(self) -> ExpiryArgs {
        ExpiryArgs(self, Self::Never)
    }

    /// Appends the option, unless it is `unsaid`, the default of the command.
    pub(super) fn append_unless<'a>(self, unsaid: Self, args: &mut ArgList<'a>) {
        if self == unsaid {
            return;
        }
        let (word, time) = match self {
            Self::In(time) => ("PX", Some(millis(time))),
            Self::At(moment) => ("PXAT", Some(moment)),
            Self::Never => ("PERSIST", None),
            Self::Unchanged => ("KEEPTTL", None),
        };
        args.push(Arg::Bytes(word.as_bytes()));
        args.extend(time.map(|time| time.to_arg().into_owned()));
    }
}

/// An expiry as arguments, and the command's default
#[derive(Debug, Clone, Copy)]
pub(super) struct ExpiryArgs(Expiry, Expiry);

impl ToArgs for ExpiryArgs {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.0.append_unless(self.1, args);
    }
}

super::options::words! {
    /// The condition for setting a time to live
    ExpireIf {
        /// The key or field has no time to live (`NX`).
        Missing => "NX",
        /// The key or field has a time to live (`XX`).
        Exists => "XX",
        /// The new time to live is longer (`GT`); none counts as infinite.
        Longer => "GT",
        /// The new time to live is shorter (`LT`); none counts as infinite.
        Shorter => "LT",
    }
}

/// Time to live of a key or field
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// There is no such key or field.
    Missing,
    /// It does not expire.
    Forever,
    /// It expires after this time, to the millisecond.
    In(Duration),
}

impl FromReply for Ttl {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        Ok(match time("a time to live", reply)? {
            Time::Missing => Self::Missing,
            Time::Forever => Self::Forever,
            Time::Millis(millis) => Self::In(Duration::from_millis(millis)),
        })
    }
}

/// When a key or field expires
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpireTime {
    /// There is no such key or field.
    Missing,
    /// It does not expire.
    Never,
    /// It expires at this moment, in milliseconds since 1970.
    At(u64),
}

impl FromReply for ExpireTime {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        Ok(match time("a moment", reply)? {
            Time::Missing => Self::Missing,
            Time::Forever => Self::Never,
            Time::Millis(millis) => Self::At(millis),
        })
    }
}

enum Time {
    Missing,
    Forever,
    Millis(u64),
}

fn time(expected: &'static str, reply: Reply<'_>) -> Result<Time, ReplyError> {
    match i64::from_reply(reply)? {
        -2 => Ok(Time::Missing),
        -1 => Ok(Time::Forever),
        millis => match u64::try_from(millis) {
            Ok(millis) => Ok(Time::Millis(millis)),
            Err(_) => Err(DecodeError::because(expected, reply.kind(), "that is negative").into()),
        },
    }
}
