//! redmux on smol: `redmux = { version = "0.1", default-features = false, features = ["smol", "full", "topology", "tls", "derive", "tracing"] }`

pub use redmux_tcp::smol::environment;

use crate::{ConnectionMultiplexer, Error, Options, Result};

/// Connects over TCP (or a Unix socket) on smol's executor.
///
/// Like [`ConnectionMultiplexer::connect`], which runs on async-std.
///
/// ```no_run
/// # async fn f() -> redmux::Result<()> {
/// let muxer = redmux::smol::connect("localhost:6379").await?;
/// muxer.database().set("greeting", "hello").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As for [`ConnectionMultiplexer::connect_with`].
pub async fn connect(
    options: impl TryInto<Options, Error: Into<Error>>,
) -> Result<ConnectionMultiplexer> {
    ConnectionMultiplexer::connect_with(options, environment()).await
}
