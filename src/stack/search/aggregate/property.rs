//! What rows of an aggregation have: fields of documents, and what steps have made.

use crate::{
    resp::Arg,
    stack::search::{
        FieldName, GeoField, NumericField, ShapeField, TagField, TextField, VectorField,
    },
};

/// The name of something that a row has, as steps have it: a field, what a step has made, or a path into a JSON document.
pub(super) fn word(name: &impl FieldName) -> Arg<'static> {
    let name = name.field_name();
    let word = if name.starts_with('$') { name.to_owned() } else { format!("@{name}") };
    Arg::Owned(word.into_bytes())
}

/// What rows of an aggregation have, any number of them: one, an array, a `Vec`, a tuple of different ones, or `()` for none
///
/// Each is a field of the index, or the name of what a step before has made. A name that begins with `$` is a path into a JSON
/// document; for those only [`load`](super::Aggregate::load) has use.
pub trait Properties {
    /// Their names as steps have them.
    #[doc(hidden)]
    fn words(&self) -> Vec<Arg<'static>>;
}

macro_rules! properties {
    ($($field:ty)*) => {
        $(
            impl Properties for $field {
                fn words(&self) -> Vec<Arg<'static>> {
                    vec![word(self)]
                }
            }
        )*
    };
}
properties! { TextField TagField NumericField GeoField ShapeField VectorField &str }

impl<P: FieldName> Properties for [P] {
    fn words(&self) -> Vec<Arg<'static>> {
        self.iter().map(word).collect()
    }
}

impl<P: FieldName, const N: usize> Properties for [P; N] {
    fn words(&self) -> Vec<Arg<'static>> {
        self[..].words()
    }
}

impl<P: FieldName> Properties for &[P] {
    fn words(&self) -> Vec<Arg<'static>> {
        (**self).words()
    }
}

impl<P: FieldName> Properties for Vec<P> {
    fn words(&self) -> Vec<Arg<'static>> {
        self[..].words()
    }
}

macro_rules! tuples {
    ($($($member:ident)*;)*) => {
        $(
            impl<$($member: FieldName),*> Properties for ($($member,)*) {
                #[allow(non_snake_case, reason = "named as their types")]
                fn words(&self) -> Vec<Arg<'static>> {
                    let ($($member,)*) = self;
                    vec![$(word($member)),*]
                }
            }
        )*
    };
}
tuples! { ; A; A B; A B C; A B C D; A B C D E; A B C D E F; }
