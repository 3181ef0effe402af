//! Packages from npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::exec::{self, Result, say};
use crate::tools;

/// The npm package that this project publishes, and the browser driver of its checks.
pub(crate) const WWW: &str = "www";
/// The tools that build the package.
pub(crate) const TOOLS: &str = "xtask/npm";
/// The runtimes that the package is tried in.
pub(crate) const RUNTIMES: &str = "www/test/runtimes";
/// The bundlers, frameworks and compilers that the package is tried in.
pub(crate) const SETUPS: &str = "www/test/setups";
/// The packages written for ioredis that `redmux/ioredis` is tried with, and other clients.
pub(crate) const COMPAT: &str = "www/test/compat";
/// What makes components run in Node.
pub(crate) const WASI_HOSTS: &str = "xtask/wasi";
/// What makes a site of the documents.
pub(crate) const SITE: &str = "xtask/site";
/// The clients that the package is measured beside.
pub(crate) const JS_BENCHES: &str = "benches/js";

/// Returns the folder of a package in the work tree.
pub(crate) fn dir(package: &str) -> PathBuf {
    crate::root().join(package)
}

/// Installs what the package's lock file lists, unless it is installed already.
pub(crate) fn install(package: &str) -> Result<()> {
    let dir = dir(package);
    if !dir.join("package-lock.json").exists() {
        return Err(
            format!("{package}/package-lock.json is missing: run `npm install` there").into()
        );
    }
    if is_current(&dir) {
        say(&format!("found the npm packages in {package}/node_modules"));
        return Ok(());
    }
    let mut npm = npm(package)?;
    say(&format!("installing the npm packages of {package}: npm ci"));
    // The browser is Debian's: the driver must not download another one.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").args(["ci", "--no-audit", "--no-fund"]);
    exec::output(&mut npm, Duration::from_secs(600)).map(drop)
}

/// Returns the path of the bundler: npm makes it a program, or a script that runs one.
pub(crate) fn esbuild() -> PathBuf {
    dir(TOOLS).join("node_modules/.bin/esbuild")
}

/// Returns a command for npm in the package's folder.
pub(crate) fn npm(package: &str) -> Result<Command> {
    let mut command = Command::new(tools::npm()?);
    command.current_dir(dir(package));
    Ok(command)
}

/// Returns whether `node_modules` was installed after the last change of the lock file.
fn is_current(dir: &Path) -> bool {
    // npm writes this file last.
    let installed = modified(&dir.join("node_modules/.package-lock.json"));
    let wanted = modified(&dir.join("package-lock.json"));
    matches!((installed, wanted), (Some(installed), Some(wanted)) if installed >= wanted)
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}

/// Lays out the npm package as a page gets it; its modules are in `src`.
pub(crate) fn stage(pkg: &Path, to: &Path) -> Result<()> {
    let www = dir(WWW);
    copy_dir(&www.join("esm"), &to.join("src"))?;
    copy_dir(pkg, &to.join("pkg"))
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    let failed = |e| format!("cannot copy {} to {}: {e}", from.display(), to.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_dir(&source, &copy)?;
        } else {
            fs::copy(&source, &copy).map_err(failed)?;
        }
    }
    Ok(())
}
