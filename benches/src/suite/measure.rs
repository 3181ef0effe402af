//! Runs one client in one workload, in the ways that its figures need.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use redmux_test_support::{RedisServer, find_program};
use serde::Serialize;

use super::{Outcome, Result, plan::Row};
use crate::meter::Figures;

/// The median of several runs, and the extremes of what is compared most
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    #[serde(flatten)]
    pub figures: Figures,
    /// Least and most CPU per operation, in microseconds.
    pub cpu_spread: Option<(f64, f64)>,
    /// Least and most operations per second.
    pub ops_spread: Option<(f64, f64)>,
}

/// What the measurements are made with
pub struct Tools {
    run: PathBuf,
    run_counted: PathBuf,
    valgrind: PathBuf,
    strace: PathBuf,
    pub server: RedisServer,
    scratch: tempfile::TempDir,
}

impl Tools {
    pub fn find() -> Result<Self> {
        let own = std::env::current_exe()?;
        let beside = |name: &str| own.with_file_name(name);
        let program = |name: &str| {
            find_program(&[name]).ok_or_else(|| {
                format!("found no {name} on PATH; on Debian: apt-get install {name}")
            })
        };
        Ok(Self {
            run: beside("run"),
            run_counted: beside("run-counted"),
            valgrind: program("valgrind")?,
            strace: program("strace")?,
            server: RedisServer::start(),
            scratch: tempfile::tempdir()?,
        })
    }

    /// All clients of a row, in turn and in another order each round.
    pub fn run(&self, row: Row) -> Result<Outcome> {
        let mut timed: BTreeMap<&str, Vec<Figures>> = BTreeMap::new();
        for round in 0..row.rounds {
            for turn in 0..row.clients.len() {
                let client = row.clients[(round + turn) % row.clients.len()];
                timed.entry(client).or_default().push(self.timed(&row, client)?);
            }
        }
        let mut clients = BTreeMap::new();
        for client in row.clients.iter().copied() {
            let mut summary = summarize(timed.remove(client).unwrap_or_default());
            if row.workload == "in-flight" {
                let peer = self.server_id()?;
                let figures =
                    self.figures(&self.run_counted, &row, client, row.ops, &["--peer", &peer])?;
                summary.figures.held_bytes = figures.held_bytes;
            }
            if let Some((few, many)) = row.counted {
                self.count(&row, client, few, many, &mut summary.figures)?;
            }
            clients.insert(client.to_owned(), summary);
        }
        Ok(Outcome { row, clients })
    }

    pub fn server_id(&self) -> Result<String> {
        Ok(self.server.id().ok_or("the server has died")?.to_string())
    }

    fn timed(&self, row: &Row, client: &str) -> Result<Figures> {
        let peer = self.server_id()?;
        let mut extra = Vec::new();
        if row.address.is_none() {
            extra.extend(["--peer", &peer]);
        }
        if row.latencies {
            extra.push("--latencies");
        }
        self.figures(&self.run, row, client, row.ops, &extra)
    }

    fn figures(
        &self,
        program: &PathBuf,
        row: &Row,
        client: &str,
        ops: usize,
        extra: &[&str],
    ) -> Result<Figures> {
        let address = self.address(row);
        let mut command = self.command(&mut Command::new(program), row, client, &address, ops);
        command.args(extra);
        figures(&mut command)
    }

    /// The command line of a run; `prefix` is the program, or what it runs under.
    pub fn command(
        &self,
        prefix: &mut Command,
        row: &Row,
        client: &str,
        address: &str,
        ops: usize,
    ) -> Command {
        let mut command = Command::new(prefix.get_program());
        command
            .args(prefix.get_args())
            .args([client, row.workload, "--address", address])
            .args(["--tasks", &row.tasks.to_string()])
            .args(["--connections", &row.connections.to_string()])
            .args(["--size", &row.size.to_string()])
            .args(["--ops", &ops.to_string()])
            .args((!row.keys.is_empty()).then_some("--keys"))
            .args((!row.keys.is_empty()).then(|| row.keys.join(",")))
            // One client thread each, as with tokio's current-thread runtime.
            .env("RUST_BACKTRACE", "0")
            .env("ASYNC_STD_THREAD_COUNT", "1")
            .env("SMOL_THREADS", "1");
        command
    }

    fn address(&self, row: &Row) -> String {
        row.address.clone().unwrap_or_else(|| self.server.addr().to_string())
    }

    /// The program of timed runs.
    pub fn run_program(&self) -> &PathBuf {
        &self.run
    }

    /// What two runs of different length differ in, per operation: start and end cancel out.
    fn count(
        &self,
        row: &Row,
        client: &str,
        few: usize,
        many: usize,
        figures: &mut Figures,
    ) -> Result<()> {
        let per_op = |count: &dyn Fn(usize) -> Result<f64>| -> Result<f64> {
            // A task does whole operations only.
            let done = |ops: usize| (ops / row.tasks * row.tasks) as f64;
            Ok((count(many)? - count(few)?) / (done(many) - done(few)))
        };
        let heap = self.figures(&self.run_counted, row, client, many, &[])?;
        figures.allocations = heap.allocations;
        figures.allocated_bytes = heap.allocated_bytes;
        if row.heap_only {
            return Ok(());
        }
        figures.instructions = Some(per_op(&|ops| self.instructions(row, client, ops))?);
        if !row.system_calls {
            return Ok(());
        }
        let (few_io, few_all) = self.system_calls(row, client, few)?;
        let (many_io, many_all) = self.system_calls(row, client, many)?;
        figures.io_calls = Some(per_op(&|ops| Ok(if ops == few { few_io } else { many_io }))?);
        figures.system_calls =
            Some(per_op(&|ops| Ok(if ops == few { few_all } else { many_all }))?);
        Ok(())
    }

    fn instructions(&self, row: &Row, client: &str, ops: usize) -> Result<f64> {
        let out = self.scratch.path().join("callgrind");
        let mut valgrind = Command::new(&self.valgrind);
        valgrind
            .arg("--tool=callgrind")
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(&self.run);
        let address = self.address(row);
        succeed(&mut self.command(&mut valgrind, row, client, &address, ops))?;
        let text = fs::read_to_string(&out)?;
        let total = text.lines().find_map(|line| {
            line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: "))
        });
        Ok(total.ok_or("callgrind wrote no total")?.trim().parse()?)
    }

    /// Calls that read or write, and all calls.
    fn system_calls(&self, row: &Row, client: &str, ops: usize) -> Result<(f64, f64)> {
        let out = self.scratch.path().join("strace");
        let mut strace = Command::new(&self.strace);
        strace.args(["-f", "-c", "-o"]).arg(&out).arg(&self.run);
        let address = self.address(row);
        succeed(&mut self.command(&mut strace, row, client, &address, ops))?;
        let (mut io, mut all) = (0.0, 0.0);
        for line in fs::read_to_string(&out)?.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (Some(name), Some(Ok(calls))) =
                (fields.last(), fields.get(3).map(|calls| calls.parse::<f64>()))
            else {
                continue;
            };
            if *name == "total" {
                continue;
            }
            all += calls;
            let moves = ["recv", "send", "readv", "writev"];
            if moves.iter().any(|moves| name.starts_with(moves)) {
                io += calls;
            }
        }
        Ok((io, all))
    }
}

/// Runs a program that prints figures.
pub fn figures(command: &mut Command) -> Result<Figures> {
    let text = succeed(command)?;
    let line = text.lines().last().unwrap_or_default();
    Ok(serde_json::from_str(line).map_err(|error| format!("{error} in {text:?}"))?)
}

fn succeed(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{errors}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

pub fn summarize(runs: Vec<Figures>) -> Summary {
    let all = |figure: fn(&Figures) -> Option<f64>| {
        let mut values: Vec<f64> = runs.iter().filter_map(figure).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let median = |figure: fn(&Figures) -> Option<f64>| {
        let values = all(figure);
        values.get(values.len() / 2).copied()
    };
    let spread = |figure: fn(&Figures) -> Option<f64>| {
        let values = all(figure);
        Some((*values.first()?, *values.last()?))
    };
    Summary {
        figures: Figures {
            ops_s: median(|f| f.ops_s),
            user_us: median(|f| f.user_us),
            system_us: median(|f| f.system_us),
            cpu_us: median(|f| f.cpu_us),
            p50_us: median(|f| f.p50_us),
            p99_us: median(|f| f.p99_us),
            p999_us: median(|f| f.p999_us),
            peer_busy: median(|f| f.peer_busy),
            peer_us: median(|f| f.peer_us),
            ..Figures::default()
        },
        cpu_spread: spread(|f| f.cpu_us),
        ops_spread: spread(|f| f.ops_s),
    }
}
