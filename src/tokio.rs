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

/// Connects to several independent deployments over TCP, on the tokio runtime of the caller, and uses one of them at a time.
///
/// Like [`ConnectionMultiplexer::connect_group`], which runs on async-std.
///
/// ```no_run
/// # async fn f() -> redmux::Result<()> {
/// use redmux::group::GroupMember;
///
/// let near = GroupMember::new("near", "near:6379").weight(2.0);
/// let far = GroupMember::new("far", "far:6379");
/// let muxer = redmux::tokio::connect_group([near, far]).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// Outside a tokio runtime.
///
/// # Errors
/// As for [`ConnectionMultiplexer::connect_group_with`].
#[cfg(feature = "topology")]
pub async fn connect_group(
    members: impl IntoIterator<Item = crate::multiplexer::GroupMember>,
) -> Result<ConnectionMultiplexer> {
    let options = crate::multiplexer::GroupOptions::new();
    ConnectionMultiplexer::connect_group_with(members, options, environment()).await
}
