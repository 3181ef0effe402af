//! The command line.

use std::path::PathBuf;

use lexopt::{Arg, ValueExt};
use redmux_transport::Endpoint;

use super::{
    Config, file,
    origin::split_authority,
    values::{SIZE, TIME, size, time},
};
use crate::{console::Console, log::tell};

/// What the command line asks for
#[derive(Debug)]
pub enum Asked {
    /// Run with this configuration, which may have come from a file.
    Run(Box<Config>, Process, Option<PathBuf>),
    /// Read this file and say whether it is in order.
    Check(PathBuf),
    /// Read a token from standard input and print its hash.
    HashToken,
    /// Make a new token; print it and its hash.
    NewToken,
    /// Print this and end.
    Print(String),
}

/// Settings of the program, apart from its gateway
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// Log nothing.
    pub quiet: bool,
    /// Threads that serve clients.
    pub threads: usize,
}

/// Why a command line is not accepted
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

const HELP: &str = concat!(
    "\
Carries Redis commands between WebSocket clients, such as pages, and Redis servers.

usage: redmux-gateway --config FILE [--quiet]
       redmux-gateway check-config FILE
       redmux-gateway hash-token [--new]
       redmux-gateway --upstream HOST:PORT|unix:PATH [options]

The first runs the gateway with a configuration file. The second checks such a file and prints its
errors and warnings. The third hashes the token on standard input, or makes a new one. The last is
for development, on loopback addresses only, because every client may do nearly everything.

Guide and reference: ",
    env!("CARGO_PKG_REPOSITORY"),
    "/blob/HEAD/docs/gateway.md

  --upstream ADDRESS            the Redis server (required)
  --listen ADDRESS:PORT         where to listen [127.0.0.1:8080]; port 0 picks a free one
  --path PATH                   path of the WebSocket [/redis]
  --origin ORIGIN               pages of this origin may connect; repeatable
                                [only pages of the gateway's own origin]
  --host NAME[:PORT]            a host name of the gateway; repeatable
                                [addresses and localhost]
  --allow-no-origin             accept clients that are not browsers
  --serve DIR                   serve the files of this folder
  --console DIR                 serve the web console from this folder, at /console/
                                (`cargo xtask console` makes it)
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

SIZE is bytes, KiB or MiB (`64KiB`); TIME is ms, s, m or h (`500ms`).
"
);

/// Reads a command line, without the program's name.
///
/// # Errors
/// An unknown option or a value that is not accepted: the text names both.
pub fn parse(args: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Asked, UsageError> {
    let usage = |error: lexopt::Error| UsageError(format!("{error} (see --help)"));
    let mut parser = lexopt::Parser::from_args(args);
    let mut file: Option<PathBuf> = None;
    let mut others = Vec::new();
    let mut config = Config::new(Endpoint::tcp("", 0));
    let mut upstream = None;
    let mut process = Process { quiet: false, threads: 1 };
    while let Some(arg) = parser.next().map_err(usage)? {
        let name = match arg {
            Arg::Long(name) => name.to_owned(),
            Arg::Short('h') => "help".to_owned(),
            Arg::Short('V') => "version".to_owned(),
            Arg::Value(word) if word == "check-config" => {
                let file = parser.value().map_err(usage)?;
                return no_more(&mut parser, Asked::Check(file.into()));
            }
            Arg::Value(word) if word == "hash-token" => {
                return match parser.next().map_err(usage)? {
                    None => Ok(Asked::HashToken),
                    Some(Arg::Long("new")) => no_more(&mut parser, Asked::NewToken),
                    Some(other) => Err(usage(other.unexpected())),
                };
            }
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
                others.push(name);
                continue;
            }
            "config" => {
                file = Some(parser.value().map_err(usage)?.into());
                continue;
            }
            _ => {}
        }
        let Some(set) = setting(&name) else {
            return Err(UsageError(format!("--{name} is not an option (see --help)")));
        };
        let value = parser.value().map_err(usage)?.string().map_err(usage)?;
        others.push(name.clone());
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
    if let Some(path) = file {
        if let Some(other) = others.first() {
            return Err(UsageError(format!(
                "--{other} cannot be used with --config: put it in the file"
            )));
        }
        let loaded = file::load(&path).map_err(|error| UsageError(error.to_string()))?;
        process.threads = loaded.threads;
        for warning in &loaded.warnings {
            tell(&format!("warning: {warning}"));
        }
        return Ok(Asked::Run(Box::new(loaded.config), process, Some(path)));
    }
    let upstream =
        upstream.ok_or_else(|| UsageError("--upstream is missing (see --help)".to_owned()))?;
    config.set_upstream(upstream);
    config.check().map_err(|error| UsageError(error.to_string()))?;
    Ok(Asked::Run(Box::new(config), process, None))
}

fn no_more(parser: &mut lexopt::Parser, asked: Asked) -> Result<Asked, UsageError> {
    match parser.next() {
        Ok(None) => Ok(asked),
        Ok(Some(other)) => Err(UsageError(format!("{} (see --help)", other.unexpected()))),
        Err(error) => Err(UsageError(format!("{error} (see --help)"))),
    }
}

type Setting = (&'static str, fn(&mut Config, &str) -> Option<()>);

/// Returns what an option takes and how it is set.
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
            split_authority(v)?;
            c.hosts.push(v.to_owned());
            Some(())
        }),
        "serve" => ("a folder", |c, v| {
            let folder = PathBuf::from(v);
            put(&mut c.serve, folder.is_dir().then_some(Some(folder)))
        }),
        "console" => ("a folder made by `cargo xtask console`", |c, v| {
            put(&mut c.console, Console::new(v).ok().map(Some))
        }),
        "max-connections" => ("a number, 1 or more", |c, v| {
            put(&mut c.limits.connections, v.parse().ok().filter(|n| *n > 0).map(Some))
        }),
        "max-message" => (SIZE, |c, v| {
            let size = size(v)?;
            c.change_policies(|policy| policy.client.message = size);
            Some(())
        }),
        "max-command" => (SIZE, |c, v| {
            let size = size(v)?;
            c.change_policies(|policy| policy.client.command = size);
            Some(())
        }),
        "handshake-timeout" => (TIME, |c, v| put(&mut c.handshake_timeout, time(v))),
        "ping-interval" => (TIME, |c, v| put(&mut c.ping_interval, time(v))),
        "pong-timeout" => (TIME, |c, v| put(&mut c.pong_timeout, time(v))),
        "idle-timeout" => ("a time such as 5m, or off", |c, v| {
            let idle = if v == "off" { None } else { Some(time(v)?) };
            c.change_policies(|policy| policy.client.idle = idle);
            Some(())
        }),
        "upstream-connect-timeout" => (TIME, |c, v| {
            let time = time(v)?;
            c.change_upstreams(|upstream| upstream.connect_timeout = time);
            Some(())
        }),
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(line: &str) -> Result<Asked, UsageError> {
        parse(line.split(' ').map(Into::into))
    }

    #[test]
    fn a_full_command_line_is_read() {
        let line = "--upstream unix:/run/redis.sock --listen 127.0.0.1:0 --path /r --origin https://a.example \
                    --host a.example:8443 --allow-no-origin --max-message 64KiB --idle-timeout 2m --drain 500ms --threads 3 --quiet";
        let Ok(Asked::Run(config, process, None)) = read(line) else { panic!("it is accepted") };
        let principal = config.access.by_nothing().expect("everybody").principal;
        assert_eq!(principal.upstream.endpoint.to_string(), "unix:/run/redis.sock");
        let client = principal.policy.client;
        assert_eq!((client.message, config.drain), (65536, Duration::from_millis(500)));
        assert_eq!(client.idle, Some(Duration::from_secs(120)));
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
            ("--console /no/such/folder", "expected a folder made by"),
            ("--max-connections 0", "1 or more"),
            ("--max-message 1GB", "16MiB"),
            ("--drain 5", "500ms"),
            ("--upstream a:1 --listen 0.0.0.0:80", "loopback"),
            ("--config x --upstream a:1", "--upstream cannot be used with --config"),
            ("--config /no/such/file", "/no/such/file: "),
            ("check-config", "missing"),
            ("check-config a b", "unexpected"),
            ("hash-token secret", "unexpected"),
            ("extra", "unexpected argument"),
        ] {
            let error = read(line).expect_err(line).to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
        assert!(matches!(read("--help"), Ok(Asked::Print(text)) if text.contains("--upstream")));
    }
}
