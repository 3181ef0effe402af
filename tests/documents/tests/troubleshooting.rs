//! `docs/troubleshooting.md` beside the texts that the client has.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../docs/troubleshooting.md");
const ERRORS: &str = include_str!("../../../src/error.rs");
const GUARD: &str = include_str!("../../../src/command/guard.rs");

/// The rows of the first table under a heading, without its head.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = DOCUMENT.split(&format!("\n## {heading}\n")).nth(1).expect("the heading");
    let table = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// What is in the first pair of backticks.
fn code(cell: &str) -> &str {
    cell.split('`').nth(1).unwrap_or_default()
}

/// A part of a source file between two texts.
fn between(source: &'static str, from: &str, to: &str) -> &'static str {
    source.split(from).nth(1).and_then(|rest| rest.split(to).next()).expect("this part")
}

/// The texts in double quotes.
fn texts(source: &'static str) -> impl Iterator<Item = &'static str> {
    source.split('"').skip(1).step_by(2)
}

/// The variants of a public enum of `src/error.rs`.
fn variants(name: &str) -> BTreeSet<&'static str> {
    let body = between(ERRORS, &format!("pub enum {name} {{\n"), "\n}\n");
    let lines = body.lines().map(str::trim);
    let is_variant = |line: &&str| line.starts_with(|c: char| c.is_ascii_uppercase());
    lines.filter(is_variant).map(|line| line.split(['(', ',']).next().unwrap()).collect()
}

#[test]
fn every_text_of_an_error_has_its_row() {
    let summary = between(ERRORS, "fn summary(&self)", "\n    }\n}\n");
    let arms = summary.lines().filter(|line| !line.trim().starts_with("#["));
    let in_code: BTreeSet<&str> = arms.flat_map(texts).collect();
    let in_document: BTreeSet<&str> =
        rows("Errors of the client").iter().map(|row| code(row[0])).collect();
    assert!(in_code.len() > 20, "{in_code:?}");
    assert_eq!(in_document, in_code);
}

#[test]
fn every_kind_and_stage_has_its_row() {
    let rows = rows("Errors of the client");
    let named: BTreeSet<String> = rows.iter().map(|row| code(row[1]).to_owned()).collect();
    let staged = |kind: &str, stages: BTreeSet<&str>| {
        stages.into_iter().map(|stage| format!("{kind}({stage})")).collect::<BTreeSet<_>>()
    };
    let plain =
        variants("ErrorKind").into_iter().filter(|kind| !["Connect", "Timeout"].contains(kind));
    let mut kinds: BTreeSet<String> = plain.map(str::to_owned).collect();
    kinds.append(&mut staged("Connect", variants("ConnectStage")));
    kinds.append(&mut staged("Timeout", variants("TimeoutStage")));
    assert_eq!(named, kinds);
    // Each says whether the command may have run, and what to do.
    for row in rows {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(
            ["no", "perhaps", "answered"].iter().any(|word| row[2].starts_with(word)),
            "{row:?}"
        );
        assert!(row[3..].iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}

#[test]
fn every_refusal_of_a_command_has_its_row() {
    let harmful = between(GUARD, "const HARMFUL: ", "\n];\n");
    // Names of commands are in capitals; the words for JavaScript are the second ones of `instead`.
    let names = |text: &str| text.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
    let javascript: BTreeSet<&str> =
        harmful.split("instead(").skip(1).filter_map(|call| texts(call).nth(1)).collect();
    let shared = |text: &str| harmful.matches(&format!("\"{text}\"")).count() > 1;
    let mut in_code: BTreeSet<&str> = texts(harmful)
        .filter(|text| !names(text))
        .filter(|text| !javascript.contains(text) || shared(text))
        .collect();
    let checks = between(GUARD, "Rejects commands that would harm", "#[cfg(test)]");
    in_code.extend(texts(checks).filter(|text| text.contains(' ') && !text.contains('{')));
    let in_document: BTreeSet<&str> =
        rows("Refused commands").iter().map(|row| code(row[0])).collect();
    assert_eq!(in_document, in_code);
}
