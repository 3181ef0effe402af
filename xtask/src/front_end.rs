//! Builds, serves and checks the page whose front-end is Rust.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use redmux_test_support::{RedisServer, RedisServerBuilder, TempDir};

use crate::demo::{self, open_in_browser};
use crate::exec::Result;
use crate::stack::{self, Stack};
use crate::wasm_toolchain::{self, Toolchain};
use crate::{check, control, packages, tools, wasm};

/// The files of the page that are not compiled.
const FILES: [&str; 3] = ["index.html", "main.js", "style.css"];

/// Builds the example into `output` if that is given; otherwise serves or checks it, with its own
/// servers.
pub(crate) fn run(options: &demo::Options, output: Option<PathBuf>) -> Result<()> {
    let only_build = output.is_some() && !options.check;
    let page = output.unwrap_or_else(|| crate::target_dir().join("front-end"));
    build(wasm_toolchain::find_or_install()?, &page)?;
    if only_build {
        println!("the page is in {0}: redmux-gateway --serve {0} …", page.display());
        return Ok(());
    }
    if options.check {
        return run_check(&page);
    }
    let mut stack = match options.port {
        Some(port) => Stack::serve(&page, &[Some(port)])?,
        None => Stack::serve(&page, &[Some(demo::DEFAULT_PORT), None])?,
    };
    println!();
    println!("the page           {}   (open it twice)", stack.url());
    println!("the Redis server   {} (its own, empty, gone afterwards)", stack.redis.addr());
    println!();
    println!("Ctrl-C stops all of it");
    if options.open {
        open_in_browser(&stack.url());
    }
    stack.wait_for_interrupt()?;
    drop(stack);
    println!("stopped");
    Ok(())
}

/// Puts the page and the program together in `to`.
pub(crate) fn build(toolchain: Toolchain, to: &Path) -> Result<()> {
    wasm::build_front_end(toolchain, to)?;
    let from = crate::root().join("examples/front-end");
    for file in FILES {
        fs::copy(from.join(file), to.join(file))
            .map_err(|e| format!("cannot copy {file} to {}: {e}", to.display()))?;
    }
    Ok(())
}

/// Returns the script of the check and the server that it needs. The script starts gateways and
/// kills the server; the server ends when it is dropped.
pub(crate) fn script(page: &Path) -> Result<(Command, Arc<RedisServer>)> {
    let redis = Arc::new(RedisServerBuilder::default().program(tools::redis()?).start()?);
    let control: SocketAddr = control::start(&redis)?;
    let mut command = Command::new(tools::node()?);
    command
        .arg(packages::dir(packages::WWW).join("test/front-end-check.mjs"))
        .env("REDMUX_GATEWAY", crate::target_dir().join("debug/redmux-gateway"))
        .env("REDMUX_REDIS", redis.addr().to_string())
        .env("REDMUX_CONTROL", format!("http://{control}"))
        .env("FRONT_END", page)
        .env("CHROMIUM", tools::chromium()?);
    Ok((command, redis))
}

fn run_check(page: &Path) -> Result<()> {
    packages::install(packages::WWW)?;
    // The script looks at the server with the npm package.
    wasm::build(wasm_toolchain::for_package(false)?)?;
    stack::compile_gateway()?;
    let (mut command, redis) = script(page)?;
    let logs = TempDir::new()?;
    let passed = check::leg("front-end in Rust, browser", &mut command, logs.path())?;
    drop(redis);
    match passed {
        true => Ok(()),
        false => Err("the front-end failed".into()),
    }
}
