//! Finds or installs what the tasks need.

use std::process::Command;

use crate::exec::Result;
use crate::{packages, tools, wasi, wasm_toolchain};

/// Finds or installs everything that any task needs.
pub(crate) fn all() -> Result<()> {
    tools::rust_components()?;
    wasm_toolchain::find_or_install()?;
    wasm_toolchain::wasi()?;
    tools::redis()?;
    tools::browsers(&mut Command::new("true"))?;
    tools::proxies()?;
    tools::websockify()?;
    tools::openssl()?;
    tools::pip()?;
    tools::node()?;
    tools::npm()?;
    wasi::wasmtime()?;
    packages::install(packages::WASI_HOSTS)?;
    packages::install(packages::TOOLS)?;
    packages::install(packages::WWW)
}
