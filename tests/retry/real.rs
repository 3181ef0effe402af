//! Retries while the connections of a real server are killed.

use std::time::Duration;

use redmux::{ConnectionMultiplexer, RetryPolicy, command::SideEffects, options::ConstantDelay};
use redmux_test_support::RedisServer;

#[async_std::test]
async fn nothing_is_lost_while_connections_are_killed() {
    const TASKS: usize = 8;
    const ROUNDS: usize = 400;
    let server = RedisServer::start();
    let options = redmux::Options::new(server.addr().to_string())
        .reconnect_policy(ConstantDelay(Duration::from_millis(1)));
    let muxer = ConnectionMultiplexer::connect(options.clone()).await.unwrap();
    let killer = ConnectionMultiplexer::connect(options).await.unwrap();
    let policy = RetryPolicy::new()
        .attempts(1000)
        .up_to(SideEffects::WriteAccumulating)
        .backoff(Duration::from_millis(1), Duration::from_millis(5))
        .within(Duration::from_secs(60));
    let db = muxer.database().with_retry(policy);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let db = db.clone();
            async_std::task::spawn(async move {
                for round in 0..ROUNDS {
                    let key = format!("{task}");
                    db.set(&key, round as u64).await.unwrap();
                    assert_eq!(db.get::<u64>(&key).await.unwrap(), Some(round as u64));
                    db.incr("count").await.unwrap();
                }
            })
        })
        .collect();
    let mut kills = 0;
    let all = futures::future::join_all(tasks);
    let mut all = std::pin::pin!(all);
    loop {
        let pause = async_std::task::sleep(Duration::from_millis(5));
        match futures::future::select(all.as_mut(), std::pin::pin!(pause)).await {
            futures::future::Either::Left(_) => break,
            futures::future::Either::Right(_) => {
                let words = ("KILL", "TYPE", "normal", "SKIPME", "yes");
                kills += killer.execute::<u64>("CLIENT", words).await.unwrap();
            }
        }
    }
    assert!(kills > 0, "no connection was killed");
    // Who retries what accumulates may count twice, and never too little.
    let count: usize = db.get("count").await.unwrap().unwrap();
    assert!(count >= TASKS * ROUNDS, "{count}");
}
