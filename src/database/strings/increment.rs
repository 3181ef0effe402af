//! Counting within bounds and for a time.

use std::time::Duration;

use crate::{
    Call,
    command::named,
    database::{Database, Join, checks::millis, options::options},
    resp::{FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// Adds a number within bounds, and sets a time to live; a missing key counts as 0
    ///
    /// Where a bound would be passed, nothing is added, unless the options say otherwise. See
    /// [INCREX](https://redis.io/docs/latest/commands/increx/). Since Redis 8.8.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::database::strings::IncrexOptions;
    /// use std::time::Duration;
    ///
    /// let minute = Duration::from_secs(60);
    /// let limit = IncrexOptions::new().at_most(100).expires_in(minute).unless_expiring();
    /// let allowed = db.increx("requests", 1, limit).await?.added == 1;
    /// # Ok(())
    /// # }
    /// ```
    pub fn increx(
        &self,
        key: impl ToArg,
        by: i64,
        options: IncrexOptions,
    ) -> Call<'_, Incremented<i64>, impl ToArgs> {
        self.call(named!("INCREX"), Join((key, "BYINT", by), options))
    }

    /// Adds a floating-point number within bounds, and sets a time to live; a missing key counts as 0
    ///
    /// See [INCREX](https://redis.io/docs/latest/commands/increx/) with `BYFLOAT`. Since Redis 8.8.
    pub fn increx_float(
        &self,
        key: impl ToArg,
        by: f64,
        options: IncrexOptions,
    ) -> Call<'_, Incremented<f64>, impl ToArgs> {
        self.call(named!("INCREX"), Join((key, "BYFLOAT", by), options))
    }
}

/// What became of a number
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incremented<N> {
    /// The number now.
    pub value: N,
    /// What was added; 0 if a bound would have been passed.
    pub added: N,
}

impl<N: FromReply> FromReply for Incremented<N> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (value, added) = reply.decode()?;
        Ok(Self { value, added })
    }
}

options! {
    /// Bounds and time to live of a number
    IncrexOptions { saturate, lower, upper, expiry, enx }
    /// Adds as much as the bounds allow, instead of nothing (`SATURATE`).
    saturate: saturate() => "SATURATE";
    /// The number becomes no lower than this (`LBOUND`).
    lower: at_least(bound: impl ToArg) => "LBOUND", bound;
    /// The number becomes no higher than this (`UBOUND`).
    upper: at_most(bound: impl ToArg) => "UBOUND", bound;
    /// The key expires after this time, rounded up to milliseconds (`PX`).
    expiry: expires_in(time: Duration) => "PX", millis(time);
    /// The key expires at this moment, in milliseconds since 1970 (`PXAT`).
    expiry: expires_at(unix_millis: u64) => "PXAT", unix_millis;
    /// The key no longer expires (`PERSIST`).
    expiry: persist() => "PERSIST";
    /// Sets the time only if the key has none (`ENX`).
    enx: unless_expiring() => "ENX";
}
