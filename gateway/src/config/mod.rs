//! How the gateway listens, which clients it admits and what it bounds.

mod access;
mod args;
mod checks;
mod error;
mod file;
mod issuers;
mod origin;
mod places;
mod schema;
mod settings;
mod sizes;
pub(crate) mod values;

pub use args::{Asked, Process, UsageError, parse as parse_args};
pub use error::ConfigError;
pub use file::{Loaded, load as load_config};
pub(crate) use origin::split_authority;
pub use origin::{Origin, OriginError};
pub use settings::Config;
pub use values::Network;
