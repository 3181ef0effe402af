//! Which of several servers a command goes to, and what becomes of their replies.

use super::keys::count_at;
use crate::Arg;

/// Which server a command goes to, where there are several
///
/// It says where a command *must* go. Whether a replica may serve it is for its caller to decide,
/// and for [`is_read_only`](super::CommandSpec::is_read_only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// To the server of the slot that its keys are in. Without a key (`EVAL` with none), to any
    /// server. Keys in several slots are an error, `CROSSSLOT`.
    Slot,
    /// The same, but keys in several slots make it several commands: one for each slot, also where
    /// one server has both.
    Split,
    /// To any server: all of them say the same, or pass it on to the others.
    AnyNode,
    /// To the one server that its caller means: it is about that server alone. `CONFIG GET` and
    /// `SAVE` are.
    OneNode,
    /// To every primary.
    Primaries,
    /// To every server, replicas included.
    Nodes,
    /// Nowhere but to the connection that it is about, as `HELLO` and `EXEC`.
    Connection,
    /// Its words say where it goes: it has the cursor of a scan, which one server gave.
    Special,
}

/// What the caller gets where several servers have answered
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponsePolicy {
    /// One server answers.
    Single,
    /// The elements of all replies, in one list: in the order of the keys where the keys were
    /// split, and in any order otherwise.
    Joined,
    /// The sum of all numbers.
    Sum,
    /// For each place in the lists, whether all have 1 there.
    LogicalAnd,
    /// One success, or if there is none an error.
    OneSucceeded,
    /// One of the replies if all succeeded, or else an error.
    AllSucceeded,
    /// As the command demands: what `INFO` says of two servers has no sum.
    Special,
}

/// Where the first word is that decides the slot: a key, or a shard channel
///
/// It is known for each command before there are words. The name is word 0, and the subcommand
/// word 1 where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyHint {
    /// No word does.
    None,
    /// This one, and no other.
    Only(u8),
    /// This one; there may be more behind it.
    First(u8),
    /// The one behind this, which says how many follow it; none if it is 0.
    Counted(u8),
    /// It is behind an option: [`CommandSpec::keys`](super::CommandSpec::keys) finds it.
    Sought,
    /// The words do not say: the command is about an index, or a filter of labels.
    Unknown,
}

impl KeyHint {
    /// Returns which word it is, if that can be told without looking for options.
    ///
    /// `None` also if there is no such word.
    ///
    /// ```
    /// use redmux_resp::{Arg, commands::{CommandSpec, KeyHint}};
    ///
    /// let hint = |name| CommandSpec::find(name, None).expect("it is known").key_hint();
    /// assert_eq!(hint("GET"), KeyHint::Only(1));
    /// assert_eq!(hint("BITOP"), KeyHint::First(2));
    /// let words = ["EVAL", "return 1", "2", "k1", "k2"].map(|word| Arg::Bytes(word.as_bytes()));
    /// assert_eq!(hint("EVAL").index(&words), Some(3));
    /// assert_eq!(hint("XREAD"), KeyHint::Sought);
    /// ```
    #[inline]
    pub fn index(self, words: &[Arg<'_>]) -> Option<usize> {
        let index = match self {
            Self::Only(index) | Self::First(index) => usize::from(index),
            Self::Counted(at) => {
                let at = usize::from(at);
                count_at(words, at).filter(|count| *count > 0)?;
                at + 1
            }
            Self::None | Self::Sought | Self::Unknown => return None,
        };
        (index < words.len()).then_some(index)
    }

    /// What the column of keys says of the first one.
    pub(super) const fn of(name: &str, column: &str) -> Self {
        match column.as_bytes() {
            b"-" => Self::None,
            // The key may be empty, and the keys behind `KEYS` then.
            _ if matches!(name.as_bytes(), b"MIGRATE") => Self::Sought,
            [digit @ b'1'..=b'9', b' ', rest @ ..] => match rest {
                [b'r' | b'w' | b's'] | b"rw" => Self::Only(*digit - b'0'),
                _ => Self::First(*digit - b'0'),
            },
            [digit @ b'1'..=b'9', b'.', ..] => Self::First(*digit - b'0'),
            [digit @ b'1'..=b'9', b'#', ..] => Self::Counted(*digit - b'0'),
            [b'?', ..] => Self::Unknown,
            [b'A'..=b'Z', ..] => Self::Sought,
            _ => panic!("a column of keys that gives no hint"),
        }
    }
}

/// What a column of the table says.
pub(super) const fn parse(column: &str) -> (Route, ResponsePolicy) {
    use ResponsePolicy::{AllSucceeded, Joined, LogicalAnd, OneSucceeded, Single, Special, Sum};
    match column.as_bytes() {
        b"slot" => (Route::Slot, Single),
        b"split" => (Route::Split, Joined),
        b"split sum" => (Route::Split, Sum),
        b"split all" => (Route::Split, AllSucceeded),
        b"any" => (Route::AnyNode, Single),
        b"node" => (Route::OneNode, Single),
        b"primaries" => (Route::Primaries, Joined),
        b"primaries sum" => (Route::Primaries, Sum),
        b"primaries and" => (Route::Primaries, LogicalAnd),
        b"primaries one" => (Route::Primaries, OneSucceeded),
        b"primaries all" => (Route::Primaries, AllSucceeded),
        b"primaries special" => (Route::Primaries, Special),
        b"nodes" => (Route::Nodes, Joined),
        b"nodes sum" => (Route::Nodes, Sum),
        b"nodes all" => (Route::Nodes, AllSucceeded),
        b"nodes special" => (Route::Nodes, Special),
        b"link" => (Route::Connection, Single),
        b"special" => (Route::Special, Single),
        _ => panic!("a route that is not listed"),
    }
}
