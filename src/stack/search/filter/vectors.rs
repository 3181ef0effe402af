//! Vectors that are like one.

use super::{Filter, Form, Piece, Query};
use crate::stack::search::VectorField;

mod sealed {
    pub trait Sealed {}
}

/// A number of a vector, as servers store it: little-endian
///
/// `f32` for `FLOAT32`, `f64` for `FLOAT64`, `i8` and `u8` for `INT8` and `UINT8`. Numbers of half the size are given as
/// [bytes](VectorField::nearest_bytes).
pub trait Component: sealed::Sealed + Copy {
    /// Appends the number's bytes.
    fn append_to(self, bytes: &mut Vec<u8>);
}

macro_rules! components {
    ($($number:ty)*) => {
        $(
            impl sealed::Sealed for $number {}

            impl Component for $number {
                fn append_to(self, bytes: &mut Vec<u8>) {
                    bytes.extend_from_slice(&self.to_le_bytes());
                }
            }
        )*
    };
}
components! { f32 f64 i8 u8 }

pub(in crate::stack::search) fn bytes_of<N: Component>(vector: &[N]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_of_val(vector));
    vector.iter().for_each(|number| number.append_to(&mut bytes));
    bytes
}

/// A query for the documents whose vectors are nearest to one; see [`VectorField::nearest`]
#[derive(Debug, Clone)]
#[must_use = "it does nothing by itself"]
pub struct Nearest {
    pub(in crate::stack::search) field: VectorField,
    pub(in crate::stack::search) count: u32,
    pub(in crate::stack::search) vector: Vec<u8>,
    pub(in crate::stack::search) filter: Filter,
    pub(in crate::stack::search) ef_runtime: Option<u32>,
    pub(in crate::stack::search) score: Option<String>,
}

impl Nearest {
    /// Looks only among these documents.
    pub fn among(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// How many candidates a search in a graph (HNSW) keeps; more is more exact, and slower.
    pub fn ef_runtime(mut self, candidates: u32) -> Self {
        self.ef_runtime = Some(candidates);
        self
    }

    /// The name of the field that rows have the distance in. Default `__FIELD_score`, with the name of the field.
    pub fn distance_as(mut self, name: impl Into<String>) -> Self {
        self.score = Some(name.into());
        self
    }
}

impl From<Nearest> for Query {
    fn from(nearest: Nearest) -> Self {
        let Nearest { field, count, vector, filter, ef_runtime, score } = nearest;
        let fault =
            filter.fault.or_else(|| (count == 0).then_some("the number of the nearest is 0"));
        let is_all = filter.is_all();
        let filter = if is_all { filter } else { filter.within("(", ")") };
        let mut pieces = filter.pieces;
        pieces.push(Piece::Text(format!("=>[KNN {count} {} ", field.in_query())));
        pieces.push(Piece::Vector(vector));
        if let Some(candidates) = ef_runtime {
            pieces.push(Piece::Text(format!(" EF_RUNTIME {candidates}")));
        }
        if let Some(name) = score {
            pieces.push(Piece::Text(" AS ".to_owned()));
            pieces.push(Piece::Value(name.into_bytes()));
        }
        pieces.push(Piece::Text("]".to_owned()));
        Self::new(pieces, fault)
    }
}

impl VectorField {
    /// The documents whose vectors are nearest to this one, at most this many
    ///
    /// A page has 10 rows unless its options say more; sort by the distance to have the nearest first.
    ///
    /// ```
    /// use redmux::stack::search::{Query, TagField, VectorField};
    ///
    /// const MOOD: VectorField = VectorField::new("mood");
    /// let like_it = MOOD.nearest(10, &[0.5_f32, 0.25]).among(TagField::new("genre").is("novel"));
    /// let query = Query::from(like_it.distance_as("distance"));
    /// ```
    pub fn nearest<N: Component>(&self, count: u32, vector: &[N]) -> Nearest {
        self.nearest_bytes(count, bytes_of(vector))
    }

    /// The same for a vector that is in bytes already, such as one that was read from a hash.
    pub fn nearest_bytes(&self, count: u32, vector: impl Into<Vec<u8>>) -> Nearest {
        Nearest {
            field: self.clone(),
            count,
            vector: vector.into(),
            filter: Filter::all(),
            ef_runtime: None,
            score: None,
        }
    }

    /// The documents whose vectors are at most this far from this one.
    pub fn within<N: Component>(&self, radius: f64, vector: &[N]) -> Filter {
        if !(radius.is_finite() && radius >= 0.0) {
            return Filter::refused("the radius is no number from 0 on");
        }
        let before = format!("{}:[VECTOR_RANGE {radius} ", self.in_query());
        let pieces =
            [Piece::Text(before), Piece::Vector(bytes_of(vector)), Piece::Text("]".to_owned())];
        Filter::new(Form::One, pieces)
    }
}
