//! Groups of independent deployments, of which one is used at a time.
//!
//! Calls are made for a link without a connection, whose router is the group: it hands each call on to the member in use,
//! which is found by one load. One task, the keeper, probes the members and chooses. What it does at a change is in
//! `switching.rs`.

mod checks;
mod connect;
mod deployment;
mod handle;
mod keeper;
mod member;
mod options;
mod report;
mod roster;
mod settings;
mod switching;

pub use handle::Group;
pub use options::{GroupMember, GroupOptions, Probe};
pub use report::{MemberState, MemberStatus};
pub(super) use roster::Roster;
pub use settings::HealthPolicy;
