//! Runs all clients through all workloads and reports.

mod cluster;
mod gateways;
mod healthy;
mod machine;
mod measure;
mod outages;
mod plan;
mod plots;
mod report;
mod shards;
mod targets;

use std::{collections::BTreeMap, error::Error, fs, path::PathBuf};

use redmux_test_support::{Programs, RedisServer};
use serde::Serialize;

use self::measure::{Summary, Tools};
use crate::suite::plan::Row;

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Ours; the first one is the product's default.
pub const OURS: [&str; 3] = ["redmux-async-std", "redmux-smol", "redmux-tokio"];

pub const RIVALS: [&str; 3] = ["redis-rs", "fred", "rustis"];

const USAGE: &str = "\
usage: bench [--quick | --full | --cluster | --stack] [--only TEXT] [--output DIR]

--quick   under three minutes, the repeatable figures first (default)
--full    all workloads, five rounds, growth, plots
--cluster a cluster of three primaries and three replicas: throughput, outages, slots that move
--stack   what the modules of Redis Stack answer
--only    workloads whose name contains TEXT
--output  where report.md, results.json and the plots go [target/bench]";

/// How much is run
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Quick,
    Full,
}

/// The figures of every client in one workload
#[derive(Debug, Serialize)]
pub struct Outcome {
    pub row: Row,
    pub clients: BTreeMap<String, Summary>,
}

pub fn main() -> Result<()> {
    let mut args = pico_args::Arguments::from_env();
    if args.contains(["-h", "--help"]) {
        println!("{USAGE}");
        return Ok(());
    }
    let (quick, clustered) = (args.contains("--quick"), args.contains("--cluster"));
    let stack = args.contains("--stack");
    let extent = if args.contains("--full") { Extent::Full } else { Extent::Quick };
    let only: Option<String> = args.opt_value_from_str("--only")?;
    let output: PathBuf =
        args.opt_value_from_str("--output")?.unwrap_or_else(|| "target/bench".into());
    let rest = args.finish();
    if !rest.is_empty()
        || usize::from(quick)
            + usize::from(extent == Extent::Full)
            + usize::from(clustered)
            + usize::from(stack)
            > 1
    {
        return Err(format!("unknown or contradicting arguments {rest:?}\n\n{USAGE}").into());
    }
    fs::create_dir_all(&output)?;

    let mut tools = Tools::find()?;
    let machine = machine::describe()?;
    println!("{machine}");
    if clustered {
        return cluster::run(&tools, &machine, only.as_deref(), &output);
    }
    let mut outcomes = Vec::new();
    if stack {
        let programs = Programs::in_dir(PathBuf::from("target/tmp/servers"));
        tools.server = RedisServer::builder().program(programs.redis_stack()).start()?;
    }
    for row in if stack { plan::stack_rows() } else { plan::rows(extent) } {
        if only.as_ref().is_some_and(|only| !row.name.contains(only.as_str())) {
            continue;
        }
        let outcome = tools.run(row)?;
        report::print(&outcome);
        outcomes.push(outcome);
    }
    for row in if stack { Vec::new() } else { plan::gateway_rows(extent) } {
        if only.as_ref().is_some_and(|only| !row.name.contains(only.as_str())) {
            continue;
        }
        let outcome = gateways::run(&tools, row)?;
        report::print(&outcome);
        outcomes.push(outcome);
    }

    let targets = targets::judge(&outcomes);
    print!("\n{}", report::targets(&targets));
    fs::write(output.join("results.json"), serde_json::to_string_pretty(&outcomes)?)?;
    let plots = plots::draw(&outcomes, &output)?;
    fs::write(output.join("report.md"), report::markdown(&machine, &outcomes, &targets, &plots))?;
    println!("\nwritten to {}", output.display());
    Ok(())
}
