//! The JavaScript of the npm package: modules without comments, and CommonJS for older versions of
//! Node 20, Jest, and TypeScript in projects that are CommonJS.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::exec::{self, Result};
use crate::packages;

/// The entries of `www/src` that have a CommonJS form.
const ENTRIES: [&str; 2] = ["node", "inline"];
/// Their types.
const TYPES: [&str; 4] = ["index", "methods", "records", "wasm"];

/// Makes `www/esm` of `www/src`: the types in comments are for the compiler, not for pages.
pub(crate) fn build_modules(node: &Path) -> Result<()> {
    exec::say("removing comments for www/esm");
    let mut command = Command::new(node);
    command.current_dir(packages::dir(packages::WWW)).arg("types/strip.mjs");
    exec::output(&mut command, Duration::from_secs(60)).map(drop)
}

/// Makes `www/cjs` of `www/src`; the wasm file stays in a module of its own, which both entries
/// share.
pub(crate) fn build() -> Result<()> {
    let www = packages::dir(packages::WWW);
    let to = www.join("cjs");
    exec::say("bundling www/cjs");
    fs::create_dir_all(&to).map_err(|e| format!("cannot create {}: {e}", to.display()))?;
    for entry in ENTRIES {
        let bundle = to.join(format!("{entry}.cjs"));
        let mut command = Command::new(packages::esbuild());
        command.current_dir(&www).arg(format!("src/{entry}.js"));
        command.args(["--bundle", "--format=cjs", "--platform=node", "--target=node20"]);
        command.args(["--log-level=warning", "--external:../pkg/redmux_wasm_inline.js"]);
        command.arg(format!("--outfile={}", bundle.display()));
        exec::output(&mut command, Duration::from_secs(60))?;
        rewrite(&bundle, &bundle, &[("redmux_wasm_inline.js", "redmux_wasm_inline.cjs")])?;
    }
    for name in TYPES {
        let from = www.join("src").join(format!("{name}.d.ts"));
        let imports = [
            ("\"./index.js\"", "\"./index.cjs\""),
            ("\"./methods.js\"", "\"./methods.cjs\""),
            ("\"./records.js\"", "\"./records.cjs\""),
        ];
        rewrite(&from, &to.join(format!("{name}.d.cts")), &imports)?;
    }
    Ok(())
}

/// Copies a text with every one of the words replaced.
fn rewrite(from: &Path, to: &Path, words: &[(&str, &str)]) -> Result<()> {
    let text =
        fs::read_to_string(from).map_err(|e| format!("cannot read {}: {e}", from.display()))?;
    let text = words.iter().fold(text, |text, (old, new)| text.replace(old, new));
    fs::write(to, text).map_err(|e| format!("cannot write {}: {e}", to.display()).into())
}
