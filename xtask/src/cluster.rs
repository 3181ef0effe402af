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
}

/// Runs the tests of a cluster in their long form, on the model and on each kind of server.
pub(crate) fn run(options: &Options) -> Result<()> {
    let minutes = options.minutes.unwrap_or(10);
    let mut tests = exec::cargo();
    tests.args(["test", "--package", "redmux", "--test", "model", "--", "--nocapture"]);
    tests.env("REDMUX_MODEL", (minutes * MODEL_PER_MINUTE).to_string());
    if let Some(seed) = options.seed {
        tests.env("REDMUX_MODEL_SEED", seed.to_string());
    }
    let status = tests.status()?;
    if !status.success() {
        return Err(format!("the model: {status}; the output says the seed").into());
    }
    exec::check_interrupted()?;
    let programs = Programs::in_dir(crate::target_dir().join("tmp/servers"));
    let servers: [(&str, PathBuf); 3] = [
        ("Redis 7", tools::redis()?),
        ("Redis 8", programs.redis_8()),
        ("Valkey 9", programs.valkey_9()),
    ];
    for (name, program) in servers {
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
        exec::check_interrupted()?;
    }
    Ok(())
}
