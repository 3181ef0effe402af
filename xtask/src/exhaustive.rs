//! Whether each public type of the libraries says if it may grow: a test, which `cargo xtask test` runs.
//!
//! A public enum, and a struct with public fields, is `#[non_exhaustive]`, or in the list below with the
//! reason why programs may match all of it or make it by hand.

use std::fs;
use std::path::Path;

use crate::exec::Result;
use crate::sources;

const SOURCES: &[&str] = &[
    "resp/src",
    "src",
    "transports/api/src",
    "transports/memory/src",
    "transports/tcp/src",
    "transports/websocket/src",
];

/// Types that stay as they are, and why.
const COMPLETE: &[(&str, &str)] = &[
    ("Arg", "the forms of an argument: a new one would change every encoder"),
    ("BitOffset", "bits or fields: the protocol has no third unit"),
    ("CertificateRefused", "a text"),
    ("Changed", "programs match all of it: what a change of a document can come to"),
    ("ConstantDelay", "programs make it"),
    ("DialError", "transports make it"),
    ("Environment", "programs make it: a transport and a runtime"),
    ("ErrorText", "a text"),
    ("ExpireTime", "all answers of EXPIRETIME"),
    ("ExponentialBackoff", "programs make it"),
    ("GeoPosition", "programs make it: two coordinates"),
    ("Json", "programs take it apart: a value"),
    ("KeyspaceDatabase", "one or all: the channels have no third form"),
    ("Look", "internal"),
    ("Pem", "a file or a text"),
    ("ReplyError", "an error of the server, or of decoding: there is nothing else"),
    ("Scan", "a frame is complete or not"),
    ("StreamId", "programs make it: two numbers"),
    ("Ttl", "all answers of TTL"),
    ("Updated", "programs match all of it: what a comparison of versions can give"),
];

/// Fails if there is another type that says nothing, or one in the list that is not there.
fn check(root: &Path) -> Result<()> {
    let mut silent = Vec::new();
    for folder in SOURCES {
        for file in sources::files(&root.join(folder))? {
            silent.extend(silent_types(&fs::read_to_string(file)?));
        }
    }
    let mut faults = Vec::new();
    for name in &silent {
        if !COMPLETE.iter().any(|(known, _)| known == name) {
            faults.push(format!("{name} is public: make it #[non_exhaustive], or say why not"));
        }
    }
    for (name, _) in COMPLETE {
        if !silent.iter().any(|known| known == name) {
            faults.push(format!("{name} is not there, or may grow: take it off the list"));
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(faults.join("\n  ").into()),
    }
}

/// The public types of a file that programs could match or make and that do not say that they may grow.
fn silent_types(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let (name, is_enum) =
            match (line.strip_prefix("pub enum "), line.strip_prefix("pub struct ")) {
                (Some(rest), _) => (rest, true),
                (_, Some(rest)) => (rest, false),
                _ => continue,
            };
        let attributes = lines[..at].iter().rev();
        let attributes = attributes.take_while(|line| {
            line.starts_with('#')
                || line.starts_with("///")
                || line.starts_with(")]")
                || line.starts_with("    ")
        });
        if attributes.clone().any(|line| line.contains("non_exhaustive")) {
            continue;
        }
        let body = lines[at + 1..].iter().take_while(|line| !line.starts_with('}'));
        let fields =
            line.contains("(pub ") || body.clone().any(|line| line.starts_with("    pub "));
        let empty = line.ends_with(';') && !line.contains("(pub ");
        if is_enum || fields && !empty {
            found.push(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_could_grow_unsaid_are_found() {
        let text = "/// One\n#[derive(Debug)]\npub enum Silent {\n    A,\n}\n\n\
                    #[derive(Debug)]\n#[non_exhaustive]\npub enum Said {\n    A,\n}\n\n\
                    pub struct Fields {\n    pub a: u8,\n}\n\npub struct Opaque {\n    a: u8,\n}\n\n\
                    pub struct Text(pub String);\n\npub struct Unit;\n\npub(crate) enum Own {\n    A,\n}\n";
        assert_eq!(silent_types(text), ["Silent", "Fields", "Text"]);
    }

    #[test]
    fn every_public_type_says_whether_it_may_grow() {
        check(&crate::root()).unwrap();
    }
}
