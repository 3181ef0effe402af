//! Which of several servers a command that only reads goes to.

/// Which servers commands that only read go to
///
/// A replica may be behind its primary: what was just written may be missing there. Commands that write always go to
/// the primary. All reads of a key go to the same replica for as long as it can be used, so they do not go back in time.
///
/// ```
/// use redmux::{Options, options::{Mode, ReadFrom}};
///
/// let options = Options::new("a").mode(Mode::Cluster).read_from(ReadFrom::Nearest).zone("eu-1a");
/// assert_eq!(options.to_string(), "a:6379,mode=cluster,readFrom=nearest,zone=eu-1a");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ReadFrom {
    /// To the primary.
    #[default]
    Primary,
    /// To a replica, or to the primary where no replica can be used.
    PreferReplica,
    /// To a replica; the error [`NoReplica`](crate::ErrorKind::NoReplica) where none can be used.
    Replica,
    /// To a replica in the [zone](crate::Options::zone) of this program, then to the primary if it is in the zone, then to
    /// another replica, then to the primary. Without a zone it is [`PreferReplica`](Self::PreferReplica).
    Nearest,
}

const NAMES: [(ReadFrom, &str); 4] = [
    (ReadFrom::Primary, "primary"),
    (ReadFrom::PreferReplica, "preferReplica"),
    (ReadFrom::Replica, "replica"),
    (ReadFrom::Nearest, "nearest"),
];

impl ReadFrom {
    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(read, _)| *read == self).map_or("primary", |(_, name)| name)
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Some(NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?.0)
    }
}
