//! What fields of vectors are made with.

use std::borrow::Cow;

use super::words::Words;
use crate::{
    database::options::words,
    resp::{Arg, ToArg},
};

words! {
    /// The numbers of a vector
    VectorType {
        /// 32 bits.
        Float32 => "FLOAT32",
        /// 64 bits.
        Float64 => "FLOAT64",
        /// IEEE half precision. Since RediSearch 2.10.
        Float16 => "FLOAT16",
        /// Brain float, 16 bits. Since RediSearch 2.10.
        BFloat16 => "BFLOAT16",
        /// Signed bytes. Since Redis 8.0.
        Int8 => "INT8",
        /// Bytes. Since Redis 8.0.
        UInt8 => "UINT8",
    }
}

words! {
    /// How the distance of two vectors is measured
    Distance {
        /// By the square of the distance of their ends.
        L2 => "L2",
        /// By their inner product: 1 minus it.
        InnerProduct => "IP",
        /// By the angle between them: 1 minus its cosine.
        Cosine => "COSINE",
    }
}

words! {
    /// How the vectors of a [`VamanaVector`](super::VamanaVector) are made smaller
    ///
    /// Where the server has no such code, it keeps bytes.
    Compression {
        /// 8 bits a number.
        Lvq8 => "LVQ8",
        /// 4 bits a number.
        Lvq4 => "LVQ4",
        /// 4 bits a number, and 4 for the rest.
        Lvq4x4 => "LVQ4x4",
        /// 4 bits a number, and 8 for the rest.
        Lvq4x8 => "LVQ4x8",
        /// Fewer dimensions of 4 bits, and 8 for the rest.
        LeanVec4x8 => "LeanVec4x8",
        /// Fewer dimensions of 8 bits, and 8 for the rest.
        LeanVec8x8 => "LeanVec8x8",
    }
}

/// What a field of vectors is made with
#[derive(Debug, Clone)]
pub(in crate::stack::search) struct VectorSpec {
    pub(in crate::stack::search) algorithm: &'static str,
    pub(in crate::stack::search) numbers: VectorType,
    pub(in crate::stack::search) dimensions: u32,
    pub(in crate::stack::search) distance: Distance,
    pub(super) attributes: Vec<(&'static str, Arg<'static>)>,
}

impl VectorSpec {
    /// The attribute of this name as text, if it was given.
    pub(in crate::stack::search) fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.attributes.iter().find(|(word, _)| *word == name)?;
        Some(String::from_utf8_lossy(value.as_bytes()))
    }

    pub(super) fn set(&mut self, name: &'static str, value: impl ToArg) {
        let value = value.to_arg().into_owned();
        match self.attributes.iter_mut().find(|(word, _)| *word == name) {
            Some((_, place)) => *place = value,
            None => self.attributes.push((name, value)),
        }
    }

    pub(super) fn append(&self, words: &mut Words) {
        words.texts([self.algorithm]);
        // The count is that of all words.
        words.push(2 * (self.attributes.len() as u64 + 3));
        words.option("TYPE", Some(self.numbers));
        words.option("DIM", Some(self.dimensions));
        words.option("DISTANCE_METRIC", Some(self.distance));
        for (name, value) in &self.attributes {
            words.texts([name]);
            words.push(value);
        }
    }

    /// Why it cannot be sent, if it cannot.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let has = |name| self.attribute(name).is_some();
        let number = |value: &Arg<'_>| str::from_utf8(value.as_bytes()).ok()?.parse::<f64>().ok();
        let is_bad = |(name, value): &(&str, Arg<'_>)| match *name {
            "COMPRESSION" => false,
            "EPSILON" => number(value).is_none_or(|epsilon| !epsilon.is_finite() || epsilon < 0.0),
            "INITIAL_CAP" => false,
            _ => number(value) == Some(0.0),
        };
        let is_lean =
            || self.attribute("COMPRESSION").is_some_and(|kind| kind.starts_with("LeanVec"));
        if self.dimensions == 0 {
            Some("a vector has no dimensions")
        } else if self.attributes.iter().any(is_bad) {
            Some("an attribute of a vector is 0, negative or no number")
        } else if self.algorithm != "SVS-VAMANA" {
            None
        } else if !matches!(self.numbers, VectorType::Float32 | VectorType::Float16) {
            Some("a Vamana graph is for numbers of the types FLOAT32 and FLOAT16")
        } else if has("REDUCE") && !is_lean() {
            Some("only a compression by LeanVec reduces dimensions")
        } else if has("TRAINING_THRESHOLD") && !has("COMPRESSION") {
            Some("a threshold for training is for a compression")
        } else {
            None
        }
    }
}
