//! Compiles, binds, optimises and measures the wasm package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use redmux_test_support::TempDir;

use crate::commonjs;
use crate::exec::{self, Result};
use crate::packages;
use crate::tools;
use crate::wasm_toolchain::{self, Toolchain};

/// The options of wasm-opt. `-Oz` makes a smaller file than `-O1`, but one that compresses worse.
/// So does any other order of functions than by their names, which are dropped afterwards.
const FOR_PAGES: &[&str] = &[
    "-O1",
    "--converge",
    "--dae-optimizing",
    "--rse",
    "--code-pushing",
    "--reorder-functions-by-name",
    "--strip-producers",
];
/// More than this takes minutes, and makes nothing faster.
const FOR_SERVERS: &[&str] = &["-O2", "--strip-producers"];
/// The features that the compiler's baseline for wasm32 has beyond the first standard. Browsers and
/// edge runtimes have had all of them since 2021.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];
/// The builds of `www/wasm` in the package.
const BUILDS: [Build; 2] = [
    Build {
        stem: "redmux_wasm",
        features: None,
        profile: "wasm",
        optimise: FOR_PAGES,
        is_signed: false,
    },
    // Speed first: it is read from a disk.
    Build {
        stem: "redmux_server",
        features: Some("server"),
        profile: "wasm-server",
        optimise: FOR_SERVERS,
        is_signed: true,
    },
];
/// What cargo calls each of them.
const COMPILED: &str = "redmux_wasm.wasm";
const BUILD_LIMIT: Duration = Duration::from_secs(1200);

/// One of the builds of `www/wasm`
struct Build {
    /// What the names of its files begin with.
    stem: &'static str,
    features: Option<&'static str>,
    /// In `Cargo.toml`.
    profile: &'static str,
    /// The options of wasm-opt.
    optimise: &'static [&'static str],
    /// Whether it ends with its hash, which `www/src/beside.js` compares with that in a module.
    is_signed: bool,
}

/// Finds what is needed, builds `www/pkg` and prints its size.
pub(crate) fn run() -> Result<()> {
    build(wasm_toolchain::for_package(true)?).map(drop)
}

/// Builds `www/pkg`, `www/esm`, `www/bundle` and `www/cjs`; gives the directory of the first.
pub(crate) fn build(toolchain: Toolchain) -> Result<PathBuf> {
    let node = tools::node()?;
    packages::install(packages::TOOLS)?;
    let bindgen = bindgen()?;
    let pkg = packages::dir(packages::WWW).join("pkg");
    for build in &BUILDS {
        build_one(build, toolchain, &bindgen, &node, &pkg)?;
    }
    commonjs::build_modules(&node)?;
    commonjs::bundle_modules(&node)?;
    commonjs::build()?;
    for build in &BUILDS {
        print_size(&node, &pkg.join(format!("{}_bg.wasm", build.stem)))?;
    }
    Ok(pkg)
}

fn build_one(
    build: &Build,
    toolchain: Toolchain,
    bindgen: &Path,
    node: &Path,
    pkg: &Path,
) -> Result<()> {
    let Build { stem, features, profile, optimise, .. } = build;
    exec::say(&format!("compiling www/wasm for {stem}"));
    let (mut cargo, target_dir) = toolchain.build_package(features.is_none())?;
    cargo.args(["--locked", "--package", "redmux-wasm", "--profile", profile]);
    if let Some(features) = features {
        cargo.args(["--features", features]);
    }
    exec::output(&mut cargo, BUILD_LIMIT)?;
    let compiled = target_dir.join("wasm32-unknown-unknown").join(profile).join(COMPILED);

    let result = pkg.join(format!("{stem}_bg.wasm"));
    let made_from = || {
        let options = optimise.join(" ");
        format!("{options} minified {}", times(&[&compiled, bindgen, &result]))
    };
    let stamp = crate::target_dir().join("xtask").join(format!("{stem}.stamp"));
    if result.exists() && fs::read_to_string(&stamp).is_ok_and(|text| text == made_from()) {
        exec::say(&format!("www/pkg/{stem}_bg.wasm is up to date"));
        return Ok(());
    }
    bind(build, bindgen, &compiled, node, pkg)?;
    fs::create_dir_all(crate::target_dir().join("xtask"))?;
    fs::write(&stamp, made_from())
        .map_err(|e| format!("cannot write {}: {e}", stamp.display()).into())
}

/// Builds the scenarios of `transports/websocket/checks`; returns their directory.
pub(crate) fn build_checks(toolchain: Toolchain) -> Result<PathBuf> {
    exec::say("compiling transports/websocket/checks");
    let (mut cargo, target_dir) = toolchain.build();
    cargo.args(["--locked", "--package", "redmux-websocket-checks"]);
    exec::output(&mut cargo, BUILD_LIMIT)?;
    let compiled =
        target_dir.join("wasm32-unknown-unknown/debug").join("redmux_websocket_checks.wasm");
    let to = crate::target_dir().join("xtask/checks");
    bind_into(&compiled, &to)?;
    Ok(to)
}

/// Builds `examples/front-end` into a directory.
pub(crate) fn build_front_end(toolchain: Toolchain, to: &Path) -> Result<()> {
    exec::say("compiling examples/front-end");
    let (mut cargo, target_dir) = toolchain.build();
    cargo.args(["--locked", "--package", "redmux-front-end", "--profile", "wasm"]);
    exec::output(&mut cargo, BUILD_LIMIT)?;
    bind_into(&target_dir.join("wasm32-unknown-unknown/wasm/redmux_front_end.wasm"), to)
}

/// Binds a compiled file to JavaScript, without optimising it.
fn bind_into(compiled: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(|e| format!("cannot create {}: {e}", to.display()))?;
    let mut command = Command::new(bindgen()?);
    command.arg(compiled).arg(to);
    exec::output(&mut command, BUILD_LIMIT).map(drop)
}

/// Compiles the binding tool; returns its path.
fn bindgen() -> Result<PathBuf> {
    exec::say("compiling xtask/bindgen");
    let mut cargo = exec::cargo();
    cargo.args(["build", "--locked", "--package", "xtask-bindgen"]);
    exec::output(&mut cargo, BUILD_LIMIT)?;
    Ok(crate::target_dir().join("debug/xtask-bindgen"))
}

/// Makes the package in a temporary folder first: an interrupted run leaves no incomplete package.
fn bind(build: &Build, bindgen: &Path, compiled: &Path, node: &Path, pkg: &Path) -> Result<()> {
    let Build { stem, optimise, is_signed, .. } = build;
    let aside = TempDir::new()?;
    exec::say("binding to JavaScript (wasm-bindgen)");
    // What is made has the name of what it is made from.
    let named = TempDir::new()?;
    let named = named.path().join(format!("{stem}.wasm"));
    fs::copy(compiled, &named).map_err(|e| format!("cannot copy {}: {e}", compiled.display()))?;
    let mut command = Command::new(bindgen);
    command.arg(&named).arg(aside.path());
    exec::output(&mut command, BUILD_LIMIT)?;

    exec::say(&format!("optimising (wasm-opt {})", optimise.join(" ")));
    let bound = aside.path().join(format!("{stem}_bg.wasm"));
    let optimised = aside.path().join("optimised.wasm");
    let wasm_opt = packages::dir(packages::TOOLS).join("node_modules/binaryen/bin/wasm-opt");
    let mut command = Command::new(node);
    command.arg(wasm_opt).args(FEATURES).args(*optimise);
    command.arg(&bound).arg("-o").arg(&optimised);
    exec::output(&mut command, BUILD_LIMIT)?;
    fs::rename(&optimised, &bound)?;
    if *is_signed {
        sign(node, &bound, stem)?;
    }
    write_inline(node, &bound, stem)?;
    minify(&aside.path().join(format!("{stem}.js")))?;

    fs::create_dir_all(pkg).map_err(|e| format!("cannot create {}: {e}", pkg.display()))?;
    for entry in fs::read_dir(aside.path())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let to = pkg.join(entry.file_name());
            fs::copy(entry.path(), &to)
                .map_err(|e| format!("cannot write {}: {e}", to.display()))?;
        }
    }
    Ok(())
}

/// Minifies the glue: pages without a bundler load it as it is, and half of it is comments and
/// spaces.
fn minify(glue: &Path) -> Result<()> {
    let mut command = Command::new(packages::esbuild());
    command.arg(glue).args(["--minify", "--format=esm", "--log-level=warning"]);
    command.arg("--allow-overwrite").arg(format!("--outfile={}", glue.display()));
    exec::output(&mut command, Duration::from_secs(60)).map(drop)
}

/// Appends the hash of the wasm file to it, as a section of its own, and writes a module with the hash.
fn sign(node: &Path, wasm: &Path, stem: &str) -> Result<()> {
    const SCRIPT: &str = r#"
        const { createHash } = require('node:crypto');
        const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
        const [wasm, module] = process.argv.slice(1);
        const hash = createHash('sha256').update(readFileSync(wasm)).digest('hex').slice(0, 32);
        // The kind of the section, its length, and its name behind the length of that.
        appendFileSync(wasm, Buffer.concat([Buffer.from([0, 38, 5]), Buffer.from(`build${hash}`)]));
        writeFileSync(module, `export default "${hash}";\n`);"#;
    let mut command = Command::new(node);
    command.args(["-e", SCRIPT]).arg(wasm).arg(wasm.with_file_name(format!("{stem}_build.js")));
    exec::output(&mut command, Duration::from_secs(60)).map(drop)
}

/// Writes the wasm file as text in two modules, one to import and one to require, for places where
/// nothing can be fetched.
fn write_inline(node: &Path, wasm: &Path, stem: &str) -> Result<()> {
    const SCRIPT: &str = r#"
        const { readFileSync, writeFileSync } = require('node:fs');
        const [wasm, stem] = process.argv.slice(1);
        const text = readFileSync(wasm).toString('base64');
        writeFileSync(`${stem}.js`, `export default "${text}";\n`);
        writeFileSync(`${stem}.cjs`, `module.exports = "${text}";\n`);"#;
    let mut command = Command::new(node);
    command.args(["-e", SCRIPT]).arg(wasm).arg(wasm.with_file_name(format!("{stem}_inline")));
    exec::output(&mut command, Duration::from_secs(60)).map(drop)
}

/// Prints the size of the wasm file, raw and as servers send it.
fn print_size(node: &Path, wasm: &Path) -> Result<()> {
    const SCRIPT: &str = "
        const { readFileSync } = require('node:fs');
        const { gzipSync, brotliCompressSync } = require('node:zlib');
        const raw = readFileSync(process.argv[1]);
        const sizes = [raw, gzipSync(raw, { level: 9 }), brotliCompressSync(raw)];
        console.log(sizes.map((s) => s.length).join(' '));";
    let mut command = Command::new(node);
    command.args(["-e", SCRIPT]).arg(wasm);
    let text = exec::output(&mut command, Duration::from_secs(60))?;
    let sizes: Vec<&str> = text.split_whitespace().collect();
    let [raw, gzip, brotli] = sizes.as_slice() else {
        return Err(format!("cannot read the sizes of {}: {text}", wasm.display()).into());
    };
    let name = wasm.file_name().unwrap_or_default().to_string_lossy();
    exec::say(&format!("{name}: {raw} bytes, gzip {gzip}, brotli {brotli}"));
    Ok(())
}

/// Returns the files with the times of their last changes, to find out later whether any has
/// changed.
fn times(files: &[&Path]) -> String {
    let time = |file: &&Path| {
        let time = fs::metadata(file).and_then(|m| m.modified()).ok();
        format!("{} {time:?}", file.display())
    };
    files.iter().map(time).collect::<Vec<_>>().join("\n")
}
