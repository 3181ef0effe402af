//! Starts a Redis or Valkey server for one test.

use std::ffi::{OsStr, OsString};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::client;
use crate::dir::TempDir;
use crate::port::{PortLease, lease_port};
use crate::process::{Daemon, DaemonCommand, find_program, log_tail};

const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];
/// A loaded machine may take seconds to start a process; more is a failure.
const START_LIMIT: Duration = Duration::from_secs(20);
const COMMAND_LIMIT: Duration = Duration::from_secs(10);
const ATTEMPTS: usize = 5;

/// A server on a loopback port and in a temporary directory of its own.
///
/// Killed when dropped, paused or not.
#[derive(Debug)]
pub struct RedisServer {
    // Before the directory: the server ends first.
    daemon: Mutex<Option<Daemon>>,
    command: DaemonCommand,
    port: PortLease,
    tls_port: Option<PortLease>,
    password: Option<String>,
    unix_socket: Option<PathBuf>,
    dir: TempDir,
}

impl RedisServer {
    /// Starts one with the defaults: any free port, no password, nothing written to disk.
    ///
    /// # Panics
    /// When it does not start; the message says what to install or shows the log.
    pub fn start() -> Self {
        Self::builder().start().unwrap_or_else(|e| panic!("{e}"))
    }

    /// Starts one with options.
    pub fn builder() -> RedisServerBuilder {
        RedisServerBuilder::default()
    }

    /// The address on the IPv4 loopback.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The port; it listens on `127.0.0.1` and, where there is IPv6, on `[::1]`.
    pub fn port(&self) -> u16 {
        self.port.port()
    }

    /// The port of `127.0.0.1` on which it speaks TLS, if [`RedisServerBuilder::tls`] asked for one.
    pub fn tls_port(&self) -> Option<u16> {
        self.tls_port.as_ref().map(PortLease::port)
    }

    /// Its Unix socket, if [`RedisServerBuilder::unix_socket`] asked for one.
    pub fn unix_socket(&self) -> Option<&Path> {
        self.unix_socket.as_deref()
    }

    /// Its working directory, which also holds `server.log`.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process id while it runs.
    pub fn id(&self) -> Option<u32> {
        self.daemon().as_ref().map(Daemon::id)
    }

    /// Whether the process runs; a paused one does.
    pub fn is_running(&self) -> bool {
        self.daemon().as_mut().is_some_and(|d| matches!(d.exit_status(), Ok(None)))
    }

    /// The last lines of the server's log.
    pub fn log_tail(&self, lines: usize) -> String {
        log_tail(&self.dir.path().join("server.log"), lines)
    }

    /// Sends one command on a connection of its own and returns the reply as text.
    ///
    /// Arrays are one item a line, nil is `(nil)`, an error reply is `(error) …`.
    /// Authenticates with the password given by `--requirepass`. Waits at most 10 s.
    ///
    /// # Panics
    /// When the server cannot be reached or does not answer.
    pub fn command(&self, args: &[&str]) -> String {
        self.try_command(args).unwrap_or_else(|e| {
            let name = args.first().unwrap_or(&"(no command)");
            panic!("{name} on {}: {e}", self.addr())
        })
    }

    /// Like [`command`](Self::command), for a server that may be down.
    ///
    /// # Errors
    /// When the server cannot be reached or does not answer within 10 s.
    pub fn try_command(&self, args: &[&str]) -> io::Result<String> {
        client::command(self.addr(), self.password.as_deref(), args, COMMAND_LIMIT)
    }

    /// Stops it where it is (`SIGSTOP`): connections stay open and get no answer.
    ///
    /// # Panics
    /// When it is not running.
    pub fn pause(&self) {
        self.with_running("pause", Daemon::pause);
    }

    /// Lets a paused one go on (`SIGCONT`).
    ///
    /// # Panics
    /// When it is not running.
    pub fn resume(&self) {
        self.with_running("resume", Daemon::resume);
    }

    /// Kills it (`SIGKILL`) and waits for its end; the port stays reserved.
    pub fn kill(&self) {
        if let Some(mut daemon) = self.daemon().take() {
            daemon.kill();
        }
    }

    /// Ends it in order (`SIGTERM`), waits up to 5 s, then kills it.
    pub fn stop(&self) {
        let Some(mut daemon) = self.daemon().take() else { return };
        let _ = daemon.resume();
        let _ = daemon.terminate();
        let end = Instant::now() + Duration::from_secs(5);
        while matches!(daemon.exit_status(), Ok(None)) && Instant::now() < end {
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it again on the same port, after killing it if it still runs.
    ///
    /// # Panics
    /// When it does not start; the message shows the log.
    pub fn restart(&self) {
        self.try_restart().unwrap_or_else(|e| panic!("{e}"));
    }

    /// Like [`restart`](Self::restart), with the failure as an error.
    ///
    /// # Errors
    /// When it does not start; the message shows the log.
    pub fn try_restart(&self) -> io::Result<()> {
        self.kill();
        let daemon = launch(&self.command, self.addr())?;
        *self.daemon() = Some(daemon);
        Ok(())
    }

    fn daemon(&self) -> MutexGuard<'_, Option<Daemon>> {
        self.daemon.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_running(&self, what: &str, act: impl FnOnce(&mut Daemon) -> io::Result<()>) {
        let mut guard = self.daemon();
        let result = guard.as_mut().map_or_else(|| Err(io::Error::other("not running")), act);
        drop(guard);
        if let Err(e) = result {
            panic!("cannot {what} the server on {}: {e}", self.addr());
        }
    }
}

/// Options of a [`RedisServer`].
#[derive(Clone, Debug, Default)]
pub struct RedisServerBuilder {
    args: Vec<OsString>,
    port: Option<u16>,
    program: Option<PathBuf>,
    unix_socket: bool,
    tls: Vec<[String; 2]>,
    /// Lines of its configuration, if it is a sentinel.
    sentinel: Option<String>,
}

impl RedisServerBuilder {
    /// Adds a server argument, after the defaults and so stronger than they are.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds server arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// Listens on this port. Default: any free one, at most 55535.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Runs this program. Default: `redis-server` or else `valkey-server` on `PATH`.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Listens on a Unix socket in the server's directory too. Default: no.
    #[must_use]
    pub fn unix_socket(mut self) -> Self {
        self.unix_socket = true;
        self
    }

    /// Speaks TLS on a port of its own too, by these settings: pairs of a name and a value. Default: no.
    #[must_use]
    pub fn tls(mut self, settings: Vec<[String; 2]>) -> Self {
        self.tls = settings;
        self
    }

    /// Runs it as a sentinel with these lines of configuration, and no arguments.
    pub(crate) fn sentinel(mut self, lines: impl Into<String>) -> Self {
        self.sentinel = Some(lines.into());
        self
    }

    /// Starts the server and waits until it answers, 20 s at most.
    ///
    /// # Errors
    /// When no server program is found (says what to install), a wanted port is in
    /// use, or the server does not answer (shows the end of its log).
    pub fn start(self) -> io::Result<RedisServer> {
        let program =
            self.program.clone().or_else(|| find_program(&PROGRAMS)).ok_or_else(|| {
                let text = "found neither redis-server nor valkey-server on PATH; install one, \
                        on Debian with: apt-get install redis-server";
                io::Error::new(io::ErrorKind::NotFound, text)
            })?;
        let mut attempt = 1;
        loop {
            match self.start_once(&program) {
                Err(e)
                    if e.kind() == io::ErrorKind::AddrInUse
                        && self.port.is_none()
                        && attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn start_once(&self, program: &Path) -> io::Result<RedisServer> {
        let dir = TempDir::new()?;
        let port = lease_port(self.port)?;
        let unix_socket = self.unix_socket.then(|| dir.path().join("redis.sock"));
        let mut command = DaemonCommand::new(program, dir.path().join("server.log"))
            .arg("--port")
            .arg(port.port().to_string())
            .args(["--bind", "127.0.0.1"])
            .args(port.ipv6().then_some("::1"))
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir"])
            .arg(dir.path());
        let tls_port = (!self.tls.is_empty()).then(|| lease_port(None)).transpose()?;
        let own = tls_port.iter().map(|port| ["tls-port".to_owned(), port.port().to_string()]);
        let settings: Vec<[String; 2]> = own.chain(self.tls.iter().cloned()).collect();
        for [name, value] in &settings {
            command = command.arg(format!("--{name}")).arg(value);
        }
        if let Some(path) = &unix_socket {
            command = command.arg("--unixsocket").arg(path).args(["--unixsocketperm", "700"]);
        }
        let command = match &self.sentinel {
            None => command.args(&self.args),
            Some(lines) => {
                let lines = settings
                    .iter()
                    .fold(lines.clone(), |lines, [name, value]| format!("{name} {value}\n{lines}"));
                as_sentinel(program, &dir, &port, &lines)?
            }
        };
        let daemon = launch(&command, port.addr())?;
        let password = self.password();
        Ok(RedisServer {
            daemon: Mutex::new(Some(daemon)),
            command,
            port,
            tls_port,
            password,
            unix_socket,
            dir,
        })
    }

    fn password(&self) -> Option<String> {
        if let Some(lines) = &self.sentinel {
            let password = lines.lines().find_map(|line| line.strip_prefix("requirepass "));
            return password.map(str::to_owned);
        }
        let at = self.args.iter().position(|a| a == "--requirepass")?;
        self.args.get(at + 1)?.to_str().map(str::to_owned)
    }
}

/// A sentinel keeps what it knows in its configuration, which is a file that it writes.
fn as_sentinel(
    program: &Path,
    dir: &TempDir,
    port: &PortLease,
    lines: &str,
) -> io::Result<DaemonCommand> {
    let (port, home) = (port.port(), dir.path().display());
    let text = format!("port {port}\nbind 127.0.0.1\ndir {home}\n{lines}\n");
    let config = dir.path().join("sentinel.conf");
    std::fs::write(&config, text)?;
    let command = DaemonCommand::new(program, dir.path().join("server.log"));
    Ok(command.arg(config).arg("--sentinel"))
}

/// Starts the process and waits for its first answer.
fn launch(command: &DaemonCommand, addr: SocketAddr) -> io::Result<Daemon> {
    let mut daemon = command.spawn()?;
    let end = Instant::now() + START_LIMIT;
    loop {
        if let Some(status) = daemon.exit_status()? {
            let log = daemon.log_tail(20);
            let kind = match log.contains("Address already in use") {
                true => io::ErrorKind::AddrInUse,
                false => io::ErrorKind::Other,
            };
            let text = format!("the Redis server for {addr} ended ({status}); its log:\n{log}");
            return Err(io::Error::new(kind, text));
        }
        // Any answer will do: a server with a password answers NOAUTH.
        let last = match client::command(addr, None, &["PING"], Duration::from_secs(1)) {
            Ok(answer) if !answer.contains("LOADING") => return Ok(daemon),
            Ok(answer) => answer,
            Err(e) => e.to_string(),
        };
        if Instant::now() >= end {
            let secs = START_LIMIT.as_secs();
            let log = daemon.log_tail(20);
            let text = format!("no answer from {addr} within {secs} s ({last}); its log:\n{log}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        thread::sleep(Duration::from_millis(5));
    }
}
