//! What `docs/install.md` says about features, beside the manifest.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

const MANIFEST: &str = include_str!("../../../Cargo.toml");
const INSTALL: &str = include_str!("../../../docs/install.md");
const LIBRARY: &str = include_str!("../../../src/lib.rs");

/// Each feature of the manifest with those that it brings with it.
fn features() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let section = MANIFEST.split("\n[features]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let lines = section.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let read = |line: &'static str| {
        let (name, list) = line.split_once(" = [").expect("a feature on one line");
        let brought = list.trim_end_matches(']').split(", ").map(|word| word.trim_matches('"'));
        let own = |word: &&str| !word.is_empty() && !word.contains([':', '/', '?']);
        (name, brought.filter(own).collect())
    };
    lines.map(read).collect()
}

/// The rows of the table whose first column is called `feature` and that has these columns.
fn rows(columns: usize) -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| -> Vec<&str> {
        line.trim_matches('|').split('|').map(str::trim).collect()
    };
    let mut lines = INSTALL.lines();
    lines
        .find(|line| line.starts_with("| feature |") && cells(line).len() == columns)
        .expect("the table");
    lines.skip(1).take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn words(cell: &str) -> BTreeSet<&str> {
    cell.split(", ").map(|word| word.trim_matches('`')).filter(|word| !word.is_empty()).collect()
}

#[test]
fn the_table_of_features_is_that_of_the_manifest() {
    let mut features = features();
    let default = features.remove("default").unwrap();
    let table: BTreeMap<&str, _> = rows(4)
        .into_iter()
        .map(|row| (row[0].trim_matches('`'), (row[1] == "yes", words(row[2]))))
        .collect();
    let manifest: BTreeMap<&str, _> = features
        .into_iter()
        .map(|(name, brought)| (name, (default.contains(name), brought)))
        .collect();
    assert_eq!(table, manifest);
}

#[test]
fn every_feature_is_named_on_the_front_page_of_the_crate() {
    for name in features().keys().filter(|name| **name != "default") {
        let mut rows = LIBRARY.lines().filter_map(|line| line.strip_prefix("//! | "));
        let name = format!("`{name}`");
        assert!(
            rows.any(|row| row.split(" | ").next().is_some_and(|cell| cell.contains(&name))),
            "{name} is not in a table of src/lib.rs"
        );
    }
}

#[test]
fn the_version_of_rust_is_that_of_the_manifest() {
    let line = MANIFEST.lines().find(|line| line.starts_with("rust-version")).unwrap();
    let version = line.split('"').nth(1).unwrap();
    let versions = include_str!("../../../docs/versions.md");
    let readme = include_str!("../../../README.md");
    assert!(INSTALL.contains(&format!("Rust {version} or later")));
    assert!(versions.contains(&format!("| Rust | {version} or later |")));
    assert!(readme.contains(&format!("Rust {version}, Node")));
}
