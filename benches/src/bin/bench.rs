//! Runs all clients through all workloads and reports; see `cargo xtask bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match redmux_benches::suite::main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
