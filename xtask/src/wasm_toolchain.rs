//! A Rust that compiles to wasm32: rustup's, or Debian's.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use redmux_test_support::find_program;

use crate::exec::{self, Result, say};
use crate::tools;

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Components of WASI 0.2.
pub(crate) const WASI_TARGET: &str = "wasm32-wasip2";
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// Debian's packages for wasm32. They have no compiled standard library for it, so that it is built
/// from the sources.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-19";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src";
const DEBIAN_FILES: [&str; 4] = [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_LINKER, DEBIAN_SOURCES];
/// The first Rust that can leave out all of panicking (`-Cpanic=immediate-abort`).
const SMALL_VERSION: &str = "1.93";
/// The oldest Rust that compiles this project.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// The Rust that compiles to wasm32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The cargo that runs this task, whose target is installed.
    Rustup,
    /// Debian's packages.
    Debian,
}

/// Finds a Rust for wasm32, or installs one; prefers rustup's to Debian's.
pub(crate) fn find_or_install() -> Result<Toolchain> {
    if has_target(TARGET)? {
        say(&format!("found the {TARGET} standard library of this Rust"));
        return Ok(Toolchain::Rustup);
    }
    if debian_is(RUST_VERSION)? {
        say(&format!("found Debian's Rust for wasm32 at {DEBIAN_RUSTC}"));
        return Ok(Toolchain::Debian);
    }
    if add_target(TARGET)? {
        return Ok(Toolchain::Rustup);
    }
    tools::apt_install("Debian's Rust for wasm32", &DEBIAN_PACKAGES)?;
    if debian_is(RUST_VERSION)? {
        return Ok(Toolchain::Debian);
    }
    let packages = DEBIAN_PACKAGES.join(" ");
    let missing: Vec<_> = DEBIAN_FILES.into_iter().filter(|f| !Path::new(f).exists()).collect();
    let fault = match missing.is_empty() {
        true => format!("{DEBIAN_RUSTC} is older than {RUST_VERSION}"),
        false => format!("there is no {}", missing.join(", ")),
    };
    Err(format!("installed {packages}, but {fault}").into())
}

/// Finds the Rust for the npm package: Debian's, which can compile the standard library for size.
/// If it is not there and may or can not be installed, any other Rust for wasm32.
pub(crate) fn for_package(install: bool) -> Result<Toolchain> {
    if !debian_is(SMALL_VERSION)? && install {
        match tools::apt_install("Debian's Rust for wasm32", &DEBIAN_PACKAGES) {
            Err(exec::Failure::Error(why)) => say(&why),
            done => done?,
        }
    }
    if debian_is(SMALL_VERSION)? {
        say(&format!("found Debian's Rust for wasm32 at {DEBIAN_RUSTC}"));
        return Ok(Toolchain::Debian);
    }
    say(
        "the package will be larger than what is published: this Rust has a standard library that was compiled for speed",
    );
    find_or_install()
}

impl Toolchain {
    /// Returns a `cargo build` for the npm package: as [`build`](Self::build), with flags for size, for small size in
    /// particular where it is sent to pages.
    pub(crate) fn build_package(self, for_pages: bool) -> Result<(Command, PathBuf)> {
        let (mut cargo, target_dir) = self.build();
        if self == Self::Rustup || !debian_is(SMALL_VERSION)? {
            return Ok((cargo, target_dir));
        }
        // Another directory, because the standard library is another one.
        let target_dir =
            crate::target_dir().join(if for_pages { "wasm-small" } else { "wasm-server" });
        // A panic is a trap without a message, which the JavaScript side handles as any other.
        // Derived `Debug` prints nothing: no text for users may depend on it.
        let common = [
            "-Zunstable-options",
            "-Cpanic=immediate-abort",
            "-Zlocation-detail=none",
            "-Zfmt-debug=none",
        ];
        // The profile for pages inlines next to nothing, which costs 5 % of the speed: this
        // threshold brings it back without making the file larger.
        let small = for_pages.then_some("-Cllvm-args=-inline-threshold=22");
        let flags: Vec<String> = common
            .into_iter()
            .chain(small)
            .map(ToOwned::to_owned)
            .chain([nameless_paths()])
            .collect();
        if for_pages {
            cargo.arg("-Zbuild-std-features=optimize_for_size");
        }
        cargo
            .env("CARGO_TARGET_DIR", &target_dir)
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        Ok((cargo, target_dir))
    }

    /// Returns a `cargo build` for wasm32, and the directory that it builds into.
    pub(crate) fn build(self) -> (Command, PathBuf) {
        let target_dir = crate::target_dir();
        let (mut cargo, target_dir) = match self {
            Self::Rustup => {
                let mut cargo = exec::cargo();
                cargo.args(["build", "--target", TARGET]);
                (cargo, target_dir)
            }
            Self::Debian => {
                // Another directory: two compilers in one rebuild each other's work.
                let target_dir = target_dir.join("wasm-debian");
                let mut cargo = Command::new(DEBIAN_CARGO);
                cargo
                    .current_dir(crate::root())
                    // Set by the cargo that runs this task, for its own libraries.
                    .env_remove("LD_LIBRARY_PATH")
                    .env_remove("CARGO")
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env("RUSTC", DEBIAN_RUSTC)
                    // `-Z build-std` needs a nightly compiler, which Debian does not have.
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

/// Returns flags that replace the paths of this machine in panic messages, so that two machines
/// build the same file.
fn nameless_paths() -> String {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cargo = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let map = |from: PathBuf, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    [map(cargo.join("registry/src"), "deps"), map(crate::root(), "redmux")].join("\u{1f}")
}

/// Finds or installs the standard library of WASI 0.2, which only rustup has.
pub(crate) fn wasi() -> Result<()> {
    let target = WASI_TARGET;
    if has_target(target)? {
        say(&format!("found the {target} standard library of this Rust"));
        return Ok(());
    }
    match add_target(target)? {
        true => Ok(()),
        false => Err(format!(
            "there is no standard library for {target}; install it with: rustup target add {target}"
        )
        .into()),
    }
}

fn has_target(target: &str) -> Result<bool> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(crate::root());
    rustc.args(["--print", "target-libdir", "--target", target]);
    let dir = exec::output(&mut rustc, Duration::from_secs(60))?;
    let dir = PathBuf::from(dir.trim());
    let Ok(mut entries) = dir.read_dir() else { return Ok(false) };
    Ok(entries.any(|e| e.is_ok_and(|e| e.file_name().to_string_lossy().starts_with("libstd-"))))
}

/// Asks rustup for the target; returns false if there is no rustup, or it cannot download.
fn add_target(target: &str) -> Result<bool> {
    let Some(rustup) = find_program(&["rustup"]) else { return Ok(false) };
    say(&format!("installing the {target} standard library: rustup target add {target}"));
    let mut command = Command::new(rustup);
    command.current_dir(crate::root()).args(["target", "add", target]);
    let added = exec::output(&mut command, RUSTUP_LIMIT);
    exec::check_interrupted()?;
    if added.is_ok() && has_target(target)? {
        return Ok(true);
    }
    say(&format!("rustup could not provide {target}"));
    Ok(false)
}

/// Returns whether Debian's packages are installed in this version or a newer one: a stable release
/// has older packages than its security updates.
fn debian_is(wanted: &str) -> Result<bool> {
    if !DEBIAN_FILES.iter().all(|file| Path::new(file).exists()) {
        return Ok(false);
    }
    let mut rustc = Command::new(DEBIAN_RUSTC);
    // Set by the cargo that runs this task, for its own libraries.
    rustc.env_remove("LD_LIBRARY_PATH").arg("--version");
    let text = exec::output(&mut rustc, Duration::from_secs(60))?;
    let found = text.split_whitespace().nth(1).and_then(version);
    Ok(found.is_some() && found >= version(wanted))
}

/// Returns the first two numbers of a version.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(version("1.96.0"), Some((1, 96)));
        assert_eq!(version("1.100.0-nightly"), Some((1, 100)));
        assert!(version("1.9.0") < version("1.88"));
        assert_eq!(version("rustc"), None);
        assert!(version(RUST_VERSION).is_some());
    }
}
