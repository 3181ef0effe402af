//! redmux beside its rivals: the same workloads, server, keys and values for all.

pub mod clients;
pub mod load;
pub mod meter;
pub mod outage;
pub mod server;
pub mod suite;
pub mod workloads;

use stats_alloc::Stats;

use self::{
    clients::{
        AsyncStd, Fred, OverWebSocket, RedisRs, RedisRsCluster, Redmux, Rustis, Smol, Tokio,
    },
    load::{Load, USAGE},
    workloads::run,
};

/// Runs what the command line says and prints its figures as one line of JSON.
pub fn main(heap: Option<fn() -> Stats>) {
    let load = Load::from_args().unwrap_or_else(|error| {
        eprintln!("{error}\n\n{USAGE}");
        std::process::exit(2);
    });
    let figures = match load.client.as_str() {
        "redmux-async-std" => run::<Redmux<AsyncStd>>(&load, heap),
        "redmux-smol" => run::<Redmux<Smol>>(&load, heap),
        "redmux-tokio" => run::<Redmux<Tokio>>(&load, heap),
        "redmux-websocket" => run::<Redmux<OverWebSocket>>(&load, heap),
        "redis-rs" if load.is_for_cluster() => run::<RedisRsCluster>(&load, heap),
        "redis-rs" => run::<RedisRs>(&load, heap),
        "fred" => run::<Fred>(&load, heap),
        "rustis" => run::<Rustis>(&load, heap),
        other => {
            eprintln!("there is no client `{other}`\n\n{USAGE}");
            std::process::exit(2);
        }
    };
    println!("{}", serde_json::to_string(&figures).expect("numbers"));
}
