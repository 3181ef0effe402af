//! Commands for words: dictionaries, spelling, synonyms, values of tags.

use std::collections::HashMap;

use super::{SearchCommands, schema::fault_of_name};
use crate::{
    Call,
    command::named,
    database::{
        Join,
        checks::{Unless, empty},
        options::{Fields, mismatch, options},
    },
    resp::{DecodeError, FromReply, Kind, Reply, ReplyError, ToArg, ToArgs},
};

options! {
    /// How words are looked at by [`spell_check`](SearchCommands::spell_check)
    SpellCheckOptions { distance, dictionaries, dialect }

    /// By how many letters a suggestion may differ, from 1 to 4. Default 1.
    distance: distance(letters: u8) => "DISTANCE", u64::from(letters);

    /// The dialect of the query.
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
    /// The query is read as that of a search: what it says about fields or numbers counts. An error if it cannot be read.
    ///
    /// See [FT.SPELLCHECK](https://redis.io/docs/latest/commands/ft.spellcheck/). Not with valkey-search.
    pub fn spell_check(
        self,
        index: impl ToArg,
        query: impl ToArg,
        options: SpellCheckOptions,
    ) -> Call<'a, Vec<Misspelling>, impl ToArgs> {
        self.call(named!("FT.SPELLCHECK"), Join((index, query), options))
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
