//! Everything that the JavaScript side issues, in the order in which it was issued.

use std::{
    borrow::{Borrow, Cow},
    cell::RefCell,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use redmux::{
    Call, ConnectionMultiplexer,
    resp::{AnyArgs, Arg, ArgList, Frame, ToArgs},
};

/// The most names that are kept: a program that makes up names must not fill the memory.
const MAX_NAMES: usize = 1024;
/// In place of the number of a name: the first word is the name.
const NO_NAME: u32 = u32::MAX;
/// Words of at least this number of bytes are sent without a copy: below it, a part for the word costs as much as the copy.
const SHARE_FROM: usize = 16 << 10;
/// The most databases that there can be.
#[cfg(feature = "server")]
pub(crate) const DATABASES: u32 = 1 << 31;
/// In place of milliseconds: the default, and no limit.
const DEFAULT_TIME: u32 = 0;
const NO_LIMIT: u32 = u32::MAX;

thread_local! {
    static NAMES: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// The number of a name.
pub(crate) fn intern(name: &str) -> u32 {
    NAMES.with_borrow_mut(|names| {
        if let Some(known) = names.iter().position(|known| *known == name) {
            return known as u32;
        }
        if names.len() == MAX_NAMES {
            return NO_NAME;
        }
        names.push(Box::leak(name.into()));
        names.len() as u32 - 1
    })
}

/// The kind of an entry of a [`Batch`]: the same numbers as `KIND` in `www/src/outbox.js`
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Command,
    /// A command that the cache may answer.
    Cached,
    /// The next commands are one transaction; the number of a name is their count.
    Transaction,
    /// A subscription to a channel, which is its only word.
    Subscribe,
    /// A subscription to a pattern.
    PSubscribe,
    /// A subscription to a shard channel.
    SSubscribe,
    /// Drops the entry with this number: a command, a transaction or a subscription.
    Cancel,
    /// The entries behind it, up to the next one of this kind, are for another database: the number of a name is
    /// its index + 1, or 0 for the database of the options. Numbers above [`DATABASES`] are those of views.
    Select,
}

impl Kind {
    fn of(number: u32) -> Self {
        match number {
            1 => Self::Cached,
            2 => Self::Transaction,
            3 => Self::Subscribe,
            4 => Self::PSubscribe,
            5 => Self::SSubscribe,
            6 => Self::Cancel,
            7 => Self::Select,
            _ => Self::Command,
        }
    }
}

/// Entries as the JavaScript side packs them
///
/// `heads` has for each entry: its number, the number of its name (or 2³² − 1: its first word
/// is the name), its time in milliseconds (0: the default; 2³² − 1: none), its [`Kind`], the
/// count of its words, and the length of each. The words are in `bytes`, one after another.
pub(crate) struct Batch {
    heads: Vec<u32>,
    bytes: Bytes,
}

impl Batch {
    pub(crate) fn new(heads: Vec<u32>, bytes: Vec<u8>) -> Self {
        Self { heads, bytes: bytes.into() }
    }

    /// The words of the first command as text.
    #[cfg(not(feature = "server"))]
    pub(crate) fn texts(self) -> Vec<String> {
        Arc::new(self).entries().next().map_or_else(Vec::new, Entry::texts)
    }

    pub(crate) fn entries(self: &Arc<Self>) -> impl Iterator<Item = Entry<'_>> {
        let (mut head, mut start) = (0, 0);
        std::iter::from_fn(move || {
            let [id, name, time, kind, count] = *self.heads.get(head..head + 5)? else {
                return None;
            };
            let lengths = head + 5;
            head = lengths + count as usize;
            let words = Words { batch: self, lengths, end: head, start };
            start += self.heads.get(lengths..head)?.iter().sum::<u32>() as usize;
            Some(Entry { id, kind: Kind::of(kind), name, time, words })
        })
    }
}

/// One entry of a batch
pub(crate) struct Entry<'b> {
    pub(crate) id: u32,
    pub(crate) kind: Kind,
    /// The number of a name; for a transaction, the number of its commands; or of a database.
    pub(crate) name: u32,
    time: u32,
    words: Words<&'b Arc<Batch>>,
}

impl<'b> Entry<'b> {
    pub(crate) fn into_command(self) -> Command<'b> {
        let Self { id, kind, name, time, mut words } = self;
        let known = NAMES.with_borrow(|names| names.get(name as usize).copied());
        let name = known.map_or_else(|| words.take_first().into(), Cow::Borrowed);
        Command { id, name, time, cached: kind == Kind::Cached, words }
    }

    /// All its words, a name that has no number among them.
    #[cfg(feature = "server")]
    pub(crate) fn into_words(self) -> impl ToArgs + use<'b> {
        self.words
    }

    /// Its name and its words as text.
    pub(crate) fn texts(self) -> Vec<String> {
        let command = self.into_command();
        let mut words = ArgList::new();
        command.words.append_to(&mut words);
        let words = words.iter().map(|word| String::from_utf8_lossy(word.as_bytes()).into_owned());
        // The name is the first word.
        std::iter::once(command.name.into_owned()).chain(words).collect()
    }

    /// The timeout of this entry, if it has one.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        timeout(self.time)
    }

    /// The only word of the entry.
    pub(crate) fn word(&self) -> Bytes {
        let Words { batch, start, .. } = &self.words;
        batch.bytes.slice(*start..*start + self.words.first_length())
    }
}

fn timeout(time: u32) -> Option<Duration> {
    match time {
        DEFAULT_TIME => None,
        NO_LIMIT => Some(Duration::MAX),
        time => Some(Duration::from_millis(time.into())),
    }
}

/// A command of a batch
pub(crate) struct Command<'b> {
    pub(crate) id: u32,
    pub(crate) name: Cow<'static, str>,
    time: u32,
    pub(crate) cached: bool,
    pub(crate) words: Words<&'b Arc<Batch>>,
}

impl Command<'_> {
    /// The timeout of this entry, if it has one.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        timeout(self.time)
    }

    pub(crate) fn call<'m>(
        self,
        muxer: &'m ConnectionMultiplexer,
        database: Option<u32>,
    ) -> Call<'m, Frame, impl ToArgs + use<'m>> {
        let timeout = self.timeout();
        let mut call = muxer.execute::<Frame>(self.name, AnyArgs::new(self.words.kept()));
        if let Some(index) = database {
            call = call.in_database(index);
        }
        match timeout {
            None => call,
            Some(timeout) => call.timeout(timeout),
        }
    }
}

/// The words of a command without its name
pub(crate) struct Words<B> {
    batch: B,
    /// Where the lengths begin and end.
    lengths: usize,
    end: usize,
    /// Where the bytes begin.
    start: usize,
}

impl Words<&Arc<Batch>> {
    /// The same for as long as they are needed.
    pub(crate) fn kept(self) -> Words<Arc<Batch>> {
        let Words { batch, lengths, end, start } = self;
        Words { batch: batch.clone(), lengths, end, start }
    }

    fn first_length(&self) -> usize {
        let lengths = self.batch.heads.get(self.lengths..self.end).unwrap_or_default();
        lengths.first().map_or(0, |length| *length as usize)
    }

    fn take_first(&mut self) -> String {
        if self.lengths == self.end {
            return String::new();
        }
        let end = self.start + self.first_length();
        let bytes = self.batch.bytes.get(self.start..end).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.lengths += 1;
        self.start = end;
        text
    }
}

impl<B: Borrow<Arc<Batch>>> ToArgs for Words<B> {
    #[inline(always)]
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let batch = self.batch.borrow();
        let mut rest = batch.bytes.get(self.start..).unwrap_or_default();
        for length in batch.heads.get(self.lengths..self.end).unwrap_or_default() {
            let Some((word, after)) = rest.split_at_checked(*length as usize) else { return };
            args.push(if word.len() < SHARE_FROM {
                Arg::Bytes(word)
            } else {
                Arg::Shared(batch.bytes.slice_ref(word))
            });
            rest = after;
        }
    }

    fn arg_count(&self) -> usize {
        self.end - self.lengths
    }
}
