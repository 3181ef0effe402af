//! Key prefixes in replies of search and of time series: names of indexes and keys come without it.

use super::names::{elements, strip_each, strip_one};
use crate::{
    commands::{
        CommandSpec,
        search::{SEARCHING, is, number, walk},
    },
    resp::{Arg, Value},
};

/// Takes the prefix off the names and keys in a reply to one of these commands, whose words are those of the caller.
pub(super) fn strip(prefix: &[u8], words: &[Arg<'_>], reply: &mut Value) {
    let Some(spec) = CommandSpec::of(words) else { return };
    match spec.name() {
        "FT._LIST" => {
            let has_prefix =
                |name: &Value| name.as_bytes().is_some_and(|name| name.starts_with(prefix));
            if let Value::Array(names) | Value::Set(names) = reply {
                names.retain(has_prefix);
            }
            strip_each(prefix, reply);
        }
        "FT.ALIASLIST" => strip_each(prefix, reply),
        "FT.INFO" => {
            strip_behind(prefix, &[b"index_name", b"last indexing error key"], reply);
            strip_prefixes(prefix, reply);
        }
        "FT.SEARCH" => strip_documents(prefix, words.get(3..).unwrap_or_default(), reply),
        "FT.PROFILE" if is(words.get(2), "SEARCH") => {
            let limited = usize::from(is(words.get(3), "LIMITED"));
            let options = words.get(5 + limited..).unwrap_or_default();
            match reply {
                // Before Redis 8 a map of RESP3 has the profile beside the results.
                Value::Map(entries) => match value_of(entries, "Results") {
                    Some(results) => strip_documents(prefix, options, results),
                    None => strip_documents(prefix, options, reply),
                },
                _ => {
                    if let Some(results) = elements(reply).and_then(|parts| parts.first_mut()) {
                        strip_documents(prefix, options, results);
                    }
                }
            }
        }
        "FT.AGGREGATE" | "FT.HYBRID" | "FT.CURSOR READ" | "FT.PROFILE" => {
            strip_behind(prefix, &[b"__key"], reply);
        }
        _ => {}
    }
}

/// The documents of a search: over RESP3 each says which of its parts is the key, over RESP2 the options do.
fn strip_documents(prefix: &[u8], options: &[Arg<'_>], reply: &mut Value) {
    strip_behind(prefix, &[b"__key"], reply);
    if let Value::Map(entries) = reply {
        let results = value_of(entries, "results").and_then(elements);
        for result in results.into_iter().flatten() {
            let Value::Map(entries) = result else { continue };
            if let Some(id) = value_of(entries, "id") {
                strip_one(prefix, id);
            }
        }
        return;
    }
    let (mut size, mut content) = (1, 1);
    let mut look = |at: usize| {
        let says = |option| is(options.get(at), option);
        if ["WITHSCORES", "WITHPAYLOADS", "WITHSORTKEYS"].into_iter().any(says) {
            size += 1;
        } else if says("NOCONTENT") || (says("RETURN") && number(options.get(at + 1)) == Some(0)) {
            content = 0;
        }
    };
    if walk(SEARCHING, options, 0, None, |at, _| look(at)).is_ok() {
        let ids = elements(reply).and_then(|parts| parts.get_mut(1..)).unwrap_or_default();
        ids.iter_mut().step_by(size + content).for_each(|id| strip_one(prefix, id));
    }
}

/// Calls `each` with the names and values of a map, or of a list of names and values.
fn each_named(value: &mut Value, each: &mut dyn FnMut(&[u8], &mut Value)) {
    let mut call = |name: &Value, value: &mut Value| {
        if let Some(name) = name.as_bytes() {
            each(name, value);
        }
    };
    match value {
        Value::Map(entries) => entries.iter_mut().for_each(|(name, value)| call(name, value)),
        _ => {
            for pair in elements(value).into_iter().flat_map(|list| list.chunks_exact_mut(2)) {
                let [name, value] = pair else { continue };
                call(name, value);
            }
        }
    }
}

/// Takes the prefix off each value of one of these names, at any depth.
fn strip_behind(prefix: &[u8], names: &[&[u8]], value: &mut Value) {
    each_named(value, &mut |name, value| {
        if names.contains(&name) {
            strip_one(prefix, value);
        }
    });
    match value {
        Value::Map(entries) => {
            entries.iter_mut().for_each(|(_, value)| strip_behind(prefix, names, value));
        }
        _ => {
            let elements = elements(value).into_iter().flatten();
            elements.for_each(|element| strip_behind(prefix, names, element));
        }
    }
}

/// The prefixes in the definition of an index.
fn strip_prefixes(prefix: &[u8], info: &mut Value) {
    each_named(info, &mut |name, definition| {
        if name == b"index_definition" {
            each_named(definition, &mut |name, prefixes| {
                if name == b"prefixes" {
                    strip_each(prefix, prefixes);
                }
            });
        }
    });
}

fn value_of<'v>(entries: &'v mut [(Value, Value)], name: &str) -> Option<&'v mut Value> {
    let mut entries = entries.iter_mut();
    entries.find(|(key, _)| key.as_bytes() == Some(name.as_bytes())).map(|(_, value)| value)
}

/// The series that a series is made from, and those that are made from it.
pub(super) fn strip_series(prefix: &[u8], reply: &mut Value) {
    each_named(reply, &mut |name, value| match (name, value) {
        (b"sourceKey", key) => strip_one(prefix, key),
        (b"rules", Value::Map(rules)) => {
            rules.iter_mut().for_each(|(key, _)| strip_one(prefix, key));
        }
        (b"rules", rules) => {
            let rules = elements(rules).into_iter().flatten();
            let keys = rules.filter_map(|rule| elements(rule)?.first_mut());
            keys.for_each(|key| strip_one(prefix, key));
        }
        _ => {}
    });
}
