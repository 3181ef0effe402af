//! A command on its way: arguments, deadline, reply type.

mod call;
mod guard;
pub mod pipeline;
pub(crate) mod transaction;

pub use call::Call;
pub(crate) use guard::{check_leased, check_shared};
pub use pipeline::pipeline;
pub(crate) use pipeline::{Calls, Pending};
