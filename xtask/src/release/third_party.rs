//! The licence texts of the crates in the wasm files of the npm package: who passes those on must pass on the texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::exec::{self, Result};

/// In the npm package.
pub(crate) const FILE: &str = "www/THIRD-PARTY-LICENSES.txt";

const HEAD: &str = "\
The wasm files of this package contain code of the crates below and of Rust's standard library, which is under MIT or Apache-2.0.
Where a crate lets you choose a licence and MIT is among them, this is the text of MIT.
";

/// A crate that is linked
#[derive(Debug, PartialEq, Eq)]
struct Linked {
    name: String,
    version: String,
    licence: String,
}

/// Returns what `FILE` must have.
pub(crate) fn text() -> Result<String> {
    let mut cargo = exec::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked", "--quiet"]);
    let metadata: Value =
        serde_json::from_str(exec::output(&mut cargo, Duration::from_secs(120))?.trim())?;
    let mut tree = exec::cargo();
    tree.args(["tree", "--locked", "--quiet", "--package", "redmux-wasm", "--features", "server"]);
    tree.args(["--target", crate::wasm_toolchain::TARGET, "--edges", "normal,no-proc-macro"]);
    tree.args(["--prefix", "none", "--format", "{p}|{l}"]);
    let linked = read(&exec::output(&mut tree, Duration::from_secs(120))?);
    let mut texts = Vec::new();
    for one in linked {
        let folder = folder(&metadata, &one)
            .ok_or_else(|| format!("cargo does not say where {} is", one.name))?;
        let found = texts_in(&folder, &one.licence)?;
        if found.is_empty() {
            return Err(format!("{} {} has no licence text", one.name, one.version).into());
        }
        texts.push((one, found));
    }
    Ok(together(texts))
}

/// Returns what is wrong with the file.
pub(crate) fn faults() -> Result<Vec<String>> {
    let has = fs::read_to_string(crate::root().join(FILE)).unwrap_or_default();
    let stale =
        format!("{FILE} is not of the crates in Cargo.lock: run `cargo xtask release --write`");
    Ok(if has == text()? { Vec::new() } else { vec![stale] })
}

/// Reads lines as `bytes v1.0.0|MIT (*)`; our own crates have a path behind their version.
fn read(tree: &str) -> Vec<Linked> {
    let mut all: Vec<Linked> = Vec::new();
    for line in tree.lines() {
        let Some((package, licence)) = line.split_once('|') else { continue };
        let [name, version] = package.split(' ').collect::<Vec<_>>()[..] else { continue };
        let one = Linked {
            name: name.to_owned(),
            version: version.trim_start_matches('v').to_owned(),
            licence: licence.trim_end_matches(" (*)").to_owned(),
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    all
}

fn folder(metadata: &Value, one: &Linked) -> Option<PathBuf> {
    let packages = metadata["packages"].as_array()?;
    let package = packages.iter().find(|package| {
        package["name"] == one.name.as_str() && package["version"] == one.version.as_str()
    })?;
    Path::new(package["manifest_path"].as_str()?).parent().map(Path::to_owned)
}

/// Returns the texts of a crate: MIT's alone where that is enough, or else all.
fn texts_in(folder: &Path, licence: &str) -> Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            let upper = name.to_ascii_uppercase();
            ["LICENSE", "LICENCE", "COPYING", "UNLICENSE"]
                .iter()
                .any(|start| upper.starts_with(start))
        })
        .filter(|name| folder.join(name).is_file())
        .collect();
    names.sort();
    let is_mit = |name: &String| name.to_ascii_uppercase().contains("MIT");
    if !licence.contains(" AND ") && names.iter().any(is_mit) {
        names.retain(is_mit);
    }
    let mut texts = Vec::new();
    for name in names {
        let text = fs::read_to_string(folder.join(name))?;
        // Some have the line ends of Windows, or spaces at the end of lines.
        let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
        texts.push(lines.join("\n"));
    }
    Ok(texts)
}

/// Each text once, below the crates that have it
fn together(all: Vec<(Linked, Vec<String>)>) -> String {
    let mut crates_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (one, texts) in all {
        for text in texts {
            let line = format!("{} {} ({})", one.name, one.version, one.licence);
            crates_of.entry(text).or_default().push(line);
        }
    }
    let mut groups: Vec<(Vec<String>, String)> =
        crates_of.into_iter().map(|(text, crates)| (crates, text)).collect();
    groups.sort();
    let rule = "-".repeat(80);
    let parts = groups
        .iter()
        .map(|(crates, text)| format!("\n{rule}\n{}\n{rule}\n\n{text}\n", crates.join("\n")));
    std::iter::once(HEAD.to_owned()).chain(parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_crates_are_left_out_and_others_named_once() {
        let tree =
            "redmux v0.1.0 (/x)|MIT\nslab v0.4.0|MIT\nbytes v1.0.0|MIT\nbytes v1.0.0|MIT (*)\n";
        let names: Vec<String> = read(tree).into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["bytes", "slab"]);
    }

    #[test]
    fn a_text_that_several_have_is_there_once() {
        let one = |name: &str| Linked {
            name: name.into(),
            version: "1.0.0".into(),
            licence: "MIT".into(),
        };
        let same = || vec!["words of a licence".to_owned()];
        let all = together(vec![
            (one("a"), same()),
            (one("b"), same()),
            (one("c"), vec!["another".into()]),
        ]);
        assert_eq!(all.matches("words of a licence").count(), 1);
        assert!(all.contains("a 1.0.0 (MIT)\nb 1.0.0 (MIT)\n"), "{all}");
        assert!(all.contains("\nanother\n"));
    }
}
