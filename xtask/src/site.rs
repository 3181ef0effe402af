//! Makes a site of the documents.

use std::process::Command;

use crate::exec::{self, Result};
use crate::{packages, tools};

/// Builds the site into `target/docs` and checks its links; with `serve`, then serves it until Ctrl-C.
pub(crate) fn run(serve: bool, port: Option<u16>) -> Result<()> {
    packages::install(packages::SITE)?;
    let mut command = command()?;
    if serve {
        command.arg("--serve");
    }
    if let Some(port) = port {
        command.env("PORT", port.to_string());
    }
    let status = command.status().map_err(|e| format!("cannot run the builder: {e}"))?;
    exec::check_interrupted()?;
    match status.success() {
        true => Ok(()),
        false => Err("the site could not be built, or its links are wrong".into()),
    }
}

/// Returns the script that builds and checks; its packages are installed.
pub(crate) fn command() -> Result<Command> {
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::SITE).join("build.mjs"));
    command.env("REDMUX_SITE", crate::target_dir());
    Ok(command)
}

/// Returns the tests of what checks links.
pub(crate) fn tests() -> Result<Command> {
    let mut command = Command::new(tools::node()?);
    command.arg("--test").arg(packages::dir(packages::SITE));
    Ok(command)
}
