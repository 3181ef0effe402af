//! Queries by builder: a value never becomes a part of the query's language.

mod fields;
mod vectors;

pub use fields::GeoUnit;
pub(in crate::stack::search) use vectors::bytes_of;
pub use vectors::{Component, Nearest};

use std::{
    fmt,
    ops::{BitAnd, BitOr, Not},
};

use crate::{
    commands::harm::has_parameter,
    resp::{Arg, ArgList, ToArg},
};

/// A part of a query
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Of the language.
    Text(String),
    /// A value, which becomes a parameter.
    Value(Vec<u8>),
    /// A vector, which becomes one too.
    Vector(Vec<u8>),
}

/// Which documents are meant
///
/// Made of fields ([`TagField`](super::TagField) and the like) and combined by `&`, `|` and `!`. Values are parameters of
/// the query, or split into words: whatever they contain, they are not read as its language.
///
/// ```
/// use redmux::stack::search::{Filter, NumericField, TagField, TextField};
///
/// const TITLE: TextField = TextField::new("title");
/// const GENRE: TagField = TagField::new("genre");
/// const PRICE: NumericField = NumericField::new("price");
///
/// let cheap = GENRE.any(["novel", "poetry"]) & PRICE.between(..10.0);
/// let filter = (cheap | TITLE.words("free book")) & !GENRE.is("used");
/// assert_eq!(
///     filter.to_string(),
///     "((@genre:{$p0 | $p1} @price:[-inf (10]) | @title:(free book)) -@genre:{$p2}",
/// );
/// ```
///
/// A filter that no server could read (an empty list of tags, a text without words) makes the call that it is given to fail
/// before anything is sent.
///
/// `Display` shows the query without the values.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "it does nothing by itself"]
pub struct Filter {
    pieces: Vec<Piece>,
    fault: Option<&'static str>,
    form: Form,
}

/// What a filter needs around itself inside of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    All,
    One,
    And,
    Or,
    /// Written by hand.
    Raw,
}

impl Filter {
    /// All documents.
    pub fn all() -> Self {
        Self::new(Form::All, [Piece::Text("*".into())])
    }

    /// A query as it is written, in the query language with dialect 2
    ///
    /// Put no values from elsewhere into the text: their author could change what is looked for. Values go into
    /// [`raw_with`](Self::raw_with).
    pub fn raw(text: impl Into<String>) -> Self {
        Self::new(Form::Raw, [Piece::Text(text.into())])
    }

    /// A query as it is written, with a value for each `?` in it
    ///
    /// A `?` of the language itself cannot be written this way. As many values as there are `?` must be given.
    ///
    /// ```
    /// use redmux::stack::search::Filter;
    ///
    /// let filter = Filter::raw_with("@genre:{?} -@genre:{?}", ["novel", "crime"]);
    /// assert_eq!(filter.to_string(), "@genre:{$p0} -@genre:{$p1}");
    /// ```
    pub fn raw_with<V: ToArg>(text: &str, values: impl IntoIterator<Item = V>) -> Self {
        let (mut pieces, mut values) = (Vec::new(), values.into_iter());
        let mut fault = None;
        for (at, part) in text.split('?').enumerate() {
            if at > 0 {
                match values.next() {
                    Some(value) => pieces.push(Piece::Value(value.to_arg().as_bytes().to_vec())),
                    None => fault = Some("the query has more question marks than values"),
                }
            }
            pieces.push(Piece::Text(part.to_owned()));
        }
        if values.next().is_some() {
            fault = Some("the query has fewer question marks than values");
        }
        Self { fault, ..Self::new(Form::Raw, pieces) }
    }

    fn new(form: Form, pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self { pieces: pieces.into_iter().collect(), fault: None, form }
    }

    fn refused(fault: &'static str) -> Self {
        Self { fault: Some(fault), ..Self::new(Form::One, []) }
    }

    /// How much a match counts for the score of a document; 1 is usual.
    pub fn weight(self, weight: f64) -> Self {
        let fault = (!weight.is_finite()).then_some("a weight is no finite number");
        self.with_attribute(&format!("$weight: {weight};"), fault)
    }

    /// Prefers documents that match, and finds the others too.
    pub fn optional(self) -> Self {
        self.within("~(", ")")
    }

    /// Lets this many other words stand between the words of a text.
    pub fn slop(self, words: u32) -> Self {
        self.with_attribute(&format!("$slop: {words};"), None)
    }

    /// Wants the words of a text in their order; usually together with [`slop`](Self::slop).
    pub fn in_order(self) -> Self {
        self.with_attribute("$inorder: true;", None)
    }

    fn with_attribute(self, attribute: &str, fault: Option<&'static str>) -> Self {
        let fault = self.fault.or(fault);
        Self { fault, ..self.within("(", &format!(")=>{{{attribute}}}")) }
    }

    /// The filter between these texts, as a unit.
    fn within(self, before: &str, behind: &str) -> Self {
        let mut pieces = vec![Piece::Text(before.to_owned())];
        pieces.extend(self.pieces);
        pieces.push(Piece::Text(behind.to_owned()));
        Self { pieces, fault: self.fault, form: Form::One }
    }

    /// The same as an operand beside others that are joined in this form.
    fn into_operand(self, of: Form) -> Self {
        let is_open = match self.form {
            Form::All | Form::One => false,
            Form::And | Form::Or => self.form != of,
            Form::Raw => true,
        };
        if is_open { self.within("(", ")") } else { self }
    }

    fn join(self, between: &str, form: Form, other: Self) -> Self {
        let (one, other) = (self.into_operand(form), other.into_operand(form));
        let fault = one.fault.or(other.fault);
        let mut pieces = one.pieces;
        pieces.push(Piece::Text(between.to_owned()));
        pieces.extend(other.pieces);
        Self { pieces, fault, form }
    }

    /// The same as a unit, whatever it is.
    pub(super) fn enclosed(self) -> Self {
        if self.form == Form::Raw { self.within("(", ")") } else { self }
    }

    pub(super) fn is_all(&self) -> bool {
        self.form == Form::All
    }
}

/// Both.
impl BitAnd for Filter {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        match (self.is_all(), other.is_all()) {
            (true, _) => other,
            (_, true) => self,
            _ => self.join(" ", Form::And, other),
        }
    }
}

/// Either, or both.
impl BitOr for Filter {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        if self.is_all() || other.is_all() {
            let fault = self.fault.or(other.fault);
            return Self { fault, ..Self::all() };
        }
        self.join(" | ", Form::Or, other)
    }
}

/// All others. Servers have no way to say "not all": that is refused.
impl Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        if self.is_all() {
            return Self::refused("no query says that nothing is meant: `!Filter::all()`");
        }
        let operand = match self.form {
            Form::One => self,
            _ => self.within("(", ")"),
        };
        let mut pieces = vec![Piece::Text("-".into())];
        pieces.extend(operand.pieces);
        // A second mark in front of the first would not be read.
        Self { pieces, fault: operand.fault, form: Form::And }
    }
}

/// Writes the text of a query, with the names of its parameters, of which `number` is the first.
fn write_text(
    pieces: &[Piece],
    mut number: usize,
    mut write: impl FnMut(&str) -> fmt::Result,
) -> fmt::Result {
    for piece in pieces {
        match piece {
            Piece::Text(text) => write(text)?,
            Piece::Value(_) | Piece::Vector(_) => {
                write(&format!("$p{number}"))?;
                number += 1;
            }
        }
    }
    Ok(())
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_text(&self.pieces, 0, |text| f.write_str(text))
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filter").field(&self.to_string()).finish()
    }
}

/// A whole query: a [`Filter`], or the [nearest](super::VectorField::nearest) vectors among what a filter finds
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    text: String,
    values: Vec<Vec<u8>>,
    fault: Option<&'static str>,
    /// Whether a text or a value has a line end; vectors do not count.
    line_end: bool,
}

impl Query {
    pub(super) fn new(pieces: Vec<Piece>, fault: Option<&'static str>) -> Self {
        Self::numbered(pieces, fault, 0)
    }

    /// A filter whose values come behind those of another query.
    pub(super) fn behind(before: &Self, filter: Filter) -> Self {
        Self::numbered(filter.pieces, filter.fault, before.values.len())
    }

    fn numbered(pieces: Vec<Piece>, fault: Option<&'static str>, number: usize) -> Self {
        let has_line_end = |text: &[u8]| text.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
        let line_end = pieces.iter().any(|piece| match piece {
            Piece::Text(text) => has_line_end(text.as_bytes()),
            Piece::Value(value) => has_line_end(value),
            Piece::Vector(_) => false,
        });
        // Mostly there are no values, and the text is in one piece.
        let pieces = match <[Piece; 1]>::try_from(pieces) {
            Ok([Piece::Text(text)]) => return Self { text, values: Vec::new(), fault, line_end },
            Ok(other) => Vec::from(other),
            Err(pieces) => pieces,
        };
        let mut text = String::new();
        // A `String` takes all of it.
        let _ = write_text(&pieces, number, |part| {
            text.push_str(part);
            Ok(())
        });
        let values = pieces.into_iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value(value) | Piece::Vector(value) => Some(value),
        });
        Self { text, values: values.collect(), fault, line_end }
    }

    /// Why it cannot be sent.
    pub(super) fn fault(&self) -> Option<&'static str> {
        self.fault
    }

    /// Why it cannot be profiled.
    pub(super) fn fault_of_profile(&self) -> Option<&'static str> {
        let line_end = "the query has a line end: Redis Stack 7.2 would answer with it as it is, and later replies would go to \
            the wrong callers";
        self.fault.or_else(|| self.line_end.then_some(line_end))
    }

    /// Why its words cannot be checked.
    pub(super) fn fault_of_spelling(&self) -> Option<&'static str> {
        let parameter = "the query whose words are checked has a `$` or a value that is none of its words: Redis Stack would crash";
        self.fault.or_else(|| has_parameter(self.text.as_bytes()).then_some(parameter))
    }

    /// The text, which comes before all options.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The values, which become parameters in this order.
    pub(super) fn values(&self) -> &[Vec<u8>] {
        &self.values
    }

    /// `PARAMS` with the values, if there are any.
    pub(super) fn append_params<'a>(&'a self, args: &mut ArgList<'a>) {
        append_params(args, self.values.iter().map(|value| Arg::Bytes(value)));
    }
}

/// `PARAMS` with the values, which are called `p0` and so on, if there are any.
pub(super) fn append_params<'a>(
    args: &mut impl Extend<Arg<'a>>,
    values: impl ExactSizeIterator<Item = Arg<'a>>,
) {
    if values.len() == 0 {
        return;
    }
    args.extend([Arg::Bytes(b"PARAMS"), (2 * values.len() as u64).to_arg().into_owned()]);
    for (number, value) in values.enumerate() {
        args.extend([Arg::Owned(format!("p{number}").into_bytes()), value]);
    }
}

impl From<Filter> for Query {
    fn from(filter: Filter) -> Self {
        Self::new(filter.pieces, filter.fault)
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests;
