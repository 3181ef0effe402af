//! Words that commands with a query have in common.

use std::time::Duration;

use super::{Query, SearchRow, rows::Content};
use crate::{
    database::checks::millis,
    resp::{Arg, ArgList, ToArg},
};

/// The longest time that every server understands: of greater ones some take only the last 32 bits.
const LONGEST: u64 = i32::MAX as u64;

/// A time in milliseconds, rounded up.
pub(super) fn time_limit(time: Duration) -> Arg<'static> {
    millis(time).min(LONGEST).to_arg().into_owned()
}

/// The words that a type of rows asks for.
pub(super) fn append_words<R: SearchRow>(args: &mut ArgList<'_>) {
    let words = [
        (R::CONTENT == Content::Nothing, &b"NOCONTENT"[..]),
        (R::SCORE, b"WITHSCORES"),
        (R::EXPLAINED, b"EXPLAINSCORE"),
        (R::PAYLOAD, b"WITHPAYLOADS"),
        (R::SORT_KEY, b"WITHSORTKEYS"),
    ];
    args.extend(words.into_iter().filter(|(asked, _)| *asked).map(|(_, word)| Arg::Bytes(word)));
    if R::CONTENT == Content::Json {
        args.extend([&b"RETURN"[..], b"1", b"$"].map(Arg::Bytes));
    }
}

/// Appends a query with what is the same of all commands that have one; `options` appends those of this one.
pub(super) fn append_query<'a>(
    args: &mut ArgList<'a>,
    query: &'a Query,
    options: impl FnOnce(&mut ArgList<'a>),
) {
    args.push(Arg::Bytes(query.text().as_bytes()));
    options(args);
    query.append_params(args);
    args.extend([Arg::Bytes(b"DIALECT"), Arg::Bytes(b"2")]);
}
