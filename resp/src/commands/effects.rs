//! What a second execution of a command could do.

use super::keys::{adds_to_a_score, count_at, position_of};
use crate::Arg;

/// What a command does besides answering, from harmless to unknown
///
/// Each step is worse to execute twice than those before it. The client's `RetryPolicy` names
/// the worst step that it repeats: when a connection breaks, nobody knows whether what was on its
/// way was executed.
///
/// ```
/// use redmux_resp::{Arg, commands::SideEffects};
///
/// fn of(command: &str) -> SideEffects {
///     let words: Vec<_> = command.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect();
///     SideEffects::of(&words)
/// }
///
/// assert_eq!(of("GET k"), SideEffects::ReadOnly);
/// assert_eq!(of("SET k v"), SideEffects::WriteLastWins);
/// assert_eq!(of("SET k v NX"), SideEffects::WriteChecked);
/// assert_eq!(of("INCR k"), SideEffects::WriteAccumulating);
/// assert_eq!(of("CONFIG GET *"), SideEffects::ReadOnly);
/// assert_eq!(of("CONFIG SET maxmemory 0"), SideEffects::ServerAdmin);
/// assert_eq!(of("NO.SUCH"), SideEffects::Never);
/// assert!(SideEffects::ReadOnly < SideEffects::WriteAccumulating);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SideEffects {
    /// It concerns the connection only, or nothing at all: `PING`, `CLIENT SETNAME`.
    Connection,
    /// It reads: `GET`, `CONFIG GET`.
    ReadOnly,
    /// It writes only if a condition holds, which it makes false: `SET NX`, `SETNX`, `COPY`. A
    /// second time it does nothing, but says so.
    WriteChecked,
    /// It leaves the same data however often it is executed: `SET`, `DEL`, `SADD`. A second time
    /// it may overwrite what somebody else wrote in between, and tell of no change.
    WriteLastWins,
    /// Each execution adds to the data or takes from it: `INCR`, `LPUSH`, `LPOP`, `PUBLISH`. So
    /// may scripts.
    WriteAccumulating,
    /// It changes the server or what all its users have: `CONFIG SET`, `FLUSHALL`.
    ServerAdmin,
    /// It must not be repeated: it depends on the connection's state (`EXEC`, `WAIT`), undoes
    /// itself (`SWAPDB`), stops the server, or is not known.
    Never,
}

use SideEffects::{Never, ReadOnly, ServerAdmin, WriteAccumulating, WriteChecked, WriteLastWins};

/// What the words of a command make of the side effects that the table gives.
pub(super) fn judge(name: &str, usual: SideEffects, words: &[Arg<'_>]) -> SideEffects {
    // Whether one of these is there, from this word on.
    let says = |from, keywords: &[&str]| position_of(name, words, from, keywords).is_some();
    // The word behind a list that begins at `first`. The word at `at` is its length, in elements of
    // `each` words.
    let behind = |at, first: usize, each: usize| {
        first.saturating_add(count_at(words, at).map_or(0, |count| count.saturating_mul(each)))
    };
    let checked_unless = |replaced| if replaced { WriteLastWins } else { WriteChecked };
    match name {
        // What was there before is given back once only.
        "SET" if says(3, &["GET"]) => WriteAccumulating,
        // That the value is another one remains true.
        "SET" => checked_unless(!says(3, &["NX", "IFEQ", "IFDEQ"])),
        "DELEX" => checked_unless(!says(2, &["IFEQ", "IFDEQ"])),
        "MSETEX" => checked_unless(!says(behind(1, 2, 2), &["NX"])),
        "JSON.SET" => checked_unless(!says(4, &["NX"])),
        "HSETEX" => {
            let fields = position_of(name, words, 2, &["FIELDS"]);
            checked_unless(
                fields.is_none_or(|end| position_of(name, &words[..end], 2, &["FNX"]).is_none()),
            )
        }
        "COPY" => checked_unless(says(3, &["REPLACE"])),
        "RESTORE" | "RESTORE-ASKING" => checked_unless(says(4, &["REPLACE"])),
        "FUNCTION LOAD" => checked_unless(says(2, &["REPLACE"])),
        "FUNCTION RESTORE" => checked_unless(says(3, &["REPLACE", "FLUSH"])),
        "GETEX" if words.len() <= 2 => ReadOnly,
        "HGETEX" if says(2, &["FIELDS"]) && !says(2, EXPIRY) => ReadOnly,
        "SORT" if !says(2, &["STORE"]) => ReadOnly,
        "GEORADIUS" | "GEORADIUSBYMEMBER" if !says(5, &["STORE", "STOREDIST"]) => ReadOnly,
        "BITFIELD" if says(2, &["INCRBY"]) => WriteAccumulating,
        "BITFIELD" if says(2, &["SET"]) => WriteLastWins,
        "BITFIELD" => ReadOnly,
        "ZADD" if adds_to_a_score(words) => WriteAccumulating,
        "ZADD" | "GEOADD" => {
            let mut options = words.iter().skip(2).take_while(|word| is_one_of(word, ADDING));
            checked_unless(!options.any(|word| is_one_of(word, &["NX"])))
        }
        "XADD" if is_added_once(words) => WriteChecked,
        "LREM" if words.get(2).is_some_and(|count| count.as_bytes() == b"0") => WriteLastWins,
        // The server keeps the rows of a cursor for a reader that knows its number, which a lost reply would have said.
        "FT.AGGREGATE" | "FT.HYBRID" | "FT.PROFILE" if says(3, &["WITHCURSOR"]) => Never,
        "FT.SUGADD" if says(4, &["INCR"]) => WriteAccumulating,
        // A sketch that is merged into itself grows each time.
        "CMS.MERGE" => {
            let mut sources = words.iter().take(behind(2, 3, 1)).skip(3).map(Arg::as_bytes);
            let destination = words.get(1).map(Arg::as_bytes);
            if sources.any(|source| Some(source) == destination) {
                WriteAccumulating
            } else {
                usual
            }
        }
        "TDIGEST.MERGE" if says(behind(2, 3, 1), &["OVERRIDE"]) => WriteLastWins,
        "ACL LOG" if says(2, &["RESET"]) => ServerAdmin,
        "CLUSTER MIGRATION" if words.get(2).is_some_and(|word| is_one_of(word, &["STATUS"])) => {
            ReadOnly
        }
        _ => usual,
    }
}

const EXPIRY: &[&str] = &["EX", "PX", "EXAT", "PXAT", "PERSIST"];

/// Options that stand before scores and members.
const ADDING: &[&str] = &["NX", "XX", "GT", "LT", "CH"];

/// Whether an entry is added under an id of the caller's, which can be used once, or the server remembers what the caller
/// has added (`IDMP`).
fn is_added_once(words: &[Arg<'_>]) -> bool {
    let mut at = 2;
    while let Some(word) = words.get(at) {
        at += match () {
            () if is_one_of(word, &["NOMKSTREAM", "KEEPREF", "DELREF", "ACKED"]) => 1,
            () if is_one_of(word, &["LIMIT"]) => 2,
            () if is_one_of(word, &["IDMP", "IDMPAUTO"]) => return true,
            () if is_one_of(word, &["MAXLEN", "MINID"]) => {
                let sign = words.get(at + 1).is_some_and(|word| is_one_of(word, &["=", "~"]));
                if sign { 3 } else { 2 }
            }
            () => {
                let digits =
                    |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                return std::str::from_utf8(word.as_bytes())
                    .is_ok_and(|id| id.splitn(2, '-').all(digits));
            }
        };
    }
    false
}

fn is_one_of(word: &Arg<'_>, options: &[&str]) -> bool {
    options.iter().any(|option| word.as_bytes().eq_ignore_ascii_case(option.as_bytes()))
}
