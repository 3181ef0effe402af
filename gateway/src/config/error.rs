/// Why a configuration cannot be served, and where it is wrong
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}
