//! A Rust that compiles to wasm32: rustup's, or Debian's.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use redmux_test_support::find_program;

use crate::exec::{self, Result};
use crate::tools::{self, say};

const TARGET: &str = "wasm32-unknown-unknown";
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// Debian's packages for it. They carry no compiled standard library for wasm32, so
/// it is built along, from the sources.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-19";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src";

/// What compiles to wasm32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The cargo that runs this task, whose target is installed.
    Rustup,
    /// Debian's packages.
    Debian,
}

/// What is there comes before what could be installed, rustup before Debian.
pub(crate) fn find_or_install(debian: bool) -> Result<Toolchain> {
    if !debian && has_target()? {
        say(&format!("found the {TARGET} standard library of this Rust"));
        return Ok(Toolchain::Rustup);
    }
    if debian_is_complete() {
        say(&format!("found Debian's Rust for wasm32 at {DEBIAN_RUSTC}"));
        return Ok(Toolchain::Debian);
    }
    if !debian && add_target()? {
        return Ok(Toolchain::Rustup);
    }
    tools::apt_install("Debian's Rust for wasm32", &DEBIAN_PACKAGES)?;
    match debian_is_complete() {
        true => Ok(Toolchain::Debian),
        false => {
            let packages = DEBIAN_PACKAGES.join(" ");
            let files = [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_LINKER, DEBIAN_SOURCES];
            let missing: Vec<_> = files.into_iter().filter(|f| !Path::new(f).exists()).collect();
            let missing = missing.join(", ");
            Err(format!("installed {packages}, but there is no {missing}").into())
        }
    }
}

impl Toolchain {
    /// A `cargo build` for wasm32, and the directory it builds into.
    pub(crate) fn build(self) -> (Command, PathBuf) {
        let target_dir = crate::target_dir();
        let (mut cargo, target_dir) = match self {
            Self::Rustup => {
                let mut cargo = exec::cargo();
                cargo.args(["build", "--target", TARGET]);
                (cargo, target_dir)
            }
            Self::Debian => {
                // Its own directory: two compilers in one rebuild each other's work.
                let target_dir = target_dir.join("wasm-debian");
                let mut cargo = Command::new(DEBIAN_CARGO);
                cargo
                    .current_dir(crate::root())
                    // Set by the cargo that runs this task, for its own libraries.
                    .env_remove("LD_LIBRARY_PATH")
                    .env_remove("CARGO")
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env("RUSTC", DEBIAN_RUSTC)
                    // `-Z build-std` is for nightly compilers, which Debian has none of.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_DIR", &target_dir)
                    .args(["build", "--target", TARGET, "-Zbuild-std=std,panic_abort"])
                    .args(["--config", &format!("target.{TARGET}.linker='{DEBIAN_LINKER}'")]);
                (cargo, target_dir)
            }
        };
        cargo.env("CARGO_ENCODED_RUSTFLAGS", nameless_paths());
        (cargo, target_dir)
    }
}

/// Panic messages name source files: those of this machine are nobody's business, and two
/// machines shall build the same file.
fn nameless_paths() -> String {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cargo = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let map = |from: PathBuf, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    [map(cargo.join("registry/src"), "deps"), map(crate::root(), "redmux")].join("\u{1f}")
}

fn has_target() -> Result<bool> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(crate::root());
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    let dir = exec::output(&mut rustc, Duration::from_secs(60))?;
    let dir = PathBuf::from(dir.trim());
    let Ok(mut entries) = dir.read_dir() else { return Ok(false) };
    Ok(entries.any(|e| e.is_ok_and(|e| e.file_name().to_string_lossy().starts_with("libstd-"))))
}

/// Asks rustup for the target; it may be absent, or unable to download.
fn add_target() -> Result<bool> {
    let Some(rustup) = find_program(&["rustup"]) else { return Ok(false) };
    say(&format!("installing the {TARGET} standard library: rustup target add {TARGET}"));
    let mut command = Command::new(rustup);
    command.current_dir(crate::root()).args(["target", "add", TARGET]);
    let added = exec::output(&mut command, RUSTUP_LIMIT);
    exec::check_interrupted()?;
    if added.is_ok() && has_target()? {
        return Ok(true);
    }
    say("rustup could not provide it; turning to Debian's packages");
    Ok(false)
}

fn debian_is_complete() -> bool {
    let files = [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_LINKER, DEBIAN_SOURCES];
    files.iter().all(|file| Path::new(file).exists())
}
