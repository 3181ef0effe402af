//! Runs everything that CI checks, the cheapest steps first.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use redmux_test_support::{Programs, RedisServer};

use crate::exec::{self, Logged, Result};
use crate::wasm_toolchain::{self, Toolchain};
use crate::{front_end, packages, release, setup, site, size, tools, wasi, wasm};

/// Far more than any step takes: a step that hangs must fail before CI gives up.
const STEP_LIMIT: Duration = Duration::from_secs(25 * 60);
/// How much of a failed step's output is shown; its log has all of it.
const SHOWN_LINES: usize = 400;
/// The package for wasm32 only: another step builds it.
const WASM_PACKAGE: &str = "redmux-wasm";
/// The packages that are linted for wasm32.
const WASM_LINTED: [&str; 6] = [
    "redmux",
    "redmux-resp",
    WASM_PACKAGE,
    "redmux-websocket",
    "redmux-websocket-checks",
    "redmux-front-end",
];

/// Runs all steps up to the first that fails.
pub(crate) fn run(verbose: bool) -> Result<()> {
    let mut steps = Steps { verbose, number: 0, times: Vec::new() };
    let started = Instant::now();

    steps.run("prerequisites", |_| setup::all())?;
    format_and_lint(&mut steps)?;
    packages::install(packages::SITE)?;
    none_skipped(&steps.command("links of the documents", &mut site::tests()?)?)?;
    steps.command("documents as a site", &mut site::command()?)?;

    let native = ["test", "--locked", "--workspace", "--exclude", WASM_PACKAGE, "--no-fail-fast"];
    // No test is skipped: a test that is marked `ignore` runs too.
    let native = [&native[..], &["--", "--include-ignored"]].concat();
    steps.cargo("native tests", &native, &[("RUST_TEST_THREADS", &*test_threads())])?;

    interleavings(&mut steps)?;

    let toolchain = steps.run("wasm toolchain", |_| wasm_toolchain::find_or_install())?;
    // Debian's Rust has no clippy; the code for other targets is linted anyway.
    if toolchain == Toolchain::Rustup {
        let target = ["clippy", "--locked", "--target", wasm_toolchain::TARGET];
        let packages = WASM_LINTED.iter().flat_map(|name| ["--package", *name]);
        let args: Vec<&str> =
            target.into_iter().chain(packages).chain(["--", "-D", "warnings"]).collect();
        steps.cargo("lints for wasm32", &args, &[])?;
    }
    wasi_components(&mut steps)?;

    steps.run("wasm package", |_| wasm::build(wasm_toolchain::for_package(true)?))?;
    steps.run("size of the package", |_| size::check(&tools::node()?))?;

    steps.run("what would be published", |_| release::run(release::Task::Quick))?;

    let mut npm = packages::npm(packages::WWW)?;
    npm.arg("test");
    none_skipped(&steps.command("JavaScript tests", &mut npm)?)?;

    let checks = steps.run("transport checks", |_| wasm::build_checks(toolchain))?;
    // The checks delay the server with `DEBUG SLEEP`.
    let server = RedisServer::builder().args(["--enable-debug-command", "yes"]).start()?;
    let mut command = Command::new(tools::node()?);
    command.arg(crate::root().join("www/test/transport/check.mjs"));
    command.env("CHECKS", checks);
    tools::browsers(&mut command)?;
    command.env("REDIS", server.addr().to_string());
    steps.command("transport in the browser", &mut command)?;

    steps.command("methods against servers", &mut methods()?)?;

    steps.command("modules against Redis Stack", &mut modules()?)?;

    packages::install(packages::RUNTIMES)?;
    steps.cargo("gateway", &["build", "--locked", "--package", "redmux-gateway"], &[])?;
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::RUNTIMES).join("check.mjs"));
    command.env("REDIS_SERVER", tools::redis()?).env("OPENSSL", tools::openssl()?);
    command.env("REDMUX_GATEWAY", crate::target_dir().join("debug/redmux-gateway"));
    command.env("REDIS", server.addr().to_string()).env("CHROMIUM", tools::chromium()?);
    steps.command("package in every runtime", &mut command)?;

    packages::install(packages::SETUPS)?;
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::SETUPS).join("check.mjs"));
    command.env("REDMUX_GATEWAY", crate::target_dir().join("debug/redmux-gateway"));
    command.env("REDIS", server.addr().to_string()).env("CHROMIUM", tools::chromium()?);
    steps.command("package in every set-up", &mut command)?;

    packages::install(packages::COMPAT)?;
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::COMPAT).join("check.mjs"));
    command.env("REDIS", server.addr().to_string());
    steps.command("packages written for ioredis", &mut command)?;
    steps.command("lines of other clients", &mut moves()?)?;

    // In Node, Bun and Deno; the packages are those of the steps before.
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::WWW).join("test/adapters/check.mjs"));
    command.env("REDIS", server.addr().to_string());
    steps.command("adapters and examples", &mut command)?;
    drop(server);

    let mut npm = packages::npm(packages::WWW)?;
    npm.args(["run", "live"]).env("REDIS_SERVER", tools::redis()?);
    npm.env("REDMUX_GATEWAY", crate::target_dir().join("debug/redmux-gateway"));
    none_skipped(&steps.command("package against a server", &mut npm)?)?;

    tools::websockify()?;
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::WWW).join("test/docs/check.mjs"));
    command.env("REDIS_SERVER", tools::redis()?).env("OPENSSL", tools::openssl()?);
    command.env("REDMUX_GATEWAY", crate::target_dir().join("debug/redmux-gateway"));
    command.env("CHROMIUM", tools::chromium()?);
    steps.command("guides", &mut command)?;

    examples(&mut steps)?;

    let page = crate::target_dir().join("front-end");
    steps.run("front-end in Rust", |_| front_end::build(toolchain, &page))?;
    let (mut command, server) = front_end::script(&page)?;
    steps.command("front-end in the browser", &mut command)?;
    drop(server);

    let mut demo = Command::new(std::env::current_exe()?);
    demo.args(["demo", "--check"]);
    steps.command("demo in the browser", &mut demo)?;

    let mut demo = Command::new(std::env::current_exe()?);
    demo.args(["demo", "--cluster", "--check"]);
    steps.command("a cluster in the browser", &mut demo)?;

    summary(&steps, started.elapsed());
    Ok(())
}

/// Returns how many tests run side by side: most wait for servers, and not for the processor.
fn test_threads() -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) * 2;
    std::env::var("RUST_TEST_THREADS").unwrap_or_else(|_| threads.to_string())
}

/// Returns the check of every method of the npm package, on each kind of server.
fn methods() -> Result<Command> {
    // The folder in which the native tests keep their servers.
    let servers = Programs::in_dir(crate::target_dir().join("tmp/servers"));
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::WWW).join("test/methods/check.mjs"));
    command.env("REDIS_7", tools::redis()?).env("REDIS_8", servers.redis_8());
    command.env("REDIS_8_10", servers.redis_8_10()).env("VALKEY_9", servers.valkey_9());
    Ok(command)
}

/// Returns the check of the tables of what to write in place of the lines of other clients.
fn moves() -> Result<Command> {
    let servers = Programs::in_dir(crate::target_dir().join("tmp/servers"));
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::COMPAT).join("moves.mjs"));
    command.env("REDIS_SERVER", tools::redis()?).env("OPENSSL", tools::openssl()?);
    command.env("REDIS_8", servers.redis_8()).env("REDIS_STACK", servers.redis_stack());
    Ok(command)
}

/// Returns the check of the modules of the npm package.
fn modules() -> Result<Command> {
    let servers = Programs::in_dir(crate::target_dir().join("tmp/servers"));
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::WWW).join("test/modules/check.mjs"));
    command.env("REDIS_STACK", servers.redis_stack());
    Ok(command)
}

fn format_and_lint(steps: &mut Steps) -> Result<()> {
    steps.cargo("format", &["fmt", "--all", "--check"], &[])?;
    for outside in ["benches", "examples/servers", "fuzz"] {
        let manifest = format!("{outside}/Cargo.toml");
        let heading = format!("format of {outside}");
        steps.cargo(&heading, &["fmt", "--all", "--manifest-path", &manifest, "--check"], &[])?;
    }
    let lint = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    steps.cargo("lints", &lint, &[])?;
    for features in [
        "",
        "async-std",
        "smol",
        "tokio",
        "tls",
        "derive",
        "full",
        "topology",
        "tracing",
        "metrics",
        "stack",
    ] {
        let heading = match features {
            "" => "core without features".to_owned(),
            only => format!("core with only {only}"),
        };
        let core = ["clippy", "--locked", "--package", "redmux", "--no-default-features"];
        let only = ["--features", features, "--", "-D", "warnings"];
        let args: Vec<&str> = core.into_iter().chain(only).collect();
        steps.cargo(&heading, &args, &[])?;
    }
    for outside in ["benches", "fuzz"] {
        let manifest = format!("{outside}/Cargo.toml");
        let target = crate::target_dir().join(outside).display().to_string();
        let lint = ["clippy", "--locked", "--manifest-path", &manifest, "--target-dir", &target];
        let args = [&lint[..], &["--all-targets", "--", "-D", "warnings"]].concat();
        // Linting needs no build of the fuzzer's library, which is C++.
        let env = [("CUSTOM_LIBFUZZER_PATH", "/dev/null")];
        steps.cargo(&format!("lints of {outside}"), &args, &env)?;
    }
    let doc = ["doc", "--locked", "--workspace", "--no-deps", "--exclude", WASM_PACKAGE];
    steps.cargo("documentation", &doc, &[("RUSTDOCFLAGS", "-D warnings")])?;
    Ok(())
}

/// Builds and runs the examples that need a framework.
fn examples(steps: &mut Steps) -> Result<()> {
    let (manifest, target) =
        ("examples/servers/Cargo.toml", crate::target_dir().join("examples").display().to_string());
    let build = ["build", "--locked", "--manifest-path", manifest, "--target-dir", &target];
    steps.cargo("examples with frameworks", &build, &[])?;
    let mut command = Command::new(tools::node()?);
    command.arg(crate::root().join("examples/servers/check.mjs"));
    command.env("REDIS_SERVER", tools::redis()?).env("EXAMPLES", format!("{target}/debug"));
    steps.command("frameworks against a server", &mut command)?;
    Ok(())
}

/// Lints the code for WASI, and runs components.
fn wasi_components(steps: &mut Steps) -> Result<()> {
    let target = ["clippy", "--locked", "--target", wasm_toolchain::WASI_TARGET];
    let packages = wasi::COMPONENTS.iter().chain(&["redmux-tcp", "redmux"]);
    let packages = packages.flat_map(|name| ["--package", *name]);
    // All that works there; TLS needs clang.
    let features = ["--no-default-features", "--features"];
    let features = features.into_iter().chain(["redmux-wasi-checks/own,redmux/wasi,redmux/stack,redmux/metrics,redmux/tracing,redmux/derive"]);
    let args: Vec<&str> = target
        .into_iter()
        .chain(packages)
        .chain(features)
        .chain(["--", "-D", "warnings"])
        .collect();
    steps.cargo("lints for WASI", &args, &[])?;
    let mut task = Command::new(std::env::current_exe()?);
    task.arg("wasi");
    steps.command("WASI components", &mut task).map(drop)
}

/// Tests the core with the model checker's locks in place of the standard library's.
fn interleavings(steps: &mut Steps) -> Result<()> {
    // Another target folder, so that the flag does not rebuild everything else each time.
    let dir = crate::target_dir().join("shuttle").display().to_string();
    // The encoded form: cargo prefers it to RUSTFLAGS.
    let env = [("CARGO_ENCODED_RUSTFLAGS", "--cfg\x1fshuttle"), ("CARGO_TARGET_DIR", &dir)];
    let core =
        ["--locked", "--package", "redmux", "--no-default-features", "--features", "full", "--lib"];
    let with = |first: &[&'static str], last: &[&'static str]| [first, &core, last].concat();
    let lint = with(&["clippy", "--profile", "test"], &["--", "-D", "warnings"]);
    steps.cargo("lints of interleavings", &lint, &env)?;
    let test = with(&["test"], &["interleavings::"]);
    let output = steps.cargo("thread interleavings", &test, &env)?;
    match output.contains(" ... ok") {
        true => Ok(()),
        false => Err("no interleavings were tested: was the core built with --cfg shuttle?".into()),
    }
}

/// Fails if Node's test runner (`ℹ skipped 1`, `# todo 1`) left tests out.
fn none_skipped(output: &str) -> Result<()> {
    let left_out = output.lines().find(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words[..], [_, "skipped" | "todo", count] if count != "0")
    });
    match left_out {
        None => Ok(()),
        Some(line) => Err(format!("tests were left out: {line}").into()),
    }
}

fn summary(steps: &Steps, elapsed: Duration) {
    println!("\n== summary");
    for (heading, time) in &steps.times {
        println!("{heading:<28} {:>7.1} s", time.as_secs_f64());
    }
    println!("{:<28} {:>7.1} s", "all steps", elapsed.as_secs_f64());
}

/// Runs steps, each with a heading and its time.
struct Steps {
    verbose: bool,
    number: usize,
    times: Vec<(String, Duration)>,
}

impl Steps {
    fn run<T>(&mut self, heading: &str, step: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.number += 1;
        println!("== {}. {heading}", self.number);
        let started = Instant::now();
        let value = step(self)?;
        let time = started.elapsed();
        println!("   done in {:.1} s", time.as_secs_f64());
        self.times.push((heading.to_owned(), time));
        Ok(value)
    }

    /// Runs cargo as a step; returns the output.
    fn cargo(&mut self, heading: &str, args: &[&str], env: &[(&str, &str)]) -> Result<String> {
        let mut cargo = exec::cargo();
        cargo.args(args).envs(env.iter().copied());
        self.command(heading, &mut cargo)
    }

    fn command(&mut self, heading: &str, command: &mut Command) -> Result<String> {
        self.run(heading, |steps| {
            println!("   {}", exec::shown(command));
            let log = steps.log(heading);
            let how = Logged { log: &log, limit: STEP_LIMIT, show: steps.verbose };
            let (status, output) = exec::run_logged(command, &how)?;
            if status.success() {
                return Ok(output);
            }
            if !steps.verbose {
                println!("{}", exec::tail(&output, SHOWN_LINES));
                // At the end, where a reader looks first: a failed test may be far up in the log.
                println!("what failed:\n{}", exec::failures(&output));
            }
            let log = log.display();
            Err(format!("the step `{heading}` failed ({status}); its output is in {log}").into())
        })
    }

    fn log(&self, heading: &str) -> PathBuf {
        let name = format!("{:02}-{}.log", self.number, heading.replace([' ', '/'], "-"));
        crate::target_dir().join("xtask").join(name)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tests_that_node_left_out_are_a_failure() {
        let output =
            |skipped, todo| format!("ok 1 - a\nℹ tests 3\nℹ skipped {skipped}\nℹ todo {todo}\n");
        assert!(super::none_skipped(&output(0, 0)).is_ok());
        assert!(super::none_skipped(&output(1, 0)).is_err());
        assert!(super::none_skipped(&output(0, 2).replace('ℹ', "#")).is_err());
    }
}
