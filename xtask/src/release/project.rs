//! What cargo knows of the workspace.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::exec::{self, Result};

/// The workspace
pub(crate) struct Project {
    /// In `[workspace.package]`.
    pub(crate) version: String,
    pub(crate) repository: String,
    pub(crate) licence: String,
    /// What is published, in the order of dependencies.
    pub(crate) crates: Vec<Package>,
    /// What is not.
    pub(crate) others: Vec<Package>,
}

/// A package of the workspace
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    /// What `cargo metadata` says of it.
    pub(crate) manifest: Value,
}

impl Project {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Self> {
        let mut cargo = exec::cargo();
        cargo.args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--quiet"]);
        let text = exec::output(&mut cargo, Duration::from_secs(120))?;
        Self::from_metadata(&serde_json::from_str(text.trim())?)
    }

    pub(crate) fn from_metadata(metadata: &Value) -> Result<Self> {
        let packages = metadata["packages"].as_array().ok_or("cargo names no packages")?;
        let read = |manifest: &Value| {
            let path = manifest["manifest_path"].as_str().unwrap_or_default();
            Package {
                name: manifest["name"].as_str().unwrap_or_default().to_owned(),
                dir: PathBuf::from(path).parent().map(PathBuf::from).unwrap_or_default(),
                manifest: manifest.clone(),
            }
        };
        let (crates, others): (Vec<_>, Vec<_>) =
            packages.iter().map(read).partition(|package| package.manifest["publish"].is_null());
        let main = crates.iter().find(|package| package.name == "redmux");
        let main = main.ok_or("there is no crate `redmux`")?;
        let text = |key: &str| {
            let value = main.manifest[key].as_str();
            value.map(str::to_owned).ok_or_else(|| format!("redmux has no {key}"))
        };
        Ok(Self {
            version: text("version")?,
            repository: text("repository")?,
            licence: text("license")?,
            crates: in_order(crates)?,
            others,
        })
    }

    /// Returns `-p name` for each crate.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &str> {
        self.crates.iter().flat_map(|one| ["-p", &*one.name])
    }
}

impl Package {
    /// Returns the dependencies of which a registry learns: others have no version.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = &Value> {
        let all = self.manifest["dependencies"].as_array().into_iter().flatten();
        all.filter(|one| one["req"] != "*" || one["kind"] != "dev")
    }
}

/// Sorts crates so that each comes after those it needs.
fn in_order(mut crates: Vec<Package>) -> Result<Vec<Package>> {
    let mut sorted: Vec<Package> = Vec::new();
    while !crates.is_empty() {
        let waiting: BTreeSet<String> = crates.iter().map(|one| one.name.clone()).collect();
        let is_ready = |one: &Package| {
            let mut needs = one.dependencies().filter_map(|one| one["name"].as_str());
            !needs.any(|name| name != one.name && waiting.contains(name))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = crates.into_iter().partition(is_ready);
        if ready.is_empty() {
            let names: Vec<&str> = rest.iter().map(|one| &*one.name).collect();
            return Err(format!("these need each other: {}", names.join(", ")).into());
        }
        sorted.extend(ready);
        crates = rest;
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(packages: &Value) -> Result<Vec<String>> {
        let project = Project::from_metadata(&json!({ "packages": packages }))?;
        Ok(project.crates.into_iter().map(|one| one.name).collect())
    }

    fn package(name: &str, needs: &[(&str, &str, Option<&str>)]) -> Value {
        let needs: Vec<Value> = needs
            .iter()
            .map(|(name, req, kind)| json!({ "name": name, "req": req, "kind": kind }))
            .collect();
        json!({ "name": name, "manifest_path": format!("/x/{name}/Cargo.toml"), "publish": null, "version": "1.2.3",
            "repository": "https://r.example", "license": "MIT", "dependencies": needs })
    }

    #[test]
    fn crates_come_after_what_they_need() {
        let main = package("redmux", &[("b", "^1", None), ("c", "*", Some("dev"))]);
        // What a test needs by its path only is not published with it.
        let order = of(&json!([main, package("c", &[("redmux", "^1", None)]), package("b", &[])]));
        assert_eq!(order.unwrap(), ["b", "redmux", "c"]);
        let circle = [
            package("redmux", &[("b", "^1", None)]),
            package("b", &[("redmux", "^1", Some("dev"))]),
        ];
        assert!(of(&json!(circle)).is_err());
    }
}
