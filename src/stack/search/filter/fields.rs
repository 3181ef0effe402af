//! What can be asked of a field.

use std::ops::{Bound, RangeBounds};

use super::{Filter, Form, Piece};
use crate::{
    database::options::words,
    resp::ToArg,
    stack::search::{GeoField, NumericField, ShapeField, TagField, TextField, VectorField},
};

words! {
    /// A unit of distances
    GeoUnit {
        /// Metres
        Meters => "m",
        /// Kilometres
        Kilometers => "km",
        /// Miles of 1,609 m
        Miles => "mi",
        /// Feet
        Feet => "ft",
    }
}

/// Every kind of field can be missing in a document.
macro_rules! missing {
    ($($field:ident)*) => {
        $(
            impl $field {
                /// Documents without this field, which the index must tell (`missing` in its schema). Since RediSearch 2.10
                pub fn is_missing(&self) -> Filter {
                    let text = format!("ismissing({})", self.in_query());
                    Filter::new(Form::One, [Piece::Text(text)])
                }
            }
        )*
    };
}
missing! { TextField TagField NumericField GeoField ShapeField VectorField }

fn value(value: impl ToArg) -> Piece {
    Piece::Value(value.to_arg().as_bytes().to_vec())
}

/// A tag, or a part of one: servers take a backslash away that is before a mark or a space, from parameters, too.
fn tag(tag: impl ToArg, is_whole: bool) -> Piece {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let tag = tag.to_arg();
    let mut bytes = tag.as_bytes();
    while let [first, rest @ ..] = bytes
        && is_whole
        && is_space(first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_whole
        && is_space(last)
    {
        bytes = rest;
    }
    let mut sent = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        let is_taken = |next: &u8| next.is_ascii_punctuation() || is_space(next);
        if *byte == b'\\' && bytes.get(at + 1).is_some_and(is_taken) {
            sent.push(b'\\');
        }
        sent.push(*byte);
    }
    Piece::Value(sent)
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

impl TagField {
    /// Documents with this tag, as a whole
    ///
    /// Case does not matter unless the schema says so. Spaces at both ends do not count, for the index has none.
    pub fn is(&self, tag: impl ToArg) -> Filter {
        self.any([tag])
    }

    /// Documents with one of these tags; an empty list is refused.
    pub fn any<T: ToArg>(&self, tags: impl IntoIterator<Item = T>) -> Filter {
        let mut pieces = vec![text(format!("{}:{{", self.in_query()))];
        for (at, one) in tags.into_iter().enumerate() {
            if at > 0 {
                pieces.push(text(" | "));
            }
            pieces.push(tag(one, true));
        }
        if pieces.len() == 1 {
            return Filter::refused("the list of tags is empty");
        }
        pieces.push(text("}"));
        Filter::new(Form::One, pieces)
    }

    /// Documents with a tag that begins like this.
    pub fn starts_with(&self, beginning: impl ToArg) -> Filter {
        self.part("", beginning, "*")
    }

    /// Documents with a tag that ends like this; fast where the schema has a suffix trie.
    pub fn ends_with(&self, end: impl ToArg) -> Filter {
        self.part("*", end, "")
    }

    /// Documents with a tag that has this in it; fast where the schema has a suffix trie.
    pub fn contains(&self, part: impl ToArg) -> Filter {
        self.part("*", part, "*")
    }

    fn part(&self, before: &str, part: impl ToArg, behind: &str) -> Filter {
        if part.to_arg().as_bytes().is_empty() {
            return Filter::refused("the part of a tag is empty");
        }
        let field = self.in_query();
        let pieces =
            [text(format!("{field}:{{{before}")), tag(part, false), text(format!("{behind}}}"))];
        Filter::new(Form::One, pieces)
    }
}

impl NumericField {
    /// Documents with this number.
    pub fn is(&self, number: f64) -> Filter {
        self.between(number..=number)
    }

    /// Documents with a number in this range of the language: `1.0..2.0`, `..=9.5`, `3.0..`
    ///
    /// NaN is refused.
    pub fn between(&self, range: impl RangeBounds<f64>) -> Filter {
        let from = match range.start_bound() {
            Bound::Included(from) => number(*from),
            Bound::Excluded(from) => format!("({}", number(*from)),
            Bound::Unbounded => "-inf".to_owned(),
        };
        let to = match range.end_bound() {
            Bound::Included(to) => number(*to),
            Bound::Excluded(to) => format!("({}", number(*to)),
            Bound::Unbounded => "+inf".to_owned(),
        };
        let nan = [range.start_bound(), range.end_bound()]
            .into_iter()
            .any(|bound| matches!(bound, Bound::Included(x) | Bound::Excluded(x) if x.is_nan()));
        if nan {
            return Filter::refused("a bound of the range is no number");
        }
        let text = format!("{}:[{from} {to}]", self.in_query());
        Filter::new(Form::One, [Piece::Text(text)])
    }

    /// Documents with a smaller number.
    pub fn below(&self, number: f64) -> Filter {
        self.between(..number)
    }

    /// Documents with this number or a smaller one.
    pub fn at_most(&self, number: f64) -> Filter {
        self.between(..=number)
    }

    /// Documents with a greater number.
    pub fn above(&self, number: f64) -> Filter {
        self.between((Bound::Excluded(number), Bound::Unbounded))
    }

    /// Documents with this number or a greater one.
    pub fn at_least(&self, number: f64) -> Filter {
        self.between(number..)
    }
}

/// The shortest text that is exactly this number.
fn number(number: f64) -> String {
    if number == f64::INFINITY { "+inf".to_owned() } else { number.to_string() }
}

impl GeoField {
    /// Documents with a place at most this far away
    ///
    /// What is out of range is for the server to refuse.
    pub fn within(&self, longitude: f64, latitude: f64, radius: f64, unit: GeoUnit) -> Filter {
        if ![longitude, latitude, radius].into_iter().all(f64::is_finite) {
            return Filter::refused("a coordinate or the radius is no finite number");
        }
        let unit = String::from_utf8_lossy(unit.to_arg().as_bytes()).into_owned();
        let text = format!("{}:[{longitude} {latitude} {radius} {unit}]", self.in_query());
        Filter::new(Form::One, [Piece::Text(text)])
    }
}

impl ShapeField {
    /// Documents whose shape is inside of this one, which is well-known text: `POLYGON((0 0, 0 9, 9 9, 0 0))`.
    pub fn within(&self, shape: impl ToArg) -> Filter {
        self.related("WITHIN", shape)
    }

    /// Documents whose shape has this one inside.
    pub fn contains(&self, shape: impl ToArg) -> Filter {
        self.related("CONTAINS", shape)
    }

    /// Documents whose shape has a point in common with this one. Since RediSearch 2.10
    pub fn intersects(&self, shape: impl ToArg) -> Filter {
        self.related("INTERSECTS", shape)
    }

    /// Documents whose shape has no point in common with this one. Since RediSearch 2.10
    pub fn disjoint(&self, shape: impl ToArg) -> Filter {
        self.related("DISJOINT", shape)
    }

    fn related(&self, how: &str, shape: impl ToArg) -> Filter {
        let field = self.in_query();
        Filter::new(Form::One, [text(format!("{field}:[{how} ")), value(shape), text("]")])
    }
}

impl TextField {
    /// Documents with all of these words, or their stems, in any order
    ///
    /// All ASCII that is no letter, digit or `_` parts words, as in the index; only, there a control character is a part of a
    /// word, and so is a mark behind a backslash. Stop words do not count; a text without words is refused.
    pub fn words(&self, words: impl AsRef<str>) -> Filter {
        self.of_words(words.as_ref(), "(", ")")
    }

    /// Documents with these words behind each other; a stop word among them finds nothing.
    pub fn phrase(&self, words: impl AsRef<str>) -> Filter {
        self.of_words(words.as_ref(), "(\"", "\")")
    }

    /// Documents with a word that begins like this, which is one word of at least two letters, as servers want it.
    pub fn starts_with(&self, beginning: impl AsRef<str>) -> Filter {
        self.of_word(beginning.as_ref(), "", "*")
    }

    /// Documents with a word that ends like this; fast where the schema has a suffix trie.
    pub fn ends_with(&self, end: impl AsRef<str>) -> Filter {
        self.of_word(end.as_ref(), "*", "")
    }

    /// Documents with a word that has this in it; fast where the schema has a suffix trie.
    pub fn contains(&self, part: impl AsRef<str>) -> Filter {
        self.of_word(part.as_ref(), "*", "*")
    }

    /// Documents with a word that differs by at most this many letters, 1 to 3.
    pub fn like(&self, word: impl AsRef<str>, letters: u8) -> Filter {
        if !(1..=3).contains(&letters) {
            return Filter::refused("the number of letters that may differ is not from 1 to 3");
        }
        let marks = "%".repeat(letters.into());
        self.of_word(word.as_ref(), &marks, &marks)
    }

    fn of_words(&self, words: &str, before: &str, behind: &str) -> Filter {
        let words: Vec<&str> = split(words).collect();
        if words.is_empty() {
            return Filter::refused("the text has no words");
        }
        // Servers cannot read this word by itself; in quotes, those of RediSearch 2.10 can, and take a backslash for a part of it.
        let words =
            words.into_iter().map(|word| if word == "_" && before == "(" { "\\_" } else { word });
        let words: Vec<&str> = words.collect();
        let text = format!("{}:{before}{}{behind}", self.in_query(), words.join(" "));
        Filter::new(Form::One, [Piece::Text(text)])
    }

    fn of_word(&self, word: &str, before: &str, behind: &str) -> Filter {
        let mut words = split(word);
        match (words.next(), words.next()) {
            (Some(one), None) if one.len() == word.len() => {
                let text = format!("{}:({before}{one}{behind})", self.in_query());
                Filter::new(Form::One, [Piece::Text(text)])
            }
            _ => Filter::refused("the text is not one word"),
        }
    }
}

/// The words of a text: nothing of them is of the query's language.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let parts = |letter: char| {
        letter.is_ascii() && !letter.is_ascii_alphanumeric() && letter != '_'
            || letter.is_whitespace()
            || letter.is_control()
    };
    text.split(parts).filter(|word| !word.is_empty())
}
