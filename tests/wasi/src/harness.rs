//! Runs checks one by one, a line each.

use std::{
    collections::HashMap,
    error::Error,
    future::Future,
    io::{Read, Write},
    net::TcpStream,
    process::ExitCode,
    time::{Duration, Instant},
};

use redmux::{ConnectionMultiplexer, Options, options::ConstantDelay};

/// A reason in words.
pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// Fails unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+).into());
        }
    };
}

pub(crate) struct Checks {
    given: HashMap<String, String>,
    failed: usize,
}

impl Checks {
    pub(crate) fn new() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let pairs = words.iter().filter_map(|word| word.split_once('='));
        let given = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { given, failed: 0 }
    }

    /// What is to be checked; `all` unless the arguments say so.
    pub(crate) fn wanted(&self) -> &'static str {
        let wanted = self.given.get("check").map_or("all", String::as_str);
        let known = ["all", "no-network", "stuck", "tls"];
        known.into_iter().find(|known| *known == wanted).unwrap_or("unknown")
    }

    pub(crate) fn refuse(&mut self, what: &str) {
        println!("FAILED there is no check {what}");
        self.failed += 1;
    }

    /// An argument.
    pub(crate) fn given(&self, name: &str) -> Result<String, String> {
        self.given.get(name).cloned().ok_or_else(|| format!("no {name}=… among the arguments"))
    }

    pub(crate) fn servers(&self) -> Result<Servers, String> {
        Ok(Servers { redis: self.given("redis")?, control: self.given("control")? })
    }

    /// Runs a check on its own runtime.
    pub(crate) fn check<F: Future<Output = Outcome>>(&mut self, what: &str, check: F) {
        self.direct(what, || run(check));
    }

    /// Runs a check that has no runtime, or several.
    pub(crate) fn direct(&mut self, what: &str, check: impl FnOnce() -> Outcome) {
        let started = Instant::now();
        match check() {
            Ok(()) => println!("ok {what} ({} ms)", started.elapsed().as_millis()),
            Err(why) => {
                self.failed += 1;
                println!("FAILED {what}: {why}");
            }
        }
    }

    pub(crate) fn end(self) -> ExitCode {
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// A server and who disturbs it
#[derive(Clone)]
pub(crate) struct Servers {
    pub(crate) redis: String,
    control: String,
}

impl Servers {
    /// Connects with quick reconnects.
    pub(crate) async fn connect(&self) -> redmux::Result<ConnectionMultiplexer> {
        self.connect_with(|options| options).await
    }

    pub(crate) async fn connect_with(
        &self,
        more: impl FnOnce(Options) -> Options,
    ) -> redmux::Result<ConnectionMultiplexer> {
        let policy = ConstantDelay(Duration::from_millis(20));
        let options = more(Options::new(&*self.redis).reconnect_policy(policy));
        ConnectionMultiplexer::connect_with(options, environment()).await
    }

    /// Kills, starts, pauses or resumes the server. The component waits without its runtime.
    pub(crate) fn tell(&self, what: &str) -> Outcome {
        let mut stream = TcpStream::connect(&self.control)?;
        write!(stream, "POST /server/{what} HTTP/1.1\r\nHost: control\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "{what}: {answer}");
        Ok(())
    }

    /// Sends one command without the client; returns the first bytes of the reply.
    pub(crate) fn ask(&self, words: &str) -> Result<String, Box<dyn Error>> {
        let mut stream = TcpStream::connect(&self.redis)?;
        write!(stream, "{words}\r\n")?;
        let mut reply = [0; 256];
        let read = stream.read(&mut reply)?;
        Ok(String::from_utf8_lossy(&reply[..read]).trim_end().to_owned())
    }
}

#[cfg(feature = "own")]
pub(crate) use own::{environment, run, sleep};
#[cfg(not(feature = "own"))]
pub(crate) use with_tokio::{environment, run, sleep};

#[cfg(feature = "own")]
mod own {
    pub(crate) use redmux::wasi::{run, sleep};

    pub(crate) fn environment() -> redmux::transport::Environment {
        redmux::wasi::environment()
    }
}

#[cfg(not(feature = "own"))]
mod with_tokio {
    use std::future::Future;

    pub(crate) use tokio::time::sleep;

    pub(crate) fn environment() -> redmux::transport::Environment {
        redmux::tokio::environment()
    }

    pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().expect("a runtime needs nothing");
        runtime.block_on(future)
    }
}
