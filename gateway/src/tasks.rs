//! Tasks, the threads that run them, and time limits.
//!
//! smol's own executor takes the number of its threads from the environment, which a program cannot set safely. This one gets
//! it from the command line.

use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Once, OnceLock},
    thread,
    time::Duration,
};

use futures::future::{Either, select};
use smol::{Executor, Timer};

static EXECUTOR: Executor<'static> = Executor::new();
static THREADS: OnceLock<usize> = OnceLock::new();
static STARTED: Once = Once::new();

/// Sets the number of threads that serve clients; there is one by default. Only the first call before the first task counts.
pub fn serve_with_threads(threads: usize) {
    let _ = THREADS.set(threads.max(1));
}

/// Starts a task, which goes on until it ends.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    STARTED.call_once(|| {
        for number in 0..*THREADS.get_or_init(|| 1) {
            let name = format!("redmux-gateway-{number}");
            thread::Builder::new().name(name).spawn(run).expect("the system has room for a thread");
        }
    });
    EXECUTOR.spawn(task).detach();
}

/// Runs tasks without end.
fn run() {
    loop {
        // A task that panics ends, and takes no other task with it.
        let _ = catch_unwind(AssertUnwindSafe(|| smol::block_on(EXECUTOR.run(pending::<()>()))));
    }
}

/// The time is up
#[derive(Debug)]
pub(crate) struct TimedOut;

/// Waits for the work, but no longer than `limit`. Work that is done at once is never late.
pub(crate) async fn timeout<T>(
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, TimedOut> {
    match select(pin!(work), Timer::after(limit)).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(_) => Err(TimedOut),
    }
}

/// Waits.
pub(crate) async fn sleep(time: Duration) {
    Timer::after(time).await;
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_task_that_panics_leaves_the_threads_to_others() {
        let (done, seen) = mpsc::channel();
        for _ in 0..3 {
            spawn(async { panic!("on purpose") });
        }
        spawn(async move { done.send(thread::current().name().map(str::to_owned)).unwrap() });
        let name = seen.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(name.unwrap().starts_with("redmux-gateway-"));
    }

    #[test]
    fn work_that_takes_longer_is_given_up_and_a_limit_may_be_endless() {
        smol::block_on(async {
            assert!(timeout(Duration::from_millis(5), pending::<()>()).await.is_err());
            assert_eq!(timeout(Duration::MAX, async { 7 }).await.unwrap(), 7);
            assert_eq!(timeout(Duration::ZERO, async { 7 }).await.unwrap(), 7);
        });
    }
}
