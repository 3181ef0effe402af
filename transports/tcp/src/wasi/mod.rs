//! TCP in a WASI 0.2 component: sockets of `wasi:sockets`, timers and tasks over `wasi:io/poll`.
//!
//! A component has one thread, and waits with a single call of its host. So this brings a small executor too:
//! [`run`] drives a future and everything that was [spawned](spawn), and returns when the future is done. What is left
//! keeps its place until the next [`run`], as in a component that a host freezes between requests.
//!
//! ```ignore
//! let muxer = redmux_tcp::wasi::run(redmux::ConnectionMultiplexer::connect_with(
//!     "cache.example:6379",
//!     redmux_tcp::wasi::environment(),
//! ));
//! ```
//!
//! What a network lacks here: WASI 0.2 has neither `TCP_NODELAY` nor `TCP_USER_TIMEOUT`. Those settings of
//! [`TcpTransport`](crate::TcpTransport) have no effect, and only the probes of the client notice a peer that is gone
//! without a word.

mod dial;
mod executor;
mod reactor;
mod stream;
mod timer;
mod words;

use std::time::Instant;

use redmux_transport::{BoxFuture, Environment, Runtime, Timer};
use wasip2::random::insecure::get_insecure_random_u64;

pub use dial::WasiTransport;
pub use executor::{Task, catch_up, run, spawn};
pub use stream::Stream;
pub use timer::sleep;

/// A default [`WasiTransport`] and the tasks of [`run`].
pub fn environment() -> Environment {
    Environment::new(WasiTransport::default(), WasiRuntime)
}

/// Tasks and timers of [`run`]
#[derive(Debug, Clone, Copy, Default)]
pub struct WasiRuntime;

impl Runtime for WasiRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        executor::start(task);
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        Box::new(timer::WasiTimer::at(deadline))
    }

    fn entropy(&self) -> u64 {
        get_insecure_random_u64()
    }
}
