//! What every program does.

use std::time::{Duration, Instant};

use futures::{StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, ErrorKind, database::BlockFor, error::ConnectStage, options::Options,
};

use crate::{
    ensure,
    harness::{Checks, Outcome, Servers, environment, sleep},
};

pub(crate) fn all(checks: &mut Checks) {
    let (servers, cluster) = match (checks.servers(), checks.given("cluster")) {
        (Ok(servers), Ok(cluster)) => (servers, cluster),
        (Err(why), _) | (_, Err(why)) => return checks.refuse(&why),
    };
    checks.check("values, 24 MiB there and back", values(&servers));
    checks.check("a thousand calls at once, in order", many(&servers));
    checks.check("names and IPv6 lead to the server", names(&servers));
    checks.check("a name that nobody has, a port where nobody listens", nobody(&servers));
    checks.check("messages", messages(&servers));
    checks.check("a command that waits holds up no other", leases(&servers));
    checks.check("a transaction is watched", watched(&servers));
    checks.check("timers", timers());
    checks.check("keys of all nodes of a cluster", on_a_cluster(cluster));
}

async fn values(servers: &Servers) -> Outcome {
    let muxer = servers.connect().await?;
    let db = muxer.database();
    db.set("greeting", "hello").await?;
    ensure!(db.get::<String>("greeting").await?.as_deref() == Some("hello"), "not what was set");
    let big: Vec<u8> =
        (0..24_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    db.set("big", &big).timeout(Duration::from_secs(60)).await?;
    let back: Option<Vec<u8>> = db.get("big").timeout(Duration::from_secs(60)).await?;
    ensure!(
        back.as_ref() == Some(&big),
        "other bytes came back: {:?}",
        back.map(|back| back.len())
    );
    db.del(["big"]).await?;
    muxer.close().await;
    Ok(())
}

async fn many(servers: &Servers) -> Outcome {
    let muxer = servers.connect().await?;
    for _ in 0..20 {
        let echoes = join_all((0..1000).map(|n| muxer.execute::<i64>("ECHO", [n]))).await;
        for (n, echo) in echoes.into_iter().enumerate() {
            ensure!(echo? == n as i64, "the reply of another call came to call {n}");
        }
    }
    muxer.close().await;
    Ok(())
}

async fn names(servers: &Servers) -> Outcome {
    let port = servers.redis.rsplit(':').next().unwrap_or_default();
    for address in [format!("localhost:{port}"), format!("[::1]:{port}")] {
        let muxer = ConnectionMultiplexer::connect_with(&*address, environment()).await?;
        let echo: String = muxer.execute("ECHO", [&*address]).await?;
        ensure!(echo == address, "{echo}");
        muxer.close().await;
    }
    Ok(())
}

async fn nobody(servers: &Servers) -> Outcome {
    let once = |address: &str| Options::new(address).connect_retry(1);
    let unknown =
        ConnectionMultiplexer::connect_with(once("no-such-host.invalid:1"), environment());
    let error = unknown.await.err().ok_or("connected to a host that is not there")?;
    ensure!(error.kind() == ErrorKind::Connect(ConnectStage::Resolve), "{error}");
    // Port 1 of the loopback interface: nothing listens there.
    let refused = ConnectionMultiplexer::connect_with(once("127.0.0.1:1"), environment());
    let error = refused.await.err().ok_or("connected to a port where nobody listens")?;
    ensure!(error.kind() == ErrorKind::Connect(ConnectStage::Dial), "{error}");
    ensure!(error.to_string().to_lowercase().contains("refused"), "{error}");
    ensure!(servers.connect().await.is_ok(), "no way to the server after that");
    Ok(())
}

async fn messages(servers: &Servers) -> Outcome {
    let muxer = servers.connect().await?;
    let mut messages = muxer.subscriber().subscribe("news").await?;
    for n in 0..100 {
        muxer.execute::<i64>("PUBLISH", ("news", n)).await?;
    }
    for n in 0..100 {
        let event = messages.next().await.ok_or("the subscription ended")?;
        let message = event.message().ok_or("something else than a message")?;
        ensure!(message.payload == n.to_string(), "{n}: {:?}", message.payload);
    }
    muxer.close().await;
    Ok(())
}

async fn leases(servers: &Servers) -> Outcome {
    let muxer = servers.connect().await?;
    let db = muxer.database();
    db.del(["jobs"]).await?;
    let wait = db.blpop::<String, String>("jobs", BlockFor::AtMost(Duration::from_secs(20)));
    let work = async {
        sleep(Duration::from_millis(50)).await;
        for n in 0..10 {
            db.set("meanwhile", n).await?;
        }
        db.rpush("jobs", "one").await
    };
    let (job, pushed) = futures::future::join(wait, work).await;
    pushed?;
    let job = job?.ok_or("the command that waits got nothing")?;
    ensure!(job.1 == "one", "{job:?}");
    muxer.close().await;
    Ok(())
}

async fn watched(servers: &Servers) -> Outcome {
    let muxer = servers.connect().await?;
    let db = muxer.database();
    db.set("stock", 5).await?;
    let left = db.watch("stock").run(async |db| db.get::<i64>("stock").await).await?;
    ensure!(left == Some(5), "{left:?}");
    muxer.close().await;
    Ok(())
}

async fn timers() -> Outcome {
    let started = Instant::now();
    let naps = [40, 10, 30, 20].map(|ms| async move {
        sleep(Duration::from_millis(ms)).await;
        ms
    });
    let order: Vec<u64> =
        naps.into_iter().collect::<futures::stream::FuturesUnordered<_>>().collect().await;
    ensure!(order == [10, 20, 30, 40], "{order:?}");
    let took = started.elapsed();
    ensure!((40..2000).contains(&took.as_millis()), "{took:?}");
    Ok(())
}

async fn on_a_cluster(nodes: String) -> Outcome {
    let muxer = ConnectionMultiplexer::connect_with(&*nodes, environment()).await?;
    let db = muxer.database();
    let keys: Vec<String> = (0..200).map(|n| format!("key:{n}")).collect();
    let sets = join_all(keys.iter().enumerate().map(|(n, key)| db.set(key, n))).await;
    sets.into_iter().collect::<redmux::Result<Vec<()>>>()?;
    let values: Vec<Option<usize>> = db.mget(&keys).await?;
    ensure!(values.into_iter().eq((0..200).map(Some)), "MGET over all nodes");
    let size: u64 = db.dbsize().await?;
    ensure!(size == 200, "DBSIZE {size}");
    let used = muxer.status().nodes.iter().filter(|node| node.connected).count();
    ensure!(used >= 3, "{used} nodes are connected");
    muxer.close().await;
    Ok(())
}

/// Where the host allows no network, errors say what to allow.
pub(crate) fn no_network(checks: &mut Checks) {
    let dial = async |address: &str| {
        let options = Options::new(address).connect_retry(1);
        ConnectionMultiplexer::connect_with(options, environment()).await.err()
    };
    checks.check("a host that allows no network", async {
        let error = dial("127.0.0.1:6379").await.ok_or("connected without a permission")?;
        ensure!(error.to_string().contains("inherit-network"), "{error}");
        let error = dial("localhost:6379").await.ok_or("resolved without a permission")?;
        ensure!(error.to_string().contains("allow-ip-name-lookup"), "{error}");
        Ok(())
    });
}

/// TLS with the authority of the arguments.
#[cfg(feature = "tls")]
pub(crate) fn tls(checks: &mut Checks) {
    let (Ok(port), Ok(ca)) = (checks.given("tls"), checks.given("ca")) else {
        return checks.refuse("tls without tls=PORT and ca=FILE");
    };
    checks.check("TLS, with a megabyte there and back", async {
        let options = format!("rediss://localhost:{port}?sslCa={ca}");
        let muxer = ConnectionMultiplexer::connect_with(&*options, environment()).await?;
        let big = "x".repeat(1 << 20);
        muxer.database().set("big", &big).await?;
        let back: Option<String> = muxer.database().get("big").await?;
        ensure!(back == Some(big), "not what was set");
        muxer.close().await;
        Ok(())
    });
}
