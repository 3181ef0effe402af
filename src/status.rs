//! The state of a multiplexer's connections, for a health page or a log
//!
//! [`ConnectionMultiplexer::status`](crate::ConnectionMultiplexer::status) gives a [`Status`], which holds all the rest.

#[cfg(feature = "topology")]
pub use crate::multiplexer::{MapStatus, NodeRole, NodeStatus};
pub use crate::{
    connection::{Counters, ServerInfo},
    multiplexer::{LeaseStatus, LeaseUse, LeasedConnection, LinkStatus, Status},
};
