//! The same client directly and through gateways.

use std::{
    collections::BTreeMap,
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use redmux_test_support::find_program;

use super::{
    Outcome, Result,
    measure::{Summary, Tools, figures, summarize},
    plan::Row,
};

/// A gateway in a process of its own, ended when dropped
struct Gateway {
    child: Child,
    url: String,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Gateway {
    fn start(command: &mut Command, port: u16, path: &str) -> Result<Self> {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let gateway = Self { child, url: format!("ws://127.0.0.1:{port}{path}") };
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > end {
                return Err(format!("{command:?} does not listen").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(gateway)
    }
}

/// As [`Tools::run`]; the clients of the row are the ways to the server.
pub fn run(tools: &Tools, row: Row) -> Result<Outcome> {
    let server = tools.server.addr().to_string();
    let port = redmux_test_support::lease_port(None)?;
    let ours = Gateway::start(
        Command::new(build()?)
            .args(["--upstream", &server, "--allow-no-origin", "--quiet"])
            .args(["--listen", &format!("127.0.0.1:{}", port.port())]),
        port.port(),
        "/redis",
    )?;
    let other_port = redmux_test_support::lease_port(None)?;
    let websockify = find_program(&["websockify"])
        .ok_or("found no websockify on PATH; on Debian: apt-get install websockify")?;
    let listen = format!("127.0.0.1:{}", other_port.port());
    let theirs =
        Gateway::start(Command::new(websockify).args([&listen, &server]), other_port.port(), "/")?;

    let relay_port = redmux_test_support::lease_port(None)?;
    let relay_listen = format!("127.0.0.1:{}", relay_port.port());
    let relay = Gateway::start(
        Command::new(tools.run_program().with_file_name("relay")).args([&relay_listen, &server]),
        relay_port.port(),
        "",
    )?;

    let ways = [
        ("direct", "redmux-async-std", server.clone(), tools.server_id()?),
        ("tcp-relay", "redmux-async-std", relay_listen, relay.child.id().to_string()),
        ("redmux-gateway", "redmux-websocket", ours.url.clone(), ours.child.id().to_string()),
        ("websockify", "redmux-websocket", theirs.url.clone(), theirs.child.id().to_string()),
    ];
    let mut timed: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for round in 0..row.rounds {
        for turn in 0..ways.len() {
            let (way, client, address, peer) = &ways[(round + turn) % ways.len()];
            let ops = row.ops;
            let mut program = Command::new(tools.run_program());
            let mut command = tools.command(&mut program, &row, client, address, ops);
            command.args(["--server", &server, "--peer", peer, "--latencies"]);
            timed.entry(way).or_default().push(figures(&mut command)?);
        }
    }
    let clients: BTreeMap<String, Summary> =
        timed.into_iter().map(|(way, runs)| (way.to_owned(), summarize(runs))).collect();
    Ok(Outcome { row, clients })
}

/// Builds the gateway as it is shipped, and says where it is.
fn build() -> Result<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no work tree")?;
    let target = root.join("target");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(root)
        .args(["build", "--release", "--quiet", "--locked", "--package", "redmux-gateway"])
        .arg("--target-dir")
        .arg(&target)
        .status()?;
    if !status.success() {
        return Err("the gateway does not build".into());
    }
    Ok(target.join("release/redmux-gateway"))
}
