//! The licence texts of the crates that are linked into what is passed on: the texts must be passed on with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::licences::{Built, read};
use crate::exec::{self, Result, say};
use crate::wasm_toolchain;

/// What is passed on, and the file that has the texts
struct Shipped {
    file: &'static str,
    what: &'static str,
    package: &'static str,
    options: &'static [&'static str],
}

const SHIPPED: [Shipped; 2] = [
    Shipped {
        file: "www/THIRD-PARTY-LICENSES.txt",
        what: "The wasm files of this package contain",
        package: "redmux-wasm",
        options: &["--features", "server", "--target", wasm_toolchain::TARGET],
    },
    Shipped {
        file: "gateway/THIRD-PARTY-LICENSES.txt",
        what: "The program redmux-gateway contains",
        package: "redmux-gateway",
        options: &[],
    },
];

/// Returns what is wrong with the files.
pub(crate) fn faults() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (file, text) in texts()? {
        if fs::read_to_string(crate::root().join(file)).unwrap_or_default() != text {
            found.push(format!(
                "{file} is not of the crates in Cargo.lock: run `cargo xtask release --write`"
            ));
        }
    }
    Ok(found)
}

/// Writes the files.
pub(crate) fn write() -> Result<()> {
    for (file, text) in texts()? {
        fs::write(crate::root().join(file), text)?;
        say(&format!("wrote {file}"));
    }
    Ok(())
}

/// Returns what each file must have.
fn texts() -> Result<Vec<(&'static str, String)>> {
    let mut cargo = exec::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked", "--quiet"]);
    let metadata: Value =
        serde_json::from_str(exec::output(&mut cargo, Duration::from_secs(120))?.trim())?;
    let text = |shipped: &Shipped| Ok((shipped.file, text(shipped, &metadata)?));
    SHIPPED.iter().map(text).collect()
}

fn text(shipped: &Shipped, metadata: &Value) -> Result<String> {
    let mut tree = exec::cargo();
    tree.args(["tree", "--locked", "--quiet", "--package", shipped.package]);
    tree.args(shipped.options).args(["--edges", "normal,no-proc-macro"]);
    tree.args(["--prefix", "none", "--format", "{p}|{l}"]);
    let mut linked = read(&exec::output(&mut tree, Duration::from_secs(120))?);
    linked.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    let mut texts = Vec::new();
    for one in linked {
        let Some(folder) = folder(metadata, &one)? else { continue };
        let found = texts_in(&folder, &one.licence)?;
        if found.is_empty() {
            return Err(format!("{} {} has no licence text", one.name, one.version).into());
        }
        texts.push((one, found));
    }
    Ok(format!(
        "{} code of the crates below and of Rust's standard library, which is under MIT or Apache-2.0.\n\
         Where a crate lets you choose a licence and MIT is among them, this is the text of MIT.\n{}",
        shipped.what,
        together(texts)
    ))
}

/// Returns where the sources of a crate are; nothing for one of our own.
fn folder(metadata: &Value, one: &Built) -> Result<Option<PathBuf>> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut packages = packages.filter(|package| {
        package["name"] == one.name.as_str() && package["version"] == one.version.as_str()
    });
    let package = packages.next().ok_or_else(|| format!("cargo does not know {}", one.name))?;
    if package["source"].is_null() {
        return Ok(None);
    }
    Ok(package["manifest_path"]
        .as_str()
        .and_then(|path| Path::new(path).parent())
        .map(Path::to_owned))
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
fn together(all: Vec<(Built, Vec<String>)>) -> String {
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
    parts.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn our_own_crates_are_left_out_and_others_found() {
        let metadata = json!({ "packages": [
            { "name": "redmux", "version": "0.1.0", "source": null, "manifest_path": "/x/Cargo.toml" },
            { "name": "slab", "version": "0.4.0", "source": "registry", "manifest_path": "/y/Cargo.toml" },
        ] });
        let folders = read("redmux v0.1.0 (/x)|MIT\nslab v0.4.0|MIT\nslab v0.4.0|MIT (*)\n");
        let folders: Vec<_> = folders.iter().map(|one| folder(&metadata, one).unwrap()).collect();
        assert_eq!(folders, [None, Some("/y".into())]);
        assert!(folder(&metadata, &read("other v1.0.0|MIT")[0]).is_err());
    }

    #[test]
    fn a_text_that_several_have_is_there_once() {
        let one = |name: &str| Built {
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
