use std::{
    io,
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::process::{end, find_program, free_port};

/// Debian's `websockify` in front of a TCP port: a gateway that nobody here wrote
#[derive(Debug)]
pub struct Websockify {
    child: Child,
    port: u16,
}

impl Websockify {
    /// Starts it in front of `upstream` (`host:port`).
    ///
    /// # Errors
    /// It is not installed (`apt-get install websockify`) or does not listen within 20 s.
    pub fn start(upstream: &str) -> io::Result<Self> {
        let program = find_program(&["websockify"]).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                "websockify is not on PATH; install it, for example with `apt-get install websockify`",
            )
        })?;
        let port = free_port()?;
        let child = Command::new(program)
            .arg(format!("127.0.0.1:{port}"))
            .arg(upstream)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = server.child.try_wait()? {
                return Err(io::Error::other(format!("websockify ended at once: {status}")));
            }
            if Instant::now() > deadline {
                return Err(io::Error::other("websockify does not listen"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// The port it listens on, at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `ws://127.0.0.1:port/`.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/", self.port)
    }
}

impl Drop for Websockify {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
