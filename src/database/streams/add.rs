//! Writing, trimming and deleting.

use super::{StreamId, StreamRefs};
use crate::{
    Call,
    command::named,
    database::{
        Database, Join,
        options::{Words, options},
    },
    resp::{Arg, ArgList, ToArg, ToArgs},
};

impl Database {
    /// Appends an entry of names and values and returns its id
    ///
    /// See [XADD](https://redis.io/docs/latest/commands/xadd/).
    pub fn xadd(&self, key: impl ToArg, fields: impl ToArgs) -> Call<'_, StreamId, impl ToArgs> {
        self.pairs(named!("XADD"), (key, "*"), fields, FIELDS)
    }

    /// Appends an entry as the options say; `None` if the stream does not exist and must not be
    /// made
    ///
    /// See [XADD](https://redis.io/docs/latest/commands/xadd/).
    pub fn xadd_with(
        &self,
        key: impl ToArg,
        fields: impl ToArgs,
        options: XaddOptions,
    ) -> Call<'_, Option<StreamId>, impl ToArgs> {
        self.pairs(named!("XADD"), Join((key,), options), fields, FIELDS)
    }

    /// Sets for how long and for how many entries the stream remembers what producers have added
    ///
    /// See [XCFGSET](https://redis.io/docs/latest/commands/xcfgset/) and
    /// [`XaddOptions::idempotent`]. Since Redis 8.6.
    pub fn xcfgset(&self, key: impl ToArg, options: XcfgsetOptions) -> Call<'_, (), impl ToArgs> {
        self.call(named!("XCFGSET"), Join((key,), options))
    }

    /// Number of entries
    ///
    /// See [XLEN](https://redis.io/docs/latest/commands/xlen/).
    pub fn xlen(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("XLEN"), (key,))
    }

    /// Deletes the oldest entries and returns how many
    ///
    /// See [XTRIM](https://redis.io/docs/latest/commands/xtrim/).
    pub fn xtrim(&self, key: impl ToArg, trim: StreamTrim) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("XTRIM"), Join((key,), trim))
    }

    /// Sets the id after which new ones come
    ///
    /// See [XSETID](https://redis.io/docs/latest/commands/xsetid/).
    pub fn xsetid(&self, key: impl ToArg, id: StreamId) -> Call<'_, (), impl ToArgs> {
        self.call(named!("XSETID"), (key, id))
    }
}

const FIELDS: &str = "fields and values";

/// How to add an entry to a stream
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct XaddOptions {
    nomkstream: bool,
    idmp: Words,
    trim: Option<StreamTrim>,
    id: Option<Arg<'static>>,
}

impl XaddOptions {
    /// With an id that the server makes, and no trimming.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds nothing if the stream does not exist (`NOMKSTREAM`). Since Redis 6.2.
    pub fn if_exists(mut self) -> Self {
        self.nomkstream = true;
        self
    }

    /// Adds the entry once, however often the call is made: the stream remembers the ids that each producer gives its
    /// entries, and returns the id of the first (`IDMP`). For 100 s and the last 100 entries of a producer, unless
    /// [`xcfgset`](Database::xcfgset) says otherwise. Not with an [`id`](Self::id). Since Redis 8.6.
    pub fn idempotent(mut self, producer: impl ToArg, id: impl ToArg) -> Self {
        let words = [producer.to_arg().into_owned(), id.to_arg().into_owned()];
        self.idmp = Words::new("IDMP", words);
        self
    }

    /// The same, where equal fields are the same entry (`IDMPAUTO`). Since Redis 8.6.
    pub fn idempotent_by_content(mut self, producer: impl ToArg) -> Self {
        self.idmp = Words::new("IDMPAUTO", [producer.to_arg().into_owned()]);
        self
    }

    /// Deletes the oldest entries afterwards.
    pub fn trim(mut self, trim: StreamTrim) -> Self {
        self.trim = Some(trim);
        self
    }

    /// Uses this id, which must be higher than that of the last entry: a [`StreamId`], or
    /// `1526919030474-*` for the next number of a millisecond (since Redis 7.0).
    pub fn id(mut self, id: impl ToArg) -> Self {
        self.id = Some(id.to_arg().into_owned());
        self
    }
}

impl ToArgs for XaddOptions {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.nomkstream.then_some(Arg::Bytes(b"NOMKSTREAM")));
        self.idmp.append_to(args);
        if let Some(trim) = &self.trim {
            trim.append_to(args);
        }
        args.push(self.id.as_ref().map_or(Arg::Bytes(b"*"), ToArg::to_arg));
    }
}

options! {
    /// What a stream remembers of its producers
    XcfgsetOptions { duration, maxsize }
    /// For how many seconds, 100 by default, at most 86400 (`IDMP-DURATION`).
    duration: seconds(seconds: u32) => "IDMP-DURATION", seconds;
    /// For how many entries of each producer, 100 by default (`IDMP-MAXSIZE`).
    maxsize: max_size(entries: u32) => "IDMP-MAXSIZE", entries;
}

/// Which of the oldest entries are deleted
#[derive(Debug, Clone)]
#[must_use]
pub struct StreamTrim {
    to: Words,
    limit: Option<u64>,
    references: Option<StreamRefs>,
}

impl StreamTrim {
    /// Keeps exactly `count` entries.
    pub fn maxlen(count: u64) -> Self {
        Self::new("MAXLEN", "=", &count)
    }

    /// Keeps at least `count` entries, as many as suit the server (`~`): cheaper.
    pub fn maxlen_about(count: u64) -> Self {
        Self::new("MAXLEN", "~", &count)
    }

    /// Keeps the entries from this id on. Since Redis 6.2.
    pub fn minid(id: StreamId) -> Self {
        Self::new("MINID", "=", &id)
    }

    /// Keeps at least the entries from this id on, as many as suit the server (`~`): cheaper. Since
    /// Redis 6.2.
    pub fn minid_about(id: StreamId) -> Self {
        Self::new("MINID", "~", &id)
    }

    /// Deletes at most `count` entries (`LIMIT`); only for the `about` forms. Since Redis 6.2.
    pub fn limit(mut self, count: u64) -> Self {
        self.limit = Some(count);
        self
    }

    /// What to do with deleted entries that groups have not acknowledged; by default the groups
    /// keep them in their lists. Since Redis 8.2.
    pub fn references(mut self, references: StreamRefs) -> Self {
        self.references = Some(references);
        self
    }

    fn new(word: &'static str, how: &'static str, to: &impl ToArg) -> Self {
        let to = Words::new(word, [Arg::Bytes(how.as_bytes()), to.to_arg().into_owned()]);
        Self { to, limit: None, references: None }
    }
}

impl ToArgs for StreamTrim {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.to.append_to(args);
        if let Some(limit) = &self.limit {
            args.extend([Arg::Bytes(b"LIMIT"), limit.to_arg()]);
        }
        args.extend(self.references.iter().map(ToArg::to_arg));
    }
}
