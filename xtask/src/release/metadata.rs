//! Versions, addresses and texts that must agree.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::project::{Package, Project};
use super::third_party;
use crate::exec::{self, Result, say};
use crate::tools;

/// Nobody can have a name that ends so (RFC 2606).
const PLACEHOLDER: &str = ".invalid/";
const TEXTS: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// Returns what keeps the project from being uploaded, though all else is in order.
pub(crate) fn not_yet(project: &Project) -> Vec<String> {
    let changes = fs::read_to_string(crate::root().join("CHANGELOG.md")).unwrap_or_default();
    let mut left = not_yet_with(project, &changes);
    left.extend(
        before_the_first()
            .into_iter()
            .map(|file| format!("{file} says that the package is not in a registry yet")),
    );
    left
}

/// Returns the documents that are wrong once there is a release.
fn before_the_first() -> Vec<String> {
    let mut git = Command::new("git");
    git.current_dir(crate::root()).args([
        "grep",
        "-l",
        "-E",
        "not in (a registry|the registries|crates.io)( and not in npm)? yet",
        "--",
        "*.md",
    ]);
    // Without any, git fails.
    let found = exec::output(&mut git, Duration::from_secs(60)).unwrap_or_default();
    found.lines().map(str::to_owned).collect()
}

fn not_yet_with(project: &Project, changes: &str) -> Vec<String> {
    let mut left = Vec::new();
    if format!("{}/", project.repository).contains(PLACEHOLDER) {
        let place = &project.repository;
        left.push(format!(
            "`repository` in Cargo.toml is still a placeholder ({place}): change it and run `cargo xtask release --write`"
        ));
    }
    if heading(project, changes).is_some_and(|line| line.contains("unreleased")) {
        left.push("CHANGELOG.md has no date for this version".to_owned());
    }
    left
}

/// Returns the line of the change log that begins this version.
fn heading<'a>(project: &Project, changes: &'a str) -> Option<&'a str> {
    let mut versions = changes.lines().filter_map(|line| line.strip_prefix("## "));
    versions.next().filter(|line| line.split(' ').next() == Some(&*project.version))
}

/// Returns what does not agree.
pub(crate) fn faults(project: &Project) -> Result<Vec<String>> {
    let root = crate::root();
    let mut found: Vec<String> =
        project.crates.iter().flat_map(|one| of_crate(project, one)).collect();
    for one in &project.crates {
        found.extend(texts(&root, &one.dir)?);
    }
    found.extend(texts(&root, &root.join("www"))?);
    let changes = fs::read_to_string(root.join("CHANGELOG.md"))?;
    if heading(project, &changes).is_none() {
        let version = &project.version;
        found.push(format!("CHANGELOG.md does not begin with a section for {version}"));
    }
    let manifest = serde_json::from_str(&fs::read_to_string(root.join("www/package.json"))?)?;
    let lock = serde_json::from_str(&fs::read_to_string(root.join("www/package-lock.json"))?)?;
    found.extend(of_npm(project, &manifest, &lock));
    Ok(found)
}

/// Returns what is wrong with the manifest of a crate.
fn of_crate(project: &Project, one: &Package) -> Vec<String> {
    let Package { name, manifest, .. } = one;
    let mut found = Vec::new();
    let mut check = |is_right: bool, what: &str| {
        if !is_right {
            found.push(format!("{name}: {what}"));
        }
    };
    check(manifest["version"] == *project.version, "another version than the others");
    check(manifest["license"] == *project.licence, "another licence than the others");
    check(manifest["repository"] == *project.repository, "no `repository.workspace = true`");
    check(manifest["readme"].is_string(), "no README.md");
    check(manifest["rust_version"].is_string(), "no `rust-version.workspace = true`");
    let count = |key: &str| manifest[key].as_array().map_or(0, Vec::len);
    check((1..=5).contains(&count("keywords")), "between one and five keywords");
    check((1..=5).contains(&count("categories")), "between one and five categories");
    let words = manifest["keywords"].as_array().into_iter().flatten();
    check(
        words.filter_map(Value::as_str).all(|word| word.len() <= 20),
        "a keyword has more than 20 bytes",
    );
    let description = manifest["description"].as_str().unwrap_or_default();
    check((20..=300).contains(&description.len()), "a description of 20 to 300 bytes");
    let features = manifest["features"].as_object().map_or(0, |all| all.len());
    check(
        features == 0 || manifest["metadata"]["docs"]["rs"]["all-features"] == true,
        "features, but no [package.metadata.docs.rs] that shows all of them",
    );
    for need in one.dependencies() {
        let (other, asked) = (&need["name"], need["req"].as_str().unwrap_or_default());
        if project.others.iter().any(|one| *other == *one.name) {
            check(false, &format!("needs {other}, which is not published"));
        }
        if project.crates.iter().any(|one| *other == *one.name) {
            let version = asked.trim_start_matches(['^', '=']);
            check(
                version == project.version,
                &format!("asks for {asked} of {other}, not {}", project.version),
            );
        }
    }
    found
}

/// Returns which texts of the licences a folder lacks.
fn texts(root: &Path, dir: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for text in TEXTS {
        let copy = dir.join(text);
        if fs::read(&copy).ok() != Some(fs::read(root.join(text))?) {
            found.push(format!("{}: not a copy of that of the repository", copy.display()));
        }
    }
    Ok(found)
}

/// Returns what of `package.json` and its lock file is not what `Cargo.toml` says.
fn of_npm(project: &Project, manifest: &Value, lock: &Value) -> Vec<String> {
    let mut right = (manifest.clone(), lock.clone());
    set(project, &mut right.0, &mut right.1);
    let files = [("package.json", manifest, &right.0), ("package-lock.json", lock, &right.1)];
    let wrong = files.into_iter().filter(|(_, is, should)| is != should);
    wrong
        .map(|(name, ..)| {
            format!("www/{name} is not what Cargo.toml says: run `cargo xtask release --write`")
        })
        .collect()
}

/// Sets what `Cargo.toml` says.
fn set(project: &Project, manifest: &mut Value, lock: &mut Value) {
    let Project { version, repository, licence, .. } = project;
    for (key, value) in [
        ("version", version.clone()),
        ("license", licence.clone()),
        ("homepage", format!("{repository}#readme")),
        ("bugs", format!("{repository}/issues")),
    ] {
        manifest[key] = value.into();
    }
    manifest["repository"]["type"] = "git".into();
    manifest["repository"]["url"] = format!("git+{repository}.git").into();
    manifest["repository"]["directory"] = "www".into();
    lock["version"] = version.clone().into();
    lock["packages"][""]["version"] = version.clone().into();
    lock["packages"][""]["license"] = licence.clone().into();
}

/// Writes what `Cargo.toml` says into the files of npm, and the texts of the licences into the folders of the packages.
pub(crate) fn write(project: &Project) -> Result<()> {
    // Node keeps the order of keys, which means something among `exports`.
    const SCRIPT: &str = r#"
        const { readFileSync, writeFileSync } = require("node:fs");
        const [file, text] = process.argv.slice(1);
        const merge = (to, from) => {
          for (const [key, value] of Object.entries(from)) {
            if (typeof value === "object" && typeof to[key] === "object") merge(to[key], value);
            else to[key] = value;
          }
          return to;
        };
        const merged = merge(JSON.parse(readFileSync(file, "utf8")), JSON.parse(text));
        writeFileSync(file, JSON.stringify(merged, null, 2) + "\n");"#;
    let root = crate::root();
    let (mut manifest, mut lock) = (json!({}), json!({}));
    set(project, &mut manifest, &mut lock);
    for (name, value) in [("www/package.json", manifest), ("www/package-lock.json", lock)] {
        let mut node = Command::new(tools::node()?);
        node.current_dir(&root).args(["-e", SCRIPT, name, &value.to_string()]);
        exec::output(&mut node, Duration::from_secs(60))?;
        say(&format!("wrote {name}"));
    }
    let folders = project.crates.iter().map(|one| one.dir.clone()).chain([root.join("www")]);
    for dir in folders.filter(|dir| *dir != root) {
        for text in TEXTS {
            fs::copy(root.join(text), dir.join(text))?;
        }
    }
    third_party::write()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(repository: &str) -> Project {
        let main = json!({ "name": "redmux", "manifest_path": "/x/Cargo.toml", "publish": null, "version": "1.2.3",
            "repository": repository, "license": "MIT", "readme": "README.md", "rust_version": "1.88", "keywords": ["a"],
            "categories": ["b"], "description": "A description that is long enough", "features": {}, "dependencies": [] });
        Project::from_metadata(&json!({ "packages": [main] })).unwrap()
    }

    #[test]
    fn a_placeholder_and_a_version_without_a_date_are_not_uploaded() {
        let dated = "# Changelog\n\n## 1.2.3 (2027-01-01)\n\n## 1.2.2 (unreleased)\n";
        assert_eq!(not_yet_with(&project("https://code.example/redmux"), dated), [""; 0]);
        let left = not_yet_with(&project("https://repository.invalid/redmux"), dated);
        assert!(left.len() == 1 && left[0].contains("placeholder"), "{left:?}");
        let undated = "## 1.2.3 (unreleased)\n";
        let left = not_yet_with(&project("https://code.example/redmux"), undated);
        assert!(left.len() == 1 && left[0].contains("date"), "{left:?}");
        assert_eq!(heading(&project("https://x"), "## 1.2.2\n\n## 1.2.3\n"), None);
    }

    #[test]
    fn what_a_crate_lacks_is_named() {
        let project = project("https://code.example/redmux");
        assert_eq!(of_crate(&project, &project.crates[0]), [""; 0]);
        for (key, wrong, expected) in [
            ("version", json!("1.2.2"), "another version"),
            ("repository", json!(null), "repository.workspace"),
            ("readme", json!(null), "README"),
            ("keywords", json!([]), "keywords"),
            ("keywords", json!(["a keyword that is far too long"]), "20 bytes"),
            ("description", json!("short"), "description"),
            ("features", json!({ "tls": [] }), "docs.rs"),
            (
                "dependencies",
                json!([{ "name": "redmux", "req": "^1.2.0", "kind": null }]),
                "asks for ^1.2.0",
            ),
        ] {
            let mut one = project.crates[0].clone();
            one.manifest[key] = wrong;
            let found = of_crate(&project, &one);
            assert!(found.len() == 1 && found[0].contains(expected), "{key}: {found:?}");
        }
    }

    #[test]
    fn the_files_of_npm_follow_cargo() {
        let project = project("https://code.example/redmux");
        let (mut manifest, mut lock) = (json!({ "name": "redmux" }), json!({ "packages": {} }));
        set(&project, &mut manifest, &mut lock);
        assert_eq!(manifest["repository"]["url"], "git+https://code.example/redmux.git");
        assert_eq!(of_npm(&project, &manifest, &lock), [""; 0]);
        lock["packages"][""]["version"] = "1.2.2".into();
        assert_eq!(of_npm(&project, &manifest, &lock).len(), 1);
    }
}
