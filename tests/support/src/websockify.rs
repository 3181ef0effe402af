//! The stock WebSocket-to-TCP proxy.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::dir::TempDir;
use crate::port::{PortLease, lease_port};
use crate::process::{Daemon, DaemonCommand, find_program};

/// Python takes its time on a loaded machine.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A websockify process on a loopback port, killed when dropped.
#[derive(Debug)]
pub struct Websockify {
    daemon: Mutex<Daemon>,
    port: PortLease,
    _dir: TempDir,
}

impl Websockify {
    /// Starts one that forwards binary WebSocket messages to `127.0.0.1:upstream_port`.
    ///
    /// # Panics
    /// When it does not start; the message says what to install or shows the log.
    pub fn start(upstream_port: u16) -> Self {
        Self::try_start(upstream_port).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Like [`start`](Self::start), with the failure as an error.
    ///
    /// # Errors
    /// When websockify is not installed (says what to install) or does not listen
    /// within 30 s (shows the end of its log).
    pub fn try_start(upstream_port: u16) -> io::Result<Self> {
        let program = find_program(&["websockify"]).ok_or_else(|| {
            let text = "found no websockify on PATH; on Debian: apt-get install websockify";
            io::Error::new(io::ErrorKind::NotFound, text)
        })?;
        let dir = TempDir::new()?;
        let port = lease_port(None)?;
        let addr = port.addr();
        let mut daemon = DaemonCommand::new(program, dir.path().join("websockify.log"))
            .arg(addr.to_string())
            .arg(format!("127.0.0.1:{upstream_port}"))
            .spawn()?;
        daemon
            .wait_until_listening(addr, START_LIMIT)
            .map_err(|e| io::Error::other(format!("websockify: {e}")))?;
        Ok(Self { daemon: Mutex::new(daemon), port, _dir: dir })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port.port()
    }

    /// The address for a WebSocket client, `ws://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("ws://{}", self.addr())
    }

    /// The last lines of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        self.daemon.lock().map(|d| d.log_tail(lines)).unwrap_or_default()
    }
}
