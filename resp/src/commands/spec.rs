//! A row of the table.

use super::{KeyHint, ResponsePolicy, Route, SideEffects};

/// What is known of a command without asking a server
///
/// All commands of Redis 7.0 to 8.10 and Valkey 9.1 and of the modules of Redis Stack are known.
///
/// ```
/// use redmux_resp::{Arg, commands::{CommandSpec, KeyAccess, SideEffects}};
///
/// let copy = CommandSpec::find("copy", None).expect("COPY is known");
/// assert!(copy.is_write() && !copy.is_admin());
///
/// let words = ["COPY", "from", "to", "REPLACE"].map(|word| Arg::Bytes(word.as_bytes()));
/// let keys = copy.keys(&words).expect("they are among the words");
/// assert_eq!((keys[0].index, keys[0].access), (1, KeyAccess::Read));
/// assert_eq!((keys[1].index, keys[1].access), (2, KeyAccess::Write));
/// assert_eq!(copy.side_effects(&words), SideEffects::WriteLastWins);
/// let docs = copy.docs();
/// assert_eq!((docs.since, docs.complexity, docs.variables), ("6.2.0", "O(n)", "n = elements"));
/// ```
pub struct CommandSpec {
    pub(super) name: &'static str,
    pub(super) flags: &'static str,
    pub(crate) keys: &'static str,
    pub(super) hint: KeyHint,
    pub(super) route: Route,
    pub(super) responses: ResponsePolicy,
    pub(super) effects: SideEffects,
}
