//! How large the npm package is for who loads it, and how large it may be.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use redmux_test_support::TempDir;

use crate::exec::{self, Result};
use crate::{commonjs, packages, tools, wasm, wasm_toolchain};

/// Bytes that wasm and glue together may have as servers send them, with brotli. Every change
/// that needs more says here why; the goal is 60 KB.
///
/// 86,000 until subscriptions became desired state that the server confirms, and connections were
/// given up on evidence: 100,802. Where it went is in docs/internals/performance.md. 104,414 until printed errors left out what
/// modules quote of arguments, and a loading server that speaks RESP2 counted as connected: 105,050.
const CEILING: usize = 105_200;

/// Bytes that each of the modules may add to a page that imports it alone, minified and with brotli. About 0.3 KB of each is
/// what modules share.
///
/// Search had 5,300 until it got hybrid queries, their profiles and filters beside the query; 4,000 is the goal.
const MODULE_CEILINGS: [usize; 4] = [1_900, 1_420, 1_700, 5_550];

/// These say how many KB a page loads, before the words "KB with brotli".
const DOCUMENTS: [&str; 2] = ["README.md", "docs/performance.md"];

/// What is measured: the name that is printed, and the files, from `www`.
const PARTS: [(&str, &[&str]); 3] = [
    ("wasm", &["pkg/redmux_wasm_bg.wasm"]),
    ("glue", &["pkg/redmux_wasm.js"]),
    (
        "JavaScript of the browser entry",
        &["esm/*.js", "esm/transports/channel.js", "esm/transports/websocket.js"],
    ),
];

/// Builds the package, then measures it.
pub(crate) fn run() -> Result<()> {
    wasm::build(wasm_toolchain::for_package(true)?)?;
    check(&tools::node()?)
}

/// Prints the sizes of what is built; fails above the ceiling.
pub(crate) fn check(node: &Path) -> Result<()> {
    // Entries of other runtimes are not sent to browsers.
    const SCRIPT: &str = r#"
        const { readFileSync, readdirSync } = require("node:fs");
        const { gzipSync, brotliCompressSync } = require("node:zlib");
        const others = new Set(["node.js", "bun.js", "workerd.js", "server.js", "opentelemetry.js", "inline.js", "inlined.js", "installed.js", "beside.js", "bytes.js", "browser.js"]);
        const files = process.argv.slice(1).flatMap((file) =>
          file.endsWith("/*.js")
            ? readdirSync(file.slice(0, -4)).filter((f) => f.endsWith(".js") && !others.has(f)).map((f) => file.slice(0, -4) + f)
            : [file]);
        const all = Buffer.concat(files.map((file) => readFileSync(file)));
        console.log([all, gzipSync(all, { level: 9 }), brotliCompressSync(all)].map((b) => b.length).join(" "));"#;
    let (mut limited, mut page) = (0, 0);
    for (place, (name, files)) in PARTS.iter().enumerate() {
        let mut command = Command::new(node);
        command.current_dir(packages::dir(packages::WWW)).args(["-e", SCRIPT]).args(*files);
        let text = exec::output(&mut command, Duration::from_secs(60))?;
        let sizes: Vec<usize> = text.split_whitespace().flat_map(str::parse).collect();
        let [raw, gzip, brotli] = sizes.as_slice() else {
            return Err(format!("cannot read the sizes of {name}: {text}").into());
        };
        println!("{name:<32} {raw:>8} bytes   gzip {gzip:>7}   brotli {brotli:>7}");
        page += brotli;
        if place < 2 {
            limited += brotli;
        }
    }
    println!("{:<32} {:>37} {limited:>7}   of at most {CEILING}", "wasm and glue", "brotli");
    modules(node)?;
    for document in DOCUMENTS {
        let text = fs::read_to_string(crate::root().join(document))?;
        said(document, &text, page)?;
    }
    if limited > CEILING {
        return Err(
            format!("wasm and glue have {limited} bytes with brotli, more than {CEILING}").into()
        );
    }
    Ok(())
}

/// Fails if a document says another size of a page than this, in bytes.
fn said(document: &str, text: &str, page: usize) -> Result<()> {
    let words = text.split(" KB with brotli").next().unwrap_or_default();
    let said = words.rsplit(' ').next().and_then(|word| word.parse::<usize>().ok());
    match said {
        Some(said) if said.abs_diff(page / 1000) <= 2 => Ok(()),
        _ => Err(format!(
            "{document} says {said:?} KB of a page, which loads {page} bytes with brotli"
        )
        .into()),
    }
}

/// Prints what each module of the package adds to a page that imports it and is bundled; fails above its ceiling.
fn modules(node: &Path) -> Result<()> {
    const SCRIPT: &str = r#"
        const all = require("node:fs").readFileSync(process.argv[1]);
        console.log(all.length, require("node:zlib").brotliCompressSync(all).length);"#;
    for (module, ceiling) in commonjs::MODULES.iter().zip(MODULE_CEILINGS) {
        let aside = TempDir::new()?;
        let bundle = aside.path().join("module.js");
        let mut command = Command::new(packages::esbuild());
        command.current_dir(packages::dir(packages::WWW)).arg(format!("src/modules/{module}.js"));
        command.args(["--bundle", "--minify", "--format=esm", "--log-level=warning"]);
        // What the client has loaded already. A pattern of a path would also leave out what modules share.
        for entry in fs::read_dir(packages::dir(packages::WWW).join("src"))? {
            command.arg(format!("--external:../{}", entry?.file_name().to_string_lossy()));
        }
        command.arg(format!("--outfile={}", bundle.display()));
        exec::output(&mut command, Duration::from_secs(60))?;
        let mut command = Command::new(node);
        command.args(["-e", SCRIPT]).arg(&bundle);
        let text = exec::output(&mut command, Duration::from_secs(60))?;
        let sizes: Vec<usize> = text.split_whitespace().flat_map(str::parse).collect();
        let [raw, brotli] = sizes.as_slice() else {
            return Err(format!("cannot read the size of {module}: {text}").into());
        };
        let name = format!("redmux/{module}, minified");
        println!(
            "{name:<32} {raw:>8} bytes {:>14}   brotli {brotli:>7}   of at most {ceiling}",
            ""
        );
        if *brotli > ceiling {
            return Err(format!(
                "redmux/{module} has {brotli} bytes with brotli, more than {ceiling}"
            )
            .into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn a_document_with_an_old_size_is_refused() {
        assert!(said("a", "A page loads 130 KB with brotli.", 129_678).is_ok());
        assert!(said("a", "A page loads 101 KB with brotli.", 129_678).is_err());
        assert!(said("a", "A page loads little.", 129_678).is_err());
    }
}
