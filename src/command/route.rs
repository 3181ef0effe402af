//! Where a command goes, where there are several servers.
//!
//! All of it is computed from words, before anything is sent. What a row of the table says is known
//! when the program is compiled; a typed method needs no search for it: see [`Hint`].

use super::{CommandSpec, KeyHint, ResponsePolicy, Route};
use crate::{
    Error, Result,
    commands::slot_of,
    resp::{Arg, ArgList, ToArg},
};

/// What is known of a command's way without its words
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) route: Route,
    pub(crate) key: KeyHint,
}

impl Hint {
    /// That of a typed method, which knows its command: `const { Hint::of("CONFIG GET") }`.
    ///
    /// `None` if the table does not have the command.
    #[cfg(test)]
    pub(crate) const fn of(command: &str) -> Option<Self> {
        match CommandSpec::named(command) {
            Some(spec) => Some(Self::from_spec(spec)),
            None => None,
        }
    }

    const fn from_spec(spec: &CommandSpec) -> Self {
        Self { route: spec.route(), key: spec.key_hint() }
    }

    /// Returns where these words go, the command's name being the first of them.
    ///
    /// # Errors
    /// The keys are in several slots, and the command cannot be split.
    pub(crate) fn target(self, words: &[Arg<'_>]) -> Result<Target> {
        match (self.route, self.key) {
            // Nearly every command: nothing is searched.
            (Route::Slot, KeyHint::Only(index)) => Ok(match words.get(usize::from(index)) {
                Some(key) => Target::Slot(slot_of(key.as_bytes())),
                None => Target::ANY,
            }),
            (Route::Slot | Route::Split, _) => by_keys(words),
            (route, _) => Ok(match CommandSpec::of(words) {
                Some(spec) => Target::Keyless(route, spec.response_policy()),
                None => Target::ANY,
            }),
        }
    }
}

/// Where a command goes
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// To the server of this slot.
    Slot(u16),
    /// As several commands, each to the server of its slot.
    Split(Split),
    /// No word decides a slot: as its route says.
    Keyless(Route, ResponsePolicy),
}

impl Target {
    /// What is unknown, or wrong, goes to some server: its error says what is wrong, or where to go.
    const ANY: Self = Self::Keyless(Route::AnyNode, ResponsePolicy::Single);

    /// Returns where these words go, of which the first is the command's name, in any case.
    ///
    /// # Errors
    /// The keys are in several slots, and the command cannot be split.
    pub(crate) fn of(words: &[Arg<'_>]) -> Result<Self> {
        match CommandSpec::of(words) {
            Some(spec) => Hint::from_spec(spec).target(words),
            None => Ok(Self::ANY),
        }
    }
}

/// A command that becomes several
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) parts: Vec<Part>,
    pub(crate) responses: ResponsePolicy,
    /// Which of the command's words are keys, those of a part side by side: one list, since parts are many and small.
    order: Vec<usize>,
    /// Which word says how many keys there are.
    count: Option<usize>,
    /// The first key, and the first word behind the last one and its value.
    keys: (usize, usize),
    /// How many words a key and its value are.
    step: usize,
    /// How many words the command has.
    words: usize,
}

/// What of a command goes to one slot
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) slot: u16,
    /// Where its keys are in the list of them.
    place: (usize, usize),
}

impl Split {
    /// Which of the command's words are keys of this part, in their order; never none.
    #[inline]
    pub(crate) fn keys(&self, part: &Part) -> &[usize] {
        &self.order[part.place.0..part.place.1]
    }

    /// How many keys the command has.
    pub(crate) fn key_count(&self) -> usize {
        self.order.len()
    }

    /// Appends the words of this part to `list`; `word` makes the one at this place of the command's.
    #[inline]
    pub(crate) fn append_words<'o>(
        &self,
        part: &Part,
        list: &mut ArgList<'o>,
        word: impl Fn(usize) -> Arg<'o>,
    ) {
        let (begin, end) = self.keys;
        let start = list.len();
        // One by one: most parts have two words.
        (0..begin).for_each(|at| list.push(word(at)));
        let keys = self.keys(part);
        if let Some(count) = self.count.and_then(|at| list.get_mut(start + at)) {
            *count = (keys.len() as u64).to_arg().into_owned();
        }
        for key in keys {
            (*key..key + self.step).for_each(|at| list.push(word(at)));
        }
        (end..self.words).for_each(|at| list.push(word(at)));
    }

    /// The words of this part, made from those of the command.
    #[cfg(test)]
    pub(crate) fn words<'w>(&self, part: &Part, words: &'w [Arg<'_>]) -> ArgList<'w> {
        let mut list = ArgList::new();
        self.append_words(part, &mut list, |at| Arg::Bytes(words[at].as_bytes()));
        list
    }

    /// Which key of the whole command this one is, counted from 0: its place in a joined reply.
    pub(crate) fn place(&self, key: usize) -> usize {
        (key - self.keys.0) / self.step
    }
}

/// Whether this error may be about a part of a command of which other parts were executed: of a script, a
/// function or a command of a module.
#[cfg(feature = "topology")]
pub(super) fn scripted(error: &crate::resp::ServerError, command: &str) -> bool {
    let starts = |word: &str| {
        command.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    starts("EVAL") || starts("FCALL") || command.contains('.') || error.message().contains("script")
}

/// Looks at all keys.
fn by_keys(words: &[Arg<'_>]) -> Result<Target> {
    let Some(spec) = CommandSpec::of(words) else { return Ok(Target::ANY) };
    // Too few words, for example: any server says so.
    let Some(keys) = spec.keys(words) else { return Ok(Target::ANY) };
    let Some(first) = keys.first() else { return Ok(Target::ANY) };
    // Slot and word in one number each, which sort faster than pairs.
    let mut places: Vec<u64> = Vec::with_capacity(keys.len());
    places.extend(keys.iter().map(|key| {
        let slot = slot_of(words[key.index].as_bytes());
        u64::from(slot) << 48 | key.index as u64
    }));
    let slot = |place: u64| (place >> 48) as u16;
    let slot_of_first = slot(places[0]);
    if places.iter().all(|place| slot(*place) == slot_of_first) {
        return Ok(Target::Slot(slot_of_first));
    }
    if spec.route() != Route::Split {
        return Err(Error::rejected(spec.name(), "its keys are in different slots (CROSSSLOT)"));
    }
    // The keys follow each other at equal distances.
    let step = keys[1].index - first.index;
    let end = keys[keys.len() - 1].index + step;
    if end > words.len() {
        // A key without a value: the server refuses all of it, where the parts would be executed.
        return Ok(Target::Slot(slot_of_first));
    }
    if words[end..].iter().any(is_condition) {
        let detail =
            "its keys are in different slots (CROSSSLOT), and its condition is on all of them";
        return Err(Error::rejected(spec.name(), detail));
    }
    places.sort_unstable();
    let mut parts = Vec::with_capacity(places.len());
    let mut begin = 0;
    for part in places.chunk_by(|one, other| slot(*one) == slot(*other)) {
        let end = begin + part.len();
        parts.push(Part { slot: slot(part[0]), place: (begin, end) });
        begin = end;
    }
    let count = match spec.key_hint() {
        KeyHint::Counted(at) => Some(usize::from(at)),
        _ => None,
    };
    Ok(Target::Split(Split {
        parts,
        responses: spec.response_policy(),
        order: places.into_iter().map(|place| (place & ((1 << 48) - 1)) as usize).collect(),
        count,
        keys: (first.index, end),
        step,
        words: words.len(),
    }))
}

/// Whether all keys or none are set, as in `MSETEX … NX`.
fn is_condition(word: &Arg<'_>) -> bool {
    [b"NX", b"XX"].iter().any(|condition| word.as_bytes().eq_ignore_ascii_case(*condition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Delivery;

    fn words(text: &str) -> Vec<Arg<'_>> {
        text.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect()
    }

    fn target(text: &str) -> Target {
        Target::of(&words(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The parts of a command as lines, each with its slot.
    fn parts(text: &str) -> Vec<(u16, String)> {
        let words = words(text);
        let Target::Split(split) = target(text) else { panic!("{text} is not split") };
        let show = |part: &Part| {
            let line = split.words(part, &words);
            let line: Vec<_> =
                line.iter().map(|word| String::from_utf8_lossy(word.as_bytes())).collect();
            (part.slot, line.join(" "))
        };
        split.parts.iter().map(show).collect()
    }

    #[test]
    fn a_key_decides_the_slot() {
        for (text, slot) in [
            ("GET foo", 12_182),
            ("get foo", 12_182),
            ("SET {foo}bar v", 12_182),
            ("XGROUP CREATE foo g $", 12_182),
            ("EVAL script 1 foo bar", 12_182),
            ("XREAD COUNT 1 STREAMS foo 0", 12_182),
            ("XREADGROUP GROUP STREAMS c STREAMS foo >", 12_182),
            ("MIGRATE host 1 foo 0 1", 12_182),
            ("LMPOP 2 foo {foo} LEFT", 12_182),
            ("MGET foo {foo}1 {foo}2", 12_182),
            ("SPUBLISH foo message", 12_182),
            ("SORT bar STORE {bar}2", 5_061),
        ] {
            assert_eq!(target(text), Target::Slot(slot), "{text}");
        }
        let migrate = ["MIGRATE", "host", "1", "", "0", "1", "KEYS", "foo", "{foo}"];
        let migrate = migrate.map(|word| Arg::Bytes(word.as_bytes()));
        assert!(matches!(Target::of(&migrate), Ok(Target::Slot(12_182))));
    }

    #[test]
    fn without_a_key_the_route_decides() {
        for (text, route, responses) in [
            ("EVAL script 0", Route::AnyNode, ResponsePolicy::Single),
            ("FT.SEARCH index *", Route::AnyNode, ResponsePolicy::Single),
            ("dbsize", Route::Primaries, ResponsePolicy::Sum),
            ("SCRIPT LOAD text", Route::Nodes, ResponsePolicy::AllSucceeded),
            ("CONFIG GET *", Route::OneNode, ResponsePolicy::Single),
            ("EXEC", Route::Connection, ResponsePolicy::Single),
            ("SCAN 0", Route::Special, ResponsePolicy::Single),
            // Servers say what is wrong with these.
            ("NOSUCH foo", Route::AnyNode, ResponsePolicy::Single),
            ("GET", Route::AnyNode, ResponsePolicy::Single),
            ("EVAL script many foo", Route::AnyNode, ResponsePolicy::Single),
        ] {
            assert_eq!(target(text), Target::Keyless(route, responses), "{text}");
        }
        assert_eq!(Target::of(&[]).ok(), Some(Target::ANY));
    }

    #[test]
    fn keys_of_several_slots_are_refused_and_nothing_is_sent() {
        for text in [
            "MSETNX foo 1 bar 2",
            "SUNIONSTORE foo bar",
            "RENAME foo bar",
            "EVAL script 2 foo bar",
            "XREAD STREAMS foo bar 0 0",
            "MSETEX 2 foo 1 bar 2 nx",
            "MSETEX 2 foo 1 bar 2 EX 10 XX",
        ] {
            let error = Target::of(&words(text)).expect_err(text);
            assert_eq!(error.delivery(), Delivery::NotSent, "{text}");
            let (shown, name) = (error.to_string(), text.split(' ').next().unwrap());
            assert!(shown.contains(name) && shown.contains("different slots"), "{shown}");
            assert!(!shown.contains("foo"), "no argument is in an error: {shown}");
        }
    }

    #[test]
    fn a_command_is_split_by_slot() {
        let part = |slot, line: &str| (slot, line.to_owned());
        assert_eq!(
            parts("MGET foo bar {foo}2 bar"),
            [part(5_061, "MGET bar bar"), part(12_182, "MGET foo {foo}2")]
        );
        assert_eq!(
            parts("mset foo 1 bar 2 {bar} 3"),
            [part(5_061, "mset bar 2 {bar} 3"), part(12_182, "mset foo 1")]
        );
        assert_eq!(
            parts("MSETEX 3 foo nx bar 2 {bar} 3 EX 10"),
            [part(5_061, "MSETEX 2 bar 2 {bar} 3 EX 10"), part(12_182, "MSETEX 1 foo nx EX 10")]
        );
    }

    #[test]
    fn a_key_keeps_its_place_in_a_joined_reply() {
        let Target::Split(split) = target("MSET foo 1 bar 2 {foo} 3") else { panic!("two slots") };
        let places = |part: &Part| split.keys(part).iter().map(|key| split.place(*key)).collect();
        let places: Vec<Vec<usize>> = split.parts.iter().map(places).collect();
        assert_eq!(places, [vec![1], vec![0, 2]]);
    }

    #[test]
    fn a_key_without_a_value_is_for_the_server_to_refuse() {
        assert_eq!(target("MSET foo 1 bar"), Target::Slot(12_182));
    }

    #[test]
    fn a_hint_is_known_when_the_program_is_compiled() {
        const GET: Option<Hint> = Hint::of("GET");
        const INFO: Option<Hint> = Hint::of("XINFO STREAM");
        const NONE: Option<Hint> = Hint::of("NOSUCH");
        assert_eq!(GET, Some(Hint { route: Route::Slot, key: KeyHint::Only(1) }));
        assert_eq!(INFO, Some(Hint { route: Route::Slot, key: KeyHint::Only(2) }));
        assert_eq!(NONE, None);
    }
}
