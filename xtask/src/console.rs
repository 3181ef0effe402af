//! Puts the web console together as the gateway serves it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exec::Result;
use crate::{packages, wasm, wasm_toolchain};

/// Builds the wasm package and puts the console together; prints the folder.
pub(crate) fn run(output: Option<PathBuf>) -> Result<()> {
    let pkg = wasm::build(wasm_toolchain::for_package(true)?)?;
    let to = output.unwrap_or_else(|| crate::target_dir().join("console"));
    assemble(&pkg, &to)?;
    println!("the web console is in {0}: redmux-gateway --console {0} …", to.display());
    Ok(())
}

/// Lays out the page at the top of `to`, and the npm package under `redmux/`.
///
/// An older console in the folder is removed.
///
/// # Errors
/// There is something else in the folder.
pub(crate) fn assemble(pkg: &Path, to: &Path) -> Result<()> {
    if to.join("commands.json").is_file() && to.join("redmux/src").is_dir() {
        fs::remove_dir_all(to)?;
    } else if to.exists() && fs::read_dir(to)?.next().is_some() {
        return Err(format!("{} holds something that is no console", to.display()).into());
    }
    packages::copy_dir(&packages::dir(packages::WWW).join("console"), to)?;
    packages::stage(pkg, &to.join("redmux"))
}
