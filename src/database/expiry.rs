//! When keys and fields expire.

use std::time::Duration;

use super::checks::{Fault, millis, zero};
use crate::resp::{Arg, ArgList, DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs};

/// What shall become of a time to live
///
/// Made from a [`Duration`], or from an `Option` of one, of which `None` is [`Never`](Self::Never).
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

    /// As the options of a command that reads and by default leaves it unchanged.
    pub(super) fn of_reader(self) -> ExpiryArgs {
        ExpiryArgs(self, Self::Unchanged)
    }

    /// As the options of a command that writes and by default takes it away.
    pub(super) fn of_writer(self) -> ExpiryArgs {
        ExpiryArgs(self, Self::Never)
    }

    /// Appends it, unless saying nothing says it.
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

/// An expiry as arguments, and what is said by saying nothing
#[derive(Debug, Clone, Copy)]
pub(super) struct ExpiryArgs(Expiry, Expiry);

impl ToArgs for ExpiryArgs {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.0.append_unless(self.1, args);
    }
}

super::options::words! {
    /// On which condition a time to live is set
    ExpireIf {
        /// There is none yet (`NX`).
        Missing => "NX",
        /// There is one already (`XX`).
        Exists => "XX",
        /// It becomes longer (`GT`); no time to live counts as infinite.
        Longer => "GT",
        /// It becomes shorter (`LT`); no time to live counts as infinite.
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
