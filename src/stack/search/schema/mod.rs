//! What an index is made of.

mod fault;
mod field;
mod kind;
mod language;
mod vector;
mod vector_fields;
mod words;

pub use field::{Field, Geo, GeoShape, Numeric, Tag, Text};
pub use kind::{Coordinates, Documents, Phonetic};
pub use language::Language;
pub use vector::{Compression, Distance, VectorType};
pub use vector_fields::{FlatVector, HnswVector, VamanaVector};

pub(super) use fault::{fault_of_fields, fault_of_name};
pub(super) use field::{Sortable, append};
pub(super) use kind::Kind;
pub(super) use words::{Words, word_of};

use std::time::Duration;

use crate::resp::Arg;

/// What an index is made of: which documents, and which fields of them
///
/// ```
/// use redmux::stack::search::{Distance, HnswVector, Numeric, Schema, Tag, Text, VectorType};
///
/// let books = Schema::json()
///     .prefix("book:")
///     .field(Text::new("title").weight(2.0).sortable())
///     .field(Tag::new("genre").at("$.genres[*]"))
///     .field(Numeric::new("price").sortable())
///     .field(HnswVector::new("mood", VectorType::Float32, 384, Distance::Cosine).m(16));
/// ```
///
/// The words are written in the order that servers accept, and counts are computed. What a server would refuse, or take
/// for something else, is refused before it is sent: no fields, a name twice, a vector of no dimensions.
#[derive(Debug, Clone)]
#[must_use]
pub struct Schema {
    pub(super) documents: Documents,
    pub(super) prefixes: Vec<String>,
    pub(super) filter: Option<String>,
    pub(super) language: Option<Language>,
    pub(super) language_field: Option<String>,
    pub(super) score: Option<f64>,
    pub(super) score_field: Option<String>,
    pub(super) payload_field: Option<String>,
    pub(super) without: Without,
    pub(super) temporary: Option<Duration>,
    pub(super) stop_words: Option<Vec<String>>,
    pub(super) skip_initial_scan: bool,
    pub(super) index_all: Option<bool>,
    pub(super) fields: Vec<Field>,
}

/// Options of one word each
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Without {
    pub(super) limit_of_text_fields: bool,
    pub(super) offsets: bool,
    pub(super) highlights: bool,
    pub(super) fields: bool,
    pub(super) frequencies: bool,
}

impl Without {
    /// The words, and whether each is said.
    pub(super) fn words(self) -> [(&'static str, bool); 5] {
        [
            ("MAXTEXTFIELDS", self.limit_of_text_fields),
            ("NOOFFSETS", self.offsets),
            ("NOHL", self.highlights),
            ("NOFIELDS", self.fields),
            ("NOFREQS", self.frequencies),
        ]
    }
}

impl Schema {
    /// An index of hashes.
    pub fn hash() -> Self {
        Self::of(Documents::Hash)
    }

    /// An index of JSON documents.
    pub fn json() -> Self {
        Self::of(Documents::Json)
    }

    /// An index of these documents.
    pub fn of(documents: Documents) -> Self {
        Self {
            documents,
            prefixes: Vec::new(),
            filter: None,
            language: None,
            language_field: None,
            score: None,
            score_field: None,
            payload_field: None,
            without: Without::default(),
            temporary: None,
            stop_words: None,
            skip_initial_scan: false,
            index_all: None,
            fields: Vec::new(),
        }
    }

    /// Adds a field.
    pub fn field(mut self, field: impl Into<Field>) -> Self {
        self.fields.push(field.into());
        self
    }

    /// Adds documents whose keys begin with this; without any prefix the index has all documents of its kind.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefixes.push(prefix.into());
        self
    }

    /// Only documents for which this expression is true, such as `@age>16`.
    ///
    /// See [expressions](https://redis.io/docs/latest/develop/ai/search-and-query/advanced-concepts/aggregations/#filter-expressions).
    pub fn filter(mut self, expression: impl Into<String>) -> Self {
        self.filter = Some(expression.into());
        self
    }

    /// The language of documents that name none; English by default.
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// The field in which a document names its language; for JSON a path.
    pub fn language_field(mut self, field: impl Into<String>) -> Self {
        self.language_field = Some(field.into());
        self
    }

    /// The score of documents that have none of their own, from 0 to 1; 1 by default.
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score);
        self
    }

    /// The field in which a document has its score; for JSON a path.
    pub fn score_field(mut self, field: impl Into<String>) -> Self {
        self.score_field = Some(field.into());
        self
    }

    /// The field in which a hash has bytes for a scorer of the server's.
    pub fn payload_field(mut self, field: impl Into<String>) -> Self {
        self.payload_field = Some(field.into());
        self
    }

    /// More than 32 fields of text may be added later on (`MAXTEXTFIELDS`).
    pub fn max_text_fields(mut self) -> Self {
        self.without.limit_of_text_fields = true;
        self
    }

    /// The index goes when it was not used for this long; its documents stay (`TEMPORARY`).
    ///
    /// The server counts whole seconds: the time is rounded up.
    pub fn temporary(mut self, unused_for: Duration) -> Self {
        self.temporary = Some(unused_for);
        self
    }

    /// Keeps no places of words: less memory, but no exact phrases and no highlights (`NOOFFSETS`).
    pub fn no_offsets(mut self) -> Self {
        self.without.offsets = true;
        self
    }

    /// Keeps nothing for highlights: less memory (`NOHL`).
    pub fn no_highlights(mut self) -> Self {
        self.without.highlights = true;
        self
    }

    /// Keeps not in which field a word is: less memory, but no search in one field of text (`NOFIELDS`).
    pub fn no_fields(mut self) -> Self {
        self.without.fields = true;
        self
    }

    /// Keeps not how often a word is in a document: less memory, but worse scores (`NOFREQS`).
    pub fn no_frequencies(mut self) -> Self {
        self.without.frequencies = true;
        self
    }

    /// The words that are neither indexed nor searched, in place of the server's list.
    pub fn stop_words(mut self, words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.stop_words = Some(words.into_iter().map(Into::into).collect());
        self
    }

    /// All words are indexed (`STOPWORDS 0`).
    pub fn no_stop_words(mut self) -> Self {
        self.stop_words = Some(Vec::new());
        self
    }

    /// Documents that are there already do not come into the index until they are written again.
    pub fn skip_initial_scan(mut self) -> Self {
        self.skip_initial_scan = true;
        self
    }

    /// Whether the server keeps a list of all documents, which makes a search for all of them faster. Since Redis 8.0.
    pub fn index_all(mut self, enabled: bool) -> Self {
        self.index_all = Some(enabled);
        self
    }

    /// Its fields, in the order they are sent in.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The words of `FT.CREATE` after the name.
    pub(super) fn words(&self) -> Vec<Arg<'static>> {
        let mut words = Words::default();
        words.texts(["ON", self.documents.word()]);
        if !self.prefixes.is_empty() {
            words.counted("PREFIX", &self.prefixes);
        }
        words.option("FILTER", self.filter.as_deref());
        words.option("LANGUAGE", self.language);
        words.option("LANGUAGE_FIELD", self.language_field.as_deref());
        words.option("SCORE", self.score);
        words.option("SCORE_FIELD", self.score_field.as_deref());
        words.option("PAYLOAD_FIELD", self.payload_field.as_deref());
        let [max, rest @ ..] = self.without.words();
        words.flags([max]);
        words.option("TEMPORARY", self.temporary.map(seconds));
        words.flags(rest);
        if let Some(list) = &self.stop_words {
            words.counted("STOPWORDS", list);
        }
        words.flags([("SKIPINITIALSCAN", self.skip_initial_scan)]);
        words.option("INDEXALL", self.index_all.map(|all| if all { "ENABLE" } else { "DISABLE" }));
        words.texts(["SCHEMA"]);
        append(&self.fields, self.documents, &mut words);
        words.0
    }
}

/// Whole seconds, rounded up: nothing ends too early.
fn seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests;
