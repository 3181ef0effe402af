//! Random histories on a model of a cluster, and on real clusters and sentinels, for as long as one likes: the long
//! form of `tests/model` and `tests/histories`.

use std::path::PathBuf;

use redmux_test_support::Programs;

use crate::exec::{self, Result};
use crate::tools;

/// How many histories on the model take about a minute.
const MODEL_PER_MINUTE: u64 = 5_000;

#[derive(Debug, Default)]
pub(crate) struct Options {
    /// On each kind of server; 10 if nothing is said.
    pub(crate) minutes: Option<u64>,
    /// The first history is made from this number, the next one from the number that follows.
    pub(crate) seed: Option<u64>,
    /// How many histories on the model, whatever the minutes are.
    pub(crate) histories: Option<u64>,
    /// What is run: `model`, or the kind of server, such as `Redis 8.10`.
    pub(crate) only: Option<String>,
}

/// Runs the tests of a cluster in their long form, on the model and on each kind of server.
pub(crate) fn run(options: &Options) -> Result<()> {
    let minutes = options.minutes.unwrap_or(10);
    let programs = Programs::in_dir(crate::target_dir().join("tmp/servers"));
    type Server<'a> = (&'a str, &'a dyn Fn() -> Result<PathBuf>);
    let servers: [Server<'_>; 4] = [
        ("Redis 7", &tools::redis),
        ("Redis 8", &|| Ok(programs.redis_8())),
        ("Redis 8.10", &|| Ok(programs.redis_8_10())),
        ("Valkey 9", &|| Ok(programs.valkey_9())),
    ];
    let wanted = |name: &str| options.only.as_ref().is_none_or(|only| only == name);
    if !wanted("model") && !servers.iter().any(|(name, _)| wanted(name)) {
        let names = servers.map(|(name, _)| name).join(", ");
        return Err(format!("--only takes model, {names}").into());
    }
    if wanted("model") {
        on_the_model(options, minutes)?;
    }
    for (name, program) in servers.into_iter().filter(|(name, _)| wanted(name)) {
        on_servers(options, minutes, name, program()?)?;
    }
    Ok(())
}

fn on_the_model(options: &Options, minutes: u64) -> Result<()> {
    let mut tests = exec::cargo();
    tests.args(["test", "--package", "redmux", "--test", "model", "--", "--nocapture"]);
    let histories = options.histories.unwrap_or(minutes * MODEL_PER_MINUTE);
    tests.env("REDMUX_MODEL", histories.to_string());
    if let Some(seed) = options.seed {
        tests.env("REDMUX_MODEL_SEED", seed.to_string());
    }
    let status = tests.status()?;
    if !status.success() {
        return Err(format!("the model: {status}; the output says the seed").into());
    }
    exec::check_interrupted()
}

fn on_servers(options: &Options, minutes: u64, name: &str, program: PathBuf) -> Result<()> {
    println!("{name}: {}", program.display());
    let mut tests = exec::cargo();
    tests.args(["test", "--package", "redmux", "--no-fail-fast", "--test", "cluster"]);
    tests.args(["--test", "sentinel", "--", "histories", "failovers", "--nocapture"]);
    tests.env("REDMUX_CLUSTER", minutes.to_string()).env("REDMUX_CLUSTER_SERVER", program);
    if let Some(seed) = options.seed {
        tests.env("REDMUX_SEED", seed.to_string());
    }
    let status = tests.status()?;
    if !status.success() {
        return Err(format!("{name}: {status}; the output says the seed").into());
    }
    exec::check_interrupted()
}
