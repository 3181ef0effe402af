//! A connection, as a node knows it.

/// What a node knows of a connection
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) id: u64,
    pub(super) node: usize,
    pub(super) resp3: bool,
    /// The next command may be for a slot that is on its way here.
    pub(super) asking: bool,
    /// A replica serves reads.
    pub(super) readonly: bool,
    pub(super) queue: Option<Queue>,
}

/// The commands of a transaction so far
#[derive(Debug, Clone, Default)]
pub(super) struct Queue {
    pub(super) commands: Vec<Vec<Vec<u8>>>,
    /// One was refused.
    pub(super) failed: bool,
}

impl Session {
    /// Its number, which no other connection has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether a replica serves its reads.
    pub fn reads(&self) -> bool {
        self.readonly
    }
}

/// What a node does with a command
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The reply as it is on the wire.
    Reply(Vec<u8>),
    /// Nothing now; it comes again when the node is stirred.
    Later,
}
