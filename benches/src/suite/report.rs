//! The figures as tables, for the terminal and for the docs.

use std::fmt::Write;

use super::{
    Outcome, RIVALS,
    targets::{JUDGED, Target, Wanted},
};
use crate::meter::Figures;

type Column = (&'static str, fn(&Figures) -> Option<f64>);

const COLUMNS: [Column; 14] = [
    ("ops/s", |f| f.ops_s),
    ("p50 µs", |f| f.p50_us),
    ("p99 µs", |f| f.p99_us),
    ("p99.9 µs", |f| f.p999_us),
    ("CPU µs/op", |f| f.cpu_us),
    ("user", |f| f.user_us),
    ("system", |f| f.system_us),
    ("instructions/op", |f| f.instructions),
    ("allocs/op", |f| f.allocations),
    ("bytes/op", |f| f.allocated_bytes),
    ("I/O calls/op", |f| f.io_calls),
    ("calls/op", |f| f.system_calls),
    ("held B", |f| f.held_bytes),
    ("peer CPU µs/op", |f| f.peer_us),
];

/// The columns that this workload has figures for.
fn columns(outcome: &Outcome) -> Vec<Column> {
    let taken = |column: &Column| outcome.clients.values().any(|s| column.1(&s.figures).is_some());
    COLUMNS.into_iter().filter(taken).collect()
}

/// Shows a workload on the terminal.
pub fn print(outcome: &Outcome) {
    println!("\n{}", outcome.row.name);
    let columns = columns(outcome);
    print!("{:18}", "");
    columns.iter().for_each(|(name, _)| print!("{name:>17}"));
    println!();
    for client in &outcome.row.clients {
        let Some(summary) = outcome.clients.get(*client) else { continue };
        print!("{client:18}");
        for (_, figure) in &columns {
            print!("{:>17}", figure(&summary.figures).map_or("-".into(), number));
        }
        println!();
    }
}

/// The targets as a table.
pub fn targets(targets: &[Target]) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "| target | wanted | on tokio | on async-std |\n|---|---|---|---|");
    for target in targets {
        let times = if target.of_rival { " ×" } else { "" };
        let wanted = match target.wanted {
            Wanted::AtMost(limit) => format!("≤ {limit:.2}{times}"),
            Wanted::AtLeast(limit) => format!("≥ {limit:.2}{times}"),
        };
        let _ = write!(text, "| {} | {wanted} |", target.what);
        for place in 0..JUDGED.len() {
            let _ = match target.reached.get(place).copied().flatten() {
                Some(value) => {
                    let verdict = if target.wanted.met(value) { "met" } else { "**not met**" };
                    write!(text, " {value:.2}{times}, {verdict} |")
                }
                None => write!(text, " |"),
            };
        }
        text.push('\n');
    }
    text
}

/// The whole report.
pub fn markdown(
    machine: &str,
    outcomes: &[Outcome],
    judged: &[Target],
    plots: &[(&str, &str)],
) -> String {
    let mut text = String::from("# Measurements\n\n");
    let _ = writeln!(text, "Taken by `cargo xtask bench`. {machine}.\n");
    text.push_str(
        "Medians of interleaved rounds; times vary with the machine, instructions, allocations and \
         system calls hardly. Latencies are taken in a stretch of their own. `peer` is the server, \
         or the gateway where there is one. CPU: of the client's process.\n\n## Targets\n\n\
         Each is a share of the best rival in the same run, unless it is a plain number.\n\n",
    );
    text.push_str(&targets(judged));
    for (file, caption) in plots {
        let _ = write!(text, "\n![{caption}]({file})\n");
    }
    let mut section = "";
    for outcome in outcomes {
        if outcome.row.section != section {
            section = outcome.row.section;
            let _ = write!(text, "\n## {section}\n");
        }
        let _ = write!(text, "\n### {}\n\n| |", outcome.row.name);
        let columns = columns(outcome);
        columns.iter().for_each(|(name, _)| text.push_str(&format!(" {name} |")));
        text.push_str("\n|---|");
        columns.iter().for_each(|_| text.push_str("---:|"));
        text.push('\n');
        for client in &outcome.row.clients {
            let Some(summary) = outcome.clients.get(*client) else { continue };
            let _ = write!(text, "| {client} |");
            for (_, figure) in &columns {
                let value = figure(&summary.figures);
                let _ = write!(text, " {} |", value.map_or_else(String::new, number));
            }
            text.push('\n');
        }
        if let Some(spread) = spread(outcome) {
            let _ = write!(text, "\n{spread}\n");
        }
    }
    text
}

/// How far the rounds lay apart, for those who want to compare two clients.
fn spread(outcome: &Outcome) -> Option<String> {
    let shown = ["redmux-async-std", "redmux-tokio"].into_iter().chain(RIVALS);
    let spreads: Vec<String> = shown
        .filter_map(|client| {
            let (least, most) = outcome.clients.get(client)?.cpu_spread?;
            (outcome.row.rounds > 1).then(|| format!("{client} {}–{}", number(least), number(most)))
        })
        .collect();
    (!spreads.is_empty())
        .then(|| format!("CPU µs/op, least to most of the rounds: {}.", spreads.join(", ")))
}

/// Three figures that count.
pub fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 10_000.0 => {
            let digits = format!("{value:.0}");
            let groups: Vec<&str> = digits
                .as_bytes()
                .rchunks(3)
                .rev()
                .map(|g| str::from_utf8(g).unwrap_or(""))
                .collect();
            groups.join(",")
        }
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
