//! Servers that stop, die and come back.

use std::time::{Duration, Instant};

use futures::{StreamExt, future::join_all};
use redmux::{Delivery, ErrorKind, Event, error::TimeoutStage};

use crate::{
    ensure,
    harness::{Checks, Outcome, Servers, sleep},
};

pub(crate) fn all(checks: &mut Checks) {
    let servers = match checks.servers() {
        Ok(servers) => servers,
        Err(why) => return checks.refuse(&why),
    };
    checks.check(
        "a stopped server: 64 calls time out on time, none gets another's reply",
        stopped(&servers),
    );
    checks.check("a stopped server is given up by probes", given_up(&servers));
    checks.check("a killed server: what waits goes to the next one", killed(&servers));
}

async fn stopped(servers: &Servers) -> Outcome {
    let muxer =
        servers.connect_with(|options| options.probe_timeout(Duration::from_secs(60))).await?;
    servers.tell("pause")?;
    let started = Instant::now();
    let late =
        (0..64).map(|n| muxer.execute::<i64>("ECHO", [n]).timeout(Duration::from_millis(100)));
    for outcome in join_all(late).await {
        let error = outcome.err().ok_or("a stopped server answered")?;
        ensure!(error.kind() == ErrorKind::Timeout(TimeoutStage::Response), "{error}");
        ensure!(error.delivery() == Delivery::MaybeExecuted, "{error}");
    }
    let took = started.elapsed().as_millis();
    servers.tell("resume")?;
    ensure!((100..1500).contains(&took), "the calls took {took} ms");
    for n in 100..200 {
        ensure!(muxer.execute::<i64>("ECHO", [n]).await? == n, "the reply of another call");
    }
    muxer.close().await;
    Ok(())
}

async fn given_up(servers: &Servers) -> Outcome {
    let quick = Duration::from_millis(200);
    let muxer =
        servers.connect_with(|options| options.probe_after(quick).probe_timeout(quick)).await?;
    let mut events = muxer.events();
    servers.tell("pause")?;
    let started = Instant::now();
    let lost = muxer.execute::<i64>("ECHO", [1]).await;
    let took = started.elapsed().as_millis();
    servers.tell("resume")?;
    ensure!(lost.is_err(), "a stopped server answered");
    ensure!((350..3000).contains(&took), "given up after {took} ms");
    let failed = events.next().await;
    ensure!(matches!(failed, Some(Event::ConnectionFailed(_))), "{failed:?}");
    ensure!(muxer.execute::<i64>("ECHO", [2]).await? == 2, "another reply");
    muxer.close().await;
    Ok(())
}

async fn killed(servers: &Servers) -> Outcome {
    let muxer = servers.connect().await?;
    let mut messages = muxer.subscriber().subscribe("news").await?;
    let mut events = muxer.events();
    servers.tell("kill")?;
    let failed = events.next().await;
    ensure!(matches!(failed, Some(Event::ConnectionFailed(_))), "{failed:?}");
    let db = muxer.database();
    let waiting = (0..64).map(|n| db.incrby("after", n).timeout(Duration::from_secs(20)));
    let back = async {
        // For as long, dials are refused.
        sleep(Duration::from_millis(100)).await;
        servers.tell("start")
    };
    let (outcomes, started) = futures::future::join(join_all(waiting), back).await;
    started?;
    for outcome in outcomes {
        let _: i64 = outcome?;
    }
    let sum: Option<i64> = db.get("after").await?;
    ensure!(sum == Some((0..64).sum()), "{sum:?}");
    // The subscription is there again.
    while muxer.execute::<i64>("PUBLISH", ("news", "again")).await? == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    loop {
        let event = messages.next().await.ok_or("the subscription ended")?;
        if event.message().is_some_and(|message| &message.payload[..] == b"again") {
            break;
        }
    }
    muxer.close().await;
    Ok(())
}
