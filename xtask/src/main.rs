//! The project's own tasks; `cargo xtask help` says what each does.

mod bench;
mod check;
#[cfg(test)]
mod circles;
mod cluster;
mod cluster_demo;
mod commonjs;
mod console;
mod control;
mod demo;
#[cfg(test)]
mod documents;
mod exec;
#[cfg(test)]
mod exhaustive;
mod front_end;
mod http;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod links;
#[cfg(test)]
mod numbers;
mod packages;
mod places;
mod release;
mod setup;
mod site;
mod size;
#[cfg(test)]
mod sources;
mod stack;
mod test;
mod tools;
mod wasi;
mod wasm;
mod wasm_toolchain;
#[cfg(test)]
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;

use exec::{Failure, Result};
pub(crate) use places::{root, target_dir};
use release::Task;

const HELP: &str = "\
cargo xtask <task>

  test [--verbose]     Everything that CI checks: formatting, lints, documentation,
                       native tests, thread interleavings, the wasm package and its
                       tests, and the demo in a real browser. Stops at the first failed
                       step and shows its output; the logs of all steps are in
                       target/xtask/.
                       --verbose shows the output of every step as it comes.

  demo [--port N] [--no-open]
                       Starts a Redis server, the gateway and the demo page on
                       http://127.0.0.1:N/ (default 8080 or else a free port), opens
                       it in a browser and stops everything on Ctrl-C.
  demo --check         The same with nobody watching: two browser tabs through the
                       gateway, the native example, the browser through
                       websockify, and the web console; one line a step, non-zero exit if any fails.

  demo --cluster [--port N] [--no-open]
                       Starts a cluster of six servers and a program that makes a load on it,
                       and shows on a page what the client makes of it while primaries die and
                       slots move, by itself or by buttons.
  demo --cluster --check
                       The same with nobody watching, in a real browser.

  bench --js [--in node,deno,bun,chromium] [--seconds N] [--rounds N] [--only TEXT]
                       The npm package beside ioredis, node-redis and Bun's own client over TCP
                       in Node, Deno and Bun; in Chromium through the gateway, beside as little as
                       can be done there. Sizes of the bundles too.
  bench [--quick | --full] [--only TEXT] [--output DIR]
                       Measures this client beside redis-rs, fred and rustis, and the
                       gateway beside websockify: instructions, allocations, CPU,
                       throughput, latencies. --quick takes about three minutes once
                       built; --full runs all workloads and draws plots. The report is
                       target/bench/report.md unless DIR says otherwise.
  bench --cluster [--only TEXT] [--output DIR]
                       Beside the same clients on a cluster of six nodes: throughput, MGET over
                       all shards, redirects while slots move, and how long writes stop when a
                       server hands over, is stopped or is killed. About ten minutes once built.
  bench --stack [--only TEXT] [--output DIR]
                       Beside the same clients on Redis Stack: a search with a thousand results.

  cluster [--minutes N] [--seed N] [--histories N] [--only NAME]
                       Torments a model of a cluster in simulated time, thousands of times a minute, and
                       real clusters and sentinels (Redis 7, Redis 8, Redis 8.10, Valkey 9), for N
                       minutes each (default 10) while tasks write, and compares what these were
                       told with what the servers have. One line a history; a failure says its seed.
                       --histories says how many on the model instead; --only runs a part of it:
                       model, or one of these servers.

  wasm                 Builds the wasm package into www/pkg and prints its size, with
                       Debian's Rust for wasm32 where that is or can be installed: it
                       can compile the standard library for size.

  wasi                 Builds the client and its examples as WASI 0.2 components, and runs them in Wasmtime and
                       in Node, beside servers that are stopped, killed and started again.
  wasi --tls           The same for TLS, which needs clang to build.

  console [--output DIR]
                       Builds the wasm package and puts the web console together in
                       DIR (default target/console), for `redmux-gateway --console`.

  front-end [--port N] [--no-open]
                       Builds the example of a front-end in Rust (examples/front-end) and
                       serves it as `demo` serves its page, with a Redis server of its own.
  front-end --check    Tries it in a real browser; one line a step, non-zero exit if any fails.
  front-end --output DIR
                       Only builds it into DIR, for `redmux-gateway --serve`.

  docs                 Makes a site of the documents in target/docs, with a search, and checks each
                       link and anchor in it.
  docs --serve [--port N]
                       Then serves it on http://127.0.0.1:N/ (default 8090) until Ctrl-C.

  size                 Builds the wasm package and prints what a browser loads, raw and
                       compressed; fails above the ceiling.

  release --dry-run    Everything that a release needs but the upload: versions and addresses
                       that agree, licences, the tarballs of all crates (compiled) and of
                       the npm package, documentation as on docs.rs, the oldest Rust and
                       the oldest dependencies. Needs the wasm package: `cargo xtask wasm`.
  release --dry-run --quick
                       The same without what is compiled; `test` does it.
  release --write      Writes what Cargo.toml says (version, repository, licence) into the
                       files of npm, and the texts of the licences into all packages.
  release --upload     All checks, then the upload. See CONTRIBUTING.md.

  setup                Only finds or installs what the tasks above need: the wasm32
                       and WASI standard libraries, Wasmtime, a Redis server, Chromium, websockify,
                       Node.js and the npm packages used here. Each is named as it is found or
                       installed; what cannot be installed is an error.

  help                 This text.
";

fn main() -> ExitCode {
    exec::catch_signals();
    match task() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => {
            eprintln!("interrupted; everything started here is stopped");
            ExitCode::from(130)
        }
        Err(Failure::Error(text)) => {
            eprintln!("error: {text}");
            ExitCode::FAILURE
        }
    }
}

fn task() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|task| task == "bench") {
        // Its options are its own.
        return bench::run(&words.collect::<Vec<_>>());
    }
    let mut args = lexopt::Parser::from_env();
    let mut task = None;
    let mut verbose = false;
    let mut tls = false;
    let mut demo = demo::Options::default();
    let mut cluster = cluster::Options::default();
    let mut output = None;
    let mut release = Task::default();
    let mut serve = false;
    while let Some(arg) = args.next()? {
        match (arg, task.as_deref()) {
            (Short('h') | Long("help"), _) => task = Some("help".into()),
            (Value(name), None) => task = Some(name.string()?),
            (Long("verbose"), Some("test")) => verbose = true,
            (Long("dry-run"), Some("release")) => release = release.and(Task::DryRun)?,
            (Long("quick"), Some("release")) => release = release.and(Task::Quick)?,
            (Long("write"), Some("release")) => release = release.and(Task::Write)?,
            (Long("upload"), Some("release")) => release = release.and(Task::Upload)?,
            (Long("tls"), Some("wasi")) => tls = true,
            (Long("minutes"), Some("cluster")) => cluster.minutes = Some(args.value()?.parse()?),
            (Long("seed"), Some("cluster")) => cluster.seed = Some(args.value()?.parse()?),
            (Long("histories"), Some("cluster")) => {
                cluster.histories = Some(args.value()?.parse()?)
            }
            (Long("only"), Some("cluster")) => cluster.only = Some(args.value()?.parse()?),
            (Long("output"), Some("console" | "front-end")) => {
                output = Some(PathBuf::from(args.value()?))
            }
            (Long("cluster"), Some("demo")) => demo.cluster = true,
            (Long("serve"), Some("docs")) => serve = true,
            (Long("port"), Some("docs")) => demo.port = Some(args.value()?.parse()?),
            (Long("check"), Some("demo" | "front-end")) => demo.check = true,
            (Long("no-open"), Some("demo" | "front-end")) => demo.open = false,
            (Long("port"), Some("demo" | "front-end")) => demo.port = Some(args.value()?.parse()?),
            (other, _) => return Err(other.unexpected().into()),
        }
    }
    match task.as_deref() {
        None | Some("help") => {
            print!("{HELP}");
            Ok(())
        }
        Some("test") => test::run(verbose),
        Some("demo") if demo.cluster => cluster_demo::run(&demo),
        Some("demo") => demo::run(&demo),
        Some("cluster") => cluster::run(&cluster),
        Some("wasm") => wasm::run(),
        Some("wasi") => wasi::run(tls),
        Some("console") => console::run(output),
        Some("front-end") => front_end::run(&demo, output),
        Some("docs") => site::run(serve, demo.port),
        Some("size") => size::run(),
        Some("release") => release::run(release),
        Some("setup") => setup::all(),
        Some(other) => Err(format!("no task {other:?}; see `cargo xtask help`").into()),
    }
}
