//! Types of fields.

use crate::{
    database::options::words,
    resp::{Arg, ToArg},
};

use super::{vector::VectorSpec, words::Words};

/// What kind of documents an index has
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Documents {
    /// Hashes.
    Hash,
    /// JSON documents.
    Json,
}

impl Documents {
    pub(in crate::stack::search) fn word(self) -> &'static str {
        match self {
            Self::Hash => "HASH",
            Self::Json => "JSON",
        }
    }
}

words! {
    /// The language by whose sounds words are compared
    Phonetic {
        /// English.
        English => "dm:en",
        /// French.
        French => "dm:fr",
        /// Portuguese.
        Portuguese => "dm:pt",
        /// Spanish.
        Spanish => "dm:es",
    }
}

words! {
    /// What the coordinates of a shape mean
    Coordinates {
        /// Longitude and latitude, on a sphere.
        Spherical => "SPHERICAL",
        /// A plane.
        Flat => "FLAT",
    }
}

/// The type of a field, with the options that no other type has
#[derive(Debug, Clone)]
pub(in crate::stack::search) enum Kind {
    Text { weight: Option<f64>, no_stem: bool, phonetic: Option<Phonetic>, suffixes: bool },
    Tag { separator: Option<char>, case_sensitive: bool, suffixes: bool },
    Numeric,
    Geo,
    GeoShape(Option<Coordinates>),
    Vector(VectorSpec),
}

impl Kind {
    /// Its word.
    pub(in crate::stack::search) fn word(&self) -> &'static str {
        match self {
            Self::Text { .. } => "TEXT",
            Self::Tag { .. } => "TAG",
            Self::Numeric => "NUMERIC",
            Self::Geo => "GEO",
            Self::GeoShape(_) => "GEOSHAPE",
            Self::Vector(_) => "VECTOR",
        }
    }

    pub(super) fn append(&self, words: &mut Words) {
        words.texts([self.word()]);
        match self {
            Self::Text { weight, no_stem, phonetic, suffixes } => {
                words.option("WEIGHT", *weight);
                words.flags([("NOSTEM", *no_stem)]);
                words.option("PHONETIC", *phonetic);
                words.flags([("WITHSUFFIXTRIE", *suffixes)]);
            }
            Self::Tag { separator, case_sensitive, suffixes } => {
                words.option("SEPARATOR", separator.map(|letter| letter.to_string()));
                words.flags([("CASESENSITIVE", *case_sensitive), ("WITHSUFFIXTRIE", *suffixes)]);
            }
            Self::Numeric | Self::Geo => {}
            Self::GeoShape(coordinates) => words.0.extend(coordinates.map(owned)),
            Self::Vector(vector) => vector.append(words),
        }
    }

    /// Whether the server takes this word for an option when it follows a field of this type.
    pub(super) fn takes(&self, word: &str) -> bool {
        let options: &[&str] = match self {
            Self::Text { .. } => {
                &["WEIGHT", "NOSTEM", "PHONETIC", "WITHSUFFIXTRIE", "INDEXEMPTY", "INDEXMISSING"]
            }
            Self::Tag { .. } => {
                &["SEPARATOR", "CASESENSITIVE", "WITHSUFFIXTRIE", "INDEXEMPTY", "INDEXMISSING"]
            }
            Self::GeoShape(_) => &["FLAT", "SPHERICAL", "INDEXMISSING"],
            Self::Numeric | Self::Geo | Self::Vector(_) => &["INDEXMISSING"],
        };
        options.iter().any(|option| word.eq_ignore_ascii_case(option))
    }
}

fn owned(word: impl ToArg) -> Arg<'static> {
    word.to_arg().into_owned()
}
