//! Names with their prefix, and without.

use crate::resp::{Arg, ArgList, Value};

/// Puts the prefix before this word, if it is there.
pub(super) fn put_one(prefix: &[u8], words: &mut ArgList<'_>, index: usize) {
    if let Some(word) = words.get_mut(index) {
        *word = Arg::Owned([prefix, word.as_bytes()].concat());
    }
}

pub(super) fn strip_one(prefix: &[u8], key: &mut Value) {
    if let Some(rest) = key.as_bytes().and_then(|key| key.strip_prefix(prefix)) {
        *key = Value::Bulk(rest.to_vec().into());
    }
}

pub(in super::super) fn strip_each(prefix: &[u8], keys: &mut Value) {
    elements(keys).into_iter().flatten().for_each(|key| strip_one(prefix, key));
}

pub(super) fn strip_first(prefix: &[u8], list: &mut Value) {
    elements(list).into_iter().flatten().take(1).for_each(|key| strip_one(prefix, key));
}

pub(super) fn elements(value: &mut Value) -> Option<&mut [Value]> {
    match value {
        Value::Array(elements) | Value::Set(elements) => Some(elements),
        _ => None,
    }
}
