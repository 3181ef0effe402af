//! A command component: counts its runs in Redis, and sends itself a message.
//!
//! ```sh
//! rustup target add wasm32-wasip2
//! cargo build --release --target wasm32-wasip2 --package redmux-wasi-example
//! wasmtime run -S inherit-network -S allow-ip-name-lookup target/wasm32-wasip2/release/redmux-wasi-example.wasm localhost:6379
//! ```

#[cfg(target_os = "wasi")]
fn main() -> redmux::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:6379".to_owned());
    redmux::wasi::run(example(&address))
}

#[cfg(target_os = "wasi")]
async fn example(address: &str) -> redmux::Result<()> {
    use futures::StreamExt;

    let muxer = redmux::wasi::connect(address).await?;
    let db = muxer.database();
    let runs: i64 = db.incr("wasi:runs").await?;
    println!("runs {runs}");

    // Tasks share the connection, and their commands travel together.
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let db = db.clone();
            redmux::wasi::spawn(async move { db.incr(format!("wasi:task:{task}")).await })
        })
        .collect();
    let mut total = 0;
    for task in tasks {
        let count: i64 = task.await?;
        total += count;
    }
    println!("tasks {total}");

    let mut messages = muxer.subscriber().subscribe("wasi:news").await?;
    muxer.execute::<i64>("PUBLISH", ("wasi:news", "hello from a component")).await?;
    if let Some(message) = messages.next().await.and_then(|event| event.message()) {
        println!("message {}", String::from_utf8_lossy(&message.payload));
    }
    muxer.close().await;
    Ok(())
}

#[cfg(not(target_os = "wasi"))]
fn main() {
    eprintln!("build it for wasm32-wasip2: cargo xtask wasi");
    std::process::exit(2);
}
