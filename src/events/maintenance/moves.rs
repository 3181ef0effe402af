//! A move to another endpoint that cannot be made.

use std::{fmt, sync::Arc};

use redmux_transport::Endpoint;

use crate::{
    Error,
    events::failure::{ConnectionType, FailureType},
};

/// The server said that its connections move, and the new endpoint cannot be used
///
/// The connection in use goes on, and the client tries the new endpoint again. The event comes once for each kind of failure of
/// an announced move. If the move cannot be made before the server hangs up, [`ConnectionFailed`](crate::events::ConnectionFailed)
/// follows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MoveFailed {
    /// The endpoint in use, which goes away.
    pub endpoint: Arc<Endpoint>,
    /// The endpoint that was tried in vain.
    pub new_endpoint: Arc<Endpoint>,
    /// What the connection is used for.
    pub connection_type: ConnectionType,
    /// Why, in one word.
    pub failure: FailureType,
    /// Why, in full.
    pub error: Error,
}

impl fmt::Display for MoveFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, new_endpoint, connection_type, failure, error } = self;
        write!(f, "move not made: {connection_type} {endpoint} to {new_endpoint}: {failure}: ")?;
        error.tell(f)
    }
}
