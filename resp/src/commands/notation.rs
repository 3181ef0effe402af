//! The notation of complexities in the table: these tests take no other.
//!
//! ```text
//! complexity = "-" | "O(1)" | "O(" sum ")"
//! sum        = product { " + " product }
//! product    = factor { " " factor }
//! factor     = "1" | letter | "log " letter | "(" sum ")"
//! variables  = letter " = " term { ", " letter " = " term }
//! ```

use std::collections::BTreeSet;

use super::*;

/// What a letter may count. A new term is one word or a few, and no sentence.
#[rustfmt::skip]
const TERMS: &[&str] = &[
    // What the caller gives (`k`), or the server holds (`n`).
    "COUNT", "IDs", "arguments", "bytes", "centroids", "channels", "clients", "commands",
    "counters", "elements", "entries", "field sets", "fields", "fractions", "functions", "given", "items",
    "keys", "labels", "matches", "members", "members of the first", "members of the smallest",
    "migrations", "modules", "nested values", "nodes", "operations", "parameters", "passwords",
    "patterns", "pending", "queued", "ranks", "replicas", "reports", "rules", "samples",
    "scripts", "slots", "subscribers", "terms", "users", "values",
    // What the command returns or changes (`m`), or adds and removes (`k`).
    "added", "in the area", "removed", "returned", "stored",
    // Sizes of one data structure.
    "bytes of the first", "bytes of the second", "chunks", "compactions", "depth",
    "hash functions", "increment", "iterations", "members of all keys", "skipped", "subfilters",
];

/// Reads a complexity; the letters in it, or what does not belong there.
fn letters(complexity: &str) -> Result<BTreeSet<char>, String> {
    let mut letters = BTreeSet::new();
    if complexity == "-" {
        return Ok(letters);
    }
    let inner = complexity.strip_prefix('O').ok_or("no `O`")?;
    let rest = factor(inner, &mut letters)?;
    match rest {
        "" => Ok(letters),
        rest => Err(format!("{rest:?} behind its end")),
    }
}

/// Reads `product + product …` and returns what is behind it.
fn sum<'a>(text: &'a str, letters: &mut BTreeSet<char>) -> Result<&'a str, String> {
    let mut rest = product(text, letters)?;
    while let Some(next) = rest.strip_prefix(" + ") {
        rest = product(next, letters)?;
    }
    Ok(rest)
}

fn product<'a>(text: &'a str, letters: &mut BTreeSet<char>) -> Result<&'a str, String> {
    let mut rest = factor(text, letters)?;
    while let Some(next) = rest.strip_prefix(' ').filter(|next| !next.starts_with('+')) {
        rest = factor(next, letters)?;
    }
    Ok(rest)
}

fn factor<'a>(text: &'a str, letters: &mut BTreeSet<char>) -> Result<&'a str, String> {
    if let Some(inner) = text.strip_prefix('(') {
        return sum(inner, letters)?.strip_prefix(')').ok_or_else(|| format!("no `)` in {text:?}"));
    }
    if let Some(rest) = text.strip_prefix('1') {
        return Ok(rest);
    }
    let text = text.strip_prefix("log ").unwrap_or(text);
    let mut chars = text.chars();
    match chars.next() {
        Some(letter @ 'a'..='z') if !chars.as_str().starts_with(char::is_alphanumeric) => {
            letters.insert(letter);
            Ok(chars.as_str())
        }
        _ => Err(format!("{text:?} is no factor")),
    }
}

/// Says what is wrong with these columns of a row.
fn check(complexity: &str, variables: &str) -> Result<(), String> {
    let letters = letters(complexity)?;
    let mut named = BTreeSet::new();
    for variable in variables.split(", ").filter(|variable| !variable.is_empty()) {
        let (letter, term) =
            variable.split_once(" = ").ok_or_else(|| format!("{variable:?}: no ` = `"))?;
        if !TERMS.contains(&term) {
            return Err(format!("{term:?} is no term"));
        }
        if letter.chars().count() != 1 || !named.insert(letter.chars().next().unwrap_or('?')) {
            return Err(format!("{letter:?} is no letter, or twice"));
        }
    }
    match letters == named {
        true => Ok(()),
        false => {
            Err(format!("{complexity} has the letters {letters:?}, {variables:?} names {named:?}"))
        }
    }
}

#[test]
fn complexities_are_notation_and_no_prose() {
    for spec in CommandSpec::all() {
        let CommandDocs { complexity, variables, .. } = spec.docs();
        if let Err(fault) = check(complexity, variables) {
            panic!("{}: {fault}", spec.name());
        }
    }
}

#[test]
fn prose_is_refused() {
    for (complexity, variables) in [
        ("O(k + m log n)", "k = keys, m = returned, n = members"),
        ("O(k (1 + r))", "k = samples, r = compactions"),
        ("O(1)", ""),
        ("-", ""),
    ] {
        assert_eq!(check(complexity, variables), Ok(()), "{complexity}");
    }
    for (complexity, variables) in [
        ("O(N) where N is the number of keys", ""),
        ("O(n) where n is the number of keys", "n = keys"),
        ("O(n) for each", "n = keys"),
        ("Depends on the script", ""),
        ("O(log(n))", "n = keys"),
        ("O(nm)", "n = keys, m = returned"),
        ("O(n", "n = keys"),
        ("O()", ""),
        ("O(n)", ""),
        ("O(n)", "n = keys, n = keys"),
        ("O(n)", "n = keys, m = returned"),
        ("O(n)", "n = the number of keys that will be removed"),
        ("O(1)", "n = keys"),
        ("", ""),
    ] {
        assert!(check(complexity, variables).is_err(), "{complexity}, {variables}");
    }
}

#[test]
fn every_term_is_used() {
    let used: BTreeSet<&str> = CommandSpec::all()
        .flat_map(|spec| spec.docs().variables.split(", "))
        .filter_map(|variable| Some(variable.split_once(" = ")?.1))
        .collect();
    let unused: Vec<_> = TERMS.iter().filter(|term| !used.contains(*term)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
