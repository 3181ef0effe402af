//! The gateway's command line; see `redmux-gateway --help` and the README.

use std::process::ExitCode;

use async_global_executor::GlobalExecutorConfig;
use async_signal::{Signal, Signals};
use futures::StreamExt;
use redmux_gateway::{Asked, Gateway, parse_args, silence_log};

fn main() -> ExitCode {
    let (config, process) = match parse_args(std::env::args_os().skip(1)) {
        Ok(Asked::Run(config, process)) => (config, process),
        Ok(Asked::Print(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("redmux-gateway: {error}");
            return ExitCode::from(2);
        }
    };
    if process.quiet {
        silence_log();
    }
    // Before async-std starts its own number of threads: each has to be woken, and waking
    // one for each message costs more than what the message needs.
    async_global_executor::init_with_config(
        GlobalExecutorConfig::default()
            .with_min_threads(process.threads)
            .with_max_threads(process.threads),
    );
    async_std::task::block_on(async {
        let listen = config.listen;
        let path = config.path.clone();
        let gateway = match Gateway::bind(*config).await {
            Ok(gateway) => gateway,
            Err(error) => {
                eprintln!("redmux-gateway: cannot listen at {listen}: {error}");
                return ExitCode::FAILURE;
            }
        };
        let handle = gateway.handle();
        match Signals::new([Signal::Term, Signal::Int]) {
            Ok(mut signals) => {
                async_std::task::spawn(async move {
                    signals.next().await;
                    handle.shutdown();
                });
            }
            Err(error) => eprintln!("redmux-gateway: signals are not handled: {error}"),
        }
        // Scripts wait for this line.
        println!("listening addr={} path={path}", gateway.local_addr());
        gateway.run().await;
        ExitCode::SUCCESS
    })
}
