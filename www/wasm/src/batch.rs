//! Commands that crossed together.

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

/// Names that are kept for good; a program that makes names up must not fill the memory.
const MAX_NAMES: usize = 1024;
/// Instead of the number of a name: it is the first word.
const NO_NAME: u32 = u32::MAX;
/// Words of at least so many bytes are sent from where they lie: a part of its own costs what copying this does.
const SHARE_FROM: usize = 16 << 10;
/// Instead of milliseconds: the default, and no limit.
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

/// Commands as the JavaScript side packs them
///
/// `heads` has for each command: its number, the number of its name (or 2³² − 1: its first word
/// is the name), its time in milliseconds (0: the default; 2³² − 1: none), 1 if the cache may
/// answer it or else 0, the count of its words, and the length of each. The words are in `bytes`,
/// one after another.
pub(crate) struct Batch {
    heads: Vec<u32>,
    bytes: Bytes,
}

impl Batch {
    pub(crate) fn new(heads: Vec<u32>, bytes: Vec<u8>) -> Self {
        Self { heads, bytes: bytes.into() }
    }

    /// The words of its first command as text.
    pub(crate) fn texts(self) -> Vec<String> {
        let batch = Arc::new(self);
        let Some(command) = batch.commands().next() else { return Vec::new() };
        let mut words = ArgList::new();
        command.words.append_to(&mut words);
        let words = words.iter().map(|word| String::from_utf8_lossy(word.as_bytes()).into_owned());
        // The first one stands where others have their name.
        std::iter::once(command.name.into_owned()).chain(words).collect()
    }

    pub(crate) fn commands(self: &Arc<Self>) -> impl Iterator<Item = Command<'_>> {
        let (mut head, mut start) = (0, 0);
        std::iter::from_fn(move || {
            let [id, name, time, cached, count] = *self.heads.get(head..head + 5)? else {
                return None;
            };
            let lengths = head + 5;
            head = lengths + count as usize;
            let mut words = Words { batch: self, lengths, end: head, start };
            start += self.heads.get(lengths..head)?.iter().sum::<u32>() as usize;
            let known = NAMES.with_borrow(|names| names.get(name as usize).copied());
            let name = known.map_or_else(|| words.take_first().into(), Cow::Borrowed);
            Some(Command { id, name, time, cached: cached == 1, words })
        })
    }
}

/// One command of a batch
pub(crate) struct Command<'b> {
    pub(crate) id: u32,
    pub(crate) name: Cow<'static, str>,
    time: u32,
    pub(crate) cached: bool,
    pub(crate) words: Words<&'b Arc<Batch>>,
}

impl Command<'_> {
    /// Its own time, if it has one.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        match self.time {
            DEFAULT_TIME => None,
            NO_LIMIT => Some(Duration::MAX),
            time => Some(Duration::from_millis(time.into())),
        }
    }

    pub(crate) fn call<'m>(
        self,
        muxer: &'m ConnectionMultiplexer,
    ) -> Call<'m, Frame, impl ToArgs + use<'m>> {
        let timeout = self.timeout();
        let Words { batch, lengths, end, start } = self.words;
        let words = Words { batch: batch.clone(), lengths, end, start };
        let call = muxer.execute::<Frame>(self.name, AnyArgs::new(words));
        match timeout {
            None => call,
            Some(timeout) => call.timeout(timeout),
        }
    }
}

/// The words of a command that are not its name
pub(crate) struct Words<B> {
    batch: B,
    /// Where the lengths begin and end.
    lengths: usize,
    end: usize,
    /// Where the bytes begin.
    start: usize,
}

impl Words<&Arc<Batch>> {
    fn take_first(&mut self) -> String {
        let Some(length) = self.batch.heads.get(self.lengths..self.end).and_then(|all| all.first())
        else {
            return String::new();
        };
        let end = self.start + *length as usize;
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
