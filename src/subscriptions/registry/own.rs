//! Topics that the client wants for itself.

use super::{
    Registry, Topic,
    entry::{Entry, Own},
};

impl Registry {
    /// Wants a topic without listeners, from the first connection on; its messages are returned by
    /// [`take_in`](Self::take_in).
    ///
    /// It is in no count, and what the program ends does not end it. Called before there is a connection.
    pub(crate) fn want(&self, topic: Topic, own: Own) {
        self.lock().entries.insert(topic, Entry::of_its_own(own));
    }
}
