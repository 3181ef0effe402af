use std::{net::SocketAddr, path::PathBuf, time::Duration};

use lexopt::{Arg, ValueExt};
use redmux::Endpoint;

use crate::{admission::Origin, policy::Policy};

/// How the gateway listens, whom it lets in and what it bounds
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen. Default `127.0.0.1:8080`; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The one Redis server: TCP or a Unix socket. Clients cannot choose it.
    pub upstream: Endpoint,
    /// Path of the WebSocket. Default `/redis`.
    pub path: String,
    /// Origins of pages that may connect. Empty (default): only pages of the gateway's own origin.
    pub origins: Vec<Origin>,
    /// Host names, besides addresses and `localhost`, under which the gateway may be asked.
    pub hosts: Vec<String>,
    /// Lets clients in that send no `Origin`: programs, not browsers. Default false.
    pub allow_no_origin: bool,
    /// A folder of static files to serve. Default none.
    pub serve: Option<PathBuf>,
    /// Clients at the same time. Default 1024.
    pub max_connections: usize,
    /// Bytes of one WebSocket message from a client. Default 16 MiB.
    pub max_message: usize,
    /// Bytes of one command. Default 64 MiB.
    pub max_command: usize,
    /// Time for a request's head to arrive. Default 5 s.
    pub handshake_timeout: Duration,
    /// Time between pings. Default 25 s.
    pub ping_interval: Duration,
    /// Time for anything to arrive after a ping. Default 10 s.
    pub pong_timeout: Duration,
    /// Closes clients that neither send nor receive for this long. Default none.
    pub idle_timeout: Option<Duration>,
    /// Time for the server to be reached. Default 5 s.
    pub upstream_connect_timeout: Duration,
    /// Time for a client to take one message. Default 10 s.
    pub slow_client_timeout: Duration,
    /// Time for a graceful shutdown. Default 10 s.
    pub drain: Duration,
    /// Which commands may pass.
    pub policy: Policy,
}

impl Config {
    /// The defaults in front of `upstream`.
    pub fn new(upstream: Endpoint) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            upstream,
            path: "/redis".to_owned(),
            origins: Vec::new(),
            hosts: Vec::new(),
            allow_no_origin: false,
            serve: None,
            max_connections: 1024,
            max_message: 16 << 20,
            max_command: 64 << 20,
            handshake_timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(10),
            idle_timeout: None,
            upstream_connect_timeout: Duration::from_secs(5),
            slow_client_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            policy: Policy::default(),
        }
    }
}

/// What the command line asks for
#[derive(Debug)]
pub enum Asked {
    /// Run with this configuration.
    Run(Box<Config>, Process),
    /// Print this and end.
    Print(String),
}

/// What concerns the program and not the gateway in it
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// Log nothing.
    pub quiet: bool,
    /// Threads that serve clients.
    pub threads: usize,
}

/// A command line that cannot be followed; the text says why
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

const HELP: &str = "\
Carries RESP between WebSocket clients and one Redis server.

usage: redmux-gateway --upstream HOST:PORT|unix:PATH [options]

  --upstream ADDRESS            the Redis server (required)
  --listen ADDRESS:PORT         where to listen [127.0.0.1:8080]; port 0 picks a free one
  --path PATH                   path of the WebSocket [/redis]
  --origin ORIGIN               pages of this origin may connect; repeatable
                                [only pages of the gateway's own origin]
  --host NAME[:PORT]            a host name the gateway is reached by; repeatable
                                [addresses and localhost]
  --allow-no-origin             let in clients that are no browsers
  --serve DIR                   serve the files of this folder
  --max-connections N           clients at the same time [1024]
  --max-message SIZE            one WebSocket message [16MiB]
  --max-command SIZE            one command [64MiB]
  --handshake-timeout TIME      for a request to arrive [5s]
  --ping-interval TIME          [25s]
  --pong-timeout TIME           [10s]
  --idle-timeout TIME|off       [off]
  --upstream-connect-timeout TIME [5s]
  --slow-client-timeout TIME    for a client to take one message [10s]
  --drain TIME                  for a graceful shutdown [10s]
  --threads N                   threads that serve clients [1]: one keeps a Redis server
                                busy with batches; more help many clients that send one
                                command at a time, and cost each of them CPU
  --quiet                       log nothing
  --help, --version

SIZE is bytes, KiB or MiB (`64KiB`); TIME is ms, s or m (`500ms`).
";

/// Reads a command line, without the program's name.
///
/// # Errors
/// An unknown option or a value that is not accepted: the text names both.
pub fn parse(args: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Asked, UsageError> {
    let usage = |error: lexopt::Error| UsageError(format!("{error} (see --help)"));
    let mut parser = lexopt::Parser::from_args(args);
    let mut config = Config::new(Endpoint::tcp("", 0));
    let mut upstream = None;
    let mut process = Process { quiet: false, threads: 1 };
    while let Some(arg) = parser.next().map_err(usage)? {
        let name = match arg {
            Arg::Long(name) => name.to_owned(),
            Arg::Short('h') => "help".to_owned(),
            Arg::Short('V') => "version".to_owned(),
            other => return Err(usage(other.unexpected())),
        };
        match name.as_str() {
            "help" => return Ok(Asked::Print(HELP.to_owned())),
            "version" => {
                return Ok(Asked::Print(
                    concat!("redmux-gateway ", env!("CARGO_PKG_VERSION"), "\n").to_owned(),
                ));
            }
            "quiet" => {
                process.quiet = true;
                continue;
            }
            "allow-no-origin" => {
                config.allow_no_origin = true;
                continue;
            }
            _ => {}
        }
        let Some(set) = setting(&name) else {
            return Err(UsageError(format!("--{name} is not an option (see --help)")));
        };
        let value = parser.value().map_err(usage)?.string().map_err(usage)?;
        if name == "upstream" {
            let endpoint: Endpoint =
                value.parse().map_err(|error| UsageError(format!("--upstream: {error}")))?;
            if matches!(endpoint, Endpoint::WebSocket { .. }) {
                return Err(UsageError("--upstream: expected host:port or unix:/path".to_owned()));
            }
            upstream = Some(endpoint);
            continue;
        }
        let accepted = if name == "threads" {
            let threads = value.parse().ok().filter(|threads| (1..=1024).contains(threads));
            put(&mut process.threads, threads)
        } else {
            set.1(&mut config, &value)
        };
        accepted.ok_or_else(|| {
            UsageError(format!("--{name}: `{value}` is not accepted (expected {})", set.0))
        })?;
    }
    config.upstream =
        upstream.ok_or_else(|| UsageError("--upstream is missing (see --help)".to_owned()))?;
    Ok(Asked::Run(Box::new(config), process))
}

type Setting = (&'static str, fn(&mut Config, &str) -> Option<()>);

const TIME: &str = "a time such as 500ms, 5s or 2m";
const SIZE: &str = "a size such as 65536, 64KiB or 16MiB";

/// What an option takes and how it is set.
fn setting(name: &str) -> Option<Setting> {
    let setting: Setting = match name {
        "upstream" => ("host:port or unix:/path", |_, _| Some(())),
        "threads" => ("a number from 1 to 1024", |_, _| Some(())),
        "listen" => ("an address and a port such as 127.0.0.1:8080", |c, v| {
            put(&mut c.listen, v.parse().ok())
        }),
        "path" => ("a path that begins with a slash", |c, v| {
            put(&mut c.path, v.starts_with('/').then(|| v.to_owned()))
        }),
        "origin" => ("scheme://host[:port]", |c, v| {
            c.origins.push(v.parse().ok()?);
            Some(())
        }),
        "host" => ("a host name, with or without a port", |c, v| {
            crate::admission::split_authority(v)?;
            c.hosts.push(v.to_owned());
            Some(())
        }),
        "serve" => ("a folder", |c, v| {
            let folder = PathBuf::from(v);
            put(&mut c.serve, folder.is_dir().then_some(Some(folder)))
        }),
        "max-connections" => ("a number, 1 or more", |c, v| {
            put(&mut c.max_connections, v.parse().ok().filter(|n| *n > 0))
        }),
        "max-message" => (SIZE, |c, v| put(&mut c.max_message, size(v))),
        "max-command" => (SIZE, |c, v| put(&mut c.max_command, size(v))),
        "handshake-timeout" => (TIME, |c, v| put(&mut c.handshake_timeout, time(v))),
        "ping-interval" => (TIME, |c, v| put(&mut c.ping_interval, time(v))),
        "pong-timeout" => (TIME, |c, v| put(&mut c.pong_timeout, time(v))),
        "idle-timeout" => ("a time such as 5m, or off", |c, v| match v {
            "off" => put(&mut c.idle_timeout, Some(None)),
            _ => put(&mut c.idle_timeout, time(v).map(Some)),
        }),
        "upstream-connect-timeout" => (TIME, |c, v| put(&mut c.upstream_connect_timeout, time(v))),
        "slow-client-timeout" => (TIME, |c, v| put(&mut c.slow_client_timeout, time(v))),
        "drain" => (TIME, |c, v| put(&mut c.drain, time(v))),
        _ => return None,
    };
    Some(setting)
}

fn put<T>(field: &mut T, value: Option<T>) -> Option<()> {
    *field = value?;
    Some(())
}

fn time(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|n| *n > 0)?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}

fn size(text: &str) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: usize = number.parse().ok().filter(|n| *n > 0)?;
    number.checked_mul(match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Asked, UsageError> {
        parse(line.split(' ').map(Into::into))
    }

    #[test]
    fn a_full_command_line_is_read() {
        let line = "--upstream unix:/run/redis.sock --listen 0.0.0.0:0 --path /r --origin https://a.example \
                    --host a.example:8443 --allow-no-origin --max-message 64KiB --idle-timeout 2m --drain 500ms --threads 3 --quiet";
        let Ok(Asked::Run(config, process)) = read(line) else { panic!("it is accepted") };
        assert_eq!(config.upstream.to_string(), "unix:/run/redis.sock");
        assert_eq!((config.max_message, config.drain), (65536, Duration::from_millis(500)));
        assert_eq!(config.idle_timeout, Some(Duration::from_secs(120)));
        assert!(config.allow_no_origin);
        assert_eq!(process, Process { quiet: true, threads: 3 });
    }

    #[test]
    fn a_fault_names_the_option_and_what_is_accepted() {
        for (line, expected) in [
            ("--quiet", "--upstream is missing"),
            ("--upstream a:1 --threads 0", "--threads: `0` is not accepted"),
            ("--upstream", "missing"),
            ("--upstream host:port", "--upstream: `host:port` is not an endpoint"),
            ("--upstream ws://host/", "--upstream: expected host:port"),
            ("--colour blue", "--colour is not an option"),
            ("--listen localhost", "--listen: `localhost` is not accepted (expected an address"),
            ("--path redis", "begins with a slash"),
            ("--origin app.example", "scheme://host"),
            ("--origin https://app.example/path", "scheme://host"),
            ("--serve /no/such/folder", "expected a folder"),
            ("--max-connections 0", "1 or more"),
            ("--max-message 1GB", "16MiB"),
            ("--drain 5", "500ms"),
            ("extra", "unexpected argument"),
        ] {
            let error = read(line).expect_err(line).to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
        assert!(matches!(read("--help"), Ok(Asked::Print(text)) if text.contains("--upstream")));
    }
}
