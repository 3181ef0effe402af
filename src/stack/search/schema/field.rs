//! Fields of an index.

use super::{
    kind::{Coordinates, Documents, Kind, Phonetic},
    words::Words,
};

/// A field of an index: made of [`Text`], [`Tag`], [`Numeric`], [`Geo`], [`GeoShape`] or a vector
///
/// A field has a name, by which queries ask for it, and a place in the document: of a hash the field of that name, of a
/// JSON document the member of that name of its root. `at` says another place.
#[derive(Debug, Clone)]
#[must_use]
pub struct Field {
    pub(in crate::stack::search) name: String,
    pub(in crate::stack::search) place: Option<String>,
    pub(in crate::stack::search) kind: Kind,
    pub(in crate::stack::search) empty: bool,
    pub(in crate::stack::search) missing: bool,
    pub(in crate::stack::search) sortable: Option<Sortable>,
    pub(in crate::stack::search) no_index: bool,
}

/// How values are kept for sorting
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::stack::search) enum Sortable {
    /// In lower case, without accents.
    Normalised,
    AsTheyAre,
}

impl Field {
    pub(super) fn new(name: String, kind: Kind) -> Self {
        let (place, empty, missing, sortable, no_index) = (None, false, false, None, false);
        Self { name, place, kind, empty, missing, sortable, no_index }
    }

    /// The name by which queries ask for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is in such a document, as the server reads it.
    pub(in crate::stack::search) fn place_in(&self, documents: Documents) -> String {
        match (documents, self.place.as_deref()) {
            (Documents::Hash, place) => place.unwrap_or(&self.name).to_owned(),
            (Documents::Json, None) => member(&self.name),
            (Documents::Json, Some(path)) if path.starts_with('$') => path.to_owned(),
            (Documents::Json, Some(path)) if path.starts_with(['.', '[']) => format!("${path}"),
            (Documents::Json, Some(path)) => format!("$.{path}"),
        }
    }

    /// Whether the server takes this word for an option of this field when it follows it.
    pub(super) fn takes(&self, word: &str) -> bool {
        let is = |option: &str| word.eq_ignore_ascii_case(option);
        let is_common = is("SORTABLE") || is("NOINDEX");
        match (self.sortable, self.no_index) {
            (None, false) => self.kind.takes(word) || is_common,
            (Some(Sortable::Normalised), false) => is_common || is("UNF"),
            _ => is_common,
        }
    }

    fn append(&self, documents: Documents, words: &mut Words) {
        let place = self.place_in(documents);
        words.push(&*place);
        if place != self.name {
            words.texts(["AS"]);
            words.push(&*self.name);
        }
        self.kind.append(words);
        words.flags([
            ("INDEXEMPTY", self.empty),
            ("INDEXMISSING", self.missing),
            ("SORTABLE", self.sortable.is_some()),
            ("UNF", self.sortable == Some(Sortable::AsTheyAre)),
            ("NOINDEX", self.no_index),
        ]);
    }
}

/// The path of a member of the root.
fn member(name: &str) -> String {
    let is_plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let begins_well =
        name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    if begins_well && is_plain(name) {
        return format!("$.{name}");
    }
    let mut path = String::from("$[\"");
    for letter in name.chars() {
        if matches!(letter, '"' | '\\') {
            path.push('\\');
        }
        path.push(letter);
    }
    path.push_str("\"]");
    path
}

/// The words by which a field of this name could be taken for an option of the field before it.
const OPTIONS: [&str; 13] = [
    "WEIGHT",
    "NOSTEM",
    "PHONETIC",
    "WITHSUFFIXTRIE",
    "INDEXEMPTY",
    "INDEXMISSING",
    "SEPARATOR",
    "CASESENSITIVE",
    "FLAT",
    "SPHERICAL",
    "SORTABLE",
    "UNF",
    "NOINDEX",
];

/// The fields as they are sent: first those whose place the server could take for an option of another field.
pub(super) fn in_order(fields: &[Field], documents: Documents) -> Vec<&Field> {
    let is_option = |field: &&Field| {
        let place = field.place_in(documents);
        OPTIONS.iter().any(|option| place.eq_ignore_ascii_case(option))
    };
    let (mut first, others): (Vec<_>, Vec<_>) = fields.iter().partition(is_option);
    first.extend(others);
    first
}

/// Writes the words of all fields.
pub(in crate::stack::search) fn append(fields: &[Field], documents: Documents, words: &mut Words) {
    for field in in_order(fields, documents) {
        field.append(documents, words);
    }
}

/// A builder of a field: its constructor, and the options that its type takes.
macro_rules! builder {
    ($(#[$meta:meta])* $name:ident => $kind:expr; $($option:ident),*) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        #[must_use]
        pub struct $name(pub(in crate::stack::search) Field);

        impl $name {
            /// The field of this name.
            pub fn new(name: impl Into<String>) -> Self {
                Self(Field::new(name.into(), $kind))
            }
        }

        $crate::stack::search::schema::field::common!($name; $($option),*);
    };
}

/// Options that several types of fields take.
macro_rules! common {
    ($name:ident; $($option:ident),*) => {
        impl $name {
            /// It is at this place of the document: a field of a hash, or a path of a JSON document.
            pub fn at(mut self, place: impl Into<String>) -> Self {
                self.0.place = Some(place.into());
                self
            }

            /// Documents without the field can be found (`ismissing(@field)`). Since RediSearch 2.10.
            pub fn missing(mut self) -> Self {
                self.0.missing = true;
                self
            }
        }

        impl From<$name> for Field {
            fn from(field: $name) -> Self {
                field.0
            }
        }

        $($crate::stack::search::schema::field::option!($name $option);)*
    };
}

macro_rules! option {
    ($name:ident empty) => {
        impl $name {
            /// Empty values can be found. Since RediSearch 2.10.
            pub fn empty(mut self) -> Self {
                self.0.empty = true;
                self
            }
        }
    };
    ($name:ident sortable) => {
        impl $name {
            /// Its values are kept for sorting and for aggregations, which takes memory.
            pub fn sortable(mut self) -> Self {
                self.0.sortable = Some(Sortable::Normalised);
                self
            }

            /// It is not searched in: with [`sortable`](Self::sortable), for sorting only.
            pub fn no_index(mut self) -> Self {
                self.0.no_index = true;
                self
            }
        }
    };
    ($name:ident unf) => {
        impl $name {
            /// Its values are kept for sorting as they are, not in lower case and without accents (`SORTABLE UNF`).
            pub fn sortable_as_is(mut self) -> Self {
                self.0.sortable = Some(Sortable::AsTheyAre);
                self
            }
        }
    };
}
pub(super) use {common, option};

builder! {
    /// A field of words
    Text => Kind::Text { weight: None, no_stem: false, phonetic: None, suffixes: false };
    empty, sortable, unf
}

builder! {
    /// A field of values that are found whole, such as names, states or identifiers
    Tag => Kind::Tag { separator: None, case_sensitive: false, suffixes: false };
    empty, sortable, unf
}

builder! {
    /// A field of numbers, found by ranges
    Numeric => Kind::Numeric;
    sortable
}

builder! {
    /// A field of places on Earth, found by their distance
    Geo => Kind::Geo;
    sortable
}

builder! {
    /// A field of shapes, in [WKT](https://en.wikipedia.org/wiki/Well-known_text_representation_of_geometry)
    GeoShape => Kind::GeoShape(None);
}

impl Text {
    /// How much a word of this field counts in scores; 1 by default.
    pub fn weight(mut self, weight: f64) -> Self {
        if let Kind::Text { weight: place, .. } = &mut self.0.kind {
            *place = Some(weight);
        }
        self
    }

    /// Words are not reduced to their stems.
    pub fn no_stem(mut self) -> Self {
        if let Kind::Text { no_stem, .. } = &mut self.0.kind {
            *no_stem = true;
        }
        self
    }

    /// Words that sound alike are found, too.
    pub fn phonetic(mut self, language: Phonetic) -> Self {
        if let Kind::Text { phonetic, .. } = &mut self.0.kind {
            *phonetic = Some(language);
        }
        self
    }

    /// Makes searches for the ends and the middles of words fast, which takes memory (`WITHSUFFIXTRIE`).
    pub fn suffixes(mut self) -> Self {
        if let Kind::Text { suffixes, .. } = &mut self.0.kind {
            *suffixes = true;
        }
        self
    }
}

impl Tag {
    /// The mark between values of a text, an ASCII character. Of hashes it is a comma by default; of JSON documents
    /// there is none: their values are elements of arrays.
    pub fn separator(mut self, mark: char) -> Self {
        if let Kind::Tag { separator, .. } = &mut self.0.kind {
            *separator = Some(mark);
        }
        self
    }

    /// Upper and lower case differ.
    pub fn case_sensitive(mut self) -> Self {
        if let Kind::Tag { case_sensitive, .. } = &mut self.0.kind {
            *case_sensitive = true;
        }
        self
    }

    /// Makes searches for the ends and the middles of values fast, which takes memory (`WITHSUFFIXTRIE`).
    pub fn suffixes(mut self) -> Self {
        if let Kind::Tag { suffixes, .. } = &mut self.0.kind {
            *suffixes = true;
        }
        self
    }
}

impl GeoShape {
    /// What the coordinates mean; longitude and latitude by default.
    pub fn coordinates(mut self, coordinates: Coordinates) -> Self {
        self.0.kind = Kind::GeoShape(Some(coordinates));
        self
    }

    /// Coordinates of a plane.
    pub fn flat(self) -> Self {
        self.coordinates(Coordinates::Flat)
    }
}
