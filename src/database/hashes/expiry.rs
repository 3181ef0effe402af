//! Times to live of single fields. Redis 7.4, Valkey 9.0 and later.

use std::time::Duration;

use crate::{
    Call,
    command::{Named, named},
    database::{
        Counted, Database, Join,
        checks::{Unless, empty, millis, uneven},
        keys::{ExpireIf, ExpireTime, Expiry, Ttl},
        options::options,
    },
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// Gives fields a time to live, rounded up to milliseconds; returns the outcome for each
    ///
    /// A time of zero deletes them. See
    /// [HPEXPIRE](https://redis.io/docs/latest/commands/hpexpire/). Since Redis 7.4 and Valkey 9.0.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::database::hashes::FieldExpiry;
    /// use std::time::Duration;
    ///
    /// let done = db.hexpire("session:1", Duration::from_secs(60), ["token"]).await?;
    /// assert_eq!(done, [FieldExpiry::Set]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn hexpire(
        &self,
        key: impl ToArg,
        time: Duration,
        fields: impl ToArgs,
    ) -> Call<'_, Vec<FieldExpiry>, impl ToArgs> {
        self.fields(named!("HPEXPIRE"), (key, millis(time)), fields)
    }

    /// Like [`hexpire`](Self::hexpire), on a condition
    ///
    /// See [HPEXPIRE](https://redis.io/docs/latest/commands/hpexpire/). Since Redis 7.4 and Valkey
    /// 9.0.
    pub fn hexpire_if(
        &self,
        key: impl ToArg,
        time: Duration,
        condition: ExpireIf,
        fields: impl ToArgs,
    ) -> Call<'_, Vec<FieldExpiry>, impl ToArgs> {
        self.fields(named!("HPEXPIRE"), (key, millis(time), condition), fields)
    }

    /// Lets fields expire at a moment, in milliseconds since 1970; returns the outcome for each
    ///
    /// See [HPEXPIREAT](https://redis.io/docs/latest/commands/hpexpireat/). Since Redis 7.4 and
    /// Valkey 9.0.
    pub fn hexpireat(
        &self,
        key: impl ToArg,
        unix_millis: u64,
        fields: impl ToArgs,
    ) -> Call<'_, Vec<FieldExpiry>, impl ToArgs> {
        self.fields(named!("HPEXPIREAT"), (key, unix_millis), fields)
    }

    /// Like [`hexpireat`](Self::hexpireat), on a condition
    ///
    /// See [HPEXPIREAT](https://redis.io/docs/latest/commands/hpexpireat/). Since Redis 7.4 and
    /// Valkey 9.0.
    pub fn hexpireat_if(
        &self,
        key: impl ToArg,
        unix_millis: u64,
        condition: ExpireIf,
        fields: impl ToArgs,
    ) -> Call<'_, Vec<FieldExpiry>, impl ToArgs> {
        self.fields(named!("HPEXPIREAT"), (key, unix_millis, condition), fields)
    }

    /// Time to live of fields
    ///
    /// See [HPTTL](https://redis.io/docs/latest/commands/hpttl/). Since Redis 7.4 and Valkey 9.0.
    pub fn hpttl(&self, key: impl ToArg, fields: impl ToArgs) -> Call<'_, Vec<Ttl>, impl ToArgs> {
        self.fields(named!("HPTTL"), (key,), fields)
    }

    /// When fields expire
    ///
    /// See [HPEXPIRETIME](https://redis.io/docs/latest/commands/hpexpiretime/). Since Redis 7.4 and
    /// Valkey 9.0.
    pub fn hexpiretime(
        &self,
        key: impl ToArg,
        fields: impl ToArgs,
    ) -> Call<'_, Vec<ExpireTime>, impl ToArgs> {
        self.fields(named!("HPEXPIRETIME"), (key,), fields)
    }

    /// Removes the time to live of fields; returns the outcome for each
    ///
    /// See [HPERSIST](https://redis.io/docs/latest/commands/hpersist/). Since Redis 7.4 and Valkey
    /// 9.0.
    pub fn hpersist(
        &self,
        key: impl ToArg,
        fields: impl ToArgs,
    ) -> Call<'_, Vec<FieldPersisted>, impl ToArgs> {
        self.fields(named!("HPERSIST"), (key,), fields)
    }

    /// Changes the time to live of fields and returns their values
    ///
    /// `None` removes the time to live. See
    /// [HGETEX](https://redis.io/docs/latest/commands/hgetex/). Since Redis 8.0
    /// and Valkey 9.0.
    pub fn hgetex<T: FromReply>(
        &self,
        key: impl ToArg,
        expiry: impl Into<Expiry>,
        fields: impl ToArgs,
    ) -> Call<'_, Vec<Option<T>>, impl ToArgs> {
        let expiry = expiry.into();
        self.fields(named!("HGETEX"), Join((key,), expiry.of_reader()), fields)
            .unless(expiry.fault())
    }

    /// Sets fields and a time to live for them; returns false if the condition did not hold
    ///
    /// See [HSETEX](https://redis.io/docs/latest/commands/hsetex/). Since Redis 8.0
    /// and Valkey 9.0.
    pub fn hsetex(
        &self,
        key: impl ToArg,
        pairs: impl ToArgs,
        expiry: impl Into<Expiry>,
        options: HashSetOptions,
    ) -> Call<'_, bool, impl ToArgs> {
        let expiry = expiry.into();
        let fault = uneven(&pairs, 2, "fields and values").or_else(|| expiry.fault());
        let options = Join(options, expiry.of_writer());
        let fields = Join(("FIELDS",), Counted::pairs(pairs, ()));
        self.call(named!("HSETEX"), Join((key,), Join(options, fields))).unless(fault)
    }

    /// Deletes fields and returns their values
    ///
    /// See [HGETDEL](https://redis.io/docs/latest/commands/hgetdel/). Since Redis 8.0
    /// and Valkey 9.1.
    pub fn hgetdel<T: FromReply>(
        &self,
        key: impl ToArg,
        fields: impl ToArgs,
    ) -> Call<'_, Vec<Option<T>>, impl ToArgs> {
        self.fields(named!("HGETDEL"), (key,), fields)
    }

    /// A command that ends with `FIELDS` and a counted list.
    fn fields<T, A: ToArgs, F: ToArgs>(
        &self,
        name: Named,
        before: A,
        fields: F,
    ) -> Call<'_, T, impl ToArgs + use<T, A, F>> {
        let fault = empty(&fields, "fields");
        let fields = Join(("FIELDS",), Counted::new(fields, ()));
        self.call(name, Join(before, fields)).unless(fault)
    }
}

options! {
    /// The condition for [`Database::hsetex`] to set fields
    HashSetOptions { condition }
    /// Only if none of the fields exists (`FNX`).
    condition: if_missing() => "FNX";
    /// Only if all of the fields exist (`FXX`).
    condition: if_exists() => "FXX";
}

/// The outcome for a field that was to expire
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldExpiry {
    /// There is no such field.
    Missing,
    /// The condition did not hold.
    Unmet,
    /// The field has the time to live.
    Set,
    /// The field is deleted: the time was over already.
    Deleted,
}

impl FromReply for FieldExpiry {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        Ok(match i64::from_reply(reply)? {
            -2 => Self::Missing,
            0 => Self::Unmet,
            1 => Self::Set,
            2 => Self::Deleted,
            _ => return Err(unknown(reply)),
        })
    }
}

/// The outcome for a field that was to expire no more
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldPersisted {
    /// There is no such field.
    Missing,
    /// The field had no time to live.
    Already,
    /// The time to live is removed.
    Done,
}

impl FromReply for FieldPersisted {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        Ok(match i64::from_reply(reply)? {
            -2 => Self::Missing,
            -1 => Self::Already,
            1 => Self::Done,
            _ => return Err(unknown(reply)),
        })
    }
}

fn unknown(reply: Reply<'_>) -> ReplyError {
    DecodeError::because("the result for a field", reply.kind(), "of unknown meaning").into()
}
