//! Whether a server of a cluster would say that it is no longer the primary of its shard channels.

use super::super::queue::SessionId;

/// What a server is asked about that may be no primary
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unwatched {
    session: SessionId,
    ends: u64,
}

/// Whether a server would say that it is no longer the primary
#[derive(Default)]
pub(super) struct Watch {
    /// The server is one of a cluster.
    pub(super) of_cluster: bool,
    /// The stream on which it has said that it is the primary, and would end a shard channel.
    session: Option<SessionId>,
    /// How often it has ended one by itself.
    ends: u64,
}

impl Watch {
    /// The server has ended a shard channel by itself.
    pub(super) fn note_end(&mut self) {
        self.session = None;
        self.ends += 1;
    }

    /// Whether it has said on this stream that it is the primary, and ended nothing since.
    pub(super) fn is_kept_on(&self, session: SessionId) -> bool {
        self.session == Some(session)
    }

    /// Before the server is asked.
    pub(super) fn before_question(&self, session: SessionId) -> Unwatched {
        Unwatched { session, ends: self.ends }
    }

    /// The answer: whether it is the primary. False if it has ended something meanwhile, so that the answer says nothing.
    pub(super) fn answered(&mut self, asked: Unwatched, is_primary: bool) -> bool {
        let counts = self.ends == asked.ends;
        if counts {
            self.session = is_primary.then_some(asked.session);
        }
        counts
    }
}
