//! `SET` with conditions and times to live, and related commands.

use std::time::Duration;

use crate::{
    Call,
    command::named,
    database::{
        Counted, Database, Join,
        checks::{Unless, uneven},
        keys::Expiry,
        options::Words,
    },
    resp::{Arg, ArgList, FromReply, ToArg, ToArgs},
};

impl Database {
    /// Sets a key under conditions, or with a time to live; returns whether it was set
    ///
    /// See [SET](https://redis.io/docs/latest/commands/set/).
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::database::strings::SetOptions;
    /// use std::time::Duration;
    ///
    /// let options = SetOptions::new().expires_in(Duration::from_secs(30)).if_missing();
    /// let locked: bool = db.set_with("lock", "me", options).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_with(
        &self,
        key: impl ToArg,
        value: impl ToArg,
        options: SetOptions,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("SET"), Join((key, value), options)).unless(options.expiry.fault())
    }

    /// Sets a key and returns its previous value
    ///
    /// See [SET](https://redis.io/docs/latest/commands/set/) with `GET`. Since Redis 6.2; with
    /// [`SetOptions::if_missing`] since 7.0.
    pub fn set_get<T: FromReply>(
        &self,
        key: impl ToArg,
        value: impl ToArg,
        options: SetOptions,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("SET"), Join((key, value, "GET"), options)).unless(options.expiry.fault())
    }

    /// Sets a key if it has the expected value; returns whether it was set
    ///
    /// See [SET](https://redis.io/docs/latest/commands/set/) with `IFEQ`. Since Redis 8.4 and
    /// Valkey 8.1.
    pub fn set_if_equal(
        &self,
        key: impl ToArg,
        expected: impl ToArg,
        value: impl ToArg,
        expiry: impl Into<Expiry>,
    ) -> Call<'_, bool, impl ToArgs> {
        let expiry = expiry.into();
        self.call(named!("SET"), Join((key, value, "IFEQ", expected), expiry.of_writer()))
            .unless(expiry.fault())
    }

    /// Sets a key if its value fulfils a condition; returns whether it was set
    ///
    /// See [SET](https://redis.io/docs/latest/commands/set/) with `IFEQ`, `IFNE`, `IFDEQ` or `IFDNE`. Since Redis 8.4.
    pub fn set_if(
        &self,
        key: impl ToArg,
        value: impl ToArg,
        condition: ValueCondition,
        expiry: impl Into<Expiry>,
    ) -> Call<'_, bool, impl ToArgs> {
        let expiry = expiry.into();
        self.call(named!("SET"), Join((key, value), Join(condition, expiry.of_writer())))
            .unless(expiry.fault())
    }

    /// Deletes a key if its value fulfils a condition; returns whether it was deleted
    ///
    /// See [DELEX](https://redis.io/docs/latest/commands/delex/). Since Redis 8.4.
    pub fn delex(&self, key: impl ToArg, condition: ValueCondition) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("DELEX"), Join((key,), condition))
    }

    /// The digest of a string, for [`ValueCondition::digest`]; `None` if there is no such key
    ///
    /// 16 hexadecimal digits of XXH3. See [DIGEST](https://redis.io/docs/latest/commands/digest/). Since Redis 8.4.
    pub fn digest(&self, key: impl ToArg) -> Call<'_, Option<String>, impl ToArgs> {
        self.call(named!("DIGEST"), (key,))
    }

    /// Deletes a key if it has the expected value; returns whether it was deleted
    ///
    /// See [DELIFEQ](https://valkey.io/commands/delifeq/). Since Valkey 9.0.
    pub fn delifeq(&self, key: impl ToArg, expected: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("DELIFEQ"), (key, expected))
    }

    /// Changes the time to live of a key and returns its value
    ///
    /// `None` removes the time to live. See
    /// [GETEX](https://redis.io/docs/latest/commands/getex/). Since Redis 6.2.
    pub fn getex<T: FromReply>(
        &self,
        key: impl ToArg,
        expiry: impl Into<Expiry>,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        let expiry = expiry.into();
        self.call(named!("GETEX"), Join((key,), expiry.of_reader())).unless(expiry.fault())
    }

    /// Sets several keys at once, from pairs or a map, under conditions or with one time to live
    ///
    /// False if the condition did not hold for one of the keys: then none was set. See
    /// [MSETEX](https://redis.io/docs/latest/commands/msetex/). Since Redis 8.4 and Valkey 9.1.
    pub fn msetex(&self, pairs: impl ToArgs, options: SetOptions) -> Call<'_, bool, impl ToArgs> {
        let fault = uneven(&pairs, 2, "keys and values").or_else(|| options.expiry.fault());
        self.call(named!("MSETEX"), Counted::pairs(pairs, options)).unless(fault)
    }
}

/// What must be true of a value, so that it is replaced or deleted
#[derive(Debug, Clone)]
#[must_use]
pub struct ValueCondition(Words);

impl ValueCondition {
    /// It is this one (`IFEQ`).
    pub fn equal(value: impl ToArg) -> Self {
        Self::new("IFEQ", &value)
    }

    /// It is another one (`IFNE`); for `SET`, there may be none.
    pub fn differs(value: impl ToArg) -> Self {
        Self::new("IFNE", &value)
    }

    /// It has this [`digest`](Database::digest) (`IFDEQ`).
    pub fn digest(digest: impl ToArg) -> Self {
        Self::new("IFDEQ", &digest)
    }

    /// It has another digest (`IFDNE`); for `SET`, there may be none.
    pub fn digest_differs(digest: impl ToArg) -> Self {
        Self::new("IFDNE", &digest)
    }

    fn new(word: &'static str, value: &impl ToArg) -> Self {
        Self(Words::new(word, [value.to_arg().into_owned()]))
    }
}

impl ToArgs for ValueCondition {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.0.append_to(args);
    }
}

/// Conditions and time to live of a `SET`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetOptions {
    condition: Option<&'static str>,
    expiry: Expiry,
}

impl Default for SetOptions {
    fn default() -> Self {
        Self { condition: None, expiry: Expiry::Never }
    }
}

impl SetOptions {
    /// No condition; the time to live is removed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only if the key does not exist (`NX`).
    pub fn if_missing(mut self) -> Self {
        self.condition = Some("NX");
        self
    }

    /// Only if the key exists (`XX`).
    pub fn if_exists(mut self) -> Self {
        self.condition = Some("XX");
        self
    }

    /// The key expires after this time, rounded up to milliseconds (`PX`); zero is refused.
    pub fn expires_in(self, time: Duration) -> Self {
        self.expiry(Expiry::In(time))
    }

    /// The key expires at this moment, in milliseconds since 1970 (`PXAT`). Since Redis 6.2.
    pub fn expires_at(self, unix_millis: u64) -> Self {
        self.expiry(Expiry::At(unix_millis))
    }

    /// The key keeps the time to live it has (`KEEPTTL`). Since Redis 6.0.
    pub fn keep_ttl(self) -> Self {
        self.expiry(Expiry::Unchanged)
    }

    fn expiry(mut self, expiry: Expiry) -> Self {
        self.expiry = expiry;
        self
    }
}

impl ToArgs for SetOptions {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.condition.map(|word| Arg::Bytes(word.as_bytes())));
        self.expiry.append_unless(Expiry::Never, args);
    }
}
