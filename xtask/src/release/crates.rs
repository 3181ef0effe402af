//! The tarballs of the crates, and their documentation.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::project::{Package, Project};
use crate::exec::{self, Result};
use crate::wasm_toolchain::TARGET;

/// Bytes that a tarball may have: the largest has about 760,000. A folder that should not be in it has more than the rest.
const CEILING: u64 = 1_000_000;
const LIMIT: Duration = Duration::from_secs(1800);
/// What may be in a crate; folders end with a slash.
const IN_CRATES: [&str; 11] = [
    "src/",
    "examples/",
    "packaging/",
    "Cargo.toml",
    "Cargo.toml.orig",
    "Cargo.lock",
    "README.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    ".cargo_vcs_info.json",
];

/// Makes the tarballs; `build` compiles each of them, with those that it needs from their tarballs, too.
pub(crate) fn package(project: &Project, build: bool) -> Result<()> {
    let mut cargo = exec::cargo();
    // What is not committed is checked as well; an upload refuses it.
    cargo.args(["package", "--locked", "--quiet", "--allow-dirty"]).args(project.packages());
    if !build {
        cargo.arg("--no-verify");
    }
    exec::output(&mut cargo, LIMIT)?;
    for one in &project.crates {
        let name = format!("{}-{}", one.name, project.version);
        let tarball = crate::target_dir().join("package").join(format!("{name}.crate"));
        let size = fs::metadata(&tarball)?.len();
        let files = files(&tarball)?;
        let found = faults(&files, &name, size);
        if !found.is_empty() {
            return Err(format!("{name}.crate: {}", found.join("; ")).into());
        }
        println!("  {name:<26} {:>4} files {size:>8} bytes", files.len());
    }
    Ok(())
}

/// Returns the names of the files in a tarball.
pub(crate) fn files(tarball: &Path) -> Result<Vec<String>> {
    let mut tar = Command::new("tar");
    tar.arg("-tzf").arg(tarball);
    let text = exec::output(&mut tar, Duration::from_secs(60))?;
    Ok(text.lines().filter(|line| !line.ends_with('/')).map(str::to_owned).collect())
}

fn faults(files: &[String], name: &str, size: u64) -> Vec<String> {
    let below = |file: &str| file.strip_prefix(name)?.strip_prefix('/').map(str::to_owned);
    let files: Vec<String> = files.iter().filter_map(|file| below(file)).collect();
    let wanted = ["Cargo.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE"];
    let missing = wanted.iter().filter(|name| !files.iter().any(|file| file == *name));
    let mut found: Vec<String> = missing.map(|name| format!("{name} is missing")).collect();
    if !files.iter().any(|file| file == "src/lib.rs") {
        found.push("src/lib.rs is missing".to_owned());
    }
    let fits = |file: &str| {
        IN_CRATES.iter().any(|one| *one == file || (one.ends_with('/') && file.starts_with(one)))
    };
    found.extend(files.iter().filter(|file| !fits(file)).map(|file| format!("{file} is in it")));
    if size > CEILING {
        found.push(format!("it has {size} bytes, more than {CEILING}"));
    }
    found
}

/// Builds the documentation as docs.rs does: all features, and which feature each item needs.
pub(crate) fn document(project: &Project) -> Result<()> {
    let document = |args: &mut dyn Iterator<Item = &str>| {
        let mut cargo = exec::cargo();
        // docs.rs uses a nightly compiler; the variable makes any compiler take what that one takes.
        cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTDOCFLAGS", "--cfg docsrs -D warnings");
        cargo.env("CARGO_TARGET_DIR", crate::target_dir().join("release-docs"));
        cargo.args(["doc", "--locked", "--quiet", "--no-deps", "--all-features"]).args(args);
        exec::output(&mut cargo, LIMIT).map(drop)
    };
    document(&mut project.packages())?;
    for one in project.crates.iter().filter(|one| is_for_browsers(one)) {
        document(&mut ["--target", TARGET, "--package", &one.name].into_iter())?;
    }
    Ok(())
}

fn is_for_browsers(one: &Package) -> bool {
    let targets = one.manifest["metadata"]["docs"]["rs"]["targets"].as_array();
    targets.is_some_and(|all| all.iter().any(|target| *target == TARGET))
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_missing_or_too_much_in_a_tarball_is_named() {
        let good = ["Cargo.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "src/lib.rs"];
        let of = |files: &[&str], size| {
            let files: Vec<String> = files.iter().map(|file| format!("a-1.2.3/{file}")).collect();
            super::faults(&files, "a-1.2.3", size)
        };
        assert_eq!(of(&good, 1000), [""; 0]);
        assert_eq!(of(&good[1..], 1000), ["Cargo.toml is missing"]);
        assert_eq!(of(&good[..4], 1000), ["src/lib.rs is missing"]);
        assert_eq!(of(&[&good[..], &["tests/it.rs"]].concat(), 1000), ["tests/it.rs is in it"]);
        assert_eq!(of(&good, super::CEILING + 1).len(), 1);
    }
}
