//! Commands for words: dictionaries, spelling, synonyms, values of tags.

use std::collections::HashMap;

use super::{Filter, Query, SearchCommands, schema::fault_of_name};
use crate::{
    Call,
    command::named,
    database::{
        Join,
        checks::{Unless, empty},
        options::{Fields, mismatch, options},
    },
    resp::{Arg, ArgList, DecodeError, FromReply, Kind, Reply, ReplyError, ToArg, ToArgs},
};

options! {
    /// How words are looked at by [`spell_check`](SearchCommands::spell_check)
    SpellCheckOptions { distance, dictionaries, dialect }

    /// By how many letters a suggestion may differ, from 1 to 4. Default 1.
    distance: distance(letters: u8) => "DISTANCE", u64::from(letters);

    /// The dialect of the query. Default is the server's, which is 1 unless it is set otherwise, and 2 for a filter.
    dialect: dialect(version: u8) => "DIALECT", u64::from(version);
}

impl SpellCheckOptions {
    /// Suggests words of this dictionary, too.
    pub fn include(self, dictionary: impl ToArg) -> Self {
        self.terms("INCLUDE", dictionary)
    }

    /// Words of this dictionary are no mistakes.
    pub fn exclude(self, dictionary: impl ToArg) -> Self {
        self.terms("EXCLUDE", dictionary)
    }

    fn terms(mut self, how: &'static str, dictionary: impl ToArg) -> Self {
        self.dictionaries.push("TERMS", &how);
        self.dictionaries.add(&dictionary);
        self
    }
}

/// A word of a query that the index does not have
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Misspelling {
    /// The word, in lower case.
    pub term: String,
    /// Words like it, the best one first; none if nothing is like it.
    pub suggestions: Vec<Spelling>,
}

/// A word in place of one that the index does not have
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Spelling {
    /// The word.
    pub term: String,
    /// In which part of the documents it is; 0 for a word of a dictionary. RediSearch 2.8 counts otherwise over RESP2.
    pub score: f64,
}

impl<'a> SearchCommands<'a> {
    /// Adds words to a dictionary, which is made if need be; returns how many are new
    ///
    /// See [FT.DICTADD](https://redis.io/docs/latest/commands/ft.dictadd/). Not with valkey-search.
    pub fn dict_add<D: ToArg, T: ToArgs>(
        self,
        dictionary: D,
        terms: T,
    ) -> Call<'a, u64, impl ToArgs + use<'a, D, T>> {
        let fault = fault_of_name(&dictionary, "the name of the dictionary");
        self.db.list(named!("FT.DICTADD"), (dictionary,), terms, "words").unless(fault)
    }

    /// Removes words from a dictionary; returns how many it had
    ///
    /// See [FT.DICTDEL](https://redis.io/docs/latest/commands/ft.dictdel/). Not with valkey-search.
    pub fn dict_del<D: ToArg, T: ToArgs>(
        self,
        dictionary: D,
        terms: T,
    ) -> Call<'a, u64, impl ToArgs + use<'a, D, T>> {
        self.db.list(named!("FT.DICTDEL"), (dictionary,), terms, "words")
    }

    /// All words of a dictionary, sorted; an error if there is none
    ///
    /// See [FT.DICTDUMP](https://redis.io/docs/latest/commands/ft.dictdump/). Not with valkey-search.
    pub fn dict_dump(self, dictionary: impl ToArg) -> Call<'a, Vec<String>, impl ToArgs> {
        self.call(named!("FT.DICTDUMP"), (dictionary,))
    }

    /// The words of a query that the index does not have, and suggestions for them
    ///
    /// The query is a [`Filter`] of words, or a text, which is read as the language of queries: what it says about fields or
    /// numbers counts, and it is an error if it cannot be read. What somebody typed is best given as a filter.
    ///
    /// ```no_run
    /// use redmux::stack::search::{SpellCheckOptions, TextField};
    ///
    /// # async fn f(db: redmux::Database, typed: &str) -> redmux::Result<()> {
    /// let words = TextField::new("title").words(typed);
    /// let options = SpellCheckOptions::new().distance(2);
    /// for word in db.search().spell_check("books", words, options).await? {
    ///     println!("no {}; {:?}?", word.term, word.suggestions.first());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// See [FT.SPELLCHECK](https://redis.io/docs/latest/commands/ft.spellcheck/). Not with valkey-search.
    ///
    /// # Errors
    /// [`ErrorKind::Command`](crate::ErrorKind::Command) for a query with a `$` that has no backslash before it, and for filters
    /// of tags, vectors and shapes, whose values are parameters: Redis Stack 7.2 and 7.4 would crash.
    pub fn spell_check<I: ToArg, Q: SpellCheckQuery>(
        self,
        index: I,
        query: Q,
        mut options: SpellCheckOptions,
    ) -> Call<'a, Vec<Misspelling>, impl ToArgs + use<'a, I, Q>> {
        if Q::DIALECT_2 && !options.dialect.is_set() {
            options = options.dialect(2);
        }
        let query = query.into_query();
        let fault = query.fault_of_spelling();
        self.call(named!("FT.SPELLCHECK"), Checked { index, query, options }).unless(fault)
    }

    /// Makes words synonyms: adds them to this group of an index, which is made if need be
    ///
    /// Documents that are there already are indexed anew in the background.
    ///
    /// See [FT.SYNUPDATE](https://redis.io/docs/latest/commands/ft.synupdate/). Not with valkey-search.
    pub fn syn_update<K: ToArg, G: ToArg, T: ToArgs>(
        self,
        index: K,
        group: G,
        terms: T,
    ) -> Call<'a, (), impl ToArgs + use<'a, K, G, T>> {
        self.db.list(named!("FT.SYNUPDATE"), (index, group), terms, "words")
    }

    /// The same for documents that are written from now on
    ///
    /// See [FT.SYNUPDATE](https://redis.io/docs/latest/commands/ft.synupdate/). Not with valkey-search.
    pub fn syn_update_from_now_on<K: ToArg, G: ToArg, T: ToArgs>(
        self,
        index: K,
        group: G,
        terms: T,
    ) -> Call<'a, (), impl ToArgs + use<'a, K, G, T>> {
        let fault = empty(&terms, "words");
        let words = Join((index, group, "SKIPINITIALSCAN"), terms);
        self.call(named!("FT.SYNUPDATE"), words).unless(fault)
    }

    /// All words that have synonyms, with the groups of each
    ///
    /// See [FT.SYNDUMP](https://redis.io/docs/latest/commands/ft.syndump/). Not with valkey-search.
    pub fn syn_dump(
        self,
        index: impl ToArg,
    ) -> Call<'a, HashMap<String, Vec<String>>, impl ToArgs> {
        self.call(named!("FT.SYNDUMP"), (index,))
    }

    /// All values of a field of tags: all at once, which may be a lot
    ///
    /// See [FT.TAGVALS](https://redis.io/docs/latest/commands/ft.tagvals/): the server calls it deprecated, in favour of an
    /// aggregation. Not with valkey-search.
    pub fn tag_vals(
        self,
        index: impl ToArg,
        field: impl ToArg,
    ) -> Call<'a, Vec<String>, impl ToArgs> {
        self.call(named!("FT.TAGVALS"), (index, field))
    }
}

/// What [`spell_check`](SearchCommands::spell_check) reads the words of: a filter, or a text in the language of queries
pub trait SpellCheckQuery: sealed::Sealed {
    #[doc(hidden)]
    fn into_query(self) -> Query;
}

mod sealed {
    pub trait Sealed {
        /// Whether it is written in dialect 2.
        const DIALECT_2: bool = false;
    }

    impl Sealed for super::Filter {
        const DIALECT_2: bool = true;
    }

    impl Sealed for &str {}
    impl Sealed for &String {}
    impl Sealed for String {}
}

impl SpellCheckQuery for Filter {
    fn into_query(self) -> Query {
        self.into()
    }
}

macro_rules! texts {
    ($($text:ty)*) => {
        $(
            impl SpellCheckQuery for $text {
                fn into_query(self) -> Query {
                    Filter::raw(self).into()
                }
            }
        )*
    };
}
texts! { &str &String String }

/// The words of a check
struct Checked<I> {
    index: I,
    query: Query,
    options: SpellCheckOptions,
}

impl<I: ToArg> ToArgs for Checked<I> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend([self.index.to_arg(), Arg::Bytes(self.query.text().as_bytes())]);
        self.options.append_to(args);
    }
}

impl FromReply for Misspelling {
    /// A list of a mark, the word and its suggestions, as RESP2 has it.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let odd = || DecodeError::because("a misspelling", reply.kind(), "that is too short");
        let mut parts = reply.items().ok_or_else(|| mismatch("a misspelling", reply))?.skip(1);
        let (term, list) = (parts.next().ok_or_else(odd)?, parts.next().ok_or_else(odd)?);
        Self::read(term, list)
    }

    fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
        if reply.kind() != Kind::Map {
            let all = reply.items().ok_or_else(|| mismatch("misspellings", reply))?;
            return all.map(Self::from_reply).collect();
        }
        match Fields::new(reply)?.find("results") {
            None => Ok(Vec::new()),
            Some(all) => {
                Fields::new(all)?.iter().map(|(term, list)| Self::read(term, list)).collect()
            }
        }
    }
}

impl Misspelling {
    fn read(term: Reply<'_>, list: Reply<'_>) -> Result<Self, ReplyError> {
        Ok(Self { term: term.decode()?, suggestions: list.decode()? })
    }
}

impl FromReply for Spelling {
    /// A list of the score and the word over RESP2, a map of the word to its score over RESP3.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let odd = || DecodeError::because("a suggestion", reply.kind(), "that is too short");
        let mut parts = reply.items().ok_or_else(|| mismatch("a suggestion", reply))?;
        let (first, second) = (parts.next().ok_or_else(odd)?, parts.next().ok_or_else(odd)?);
        let (term, score) = match reply.kind() {
            Kind::Map => (first, second),
            _ => (second, first),
        };
        Ok(Self { term: term.decode()?, score: score.decode()? })
    }
}
