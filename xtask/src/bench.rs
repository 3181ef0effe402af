//! Builds and runs the benchmarks, which are a workspace of their own.

use std::ffi::OsString;
use std::process::Command;

use crate::exec::{self, Result};
use crate::tools;

pub(crate) fn run(options: &[OsString]) -> Result<()> {
    tools::redis()?;
    tools::websockify()?;
    tools::counters()?;
    let target = crate::target_dir().join("benches");
    let mut build = exec::cargo();
    build
        .args(["build", "--release", "--locked", "--manifest-path", "benches/Cargo.toml"])
        .arg("--target-dir")
        .arg(&target);
    succeed(&mut build)?;
    let mut bench = Command::new(target.join("release/bench"));
    succeed(bench.current_dir(crate::root()).args(options))
}

/// In the foreground: what it prints is what it is for.
fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|e| format!("{}: {e}", exec::shown(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{}: {status}", exec::shown(command)).into())
    }
}
