//! A cluster, and what clients do with it: `cargo xtask bench --cluster`.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use redmux_test_support::RedisCluster;

use super::{
    Outcome, Result, healthy,
    measure::{Summary, Tools},
    outages,
    plan::{Row, workers},
    report,
    shards::{OURS, SHARDS, address, clients, shard_of},
};

const SECTION: &str = "A cluster of three primaries";

pub fn run(tools: &Tools, machine: &str, only: Option<&str>, output: &Path) -> Result<()> {
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    let mut text = format!(
        "# Measurements of a cluster\n\nTaken by `cargo xtask bench --cluster`: three primaries with a replica each, all on \
         one machine with the clients. {machine}.\n\nMedians of interleaved rounds. ×: of redmux's figure in the same run.\n"
    );
    let mut outcomes = Vec::new();
    {
        let cluster = RedisCluster::start();
        for row in rows(&cluster).into_iter().filter(|row| wanted(&row.name)) {
            let outcome = tools.run(able(tools, row))?;
            report::print(&outcome);
            let _ = write!(text, "\n{}", table(&outcome));
            outcomes.push(outcome);
        }
        if wanted("MGET") {
            let outcome = tools.run(able(tools, mget(&cluster)))?;
            report::print(&outcome);
            let by_hand = by_hand(tools, &cluster)?;
            let _ = write!(text, "\n{}", table(&outcome));
            let whole = outcome.clients.get(OURS).and_then(|summary| summary.figures.p50_us);
            let slowest = by_hand.iter().copied().reduce(f64::max);
            if let (Some(whole), Some(slowest)) = (whole, slowest) {
                let line = format!(
                    "The same keys as a pipeline for each shard, one shard after the other: {} µs; all of them: {:.2} × the \
                     slowest.",
                    by_hand.iter().map(|time| format!("{time:.0}")).collect::<Vec<_>>().join(", "),
                    whole / slowest
                );
                println!("{line}");
                let _ = write!(text, "\n{line}\n");
            }
            outcomes.push(outcome);
        }
    }
    let mut events = BTreeMap::new();
    if wanted("outages") {
        let outages = outages::run(tools.run_program())?;
        text.push_str(&outages::report(&outages));
        events.insert("outages", serde_json::to_value(outages)?);
    }
    if wanted("healthy") {
        let healthy = healthy::run(tools.run_program())?;
        text.push_str(&healthy::report(&healthy));
        events.insert("healthy", serde_json::to_value(healthy)?);
    }
    if wanted("reshard") {
        let moves = outages::reshard(tools.run_program())?;
        text.push_str(&outages::report_moves(&moves));
        events.insert("reshard", serde_json::to_value(moves)?);
    }
    fs::write(output.join("cluster.md"), text)?;
    let results = serde_json::json!({ "workloads": outcomes, "events": events });
    fs::write(output.join("cluster.json"), serde_json::to_string_pretty(&results)?)?;
    println!("\nwritten to {}", output.join("cluster.md").display());
    Ok(())
}

fn rows(cluster: &RedisCluster) -> Vec<Row> {
    let mut rows = Vec::new();
    for tasks in [1, 64, 512] {
        let row = |name: String| {
            let ops = if tasks == 1 { 10_000 } else { 120_000 };
            let row = Row::new(SECTION, name, "mixed").tasks(tasks).ops(ops);
            let row = if tasks == 64 { row.counted(6_400, 25_600) } else { row };
            Row { rounds: 5, ..row }
        };
        let name = format!("GET+SET 64 B, {}", workers(tasks));
        rows.push(Row {
            clients: clients(),
            address: Some(address(cluster, 1)),
            ..row(name.clone())
        });
        rows.push(Row { clients: vec![OURS], ..row(format!("{name}, one server")) });
    }
    rows
}

fn mget(cluster: &RedisCluster) -> Row {
    Row {
        clients: clients(),
        address: Some(address(cluster, 0)),
        rounds: 5,
        ..Row::new(SECTION, "MGET of 1000 keys of all shards, 1 task", "mget")
            .size(1000)
            .ops(300)
            .counted(10, 40)
    }
}

/// Median latencies of a pipeline to each shard for its part of these keys, in microseconds.
fn by_hand(tools: &Tools, cluster: &RedisCluster) -> Result<Vec<f64>> {
    let mut keys = vec![Vec::new(); SHARDS.len()];
    for number in 0..1000 {
        let key = crate::server::key(number);
        keys[shard_of(cluster, &key)?].push(key);
    }
    let row = |(shard, keys): (usize, Vec<String>)| {
        let (primary, _) = SHARDS[shard];
        let row = Row {
            clients: vec![OURS],
            address: Some(cluster.nodes()[primary].addr().to_string()),
            keys,
            rounds: 5,
            ..Row::new(SECTION, format!("MGET, by hand, shard {shard}"), "pipeline").ops(300)
        };
        let outcome = tools.run(row)?;
        let time = outcome.clients.get(OURS).and_then(|summary| summary.figures.p50_us);
        time.ok_or_else(|| "no latency was measured".into())
    };
    keys.into_iter().enumerate().map(row).collect()
}

/// The row without clients that refuse its workload.
fn able(tools: &Tools, mut row: Row) -> Row {
    let few = Row { rounds: 1, counted: None, ops: row.tasks, ..row.clone() };
    row.clients.retain(|client| {
        let alone = Row { clients: vec![client], ..few.clone() };
        tools.run(alone).inspect_err(|error| println!("{client}: refuses: {error}")).is_ok()
    });
    row
}

/// A workload as a table of figures and of their ratios to ours.
fn table(outcome: &Outcome) -> String {
    type Column = (&'static str, fn(&Summary) -> Option<f64>);
    let columns: [Column; 8] = [
        ("ops/s", |summary| summary.figures.ops_s),
        ("p50 µs", |summary| summary.figures.p50_us),
        ("p99 µs", |summary| summary.figures.p99_us),
        ("CPU µs/op", |summary| summary.figures.cpu_us),
        ("least", |summary| Some(summary.cpu_spread?.0)),
        ("most", |summary| Some(summary.cpu_spread?.1)),
        ("instructions/op", |summary| summary.figures.instructions),
        ("allocs/op", |summary| summary.figures.allocations),
    ];
    let taken =
        |column: &Column| outcome.clients.values().any(|summary| column.1(summary).is_some());
    let columns: Vec<Column> = columns.into_iter().filter(taken).collect();
    let mut text = format!("## {}\n\n| |", outcome.row.name);
    columns.iter().for_each(|(name, _)| text.push_str(&format!(" {name} |")));
    text.push_str("\n|---|");
    columns.iter().for_each(|_| text.push_str("---:|"));
    text.push('\n');
    let ours = outcome.clients.get(OURS);
    for client in &outcome.row.clients {
        let Some(summary) = outcome.clients.get(*client) else { continue };
        let _ = write!(text, "| {client} |");
        for (_, figure) in &columns {
            let shown = figure(summary).map(report::number).unwrap_or_default();
            let ratio = ours.and_then(|ours| Some(figure(summary)? / figure(ours)?));
            let _ = match ratio.filter(|ratio| *client != OURS && ratio.is_finite()) {
                Some(ratio) => write!(text, " {shown} ({ratio:.2} ×) |"),
                None => write!(text, " {shown} |"),
            };
        }
        text.push('\n');
    }
    text
}
