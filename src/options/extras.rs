//! Options that only a build with the feature `full` has.

use std::sync::Arc;

use crate::{
    command::{KeyPrefix, Observers},
    connection::{CircuitBreaker, CredentialsProvider},
};

/// Options that nothing without `full` sets
#[derive(Clone, Default)]
pub(super) struct Extras {
    pub(super) key_prefix: Option<KeyPrefix>,
    pub(super) channel_prefix: Option<Arc<str>>,
    pub(super) credentials_provider: Option<Arc<dyn CredentialsProvider>>,
    pub(super) circuit_breaker: Option<CircuitBreaker>,
    pub(super) observers: Observers,
    /// `None`: the default of the first endpoint's provider.
    #[cfg(feature = "full")]
    pub(super) azure_maintenance: Option<bool>,
    #[cfg(feature = "full")]
    pub(super) maintenance: super::announced::Wanted,
    /// Empty: there is none. `None`: the default.
    #[cfg(feature = "full")]
    pub(super) config_channel: Option<Arc<str>>,
    /// A profiling session sees the calls of all handles.
    pub(super) profiling: bool,
    #[cfg(feature = "topology")]
    pub(super) servers: super::servers::Servers,
}
