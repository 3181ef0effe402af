//! redmux in a WASI 0.2 component: `redmux = { version = "0.1", default-features = false, features = ["wasi", "full", "derive"] }`
//! and the target `wasm32-wasip2`
//!
//! ```no_run
//! fn main() -> redmux::Result<()> {
//!     redmux::wasi::run(async {
//!         let muxer = redmux::wasi::connect("cache.example:6379").await?;
//!         let visits: i64 = muxer.database().incr("visits").await?;
//!         println!("{visits}");
//!         Ok(())
//!     })
//! }
//! ```

pub use redmux_tcp::wasi::{Task, catch_up, environment, run, sleep, spawn};

use crate::{ConnectionMultiplexer, Error, Options, Result};

/// Connects over TCP with the sockets of the host; inside [`run`].
///
/// # Errors
/// As for [`ConnectionMultiplexer::connect_with`].
pub async fn connect(
    options: impl TryInto<Options, Error: Into<Error>>,
) -> Result<ConnectionMultiplexer> {
    ConnectionMultiplexer::connect_with(options, environment()).await
}

/// Connects to several independent deployments over TCP, and uses one of them at a time; inside [`run`].
///
/// ```no_run
/// # async fn f() -> redmux::Result<()> {
/// use redmux::group::GroupMember;
///
/// let near = GroupMember::new("near", "near:6379").weight(2.0);
/// let far = GroupMember::new("far", "far:6379");
/// let muxer = redmux::wasi::connect_group([near, far]).await?;
/// # Ok(())
/// # }
/// ```
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
