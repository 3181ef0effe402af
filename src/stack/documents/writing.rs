//! Commands that write.

use std::time::Duration;

use super::{
    Document, DocumentCommands, Numbered, Storage, Updated, Version, fault_of,
    scripts::{HASH, JSON},
};
use crate::{
    Call,
    command::named,
    database::{
        checks::{Unless, millis},
        keys::Expiry,
    },
    resp::{Arg, FromReply, ToArg, ToArgs},
    stack::json::JsonPath,
};

/// The greatest version that a script can count: its numbers are floats.
const LAST: u64 = (1 << 53) - 2;

/// The longest time to live that is sent, in milliseconds: later ones are refused by servers.
const LONGEST: u64 = 1 << 52;

impl<'a, D: Document> DocumentCommands<'a, D> {
    /// Writes the document, whether there is one or not; returns the version that it has now
    ///
    /// Whatever is stored is replaced as a whole. What has a version gets one that no other write has had, greater than its own and that of
    /// the stored document: [`update`](Self::update) is for programs that want to lose nothing.
    pub fn save(self, document: &D) -> Call<'a, D::Version, impl ToArgs + use<'a, D>> {
        let is_plain =
            document.expiry() == Expiry::Unchanged && document.version().number().is_none();
        self.write(document, Mode::Save, is_plain)
    }

    /// Writes the document if there is none with its id; returns whether there was none
    ///
    /// It is written with the version that it has.
    pub fn insert(self, document: &D) -> Call<'a, bool, impl ToArgs + use<'a, D>> {
        let is_plain = matches!(document.expiry(), Expiry::Unchanged | Expiry::Never);
        self.write(document, Mode::Insert, is_plain)
    }

    /// Writes the document if the stored one has its version; the one that is written has the next version
    ///
    /// What another program has written meanwhile is never lost: read it again, change it again, and try again.
    ///
    #[cfg_attr(feature = "derive", doc = "```no_run")]
    #[cfg_attr(not(feature = "derive"), doc = "```ignore")]
    /// # use redmux::stack::documents::{Document, Updated};
    /// # #[derive(serde::Serialize, serde::Deserialize, Document)]
    /// # #[document(json, prefix = "book:")]
    /// # struct Book { #[document(id)] isbn: String, sold: u64, #[document(version)] version: u64 }
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let books = db.documents::<Book>();
    /// while let Some(mut book) = books.load("9780141439587").await? {
    ///     book.sold += 1;
    ///     match books.update(&book).await? {
    ///         Updated::Stale(_) => continue, // somebody else was faster
    ///         Updated::Done(_) | Updated::Missing => break,
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `EVAL`. After an error that is [not certain](crate::Delivery::MaybeExecuted) the document may have been written:
    /// reading it again tells.
    pub fn update(self, document: &D) -> Call<'a, Updated, impl ToArgs + use<'a, D>>
    where
        D::Version: Numbered,
    {
        self.write(document, Mode::Update, false)
    }

    /// Deletes the document with this id; returns whether there was one
    pub fn delete<I: ToArg>(self, id: I) -> Call<'a, bool, impl ToArgs + use<'a, D, I>> {
        let fault = fault_of(&id);
        self.db.call(named!("DEL"), (self.key(id),)).unless(fault)
    }

    /// Gives the document this time to live; returns whether there is one
    pub fn expire<I: ToArg>(
        self,
        id: I,
        time: Duration,
    ) -> Call<'a, bool, impl ToArgs + use<'a, D, I>> {
        let fault = fault_of(&id);
        self.db.call(named!("PEXPIRE"), (self.key(id), millis(time).min(LONGEST))).unless(fault)
    }

    fn write<T: FromReply>(
        self,
        document: &D,
        mode: Mode,
        is_plain: bool,
    ) -> Call<'a, T, Vec<Arg<'static>>> {
        let written = Written::of(document, mode);
        let (content, fault) = match written.content {
            Ok(content) => (content, fault_of(document.id())),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        let key = self.key(document.id());
        if is_plain && D::Storage::IS_JSON {
            let mut words = vec![key, Arg::Bytes(b"$")];
            words.extend(content);
            words.extend((mode == Mode::Insert).then_some(Arg::Bytes(b"NX")));
            return self.db.call(named!("JSON.SET"), words).unless(fault);
        }
        let script = if D::Storage::IS_JSON { JSON } else { HASH };
        let mut words = vec![Arg::Bytes(script.as_bytes()), Arg::Bytes(b"1"), key];
        words.extend([Arg::Bytes(mode.word()), written.place]);
        words.extend([written.was, written.now].map(|version| version.to_arg().into_owned()));
        let (fault_of_time, [how, time]) = expiry(document.expiry());
        words.extend([how, time]);
        words.extend(content);
        self.db.call(named!("EVAL"), words).unless(fault.or(fault_of_time))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Save,
    Insert,
    Update,
}

impl Mode {
    fn word(self) -> &'static [u8] {
        match self {
            Self::Save => b"save",
            Self::Insert => b"insert",
            Self::Update => b"update",
        }
    }
}

/// What is written, and under which version
struct Written {
    place: Arg<'static>,
    was: u64,
    now: u64,
    content: Result<Vec<Arg<'static>>, &'static str>,
}

impl Written {
    fn of<D: Document>(document: &D, mode: Mode) -> Self {
        let field = D::VERSION_FIELD;
        let Some(was) = document.version().number() else {
            let content = D::Storage::content(document, None);
            return Self { place: Arg::Bytes(b""), was: 0, now: 0, content };
        };
        let place = match D::Storage::IS_JSON {
            true => Arg::Owned(JsonPath::root().key(field).as_str().as_bytes().to_vec()),
            false => Arg::Bytes(field.as_bytes()),
        };
        let now = was.saturating_add(1);
        let content = match mode {
            _ if was > LAST => {
                Err("the version of the document is beyond 2^53, where scripts cannot count")
            }
            Mode::Insert => D::Storage::content(document, None),
            Mode::Save | Mode::Update => D::Storage::content(document, Some((field, now))),
        };
        Self { place, was, now, content }
    }
}

/// The command that sets the time to live and its time, for the script.
fn expiry(expiry: Expiry) -> (Option<&'static str>, [Arg<'static>; 2]) {
    let word = |word: &'static str, time: u64| {
        [Arg::Bytes(word.as_bytes()), time.min(LONGEST).to_arg().into_owned()]
    };
    match expiry {
        Expiry::In(time) if time.is_zero() => {
            (Some("the time to live of the document is zero"), word("", 0))
        }
        Expiry::In(time) => (None, word("PEXPIRE", millis(time))),
        Expiry::At(moment) => (None, word("PEXPIREAT", moment)),
        Expiry::Never => (None, word("PERSIST", 0)),
        Expiry::Unchanged => (None, word("", 0)),
    }
}
