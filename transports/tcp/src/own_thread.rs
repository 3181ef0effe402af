//! A thread that runs tokio for a program that has no runtime.

use std::{io, thread, time::Instant};

use ::tokio::runtime::Builder;
use futures::channel::oneshot;
use redmux_transport::{BoxFuture, Environment, Runtime, Timer};

use crate::tokio::{TokioRuntime, TokioTransport};

/// A default [`TokioTransport`], and a tokio runtime on a thread of its own
///
/// For programs that have no async runtime. The thread ends with the last thing that uses the
/// environment.
///
/// # Errors
/// If the system gives no thread, or no means to wait for sockets.
pub fn environment_on_thread() -> io::Result<Environment> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (in_use, ended) = oneshot::channel::<()>();
    thread::Builder::new().name("redmux".to_owned()).spawn(move || {
        // An error says that nothing uses it any more.
        let _ended = runtime.block_on(ended);
    })?;
    let runtime = OwnThread { tokio: TokioRuntime::from(handle), _in_use: in_use };
    Ok(Environment::new(TokioTransport::default(), runtime))
}

/// A tokio runtime that ends with this
#[derive(Debug)]
struct OwnThread {
    tokio: TokioRuntime,
    _in_use: oneshot::Sender<()>,
}

impl Runtime for OwnThread {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.tokio.spawn(task);
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        self.tokio.timer(deadline)
    }

    fn now(&self) -> Instant {
        self.tokio.now()
    }

    fn entropy(&self) -> u64 {
        self.tokio.entropy()
    }
}
