//! Groups of independent deployments, of which one is used at a time
//!
//! [`ConnectionMultiplexer::connect_group`](crate::ConnectionMultiplexer::connect_group) takes [`GroupMember`]s, each with a weight, and
//! gives an ordinary multiplexer. [`Group`] shows the members and changes them while the program runs.

pub use crate::multiplexer::{
    Group, GroupMember, GroupOptions, HealthPolicy, MemberState, MemberStatus, Probe,
};
