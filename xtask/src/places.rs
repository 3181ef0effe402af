//! The folders that tasks work in.

use std::path::PathBuf;

/// Returns the root of the work tree.
pub(crate) fn root() -> PathBuf {
    // The variable at run time, not at compile time: work trees may share a target directory.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = here.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    here.parent().map(PathBuf::from).unwrap_or(here)
}

/// Returns the directory that cargo builds into.
pub(crate) fn target_dir() -> PathBuf {
    let dir = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    root().join(dir)
}
