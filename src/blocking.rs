//! For programs without an async runtime: command-line tools, threads
//!
//! [`connect`] gives a [`Blocking`], which runs calls and parks the thread meanwhile. It needs the feature of a
//! runtime; over a transport of your own there is [`Blocking::connect_with`].

#[cfg(any(feature = "async-std", feature = "smol", feature = "tokio"))]
use redmux_transport::Environment;

pub use crate::multiplexer::{Blocking, Run};
#[cfg(any(feature = "async-std", feature = "smol", feature = "tokio"))]
use crate::{Error, Options, Result};

/// Connects over TCP (or a Unix socket), and parks the thread until the server has answered.
///
/// A background thread serves the connection: with the feature `tokio` the client starts one, else
/// the threads of smol or async-std do it.
///
/// ```no_run
/// # fn f() -> redmux::Result<()> {
/// let redis = redmux::blocking::connect("localhost:6379")?;
/// let db = redis.database();
/// redis.run(db.set("greeting", "hello"))?;
/// let greeting: Option<String> = redis.run(db.get("greeting"))?;
/// redis.run(async || db.watch("n").run(async |db| db.get::<i64>("n").await).await)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As for [`ConnectionMultiplexer::connect_with`](crate::ConnectionMultiplexer::connect_with).
#[cfg(any(feature = "async-std", feature = "smol", feature = "tokio"))]
pub fn connect(options: impl TryInto<Options, Error: Into<Error>>) -> Result<Blocking> {
    Blocking::connect_with(options, environment()?)
}

#[cfg(feature = "tokio")]
fn environment() -> Result<Environment> {
    redmux_tcp::tokio::environment_on_thread().map_err(|error| {
        let stage = crate::ErrorKind::Connect(crate::error::ConnectStage::Dial);
        let failed = Error::new(stage, crate::Delivery::NotSent);
        failed.detail("no thread for the connection").io_source(error)
    })
}

#[cfg(all(not(feature = "tokio"), feature = "smol"))]
#[allow(clippy::unnecessary_wraps, reason = "with tokio it may fail")]
fn environment() -> Result<Environment> {
    Ok(redmux_tcp::smol::environment())
}

#[cfg(all(feature = "async-std", not(feature = "tokio"), not(feature = "smol")))]
#[allow(clippy::unnecessary_wraps, reason = "with tokio it may fail")]
fn environment() -> Result<Environment> {
    Ok(redmux_tcp::environment())
}
