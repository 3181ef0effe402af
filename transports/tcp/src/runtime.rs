use std::time::Instant;

use redmux_transport::{BoxFuture, Environment, Runtime, Timer};

use crate::{TcpTransport, entropy, reactor::ReactorTimer};

/// A default [`TcpTransport`] and the async-std runtime.
pub fn environment() -> Environment {
    Environment::new(TcpTransport::default(), AsyncStdRuntime)
}

/// The async-std runtime
#[derive(Debug, Clone, Copy, Default)]
pub struct AsyncStdRuntime;

impl Runtime for AsyncStdRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        async_std::task::spawn(task);
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        Box::new(ReactorTimer::at(deadline))
    }

    fn entropy(&self) -> u64 {
        entropy::draw()
    }
}
