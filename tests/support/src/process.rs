//! Child processes that end with their owner.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::process::{Pid, Signal, kill_process_group};

/// The first of the named programs found on `PATH`, or in the directories for
/// system programs that a user's `PATH` may lack.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = env::split_paths(&path).collect();
    names
        .iter()
        .find_map(|name| dirs.iter().map(|dir| dir.join(name)).find(|file| is_executable(file)))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// What to run in the background.
#[derive(Clone, Debug)]
pub struct DaemonCommand {
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    log: PathBuf,
}

impl DaemonCommand {
    /// A program whose output is appended to the file `log`.
    pub fn new(program: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), args: Vec::new(), env: Vec::new(), log: log.into() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Starts it in a process group of its own: Ctrl-C in a terminal reaches only
    /// the owner, who then ends it.
    ///
    /// # Errors
    /// When the log cannot be opened or the program cannot be started.
    pub fn spawn(&self) -> io::Result<Daemon> {
        self.spawn_to(|log| Ok(log.try_clone()?.into()))
    }

    /// As [`spawn`](Self::spawn), with a pipe for what it prints: only its errors are in the log.
    ///
    /// # Errors
    /// When the log cannot be opened or the program cannot be started.
    pub fn spawn_piped(&self) -> io::Result<(Daemon, ChildStdout)> {
        let mut daemon = self.spawn_to(|_| Ok(Stdio::piped()))?;
        let output = daemon.child.stdout.take();
        Ok((daemon, output.ok_or_else(|| io::Error::other("a program without its output"))?))
    }

    fn spawn_to(&self, output: impl FnOnce(&File) -> io::Result<Stdio>) -> io::Result<Daemon> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = match find_program(&["setpriv"]) {
            // The kernel kills it when this process is gone, however that came.
            Some(setpriv) if cfg!(target_os = "linux") => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL", "--"]).arg(&self.program);
                command
            }
            _ => Command::new(&self.program),
        };
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output(&log)?)
            .stderr(log)
            .process_group(0);
        let child = spawn_on_lasting_thread(command).map_err(|e| {
            io::Error::new(e.kind(), format!("cannot start {}: {e}", self.program.display()))
        })?;
        Ok(Daemon { child, log: self.log.clone() })
    }
}

/// The kernel counts the end of the *thread* that started a child as the end of
/// its parent, and a test's thread ends long before the process: so one thread
/// that never ends starts them all.
fn spawn_on_lasting_thread(command: Command) -> io::Result<Child> {
    type Job = (Command, Sender<io::Result<Child>>);
    static SPAWNER: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (jobs, inbox) = channel::<Job>();
        thread::spawn(move || {
            for (mut command, answer) in inbox {
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(jobs)
    });
    let (answer, child) = channel();
    let gone = |_| io::Error::other("the thread that starts processes is gone");
    let jobs = spawner.lock().map_err(|e| io::Error::other(e.to_string()))?;
    jobs.send((command, answer)).map_err(|e| io::Error::other(e.to_string()))?;
    drop(jobs);
    child.recv().map_err(gone)?
}

/// A running program, killed with its process group when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until something accepts connections at this address, for `limit` at most.
    ///
    /// # Errors
    /// When the program ends or `limit` is over before that (shows the end of its log).
    pub fn wait_until_listening(&mut self, addr: SocketAddr, limit: Duration) -> io::Result<()> {
        let end = Instant::now() + limit;
        while let Err(e) = TcpStream::connect_timeout(&addr, Duration::from_secs(1)) {
            if self.exit_status()?.is_some() || Instant::now() >= end {
                let log = self.log_tail(20);
                let text = format!("nothing listens on {addr} ({e}); the log:\n{log}");
                return Err(io::Error::other(text));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn exit_status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Stops it where it is; its sockets stay open and answer nothing.
    ///
    /// # Errors
    /// When it has already ended.
    pub fn pause(&mut self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a paused one go on.
    ///
    /// # Errors
    /// When it has already ended.
    pub fn resume(&mut self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Asks it to end (`SIGTERM`) without waiting for it.
    ///
    /// # Errors
    /// When it has already ended.
    pub fn terminate(&mut self) -> io::Result<()> {
        self.signal(Signal::TERM)
    }

    /// Kills it at once (`SIGKILL`, which a paused one obeys too) and waits for its end.
    pub fn kill(&mut self) {
        let _ = self.signal(Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The last lines of its output.
    pub fn log_tail(&self, lines: usize) -> String {
        log_tail(&self.log, lines)
    }

    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // Once reaped the id may belong to another process: never signal it then.
        if let Some(status) = self.child.try_wait()? {
            return Err(io::Error::other(format!("the process has ended ({status})")));
        }
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let group = group.ok_or_else(|| io::Error::other("the process has no valid id"))?;
        Ok(kill_process_group(group, signal)?)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The last lines of a log file, for error messages.
pub(crate) fn log_tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
