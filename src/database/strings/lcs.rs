//! The longest common subsequence of two strings.

use crate::{
    Call,
    command::named,
    database::{
        Database, Join,
        options::{Fields, items, options},
    },
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// The longest text that is in both values, not necessarily in one piece
    ///
    /// See [LCS](https://redis.io/docs/latest/commands/lcs/). Since Redis 7.0.
    pub fn lcs<T: FromReply>(
        &self,
        key: impl ToArg,
        other: impl ToArg,
    ) -> Call<'_, T, impl ToArgs> {
        self.call(named!("LCS"), (key, other))
    }

    /// Length of what [`lcs`](Self::lcs) returns, in bytes
    ///
    /// See [LCS](https://redis.io/docs/latest/commands/lcs/). Since Redis 7.0.
    pub fn lcs_len(&self, key: impl ToArg, other: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("LCS"), (key, other, "LEN"))
    }

    /// Positions of the pieces of what [`lcs`](Self::lcs) returns, the last ones first
    ///
    /// See [LCS](https://redis.io/docs/latest/commands/lcs/). Since Redis 7.0.
    pub fn lcs_matches(
        &self,
        key: impl ToArg,
        other: impl ToArg,
        options: LcsOptions,
    ) -> Call<'_, LcsMatches, impl ToArgs> {
        self.call(named!("LCS"), Join((key, other, "IDX", "WITHMATCHLEN"), options))
    }
}

options! {
    /// Which pieces [`Database::lcs_matches`] returns
    LcsOptions { min_len }
    /// Only pieces of at least this length in bytes (`MINMATCHLEN`).
    min_len: min_len(bytes: u64) => "MINMATCHLEN", bytes;
}

/// What two strings have in common
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LcsMatches {
    /// The pieces, the last ones first.
    pub matches: Vec<LcsMatch>,
    /// Length of all pieces in bytes, also of those that were too short to be listed.
    pub len: u64,
}

/// A piece that two strings have in common
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LcsMatch {
    /// Its first and last byte in the first string.
    pub first: (u64, u64),
    /// Its first and last byte in the second string.
    pub second: (u64, u64),
    /// Its length in bytes.
    pub len: u64,
}

impl FromReply for LcsMatches {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let fields = Fields::new(reply)?;
        let Some(matches) = fields.find("matches") else {
            return Err(DecodeError::because("matches", reply.kind(), "without matches").into());
        };
        let matches = items("an array of matches", matches)?
            .map(|item| {
                let (first, second, len) = item.decode()?;
                Ok(LcsMatch { first, second, len })
            })
            .collect::<Result<_, ReplyError>>()?;
        Ok(Self { matches, len: fields.get("len", "without len")? })
    }
}
