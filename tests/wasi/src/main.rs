//! What the client does as a component. `cargo xtask wasi` runs it in several hosts, with servers that it may stop.
//!
//! Arguments are pairs such as `redis=127.0.0.1:6379`; a check that needs one that is missing fails.

#[cfg(target_os = "wasi")]
mod everyday;
#[cfg(all(target_os = "wasi", feature = "own"))]
mod executor;
#[cfg(target_os = "wasi")]
mod faults;
#[cfg(target_os = "wasi")]
mod harness;

#[cfg(target_os = "wasi")]
fn main() -> std::process::ExitCode {
    let mut checks = harness::Checks::new();
    match checks.wanted() {
        // A host that allows no network must lead to words.
        "no-network" => everyday::no_network(&mut checks),
        #[cfg(feature = "own")]
        "stuck" => executor::stuck(),
        #[cfg(feature = "tls")]
        "tls" => everyday::tls(&mut checks),
        "all" => {
            everyday::all(&mut checks);
            #[cfg(feature = "own")]
            executor::all(&mut checks);
            faults::all(&mut checks);
        }
        other => checks.refuse(other),
    }
    checks.end()
}

#[cfg(not(target_os = "wasi"))]
fn main() {
    eprintln!("build it for wasm32-wasip2: cargo xtask wasi");
    std::process::exit(2);
}
