//! Conditions for executing a transaction.

use std::{
    fmt,
    ops::{Not, Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive},
};

use crate::{
    Call,
    connection::Link,
    resp::{Arg, Frame, ToArg},
};

/// A condition for executing a transaction; see [`Transaction::when`](super::Transaction::when)
///
/// `!` negates a condition. Values are compared byte by byte, scores as numbers. A key, field,
/// element or member that does not exist equals nothing, and has length 0.
///
/// ```
/// use redmux::database::transactions::Condition;
///
/// let conditions = [
///     !Condition::key_exists("lock"),
///     Condition::string_equal("state", "open"),
///     Condition::list_length("jobs", ..100),
///     Condition::set_length("winners", 3),
///     !Condition::sorted_set_equal("scores", "ann", 1.5),
/// ];
/// # let _ = conditions;
/// ```
#[derive(Clone)]
pub struct Condition {
    command: &'static str,
    /// The first is the key.
    args: Vec<Arg<'static>>,
    test: Test,
    negated: bool,
}

/// What the reply to the command of a condition must be
#[derive(Clone)]
enum Test {
    /// Not a null.
    Present,
    Equal(Arg<'static>),
    Score(f64),
    Count(Counts),
    /// A list whose first element begins with this.
    Begins(Arg<'static>),
}

/// Lengths and counts that a [`Condition`] accepts: a `u64`, or a range of them
///
/// ```
/// use redmux::database::transactions::Counts;
/// let accepted: [Counts; 4] = [3.into(), (..100).into(), (1..).into(), (1..=5).into()];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// From here.
    from: u64,
    /// To before here; `None` without end.
    to: Option<u64>,
}

impl Condition {
    /// The key exists.
    pub fn key_exists(key: impl ToArg) -> Self {
        Self::new("EXISTS", &[&key], Test::Count((1..).into()))
    }

    /// The string has this value.
    pub fn string_equal(key: impl ToArg, value: impl ToArg) -> Self {
        Self::new("GET", &[&key], Test::Equal(value.to_arg().into_owned()))
    }

    /// The string has this length in bytes.
    pub fn string_length(key: impl ToArg, length: impl Into<Counts>) -> Self {
        Self::new("STRLEN", &[&key], Test::Count(length.into()))
    }

    /// The hash has this field.
    pub fn hash_exists(key: impl ToArg, field: impl ToArg) -> Self {
        Self::new("HEXISTS", &[&key, &field], Test::Count((1..).into()))
    }

    /// The field of the hash has this value.
    pub fn hash_equal(key: impl ToArg, field: impl ToArg, value: impl ToArg) -> Self {
        Self::new("HGET", &[&key, &field], Test::Equal(value.to_arg().into_owned()))
    }

    /// The hash has this number of fields.
    pub fn hash_length(key: impl ToArg, length: impl Into<Counts>) -> Self {
        Self::new("HLEN", &[&key], Test::Count(length.into()))
    }

    /// The list has an element at this index; -1 is the last.
    pub fn list_index_exists(key: impl ToArg, index: i64) -> Self {
        Self::new("LINDEX", &[&key, &index], Test::Present)
    }

    /// The element of the list at this index has this value; -1 is the last.
    pub fn list_index_equal(key: impl ToArg, index: i64, value: impl ToArg) -> Self {
        Self::new("LINDEX", &[&key, &index], Test::Equal(value.to_arg().into_owned()))
    }

    /// The list has this number of elements.
    pub fn list_length(key: impl ToArg, length: impl Into<Counts>) -> Self {
        Self::new("LLEN", &[&key], Test::Count(length.into()))
    }

    /// The set has this member.
    pub fn set_contains(key: impl ToArg, member: impl ToArg) -> Self {
        Self::new("SISMEMBER", &[&key, &member], Test::Count((1..).into()))
    }

    /// The set has this number of members.
    pub fn set_length(key: impl ToArg, length: impl Into<Counts>) -> Self {
        Self::new("SCARD", &[&key], Test::Count(length.into()))
    }

    /// The sorted set has this member.
    pub fn sorted_set_contains(key: impl ToArg, member: impl ToArg) -> Self {
        Self::new("ZSCORE", &[&key, &member], Test::Present)
    }

    /// The sorted set has a member with this prefix. All its scores must be the same, as for
    /// [`zrangebylex`](https://redis.io/docs/latest/commands/zrangebylex/).
    pub fn sorted_set_contains_starting(key: impl ToArg, prefix: impl ToArg) -> Self {
        let prefix = prefix.to_arg();
        let from = [b"[", prefix.as_bytes()].concat();
        let args: [&dyn ToArg; 6] = [&key, &Arg::Owned(from), &"+", &"LIMIT", &0, &1];
        Self::new("ZRANGEBYLEX", &args, Test::Begins(prefix.into_owned()))
    }

    /// The member of the sorted set has this score.
    pub fn sorted_set_equal(key: impl ToArg, member: impl ToArg, score: f64) -> Self {
        Self::new("ZSCORE", &[&key, &member], Test::Score(score))
    }

    /// The sorted set has a member with this score.
    pub fn sorted_set_score_exists(key: impl ToArg, score: f64) -> Self {
        Self::sorted_set_count(key, score, score, 1..)
    }

    /// The sorted set has this number of members with scores from `min` to `max`, both included.
    pub fn sorted_set_count(key: impl ToArg, min: f64, max: f64, count: impl Into<Counts>) -> Self {
        Self::new("ZCOUNT", &[&key, &min, &max], Test::Count(count.into()))
    }

    /// The sorted set has this number of members.
    pub fn sorted_set_length(key: impl ToArg, length: impl Into<Counts>) -> Self {
        Self::new("ZCARD", &[&key], Test::Count(length.into()))
    }

    /// The stream has this number of entries.
    pub fn stream_length(key: impl ToArg, length: impl Into<Counts>) -> Self {
        Self::new("XLEN", &[&key], Test::Count(length.into()))
    }

    fn new(command: &'static str, args: &[&dyn ToArg], test: Test) -> Self {
        let args = args.iter().map(|arg| arg.to_arg().into_owned()).collect();
        Self { command, args, test, negated: false }
    }

    pub(super) fn key(&self) -> Arg<'static> {
        self.args[0].clone()
    }

    /// The command whose reply decides.
    pub(super) fn question<'a>(&self, link: &'a Link) -> Call<'a, Frame, Vec<Arg<'static>>> {
        Call::new(link, self.command, self.args.clone())
    }

    /// Whether the condition holds.
    pub(super) fn holds(&self, reply: &Frame) -> bool {
        let reply = reply.reply();
        let holds = match &self.test {
            Test::Present => !reply.is_null(),
            Test::Equal(value) => reply.as_bytes().is_some_and(|got| *got == *value.as_bytes()),
            Test::Score(score) => reply.as_f64() == Some(*score),
            Test::Count(counts) => reply.as_i64().is_some_and(|got| counts.contain(got)),
            Test::Begins(prefix) => {
                let first = reply.items().and_then(|mut items| items.next()?.as_bytes());
                first.is_some_and(|member| member.starts_with(prefix.as_bytes()))
            }
        };
        holds != self.negated
    }
}

impl Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self { negated: !self.negated, ..self }
    }
}

/// Prints the command, never its arguments.
impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Condition");
        debug.field("command", &self.command).field("negated", &self.negated);
        debug.finish_non_exhaustive()
    }
}

impl Counts {
    fn contain(self, count: i64) -> bool {
        u64::try_from(count)
            .is_ok_and(|count| count >= self.from && self.to.is_none_or(|to| count < to))
    }
}

impl From<u64> for Counts {
    fn from(count: u64) -> Self {
        (count..=count).into()
    }
}

impl From<Range<u64>> for Counts {
    fn from(range: Range<u64>) -> Self {
        Self { from: range.start, to: Some(range.end) }
    }
}

impl From<RangeFrom<u64>> for Counts {
    fn from(range: RangeFrom<u64>) -> Self {
        Self { from: range.start, to: None }
    }
}

impl From<RangeTo<u64>> for Counts {
    fn from(range: RangeTo<u64>) -> Self {
        (0..range.end).into()
    }
}

impl From<RangeInclusive<u64>> for Counts {
    fn from(range: RangeInclusive<u64>) -> Self {
        Self { from: *range.start(), to: range.end().checked_add(1) }
    }
}

impl From<RangeToInclusive<u64>> for Counts {
    fn from(range: RangeToInclusive<u64>) -> Self {
        (0..=range.end).into()
    }
}
