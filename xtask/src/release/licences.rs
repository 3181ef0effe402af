//! What the crates of others allow, and which of them are not wanted. `deny.toml` has the lists.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use super::project::Project;
use crate::exec::{self, Result};

/// Of these there are two versions, and why.
const TWICE: [(&str, &str); 4] = [
    ("async-channel", "async-std has an older one"),
    ("event-listener", "async-std has an older one"),
    ("getrandom", "ring and tungstenite have different ones"),
    ("syn", "crates are moving from 2 to 3"),
];

/// What may run only where a program has chosen it.
const CHOSEN: [(&str, &str); 2] =
    [("redmux-gateway", "async-std"), ("redmux-websocket", "async-std")];

/// A crate that a published one is built with
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Built {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) licence: String,
}

/// Returns what is wrong with the crates that the published ones are built with.
pub(crate) fn faults(project: &Project) -> Result<Vec<String>> {
    let lists = fs::read_to_string(crate::root().join("deny.toml"))?;
    let allowed = strings(&lists, "allow = [");
    let denied = strings(&lists, "deny = [");
    if allowed.is_empty() || denied.is_empty() {
        return Err("deny.toml has no list of licences or none of crates".into());
    }
    let mut found = Vec::new();
    let mut all = BTreeMap::new();
    for one in &project.crates {
        let built = built(&one.name, false)?;
        let chosen = CHOSEN.iter().filter(|(name, _)| *name == one.name).map(|(_, other)| *other);
        let denied = denied.iter().map(|other| &**other).chain(chosen);
        found.extend(unwanted(&one.name, &built, &denied.collect::<Vec<_>>()));
        found.extend(twice(&one.name, &built));
        for other in self::built(&one.name, true)? {
            all.insert((other.name.clone(), other.version.clone()), other);
        }
    }
    for Built { name, version, licence } in all.values() {
        if !permits(licence, &allowed) {
            found.push(format!("{name} {version}: the licence {licence:?} is not in deny.toml"));
        }
    }
    println!("  {} crates of others and our own, all with permitted licences", all.len());
    Ok(found)
}

/// Asks cargo for what a crate is built with: with its default features here, or with all on any system.
fn built(name: &str, everywhere: bool) -> Result<Vec<Built>> {
    let mut cargo = exec::cargo();
    cargo.args(["tree", "--locked", "--quiet", "--package", name, "--edges", "normal,build"]);
    cargo.args(["--prefix", "none", "--format", "{p}|{l}"]);
    if everywhere {
        cargo.args(["--all-features", "--target", "all"]);
    }
    Ok(read(&exec::output(&mut cargo, Duration::from_secs(300))?))
}

/// Reads lines as `serde v1.0.0 (proc-macro)|MIT OR Apache-2.0 (*)`.
pub(super) fn read(tree: &str) -> Vec<Built> {
    let mut all: Vec<Built> = Vec::new();
    for line in tree.lines() {
        let Some((package, licence)) = line.split_once('|') else { continue };
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let one = Built {
            name: name.to_owned(),
            version: version.trim_start_matches('v').to_owned(),
            licence: licence.trim_end_matches(" (*)").to_owned(),
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

fn unwanted(of: &str, built: &[Built], denied: &[&str]) -> Vec<String> {
    let found = built.iter().filter(|one| denied.contains(&&*one.name));
    found.map(|one| format!("{of} is built with {}, which is not wanted there", one.name)).collect()
}

fn twice(of: &str, built: &[Built]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in built {
        versions.entry(&one.name).or_default().push(&one.version);
    }
    let is_known = |name: &str| TWICE.iter().any(|(known, _)| *known == name);
    let found = versions.iter().filter(|(name, all)| all.len() > 1 && !is_known(name));
    found.map(|(name, all)| format!("{of} is built with {name} {}", all.join(" and "))).collect()
}

/// Returns the first string of each line of a list in `deny.toml`.
fn strings(text: &str, begin: &str) -> Vec<String> {
    let lines =
        text.lines().skip_while(|line| *line != begin).skip(1).take_while(|line| *line != "]");
    lines.filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect()
}

/// Returns whether a licence expression can be satisfied with these licences.
fn permits(expression: &str, allowed: &[String]) -> bool {
    // `MIT/Apache-2.0` is how the choice was written once.
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    let permitted = any(&words, &mut at, allowed);
    permitted && at == words.len()
}

fn any(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut permitted = every(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        permitted |= every(words, at, allowed);
    }
    permitted
}

fn every(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut permitted = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        permitted &= one(words, at, allowed);
    }
    permitted
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let permitted = any(words, at, allowed);
        let is_closed = words.get(*at) == Some(&")");
        *at += 1;
        return permitted && is_closed;
    }
    let mut licence = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{licence} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_says() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"];
        let allowed = allowed.map(str::to_owned);
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("MIT OR GPL-3.0", true),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("(MIT OR Apache-2.0) AND OpenSSL", false),
            ("GPL-3.0 AND MIT OR Apache-2.0", true),
            ("GPL-3.0 AND (MIT OR Apache-2.0)", false),
            ("MIT/Apache-2.0", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0 WITH other-exception", false),
            ("", false),
            ("(MIT", false),
            ("MIT MIT", false),
        ] {
            assert_eq!(permits(expression, &allowed), expected, "{expression}");
        }
    }

    #[test]
    fn unwanted_and_doubled_crates_are_named() {
        let tree = "a v1.0.0 (/x)|MIT\nasync-std v1.13.2|MIT\nasync-std v1.13.2|MIT (*)\nb v1.0.0 (proc-macro)|MIT\nb v2.0.0|MIT\n\
                    syn v2.0.0|MIT\nsyn v3.0.0|MIT\n";
        let built = read(tree);
        assert_eq!(built.len(), 6);
        assert_eq!(
            built[1],
            Built { name: "async-std".into(), version: "1.13.2".into(), licence: "MIT".into() }
        );
        assert_eq!(unwanted("a", &built, &["async-std"]).len(), 1);
        assert_eq!(unwanted("a", &built, &["openssl-sys"]), [""; 0]);
        assert_eq!(twice("a", &built), ["a is built with b 1.0.0 and 2.0.0"]);
    }

    #[test]
    fn the_lists_are_those_of_deny_toml() {
        let lists = fs::read_to_string(crate::root().join("deny.toml")).unwrap();
        assert!(strings(&lists, "allow = [").contains(&"MIT".to_owned()));
        assert!(strings(&lists, "deny = [").contains(&"openssl-sys".to_owned()));
    }
}
