//! The executor itself, and what happens between two runs of it.

use std::{
    cell::Cell,
    future::{Future, pending, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use redmux::wasi::{catch_up, run, sleep, spawn};

use crate::{
    ensure,
    harness::{Checks, Outcome, Servers},
};

pub(crate) fn all(checks: &mut Checks) {
    let servers = match checks.servers() {
        Ok(servers) => servers,
        Err(why) => return checks.refuse(&why),
    };
    checks.direct("tasks need not be `Send`, and end before or after who waits", tasks);
    checks.direct("the last waker of a task ends it in the middle of a poll", last_waker);
    checks.direct("tasks that never rest let timers and sockets through", || restless(&servers));
    checks.direct("what was handed over leaves before a run ends", || leaves(&servers));
    checks.direct("a connection that ended between two runs costs no command", || frozen(&servers));
    checks.direct("messages that came between two runs are there", || messages(&servers));
}

fn tasks() -> Outcome {
    let count = Rc::new(Cell::new(0));
    let later = run(async {
        for _ in 0..10 {
            let count = count.clone();
            spawn(async move { count.set(count.get() + 1) }).await;
        }
        let in_turn = spawn(async { spawn(async { 7 }).await });
        ensure!(in_turn.await == 7, "a task of a task");
        let count = count.clone();
        Ok::<_, Box<dyn std::error::Error>>(spawn(async move {
            sleep(Duration::from_millis(20)).await;
            count.set(count.get() + 100);
            count.get()
        }))
    })?;
    ensure!(count.get() == 10, "{}", count.get());
    // It goes on with the next run.
    ensure!(run(later) == 110, "{}", count.get());
    Ok(())
}

/// A waker that owns a future
struct Owner(
    #[allow(dead_code, reason = "it is only dropped")]
    Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
);

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

/// What a waker owns may have timers of its own: they end while another timer changes its waker.
fn last_waker() -> Outcome {
    run(async {
        let mut owned: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(sleep(Duration::from_secs(60)));
        let mut idle = Context::from_waker(Waker::noop());
        ensure!(owned.as_mut().poll(&mut idle).is_pending(), "a minute is over at once");
        let waker = Waker::from(Arc::new(Owner(Mutex::new(Some(owned)))));
        let mut other = Box::pin(sleep(Duration::from_millis(20)));
        ensure!(other.as_mut().poll(&mut Context::from_waker(&waker)).is_pending(), "too early");
        drop(waker);
        // Here the last clone of the waker is replaced, and with it the minute's timer ends.
        other.await;
        Ok(())
    })
}

fn restless(servers: &Servers) -> Outcome {
    run(async {
        let stop = Rc::new(Cell::new(false));
        for _ in 0..3 {
            let stop = stop.clone();
            drop(spawn(poll_fn(move |cx| {
                if stop.get() {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })));
        }
        let muxer = servers.connect().await?;
        for n in 0..50 {
            ensure!(muxer.execute::<i64>("ECHO", [n]).await? == n, "another reply");
        }
        sleep(Duration::from_millis(20)).await;
        stop.set(true);
        muxer.close().await;
        Ok(())
    })
}

fn leaves(servers: &Servers) -> Outcome {
    let muxer = run(servers.connect())?;
    run(async {
        muxer.database().del(["left"]).await?;
        muxer.database().set("left", "yes").forget()
    })?;
    for _ in 0..100 {
        if servers.ask("GET left")?.ends_with("yes") {
            run(muxer.close());
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err("the command did not leave".into())
}

fn frozen(servers: &Servers) -> Outcome {
    let muxer = run(servers.connect())?;
    let db = muxer.database();
    for round in 0..5 {
        let before: i64 = run(db.incr("frozen"))?;
        let killed = servers.ask("CLIENT KILL TYPE normal SKIPME yes")?;
        ensure!(killed.starts_with(':') && killed != ":0", "nothing was killed: {killed}");
        // The component does nothing meanwhile.
        thread::sleep(Duration::from_millis(50));
        let after: i64 =
            run(db.incr("frozen")).map_err(|error| format!("round {round}: {error}"))?;
        ensure!(after == before + 1, "{before} and then {after}");
    }
    run(muxer.close());
    Ok(())
}

fn messages(servers: &Servers) -> Outcome {
    use futures::{FutureExt, StreamExt};

    let muxer = run(servers.connect())?;
    let mut news = run(muxer.subscriber().subscribe("between"))?;
    let heard = servers.ask("PUBLISH between hello")?;
    ensure!(heard == ":1", "{heard}");
    thread::sleep(Duration::from_millis(50));
    ensure!(news.next().now_or_never().is_none(), "a message came by itself");
    catch_up();
    let event = news.next().now_or_never().flatten().ok_or("no message after `catch_up`")?;
    ensure!(event.message().is_some_and(|message| &message.payload[..] == b"hello"), "another");
    run(muxer.close());
    Ok(())
}

/// Must end the component with words, and not with a trap of the host.
pub(crate) fn stuck() {
    run(pending::<()>());
}
