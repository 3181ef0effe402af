//! A model of a Redis Cluster, without sockets and without a clock of its own
//!
//! It takes commands and the time, and returns replies as Redis 7.0 makes them. Its nodes know of each other what they
//! have heard, and hear it late; they notice that one of them is gone, elect successors and lose what was not
//! replicated. All chance comes from a seed. Times are in microseconds.
//!
//! What the model leaves out: values other than strings, blocking commands, subscriptions, scripts, `WATCH`, databases.

mod admin;
mod commands;
mod elections;
mod gossip;
mod keys;
mod node;
mod random;
mod replication;
mod reply;
mod routes;
mod session;
mod slots;
mod state;
mod timetable;

pub use self::{
    commands::commands,
    node::Life,
    random::Random,
    session::{Answer, Session},
    slots::{SLOTS, slot_of},
    state::{Counts, Executed, Model, Settings},
};
