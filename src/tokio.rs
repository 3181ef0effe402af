//! redmux on tokio: `redmux = { version = "0.1", default-features = false, features = ["tokio", "full", "topology", "tls", "derive", "tracing"] }`

pub use redmux_tcp::tokio::environment;

use crate::{ConnectionMultiplexer, Error, Options, Result};

/// Connects over TCP (or a Unix socket) on the tokio runtime of the caller.
///
/// Like [`ConnectionMultiplexer::connect`], which runs on async-std.
///
/// ```no_run
/// # async fn f() -> redmux::Result<()> {
/// let muxer = redmux::tokio::connect("localhost:6379").await?;
/// muxer.database().set("greeting", "hello").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// Outside a tokio runtime.
///
/// # Errors
/// As for [`ConnectionMultiplexer::connect_with`].
pub async fn connect(
    options: impl TryInto<Options, Error: Into<Error>>,
) -> Result<ConnectionMultiplexer> {
    ConnectionMultiplexer::connect_with(options, environment()).await
}
