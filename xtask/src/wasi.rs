//! Builds WASI components, and runs them in Wasmtime and in Node beside servers that are stopped and killed.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use redmux_test_support::{
    Daemon, DaemonCommand, RedisCluster, RedisServer, RedisServerBuilder, TempDir,
};

use crate::exec::{self, Logged, Result, say};
use crate::wasm_toolchain::{self, WASI_TARGET};
use crate::{check, control, packages, tools};

/// The packages that are components.
pub(crate) const COMPONENTS: [&str; 3] =
    ["redmux-wasi-checks", "redmux-wasi-example", "redmux-wasi-http"];
/// How they are built: `Cargo.toml` says why.
const PROFILE: &str = "wasi";
/// The release of Wasmtime's Python package: later ones have no switch for the network of a component.
const WASMTIME: &str = "wasmtime-47.0.1";
const LIMIT: Duration = Duration::from_secs(300);

/// Builds everything, and runs every check even if one fails; or the checks of TLS.
pub(crate) fn run(with_tls: bool) -> Result<()> {
    let hosts = Hosts::find_or_install()?;
    if with_tls {
        return tls(&hosts);
    }
    let own = build(Sockets::Own)?;
    let tokio = build(Sockets::Tokio)?;
    let redis = Arc::new(RedisServerBuilder::default().program(tools::redis()?).start()?);
    let control = control::start(&redis)?;
    let cluster = RedisCluster::builder().replicas(0).program(tools::redis()?).start()?;
    let logs = TempDir::new()?;

    let checks = "redmux-wasi-checks.wasm";
    let nodes: Vec<_> = cluster.nodes().iter().map(|node| node.addr().to_string()).collect();
    let all = [
        format!("redis={}", redis.addr()),
        format!("control={control}"),
        format!("cluster={}", nodes.join(",")),
    ];
    let mut failed = Vec::new();
    let mut leg = |what: &'static str, mut command: Command| -> Result<()> {
        // Each begins with empty servers.
        redis.command(&["FLUSHALL"]);
        cluster.nodes().iter().for_each(|node| drop(node.command(&["FLUSHALL"])));
        if !check::leg(what, &mut command, logs.path())? {
            failed.push(what);
        }
        Ok(())
    };
    leg("component in Wasmtime", hosts.wasmtime(&[], &own.join(checks), &all))?;
    leg("component on tokio in Wasmtime", hosts.wasmtime(&[], &tokio.join(checks), &all))?;
    leg("component in Node", hosts.node("run", &own.join(checks), &all))?;
    let denied = ["check=no-network".to_owned()];
    let denied = hosts.wasmtime(&["--no-network"], &own.join(checks), &denied);
    leg("component without network", denied)?;
    drop(cluster);

    println!("== component that waits for nothing, examples, HTTP");
    let stuck = hosts.wasmtime(&[], &own.join(checks), &["check=stuck".to_owned()]);
    step("a component that waits for nothing ends with words", &mut failed, || {
        ends_with(stuck, "nothing in this component can bring about", false, logs.path())
    });
    let address = [redis.addr().to_string()];
    let example = own.join("redmux-wasi-example.wasm");
    for (what, command) in [
        ("the example in Wasmtime", hosts.wasmtime(&[], &example, &address)),
        ("the example in Node", hosts.node("run", &example, &address)),
    ] {
        step(what, &mut failed, || {
            ends_with(command, "message hello from a component", true, logs.path())
        });
    }
    let http = own.join("redmux_wasi_http.wasm");
    step("an HTTP component keeps its connection, and survives its end", &mut failed, || {
        visits(&hosts, &http, &redis, logs.path())
    });
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("components failed: {}", failed.join("; ")).into()),
    }
}

/// Checks TLS, which needs clang to build.
fn tls(hosts: &Hosts) -> Result<()> {
    let component = build(Sockets::OwnWithTls)?.join("redmux-wasi-checks.wasm");
    let dir = TempDir::new()?;
    certify(dir.path())?;
    let path = |file: &str| dir.path().join(file).display().to_string();
    let settings = [
        ("tls-ca-cert-file", path("ca.pem")),
        ("tls-cert-file", path("server.pem")),
        ("tls-key-file", path("server.key")),
        ("tls-auth-clients", "no".to_owned()),
    ];
    let settings = settings.map(|(name, value)| [name.to_owned(), value]).to_vec();
    let redis = RedisServerBuilder::default().program(tools::redis()?).tls(settings).start()?;
    let port = redis.tls_port().ok_or("a server without TLS")?;
    let authority = fs::read_to_string(path("ca.pem"))?;
    let words = ["check=tls".to_owned(), format!("tls={port}"), format!("ca={}", authority.trim())];
    let logs = TempDir::new()?;
    let mut failed = Vec::new();
    for (what, mut command) in [
        ("TLS in Wasmtime", hosts.wasmtime(&[], &component, &words)),
        ("TLS in Node", hosts.node("run", &component, &words)),
    ] {
        if !check::leg(what, &mut command, logs.path())? {
            failed.push(what);
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("components failed: {}", failed.join("; ")).into()),
    }
}

/// Makes an authority, and a certificate of a server for `localhost`.
fn certify(dir: &Path) -> Result<()> {
    fs::write(dir.join("names"), "subjectAltName=DNS:localhost")?;
    for words in [
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
        "x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
         -extfile names -out server.pem",
    ] {
        let mut openssl = Command::new(tools::openssl()?);
        openssl.current_dir(dir).args(words.split_whitespace());
        exec::output(&mut openssl, LIMIT)?;
    }
    Ok(())
}

fn step(what: &'static str, failed: &mut Vec<&str>, run: impl FnOnce() -> Result<()>) {
    let started = Instant::now();
    match run() {
        Ok(()) => println!("ok {what} ({} ms)", started.elapsed().as_millis()),
        Err(why) => {
            println!("FAILED {what}: {why:?}");
            failed.push(what);
        }
    }
}

/// Fails unless the program ends as it should, with this text.
fn ends_with(mut command: Command, text: &str, well: bool, logs: &Path) -> Result<()> {
    let log = logs.join("component.log");
    let how = Logged { log: &log, limit: LIMIT, show: false };
    let (status, output) = exec::run_logged(&mut command, &how)?;
    match status.success() == well && output.contains(text) {
        true => Ok(()),
        false => Err(format!("{status}, without {text:?}:\n{}", exec::tail(&output, 40)).into()),
    }
}

/// The sockets and tasks that the checks run on
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sockets {
    Own,
    OwnWithTls,
    Tokio,
}

/// Returns the folder with the components.
fn build(sockets: Sockets) -> Result<PathBuf> {
    let mut cargo = exec::cargo();
    cargo.args(["build", "--locked", "--target", WASI_TARGET, "--profile", PROFILE]);
    // tokio wants this flag. All have it, so that they share what they depend on; the encoded form, because cargo
    // prefers it to RUSTFLAGS.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "--cfg\x1ftokio_unstable");
    // Another directory, so that the flag does not rebuild everything else each time.
    let target_dir = crate::target_dir().join("wasi");
    cargo.env("CARGO_TARGET_DIR", &target_dir);
    let (name, packages) = match sockets {
        Sockets::Own => ("own", &COMPONENTS[..]),
        Sockets::OwnWithTls => {
            cargo.args(["--features", "tls"]);
            let (clang, archiver) = tools::clang()?;
            cargo.env("CC_wasm32_wasip2", clang).env("AR_wasm32_wasip2", archiver);
            ("own-with-tls", &COMPONENTS[..1])
        }
        Sockets::Tokio => {
            cargo.args(["--no-default-features", "--features", "tokio"]);
            ("tokio", &COMPONENTS[..1])
        }
    };
    cargo.args(packages.iter().flat_map(|name| ["--package", *name]));
    exec::output(&mut cargo, Duration::from_secs(900))?;
    // The next build writes files of the same names.
    let (from, to) = (target_dir.join(WASI_TARGET).join(PROFILE), target_dir.join(name));
    fs::create_dir_all(&to)?;
    for file in fs::read_dir(&from)?.collect::<io::Result<Vec<_>>>()? {
        if file.path().extension().is_some_and(|end| end == "wasm") {
            fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    Ok(to)
}

/// What runs components
struct Hosts {
    /// The folder with the Python package.
    wasmtime: PathBuf,
    node: PathBuf,
}

impl Hosts {
    fn find_or_install() -> Result<Self> {
        wasm_toolchain::wasi()?;
        packages::install(packages::WASI_HOSTS)?;
        Ok(Self { wasmtime: wasmtime()?, node: tools::node()? })
    }

    /// Returns a run in Wasmtime.
    fn wasmtime(&self, options: &[&str], component: &Path, words: &[String]) -> Command {
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", &self.wasmtime);
        command.arg(packages::dir(packages::WASI_HOSTS).join("component.py"));
        command.args(options).arg(component).args(words);
        command
    }

    /// Returns a run in Node.
    fn node(&self, what: &str, component: &Path, words: &[String]) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(packages::dir(packages::WASI_HOSTS).join("host.mjs"));
        command.arg(what).arg(component).args(words);
        command
    }

    /// Starts the HTTP component in Node; returns its address.
    fn serve(&self, component: &Path, redis: &str, logs: &Path) -> Result<(Daemon, SocketAddr)> {
        let script = packages::dir(packages::WASI_HOSTS).join("host.mjs");
        let (daemon, output) = DaemonCommand::new(&self.node, logs.join("serve.log"))
            .arg(script)
            .arg("serve")
            .arg(component)
            .env("REDIS_URL", redis)
            .spawn_piped()?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let port = line.trim().strip_prefix("port ").and_then(|port| port.parse().ok());
        let Some(port) = port else {
            return Err(format!("no server: {line:?}\n{}", daemon.log_tail(40)).into());
        };
        Ok((daemon, SocketAddr::from(([127, 0, 0, 1], port))))
    }
}

/// Finds or installs Wasmtime's Python package.
pub(crate) fn wasmtime() -> Result<PathBuf> {
    let home = crate::target_dir().join("xtask").join(WASMTIME);
    if home.exists() {
        say(&format!("found Wasmtime at {}", home.display()));
        return Ok(home);
    }
    tools::pip()?;
    let list = packages::dir(packages::WASI_HOSTS).join("requirements.txt");
    say(&format!("installing Wasmtime: pip install --requirement {}", list.display()));
    let part = home.with_extension("part");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]);
    pip.args(["--require-hashes", "--upgrade", "--requirement"]).arg(list);
    pip.arg("--target").arg(&part);
    exec::output(&mut pip, LIMIT)?;
    fs::rename(&part, &home)?;
    Ok(home)
}

/// An HTTP component counts visits over one connection, while that is closed and the server dies.
fn visits(hosts: &Hosts, component: &Path, redis: &RedisServer, logs: &Path) -> Result<()> {
    redis.command(&["FLUSHALL"]);
    let (daemon, address) = hosts.serve(component, &redis.addr().to_string(), logs)?;
    let said = |error: String| format!("{error}\n{}", daemon.log_tail(40));
    let expect = |path: &str, visits: u32| -> Result<()> {
        let (status, text) = get(address, path)?;
        match status == 200 && text.trim() == visits.to_string() {
            true => Ok(()),
            false => Err(said(format!("{path}, visit {visits}: {status} {text}")).into()),
        }
    };
    for visit in 1..=20 {
        expect("/a", visit)?;
    }
    expect("/b", 1)?;
    let connections = || {
        let list = redis.command(&["CLIENT", "LIST", "TYPE", "normal"]);
        // One of them asks.
        list.lines().filter(|line| line.contains("id=") && !line.contains("cmd=client")).count()
    };
    if connections() != 1 {
        return Err(format!("21 requests made {} connections", connections()).into());
    }
    for visit in 21..=25 {
        redis.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        thread::sleep(Duration::from_millis(100));
        expect("/a", visit)?;
    }
    redis.kill();
    let (status, text) = get(address, "/a")?;
    if status != 503 || !text.contains("127.0.0.1") {
        return Err(said(format!("without a server: {status} {text}")).into());
    }
    redis.restart();
    expect("/a", 1)?;
    expect("/a", 2)
}

/// Asks for a page; returns the status and the text.
fn get(address: SocketAddr, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| format!("no HTTP: {answer:?}"))?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    if !answer.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked") {
        return Ok((status, body.to_owned()));
    }
    // A line with a length, a line of text, and so on: the texts here have no line ends inside.
    let texts = body.split("\r\n").skip(1).step_by(2);
    Ok((status, texts.collect()))
}
