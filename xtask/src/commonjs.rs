//! The JavaScript of the npm package: modules without comments, the same in a few files for Node, and CommonJS for
//! older versions of Node 20, Jest, and TypeScript in projects that are CommonJS.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::exec::{self, Result};
use crate::packages;

/// The entries of `www/src` that have a CommonJS form: its name, the module, and how that finds its wasm file.
const ENTRIES: [(&str, &str, &str); 3] = [
    ("node", "installed", "../../pkg/redmux_server_inline"),
    ("page", "page/node", "../pkg/redmux_wasm_inline"),
    ("inline", "inline", "../pkg/redmux_wasm_inline"),
];
/// The modules of `www/src/modules` that are entries; each adds methods to the client of the package.
pub(crate) const MODULES: &[&str] = &["json", "bloom", "time-series", "search"];
/// Their types, besides those of modules.
const TYPES: &[&str] =
    &["index", "methods", "records", "server", "server-methods", "wasm", IOREDIS, TELEMETRY];
/// The entries of `www/src/adapters`: what other packages plug in.
const ADAPTERS: &[&str] = &["keyv", "unstorage", "express-session", "socket.io", "next"];
/// The types that adapters share.
const ADAPTER_TYPES: &str = "client";
/// The entry with the classes of ioredis.
const IOREDIS: &str = "ioredis";
/// The entry for spans and metrics, which needs nothing else of the package.
const TELEMETRY: &str = "opentelemetry";

/// Makes `www/esm` of `www/src`: the types in comments are for the compiler, not for pages.
pub(crate) fn build_modules(node: &Path) -> Result<()> {
    exec::say("removing comments for www/esm");
    let mut command = Command::new(node);
    command.current_dir(packages::dir(packages::WWW)).arg("types/strip.mjs");
    exec::output(&mut command, Duration::from_secs(60)).map(drop)
}

/// Makes `www/bundle` of `www/esm`.
pub(crate) fn bundle_modules(node: &Path) -> Result<()> {
    exec::say("bundling www/bundle");
    let mut command = Command::new(node);
    command.current_dir(packages::dir(packages::WWW)).arg("types/bundle.mjs");
    command.arg(packages::dir(packages::TOOLS));
    exec::output(&mut command, Duration::from_secs(60)).map(drop)
}

/// Makes `www/cjs` of `www/src`; the wasm file stays in a module of its own, which entries
/// of a build share.
pub(crate) fn build() -> Result<()> {
    let www = packages::dir(packages::WWW);
    let to = www.join("cjs");
    exec::say("bundling www/cjs");
    fs::create_dir_all(&to).map_err(|e| format!("cannot create {}: {e}", to.display()))?;
    for (entry, module, inlined) in ENTRIES {
        let (imported, stem) = (format!("{inlined}.js"), inlined.replace("../../", "../"));
        let wasm = [(&*imported, &*format!("{stem}.cjs"))];
        bundle(&format!("src/{module}.js"), &[&*imported], &to, entry, &wasm)?;
    }
    for module in MODULES {
        // The class of the clients is that of the package's entry, whichever the runtime takes.
        let client = [("\"../client.js\"", "\"redmux\"")];
        bundle(&format!("src/modules/{module}.js"), &["../client.js"], &to, module, &client)?;
    }
    for adapter in ADAPTERS {
        let externals = ["redmux", adapter, "socket.io-adapter"];
        bundle(&format!("src/adapters/{adapter}.js"), &externals, &to, adapter, &[])?;
    }
    // `require` returns the class `Redis`, as that of ioredis does.
    let client = [("\"../node.js\"", "\"redmux\"")];
    bundle("src/ioredis/index.js", &["../node.js"], &to, IOREDIS, &client)?;
    let file = to.join("ioredis.cjs");
    let text = fs::read_to_string(&file)?;
    fs::write(
        &file,
        text + "module.exports = Object.assign(module.exports.Redis, module.exports);\n",
    )?;
    bundle("src/opentelemetry.js", &["@opentelemetry/api"], &to, TELEMETRY, &[])?;
    let adapters = ADAPTERS.iter().chain([&ADAPTER_TYPES]).map(|name| ("src/adapters", name));
    for (folder, name) in TYPES.iter().chain(MODULES).map(|name| ("src", name)).chain(adapters) {
        let from = www.join(folder).join(format!("{name}.d.ts"));
        let imports = [
            ("\"./index.js\"", "\"./index.cjs\""),
            ("\"./methods.js\"", "\"./methods.cjs\""),
            ("\"./records.js\"", "\"./records.cjs\""),
            ("\"./server-methods.js\"", "\"./server-methods.cjs\""),
            ("\"../server.js\"", "\"./server.cjs\""),
            ("\"./client.js\"", "\"./client.cjs\""),
        ];
        rewrite(&from, &to.join(format!("{name}.d.cts")), &imports)?;
    }
    Ok(())
}

/// Makes one file of a module and those that it imports, apart from the externals; words are rewritten.
fn bundle(
    from: &str,
    externals: &[&str],
    to: &Path,
    name: &str,
    words: &[(&str, &str)],
) -> Result<()> {
    let bundle = to.join(format!("{name}.cjs"));
    let mut command = Command::new(packages::esbuild());
    command.current_dir(packages::dir(packages::WWW)).arg(from);
    command.args(["--bundle", "--format=cjs", "--platform=node", "--target=node20"]);
    command.arg("--log-level=warning");
    command.args(externals.iter().map(|external| format!("--external:{external}")));
    command.arg("--define:import.meta.url=__filename");
    command.arg(format!("--outfile={}", bundle.display()));
    exec::output(&mut command, Duration::from_secs(60))?;
    rewrite(&bundle, &bundle, words)
}

/// Copies a text with every one of the words replaced.
fn rewrite(from: &Path, to: &Path, words: &[(&str, &str)]) -> Result<()> {
    let text =
        fs::read_to_string(from).map_err(|e| format!("cannot read {}: {e}", from.display()))?;
    let text = words.iter().fold(text, |text, (old, new)| text.replace(old, new));
    fs::write(to, text).map_err(|e| format!("cannot write {}: {e}", to.display()).into())
}
