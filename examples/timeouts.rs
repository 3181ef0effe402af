//! Timeouts: of connecting, of every command, of one call, of the blocking API.
//!
//! `cargo run --example timeouts -- localhost:6379`

use std::time::Duration;

use redmux::{ConnectionMultiplexer, Delivery, Options, Result};

#[async_std::main]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "localhost:6379".to_owned());
    let options = Options::try_from(server)?
        .connect_timeout(Duration::from_millis(1000))
        .command_timeout(Duration::from_millis(3000))
        .sync_timeout(Duration::from_millis(2000));
    let muxer = ConnectionMultiplexer::connect(options).await?;

    // A script that keeps the server busy for 300 ms, and a call that has 50 ms.
    let script = "local t = redis.call('TIME') local stop = t[1] * 1000000 + t[2] + 300000 \
                  repeat t = redis.call('TIME') until t[1] * 1000000 + t[2] >= stop return 1";
    let busy = muxer.execute::<i64>("EVAL", (script, 0));
    let hasty = muxer.execute::<i64>("INCR", ["n"]).timeout(Duration::from_millis(50));
    let (busy, hasty) = futures::future::join(busy, hasty).await;
    println!("script: {busy:?}");
    match hasty {
        Ok(n) => println!("incr: {n}"),
        Err(error) if error.is_timeout() => {
            println!("{error}");
            // The server may have run it: whether to try again is yours to decide.
            assert_eq!(error.delivery(), Delivery::MaybeExecuted);
        }
        Err(error) => return Err(error),
    }

    // The late reply was eaten: the next one matches its command.
    println!("echo: {}", muxer.execute::<String>("ECHO", ["in step"]).await?);

    // On a thread of its own, without an async runtime.
    let blocking = muxer.blocking();
    let call = muxer.clone();
    let name = std::thread::spawn(move || {
        blocking.run(call.execute::<String>("ECHO", ["from a plain thread"]))
    });
    println!("blocking: {}", name.join().expect("the thread does not panic")?);
    muxer.close().await;
    Ok(())
}
