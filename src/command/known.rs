//! Names of commands that are written in the code: which word of the command is its key is known when the program is
//! compiled, so that a call with several servers searches no table.

#[cfg(feature = "topology")]
use super::{CommandSpec, KeyHint, Route};

/// The name of a command, and where its key is: made by [`named!`](crate::command::named)
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(super) name: &'static str,
    pub(super) key: KeyPlace,
}

/// Which word of a command is its key, if one word decides its slot and that is known
///
/// Without `topology` it is nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyPlace(#[cfg(feature = "topology")] u8);

impl KeyPlace {
    /// The table of commands says it, or there is no such word.
    pub(super) const UNKNOWN: Self = Self(
        #[cfg(feature = "topology")]
        0,
    );

    /// Whether there is such a word.
    #[cfg(feature = "topology")]
    #[inline]
    pub(super) fn is_known(self) -> bool {
        self != Self::UNKNOWN
    }

    /// That word of these.
    #[cfg(feature = "topology")]
    #[inline]
    pub(super) fn of<T>(self, words: &[T]) -> Option<&T> {
        match self.0 {
            0 => None,
            place => words.get(usize::from(place)),
        }
    }
}

impl Named {
    /// What is known of this command, which must be in the table; its subcommand is among the arguments.
    pub(crate) const fn new(name: &'static str) -> Self {
        #[cfg(feature = "topology")]
        let key = match CommandSpec::named(name) {
            Some(spec) => match (spec.route(), spec.key_hint()) {
                (Route::Slot, KeyHint::Only(place)) => KeyPlace(place),
                _ => KeyPlace::UNKNOWN,
            },
            None => panic!("the table of commands does not have this name"),
        };
        #[cfg(not(feature = "topology"))]
        let key = KeyPlace::UNKNOWN;
        Self { name, key }
    }
}

impl From<&'static str> for Named {
    #[inline]
    fn from(name: &'static str) -> Self {
        Self { name, key: KeyPlace::UNKNOWN }
    }
}

/// `named!("GET")`: a name of which the compiler finds out what there is to know.
macro_rules! named {
    ($name:literal) => {
        const { $crate::command::Named::new($name) }
    };
}
pub(crate) use named;

#[cfg(all(test, feature = "topology"))]
mod tests {
    use super::*;
    use crate::resp::Arg;

    #[test]
    fn the_compiler_knows_the_key_of_a_command_that_has_one() {
        for (named, place) in [
            (named!("GET"), 1),
            (named!("SET"), 1),
            (named!("SPUBLISH"), 1),
            // Several keys, or none, or a subcommand in front of the key.
            (named!("MGET"), 0),
            (named!("RENAME"), 0),
            (named!("PING"), 0),
            (named!("EVAL"), 0),
            (Named::from("GET"), 0),
        ] {
            assert_eq!(named.key, KeyPlace(place), "{}", named.name);
        }
    }

    /// Where the compiler names a word, the search through the table finds the same.
    #[test]
    fn the_key_is_where_the_table_has_it() {
        let mut known = 0;
        for spec in CommandSpec::all().filter(|spec| !spec.name().contains(' ')) {
            let KeyPlace(place @ 1..) = Named::new(spec.name()).key else { continue };
            known += 1;
            let words: Vec<String> = (0..12).map(|at| format!("{at}")).collect();
            let mut words: Vec<_> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
            words[0] = Arg::Bytes(spec.name().as_bytes());
            let keys = spec.keys(&words).expect("enough words");
            let places: Vec<_> = keys.iter().map(|key| key.index).collect();
            assert_eq!(places, [usize::from(place)], "{}", spec.name());
        }
        assert!(known > 100, "{known}");
    }

    #[test]
    fn a_word_that_is_missing_is_no_key() {
        assert_eq!(named!("GET").key.of(&["GET"]), None);
        assert_eq!(named!("GET").key.of(&["GET", "k"]), Some(&"k"));
        assert_eq!(named!("PING").key.of(&["PING", "k"]), None);
    }
}
