//! Lists, sets and maps.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    hash::{BuildHasher, Hash},
};

use super::{FromReply, mismatch};
use crate::{DecodeError, Items, Kind, Reply, ReplyError};

/// Every element as a `T`.
pub(super) fn collect<T: FromReply, C: FromIterator<T>>(reply: Reply<'_>) -> Result<C, ReplyError> {
    elements("an array", reply)?.map(T::from_reply).collect()
}

/// As [`collect`], with room for all from the start.
pub(super) fn collect_vec<T: FromReply>(reply: Reply<'_>) -> Result<Vec<T>, ReplyError> {
    let items = elements("an array", reply)?;
    let mut list = Vec::with_capacity(items.size_hint().0);
    for item in items {
        list.push(T::from_reply(item)?);
    }
    Ok(list)
}

fn elements<'a>(expected: &'static str, reply: Reply<'a>) -> Result<Items<'a>, ReplyError> {
    reply.items().ok_or_else(|| mismatch(expected, reply))
}

/// Every entry as a `(K, V)`, whichever of the three shapes of a map the reply has.
///
/// `start` makes the collection, with room for the number of entries.
pub(super) fn collect_entries<K: FromReply, V: FromReply, C: Extend<(K, V)>>(
    reply: Reply<'_>,
    start: impl FnOnce(usize) -> C,
) -> Result<C, ReplyError> {
    let mut items = elements("a map", reply)?;
    let first = if reply.kind() == Kind::Map { None } else { items.clone().next() };
    // No command has arrays for keys: arrays that come first are pairs.
    if first.is_some_and(|first| first.kind() == Kind::Array) {
        let mut entries = start(items.size_hint().0);
        for item in items {
            entries.extend([pair(item)?]);
        }
        return Ok(entries);
    }
    let mut entries = start(items.size_hint().0 / 2);
    while let Some(key) = items.next() {
        let key = K::from_reply(key)?;
        let Some(value) = items.next() else {
            let odd = DecodeError::because("a map", reply.kind(), "with a key that has no value");
            return Err(odd.into());
        };
        entries.extend([(key, V::from_reply(value)?)]);
    }
    Ok(entries)
}

fn pair<K: FromReply, V: FromReply>(reply: Reply<'_>) -> Result<(K, V), ReplyError> {
    <(K, V)>::from_reply(reply)
}

/// An array, set or push message; of a map keys and values in turn. A `Vec<u8>` is bytes, and
/// a `Vec<(K, V)>` is also the entries of a map, in any of its shapes.
impl<T: FromReply> FromReply for Vec<T> {
    #[inline]
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        T::vec_from_reply(reply)
    }
}

/// As `Vec<T>`.
impl<T: FromReply> FromReply for Box<[T]> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        T::vec_from_reply(reply).map(Vec::into_boxed_slice)
    }
}

/// As `Vec<T>`.
impl<T: FromReply> FromReply for VecDeque<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        T::vec_from_reply(reply).map(Self::from)
    }
}

/// An array, set or push message of exactly `N` elements.
impl<T: FromReply, const N: usize> FromReply for [T; N] {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let items: Vec<T> = collect_vec(reply)?;
        items.try_into().map_err(|_| DecodeError::length("an array", reply, N).into())
    }
}

/// An array, set or push message; of duplicates one is kept.
impl<T: FromReply + Eq + Hash, S: BuildHasher + Default> FromReply for HashSet<T, S> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        collect(reply)
    }
}

/// An array, set or push message; of duplicates one is kept.
impl<T: FromReply + Ord> FromReply for BTreeSet<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        collect(reply)
    }
}

/// A map; an array of keys and values in turn; an array of pairs. Of equal keys the last counts.
impl<K: FromReply + Eq + Hash, V: FromReply, S: BuildHasher + Default> FromReply
    for HashMap<K, V, S>
{
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        collect_entries(reply, |entries| Self::with_capacity_and_hasher(entries, S::default()))
    }
}

/// A map; an array of keys and values in turn; an array of pairs. Of equal keys the last counts.
impl<K: FromReply + Ord, V: FromReply> FromReply for BTreeMap<K, V> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        collect_entries(reply, |_| Self::new())
    }
}
