//! The npm packages of `www/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::exec::{self, Result};
use crate::tools::{self, say};

/// The directory of the npm package.
pub(crate) fn dir() -> PathBuf {
    crate::root().join("www")
}

/// Installs what the lock file says, unless that is there already.
pub(crate) fn install() -> Result<()> {
    let dir = dir();
    if is_current(&dir) {
        say("found the npm packages in www/node_modules");
        return Ok(());
    }
    if !dir.join("package-lock.json").exists() {
        return Err("www/package-lock.json is missing: run `npm install` in www/".into());
    }
    say("installing the npm packages of www/: npm ci");
    let mut npm = npm()?;
    // The browser is Debian's; what else is needed is in the registry's packages.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").args(["ci", "--no-audit", "--no-fund"]);
    exec::output(&mut npm, Duration::from_secs(600)).map(drop)
}

/// npm in `www/`.
pub(crate) fn npm() -> Result<Command> {
    let mut command = Command::new(tools::npm()?);
    command.current_dir(dir());
    Ok(command)
}

/// Whether `node_modules` was installed after the lock file last changed.
fn is_current(dir: &Path) -> bool {
    // npm writes this file last.
    let installed = modified(&dir.join("node_modules/.package-lock.json"));
    let wanted = modified(&dir.join("package-lock.json"));
    matches!((installed, wanted), (Some(installed), Some(wanted)) if installed >= wanted)
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}
