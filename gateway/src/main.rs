//! The gateway's command line; see `redmux-gateway --help` and docs/gateway.md.

use std::{
    future::pending,
    io::Read,
    path::{Path, PathBuf},
    pin::pin,
    process::ExitCode,
};

use async_signal::{Signal, Signals};
use futures::{StreamExt, future::select};
use redmux_gateway::{
    Asked, Config, Gateway, Handle, Process, TokenHash, flush_log, load_config, new_token, notify,
    parse_args, serve_with_threads, silence_log, tell,
};

fn main() -> ExitCode {
    let done = match parse_args(std::env::args_os().skip(1)) {
        Ok(Asked::Run(config, process, file)) => return run(*config, process, file),
        Ok(Asked::Check(file)) => check(&file),
        Ok(Asked::HashToken) => hash_token(),
        Ok(Asked::NewToken) => print_new_token(),
        Ok(Asked::Print(text)) => {
            print!("{text}");
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("redmux-gateway: {error}");
            ExitCode::from(2)
        }
    }
}

fn check(file: &Path) -> Result<(), String> {
    let loaded = load_config(file).map_err(|error| error.to_string())?;
    for warning in &loaded.warnings {
        println!("warning: {warning}");
    }
    println!("ok: {}", file.display());
    Ok(())
}

/// Prints the hash of a token from standard input: other users of the machine can see arguments.
fn hash_token() -> Result<(), String> {
    let mut token = String::new();
    std::io::stdin()
        .take(16 << 10)
        .read_to_string(&mut token)
        .map_err(|error| format!("hash-token: {error}"))?;
    let hash = TokenHash::of(token.trim_end_matches(['\r', '\n']));
    println!("{}", hash.map_err(|error| format!("hash-token: {error}"))?);
    Ok(())
}

fn print_new_token() -> Result<(), String> {
    let token = new_token().map_err(|error| error.to_string())?;
    let hash = TokenHash::of(&token).map_err(|error| error.to_string())?;
    println!("token {token}\nhash  {hash}");
    Ok(())
}

fn run(config: Config, process: Process, file: Option<PathBuf>) -> ExitCode {
    if process.quiet {
        silence_log();
    }
    allow_files(config.open_files());
    // One by default: waking another thread for each message costs more than handling the message.
    serve_with_threads(process.threads);
    smol::block_on(async {
        let listen = config.listen;
        let path = config.path.clone();
        let gateway = match Gateway::bind(config).await {
            Ok(gateway) => gateway,
            Err(error) => {
                eprintln!("redmux-gateway: cannot listen at {listen}: {error}");
                return ExitCode::FAILURE;
            }
        };
        let signals = Signals::new([Signal::Term, Signal::Int, Signal::Hup]);
        let handle = gateway.handle();
        let steering = async {
            match signals {
                Ok(signals) => steer(signals, handle, file).await,
                Err(error) => eprintln!("redmux-gateway: signals are not handled: {error}"),
            }
            // Only the gateway ends the program.
            pending::<()>().await;
        };
        // Scripts wait for these lines.
        if let Some(admin) = gateway.admin_addr() {
            println!("admin addr={admin}");
        }
        println!("listening addr={} path={path}", gateway.local_addr());
        notify("READY=1");
        select(pin!(gateway.run()), pin!(steering)).await;
        flush_log();
        ExitCode::SUCCESS
    })
}

/// Lets the process open as many files as the system allows, and warns if those are too few.
fn allow_files(needed: usize) {
    // Some filters of system calls forbid the question: then there is nothing to warn of.
    let Ok(allowed) = rlimit::increase_nofile_limit(u64::MAX) else { return };
    if allowed < needed as u64 {
        tell(&format!(
            "warning: {allowed} files may be open (ulimit -n, LimitNOFILE); with all clients there are {needed}"
        ));
    }
}

/// Acts on signals: `SIGHUP` reads the configuration again, `SIGTERM` and `SIGINT` shut down, the
/// second one at once.
async fn steer(mut signals: Signals, handle: Handle, file: Option<PathBuf>) {
    let mut asked = false;
    while let Some(signal) = signals.next().await {
        match (signal, &file) {
            (Ok(Signal::Hup), Some(file)) => {
                let status = match handle.reload_file(file) {
                    Ok(()) => "the configuration was reloaded".to_owned(),
                    Err(error) => {
                        let what = format!("the old configuration stays: {error}");
                        tell(&what);
                        what
                    }
                };
                // systemd reads one line for each variable.
                notify(&format!("STATUS={}", status.replace('\n', " ")));
            }
            // Without a file there is nothing to read again.
            (Ok(Signal::Hup), None) => {}
            // A second request means: do not wait.
            _ if asked => return handle.shutdown_now(),
            _ => {
                notify("STOPPING=1");
                handle.shutdown();
                asked = true;
            }
        }
    }
}
