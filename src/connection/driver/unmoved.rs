//! What is said of a move that was announced and cannot be made.

use super::Driver;
use crate::events::{Event, FailureType, MoveFailed};

impl Driver {
    /// The other stream could not be opened: says why, once for each kind of failure.
    pub(super) fn tell_unmoved(&self) {
        let Some(successor) = &self.successor else { return };
        // Without an error it was given up, because the name leads to the server that goes away.
        let error = successor.link.with(|core| core.redial.last_error.clone());
        let Some(error) = error else { return };
        let failure = FailureType::of(&error);
        if !self.link.with(|core| core.is_news_of_move(failure)) {
            return;
        }
        self.link.owner.publish(Event::MoveFailed(MoveFailed {
            endpoint: self.link.endpoint(),
            new_endpoint: successor.endpoint.clone(),
            connection_type: self.link.connection_type,
            failure,
            error: error.endpoint_at(&successor.endpoint),
        }));
    }
}
