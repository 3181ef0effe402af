//! Whether the crates compile with the oldest Rust and the oldest dependencies that their manifests allow.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::project::{Package, Project};
use crate::exec::{self, Result, say};
use crate::packages;
use crate::wasm_toolchain::{self, Toolchain};

const LIMIT: Duration = Duration::from_secs(1800);

/// Compiles copies of the published crates, without their tests.
pub(crate) fn check(project: &Project) -> Result<()> {
    let root = crate::root();
    let folder = |one: &Package| one.dir.strip_prefix(&root).map(PathBuf::from);
    let crates: Vec<PathBuf> =
        project.crates.iter().map(folder).collect::<std::result::Result<_, _>>()?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let oldest = oldest_rust(&manifest).ok_or("Cargo.toml has no rust-version")?;
    install(oldest)?;
    let copy = crate::target_dir().join("floors");
    for one in &crates {
        let to = copy.join(one);
        let source = to.join("src");
        if source.exists() {
            fs::remove_dir_all(&source)?;
        }
        packages::copy_dir(&root.join(one).join("src"), &source)?;
        fs::copy(root.join(one).join("README.md"), to.join("README.md"))?;
        let text = fs::read_to_string(root.join(one).join("Cargo.toml"))?;
        fs::write(to.join("Cargo.toml"), published(&text, &crates))?;
    }
    let cargo = |toolchain: Option<&str>| {
        // Another toolchain than the one that runs this needs rustup's program.
        let mut cargo = match toolchain {
            Some(version) => {
                let mut cargo = Command::new("rustup");
                cargo.args(["run", version, "cargo"]);
                cargo
            }
            None => exec::cargo(),
        };
        cargo.current_dir(&copy).env("CARGO_TARGET_DIR", copy.join("target"));
        cargo
    };
    // The option needs nightly or this variable, which only chooses versions here; the check has neither.
    let mut update = cargo(None);
    update.env("RUSTC_BOOTSTRAP", "1").args(["update", "--quiet", "-Zdirect-minimal-versions"]);
    exec::output(&mut update, LIMIT)?;
    let mut check = cargo(Some(oldest));
    check.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
    check.args(["check", "--locked", "--quiet", "--workspace", "--all-features"]);
    exec::output(&mut check, LIMIT)?;
    println!("  Rust {oldest}, and the oldest releases of all direct dependencies");
    if wasm_toolchain::find_or_install()? == Toolchain::Rustup {
        let mut check = cargo(None);
        check.args(["check", "--locked", "--quiet", "--target", wasm_toolchain::TARGET]);
        check.args(["--package", "redmux", "--package", "redmux-websocket"]);
        exec::output(&mut check, LIMIT)?;
        println!("  the same releases in browsers");
    }
    // The lock file of the work tree, which people build the gateway with.
    let mut check = cargo(Some(oldest));
    check.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN").current_dir(&root);
    check.args([
        "check",
        "--locked",
        "--quiet",
        "--package",
        "redmux-gateway",
        "--package",
        "redmux",
        "--all-features",
    ]);
    exec::output(&mut check, LIMIT)?;
    println!("  Rust {oldest}, and the releases in Cargo.lock");
    Ok(())
}

/// Returns the oldest Rust that a manifest is for.
fn oldest_rust(manifest: &str) -> Option<&str> {
    manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .map(|text| text.trim_matches('"'))
}

/// Finds or installs a toolchain.
fn install(version: &str) -> Result<()> {
    let mut rustc = Command::new("rustup");
    rustc.args(["run", version, "rustc", "--version"]);
    if let Ok(text) = exec::output(&mut rustc, Duration::from_secs(60)) {
        say(&format!("found {}", text.trim()));
        return Ok(());
    }
    say(&format!("installing Rust {version}: rustup toolchain install {version}"));
    let mut rustup = Command::new("rustup");
    rustup.args(["toolchain", "install", version, "--profile", "minimal"]);
    exec::output(&mut rustup, LIMIT).map(drop)
}

/// Returns a manifest without what is not published: tests, examples and their dependencies, and other members.
fn published(manifest: &str, crates: &[PathBuf]) -> String {
    let mut kept = String::new();
    let (mut skipped, mut in_list) = (false, false);
    for line in manifest.lines() {
        if line.starts_with('[') {
            skipped =
                line.contains("dev-dependencies") || ["[[test]]", "[[example]]"].contains(&line);
        }
        if line == "members = [" {
            // The root is a member of itself.
            let others: Vec<&PathBuf> = crates.iter().filter(|one| one.as_os_str() != "").collect();
            kept += &format!("members = {others:?}\n");
            in_list = true;
        }
        let left_out = skipped
            || in_list
            || line.starts_with("default-members")
            || line.starts_with("exclude");
        in_list &= line != "]";
        if !left_out {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_published_is_left_out() {
        let manifest = "[workspace]\nmembers = [\n    \".\",\n    \"xtask\",\n]\ndefault-members = [\".\"]\nexclude = [\"fuzz\"]\n\n\
                        [workspace.package]\nrust-version = \"1.88\"\n\n[dependencies]\nbytes = \"1\"\n\n[dev-dependencies]\nproptest = \"1\"\n\n\
                        [target.'cfg(unix)'.dev-dependencies]\nx = \"1\"\n\n[[test]]\nname = \"it\"\n\n[lints]\nworkspace = true\n";
        let left = published(manifest, &["".into(), "transports/tcp".into()]);
        for gone in ["xtask", "default-members", "exclude", "proptest", "x = ", "[[test]]", "it"] {
            let word = |text: &str| {
                text.split(|letter: char| !letter.is_alphanumeric() && letter != '-')
                    .any(|word| word == gone)
            };
            assert!(!word(&left) && !left.contains(&format!("{gone}\n")), "{gone}: {left}");
        }
        for kept in
            ["bytes = \"1\"", "[lints]\nworkspace = true", "transports/tcp", "[workspace.package]"]
        {
            assert!(left.contains(kept), "{kept}: {left}");
        }
        assert_eq!(oldest_rust(manifest), Some("1.88"));
    }

    #[test]
    fn the_manifest_says_which_rust() {
        let manifest = fs::read_to_string(crate::root().join("Cargo.toml")).unwrap();
        assert!(oldest_rust(&manifest).is_some());
    }
}
