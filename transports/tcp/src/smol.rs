//! Tasks on smol's global executor; sockets and timers as for async-std.

use std::time::Instant;

use redmux_transport::{BoxFuture, Environment, Runtime, Timer};

use crate::{TcpTransport, entropy, reactor::ReactorTimer};

/// A default [`TcpTransport`] and the smol runtime.
pub fn environment() -> Environment {
    Environment::new(TcpTransport::default(), SmolRuntime)
}

/// The smol runtime
#[derive(Debug, Clone, Copy, Default)]
pub struct SmolRuntime;

impl Runtime for SmolRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        ::smol::spawn(task).detach();
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        Box::new(ReactorTimer::at(deadline))
    }

    fn entropy(&self) -> u64 {
        entropy::draw()
    }
}
