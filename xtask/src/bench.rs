//! Builds and runs the benchmarks, which are a separate workspace.

use std::ffi::OsString;
use std::process::Command;

use redmux_test_support::{RedisCluster, RedisServer};

use crate::exec::{self, Result};
use crate::{packages, tools, wasm, wasm_toolchain};

pub(crate) fn run(options: &[OsString]) -> Result<()> {
    if options.first().is_some_and(|option| option == "--js") {
        return javascript(&options[1..]);
    }
    tools::redis()?;
    tools::websockify()?;
    tools::counters()?;
    let target = crate::target_dir().join("benches");
    let mut build = exec::cargo();
    build
        .args(["build", "--release", "--locked", "--manifest-path", "benches/Cargo.toml"])
        .arg("--target-dir")
        .arg(&target);
    succeed(&mut build)?;
    let mut bench = Command::new(target.join("release/bench"));
    succeed(bench.current_dir(crate::root()).args(options))
}

/// Measures the npm package beside ioredis, node-redis, Valkey GLIDE and a runtime's built-in client: see
/// `benches/js/bench.mjs`.
fn javascript(options: &[OsString]) -> Result<()> {
    tools::redis()?;
    wasm::build(wasm_toolchain::for_package(true)?)?;
    packages::install(packages::JS_BENCHES)?;
    // Deno, Bun, a bundler, and what drives the browser.
    packages::install(packages::RUNTIMES)?;
    let mut gateway = exec::cargo();
    gateway.args(["build", "--release", "--locked", "--package", "redmux-gateway"]);
    succeed(&mut gateway)?;
    let server = RedisServer::builder().start()?;
    let cluster = RedisCluster::builder().start()?;
    let mut bench = Command::new(tools::node()?);
    bench.arg(packages::dir(packages::JS_BENCHES).join("bench.mjs"));
    bench.env("REDMUX_GATEWAY", crate::target_dir().join("release/redmux-gateway"));
    bench.env("CHROMIUM", tools::chromium()?);
    bench.arg(server.addr().port().to_string());
    bench.args(["--cluster", &cluster.nodes()[0].addr().port().to_string()]);
    succeed(bench.args(options))
}

/// Runs a command in the foreground, with its output on the terminal.
fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|e| format!("{}: {e}", exec::shown(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{}: {status}", exec::shown(command)).into())
    }
}
