//! Groups of consumers.

use super::StreamId;
use crate::{
    Call,
    command::named,
    database::{Database, Join, options::Words},
    resp::{Arg, ArgList, ToArg, ToArgs},
};

impl Database {
    /// Makes a group; an error (`BUSYGROUP`) if the group exists
    ///
    /// See [XGROUP CREATE](https://redis.io/docs/latest/commands/xgroup-create/).
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::database::streams::{GroupStart, XreadGroupOptions};
    ///
    /// db.xgroup_create("log", "readers", GroupStart::beginning().make_stream()).await?;
    /// let ten = XreadGroupOptions::new().count(10);
    /// let new = db.xreadgroup::<String>("readers", "me", [("log", ">")], ten).await?;
    /// for (stream, entries) in new.unwrap_or_default() {
    ///     let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    ///     db.xack(stream, "readers", ids).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn xgroup_create(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        start: GroupStart,
    ) -> Call<'_, (), impl ToArgs> {
        self.call2("XGROUP", "CREATE", Join((key, group), start))
    }

    /// Sets the entry after which a group continues
    ///
    /// See [XGROUP SETID](https://redis.io/docs/latest/commands/xgroup-setid/).
    pub fn xgroup_setid(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        start: GroupStart,
    ) -> Call<'_, (), impl ToArgs> {
        self.call2("XGROUP", "SETID", Join((key, group), start))
    }

    /// Deletes a group; returns whether it existed
    ///
    /// See [XGROUP DESTROY](https://redis.io/docs/latest/commands/xgroup-destroy/).
    pub fn xgroup_destroy(
        &self,
        key: impl ToArg,
        group: impl ToArg,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call2("XGROUP", "DESTROY", (key, group))
    }

    /// Makes a consumer; returns whether it is new
    ///
    /// Reading as a new consumer makes it too. See
    /// [XGROUP CREATECONSUMER](https://redis.io/docs/latest/commands/xgroup-createconsumer/). Since
    /// Redis 6.2.
    pub fn xgroup_createconsumer(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call2("XGROUP", "CREATECONSUMER", (key, group, consumer))
    }

    /// Deletes a consumer and returns how many entries it had not acknowledged
    ///
    /// See [XGROUP DELCONSUMER](https://redis.io/docs/latest/commands/xgroup-delconsumer/).
    pub fn xgroup_delconsumer(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call2("XGROUP", "DELCONSUMER", (key, group, consumer))
    }

    /// Acknowledges entries and returns how many of them were pending
    ///
    /// See [XACK](https://redis.io/docs/latest/commands/xack/).
    pub fn xack(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        ids: impl ToArgs,
    ) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("XACK"), (key, group), ids, "ids")
    }
}

/// After which entry a group begins
#[derive(Debug, Clone)]
#[must_use]
pub struct GroupStart {
    after: Arg<'static>,
    make_stream: bool,
    entries_read: Words,
}

impl GroupStart {
    /// With the first entry of the stream.
    pub fn beginning() -> Self {
        Self::after(StreamId::MIN)
    }

    /// With the next one that is added (`$`).
    pub fn end() -> Self {
        Self::new(Arg::Bytes(b"$"))
    }

    /// After this entry.
    pub fn after(id: StreamId) -> Self {
        Self::new(id.to_arg().into_owned())
    }

    /// Makes the stream if it does not exist (`MKSTREAM`); not for
    /// [`xgroup_setid`](Database::xgroup_setid).
    pub fn make_stream(mut self) -> Self {
        self.make_stream = true;
        self
    }

    /// Sets how many entries the group counts as read, for its lag (`ENTRIESREAD`). Since Redis
    /// 7.0.
    pub fn entries_read(mut self, count: u64) -> Self {
        self.entries_read = Words::new("ENTRIESREAD", [count.to_arg().into_owned()]);
        self
    }

    fn new(after: Arg<'static>) -> Self {
        Self { after, make_stream: false, entries_read: Words::default() }
    }
}

impl ToArgs for GroupStart {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.after.to_arg());
        args.extend(self.make_stream.then_some(Arg::Bytes(b"MKSTREAM")));
        self.entries_read.append_to(args);
    }
}
