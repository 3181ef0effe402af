use std::{
    fs, io,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::{
    process::{TempDir, end, find_program, free_port, send},
    resp,
};

/// How long a server may take to answer after it was started.
const START: Duration = Duration::from_secs(20);

/// A real Redis or Valkey server on a free port of 127.0.0.1, in memory only
///
/// It is killed on drop, also when it is paused or the test has panicked.
#[derive(Debug)]
pub struct RedisServer {
    program: PathBuf,
    args: Vec<String>,
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

/// How to start a server
#[derive(Debug, Clone, Default)]
pub struct Builder {
    port: Option<u16>,
    args: Vec<String>,
}

impl Builder {
    /// Adds command line arguments, such as `["--requirepass", "secret"]`.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Uses this port instead of a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Errors
    /// No server program is installed, or it does not answer in 20 s; the error says what
    /// to install, or holds the end of the server's log.
    pub fn start(self) -> io::Result<RedisServer> {
        let program = find_program(&["redis-server", "valkey-server"]).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                "neither redis-server nor valkey-server is on PATH; install one, for example with `apt-get install redis-server`",
            )
        })?;
        let mut server = RedisServer {
            program,
            args: self.args,
            port: 0,
            folder: TempDir::new("redis")?,
            child: None,
        };
        // Another process may take a free port before the server does: try a few.
        for attempt in 0.. {
            server.port = self.port.map_or_else(free_port, Ok)?;
            match server.launch() {
                Err(_) if attempt < 4 && self.port.is_none() => {}
                result => return result.map(|()| server),
            }
        }
        unreachable!("the loop returns")
    }
}

impl RedisServer {
    /// Starts a server with default settings.
    ///
    /// # Panics
    /// If it cannot be started: tests that need a server fail without one.
    pub fn start() -> Self {
        Self::with_args::<_, String>([])
    }

    /// Starts a server with these command line arguments.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn with_args<I, S>(args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        match Builder::default().args(args).start() {
            Ok(server) => server,
            Err(error) => panic!("this test needs a Redis server: {error}"),
        }
    }

    /// `127.0.0.1:port`.
    pub fn addr(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path of the server's Unix socket.
    pub fn unix_socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Sends a command without the client under test; see [`call`](crate::call).
    ///
    /// # Panics
    /// If the server does not answer.
    pub fn command(&self, args: &[&str]) -> String {
        resp::call(&self.addr(), args).expect("the test server answers")
    }

    /// Stops the process in its tracks (`SIGSTOP`): sockets stay open and silent.
    pub fn pause(&self) {
        self.child.iter().for_each(|child| send(child, Signal::SIGSTOP));
    }

    /// Lets a paused process go on (`SIGCONT`).
    pub fn resume(&self) {
        self.child.iter().for_each(|child| send(child, Signal::SIGCONT));
    }

    /// Kills the process (`SIGKILL`).
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            end(&mut child);
        }
    }

    /// Starts the server again on the same port, empty; kills it first if it runs.
    ///
    /// # Errors
    /// As for [`Builder::start`].
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        self.launch()
    }

    fn launch(&mut self) -> io::Result<()> {
        let log = self.folder.path().join("redis.log");
        let child = Command::new(&self.program)
            .arg("--port")
            .arg(self.port.to_string())
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--unixsocketperm", "700"])
            .arg("--dir")
            .arg(self.folder.path())
            .arg("--unixsocket")
            .arg(self.unix_socket())
            .arg("--logfile")
            .arg(&log)
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let child = self.child.insert(child);
        let deadline = Instant::now() + START;
        loop {
            // Any answer will do: a server that wants a password is up as well.
            if resp::call(&format!("127.0.0.1:{}", self.port), &["PING"]).is_ok() {
                return Ok(());
            }
            let ended = child.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                end(child);
                self.child = None;
                let tail = fs::read_to_string(&log).unwrap_or_default();
                let tail: Vec<&str> = tail.lines().rev().take(5).collect();
                let what = if ended.is_some() { "ended at once" } else { "does not answer" };
                let program = self.program.display();
                return Err(io::Error::other(format!("{program} {what}: {}", tail.join(" | "))));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
