//! The page whose front-end is Rust, as a gateway serves it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exec::Result;
use crate::wasm_toolchain::{self, Toolchain};
use crate::{tools, wasm};

/// What belongs to the page and is not compiled.
const FILES: [&str; 3] = ["index.html", "main.js", "style.css"];

/// Builds the example; prints where, and how it is served.
pub(crate) fn run(output: Option<PathBuf>) -> Result<()> {
    let to = output.unwrap_or_else(|| crate::target_dir().join("front-end"));
    tools::node()?;
    build(wasm_toolchain::find_or_install()?, &to)?;
    println!("the page is in {0}; with a Redis server on its usual port:", to.display());
    println!("  cargo run -p redmux-gateway -- --upstream 127.0.0.1:6379 --serve {}", to.display());
    println!("serves it on http://127.0.0.1:8080/");
    Ok(())
}

/// Puts the page and the program together.
pub(crate) fn build(toolchain: Toolchain, to: &Path) -> Result<()> {
    wasm::build_front_end(toolchain, to)?;
    let from = crate::root().join("examples/front-end");
    for file in FILES {
        fs::copy(from.join(file), to.join(file))
            .map_err(|e| format!("cannot copy {file} to {}: {e}", to.display()))?;
    }
    Ok(())
}
