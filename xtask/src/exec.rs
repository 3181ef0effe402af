//! Runs other programs, each with a time limit, and ends them with this one.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Why a task failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Ctrl-C, or a signal to end.
    Interrupted,
    /// Any other error, as a text for the terminal.
    Error(String),
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl<E: ToString> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(error.to_string())
    }
}

static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Handles Ctrl-C (and `SIGTERM`, `SIGHUP`): the first ends the task in order, the second at once.
pub(crate) fn catch_signals() {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // The order matters: at the second signal, the flag is set already.
        let shutdown = flag::register_conditional_shutdown(signal, 130, INTERRUPTED.clone());
        let first = flag::register(signal, INTERRUPTED.clone());
        if let Err(e) = shutdown.and(first) {
            eprintln!("warning: cannot catch signal {signal}: {e}");
        }
    }
}

/// Fails once the task was interrupted.
pub(crate) fn check_interrupted() -> Result<()> {
    match INTERRUPTED.load(Ordering::Relaxed) {
        true => Err(Failure::Interrupted),
        false => Ok(()),
    }
}

/// Returns a command for cargo: the one that runs this task, so that the release is the same.
pub(crate) fn cargo() -> Command {
    let mut command =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsStr::new("cargo").to_owned()));
    command.current_dir(crate::root());
    command
}

/// Returns a command as it is typed, for headings and errors.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = [program].into_iter().chain(command.get_args());
    words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The settings of a logged run.
pub(crate) struct Logged<'a> {
    /// The file for the output; it is replaced if it exists.
    pub(crate) log: &'a Path,
    /// The time after which the program is killed and the run fails.
    pub(crate) limit: Duration,
    /// Shows the output as it comes.
    pub(crate) show: bool,
}

/// Runs a command with its output in a log file; returns its status and the output.
///
/// The output goes to a file and not to a pipe: a process that the command leaves behind would keep
/// a pipe open.
pub(crate) fn run_logged(command: &mut Command, how: &Logged<'_>) -> Result<(ExitStatus, String)> {
    if let Some(dir) = how.log.parent() {
        fs::create_dir_all(dir).map_err(|e| format!("cannot create {}: {e}", dir.display()))?;
    }
    let cannot = |e: io::Error| format!("cannot write {}: {e}", how.log.display());
    let log = File::create(how.log).map_err(cannot)?;
    command.stdout(log.try_clone().map_err(cannot)?).stderr(log);
    // Some programs write colours into files too.
    command.env("TERM", "dumb").env("NO_COLOR", "1");
    let mut running = Running::spawn(command)?;
    let mut follow = how.show.then(|| Follow::new(how.log)).transpose()?;
    let end = Instant::now() + how.limit;
    let status = loop {
        let status = running.child.try_wait()?;
        if let Some(follow) = &mut follow {
            follow.pass_on()?;
        }
        if let Some(status) = status {
            break status;
        }
        check_interrupted()?;
        if Instant::now() >= end {
            let secs = how.limit.as_secs();
            let tail = tail(&read_lossy(how.log)?, 60);
            let what = shown(command);
            return Err(format!("`{what}` was not done within {secs} s; so far:\n{tail}").into());
        }
        thread::sleep(Duration::from_millis(20));
    };
    Ok((status, read_lossy(how.log)?))
}

/// Runs a command and returns its output.
///
/// # Errors
/// The command fails; the error contains the output.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<String> {
    let dir = redmux_test_support::TempDir::new()?;
    let log = dir.path().join("output.log");
    let (status, text) = run_logged(command, &Logged { log: &log, limit, show: false })?;
    match status.success() {
        true => Ok(text),
        false => {
            let what = shown(command);
            Err(format!("`{what}` failed ({status}):\n{}", tail(&text, 120)).into())
        }
    }
}

/// Prints a line about what was found or is being done; prints each text once.
pub(crate) fn say(text: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.insert(text.to_owned()) {
        println!("  {text}");
    }
}

/// Returns the last lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Finds what failed in the output of a test runner (libtest's or Node's), with a few lines after
/// it.
pub(crate) fn failures(text: &str) -> String {
    const SHOWN: usize = 12;
    let mut shown = Vec::new();
    let mut left = 0_usize;
    for line in text.lines() {
        let starts = line.contains(" panicked at ")
            || line.ends_with(" ... FAILED")
            || line.starts_with("error")
            || ["not ok ", "✖ "].iter().any(|mark| line.trim_start().starts_with(mark));
        if starts {
            left = SHOWN;
        }
        // A backtrace begins with functions of the runtime.
        if line.starts_with("stack backtrace:") {
            left = 0;
        }
        let passed = line.ends_with(" ... ok") || line.trim_start().starts_with("✔ ");
        if left > 0 && !passed {
            shown.push(line);
            left -= 1;
        }
    }
    shown.join("\n")
}

fn read_lossy(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A child process in its own process group, which ends when this is dropped.
struct Running {
    child: Child,
}

impl Running {
    fn spawn(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).process_group(0);
        let child = command.spawn().map_err(|e| format!("cannot start `{}`: {e}", shown(command)));
        Ok(Self { child: child? })
    }

    fn signal_group(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // The child may be a task, which needs time to stop what it has started.
        self.signal_group(Signal::TERM);
        let end = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
            thread::sleep(Duration::from_millis(20));
        }
        self.signal_group(Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies what is appended to a log file to standard output.
struct Follow {
    file: File,
    at: u64,
}

impl Follow {
    fn new(log: &Path) -> Result<Self> {
        Ok(Self { file: File::open(log)?, at: 0 })
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let mut new = Vec::new();
        self.file.seek(SeekFrom::Start(self.at))?;
        self.file.read_to_end(&mut new)?;
        self.at += new.len() as u64;
        let mut out = io::stdout().lock();
        out.write_all(&new)?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_failed_is_found_between_what_passed() {
        let libtest = "test a ... ok\ntest b ... FAILED\ntest c ... ok\n\n---- b stdout ----\n\n\
                       thread 'b' (7) panicked at tests/b.rs:69:9:\nnothing was cut\n\
                       stack backtrace:\n   0: rust_begin_unwind\n\ntest d ... ok\n";
        let failures = super::failures(libtest);
        for shown in ["test b ... FAILED", "tests/b.rs:69:9", "nothing was cut"] {
            assert!(failures.contains(shown), "{failures}");
        }
        for left_out in ["test a", "test c", "test d", "rust_begin_unwind"] {
            assert!(!failures.contains(left_out), "{failures}");
        }
        let node = "✔ one (1ms)\n  ✖ two (3ms)\n    1 !== 2\n✔ three (1ms)\n";
        assert_eq!(super::failures(node), "  ✖ two (3ms)\n    1 !== 2");
    }
}
