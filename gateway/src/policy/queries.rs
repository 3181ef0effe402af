//! Bounds of searches and ranges: what one command may make the server work.

use std::time::Duration;

use redmux_resp::{
    Arg,
    commands::CommandSpec,
    internal::search::{AGGREGATING, Options, SEARCHING, is, number, walk},
};

/// The most that one search or range may ask the server for; unlimited by default
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct QueryLimits {
    /// Rows, with those that `LIMIT` skips, and with the empty buckets that `EMPTY` of time series adds.
    pub rows: Option<usize>,
    /// The time that a search may take (`TIMEOUT`).
    pub time: Option<Duration>,
    /// How long a cursor may wait for its reader (`MAXIDLE`).
    pub cursor_idle: Option<Duration>,
}

/// Rows of a page of a cursor without `COUNT`.
const PAGE: usize = 1000;
/// How long a cursor without `MAXIDLE` waits, in milliseconds.
const CURSOR_IDLE: u128 = 300_000;

type Verdict = Result<(), &'static str>;

const TOO_MANY: &str = "it asks for more rows than its policy allows";
const NO_LIMIT: &str = "it needs a LIMIT, or WITHCURSOR with COUNT, within the rows of its policy";
const TOO_LONG: &str = "its TIMEOUT is above the time of its policy";
const TOO_IDLE: &str = "it needs a MAXIDLE within the cursor_idle of its policy";
const UNKNOWN: &str = "one of its options is not known here, and its policy limits queries";
const UNBOUNDED: &str = "with EMPTY it needs a first and a last time, with fewer buckets between than its policy has rows";

impl QueryLimits {
    /// Whether these allow everything that the others allow.
    pub(super) fn covers(&self, other: &Self) -> bool {
        fn reaches<T: PartialOrd>(this: Option<T>, other: Option<T>) -> bool {
            this.is_none_or(|this| other.is_some_and(|other| other <= this))
        }
        reaches(self.rows, other.rows)
            && reaches(self.time, other.time)
            && reaches(self.cursor_idle, other.cursor_idle)
    }

    pub(super) fn judge(&self, spec: &CommandSpec, words: &[Arg<'_>]) -> Verdict {
        if *self == Self::default() {
            return Ok(());
        }
        match spec.name() {
            "FT.SEARCH" => self.judge_search(words, 3),
            "FT.AGGREGATE" => self.judge_aggregation(words, 3),
            "FT.PROFILE" => {
                let from = 5 + usize::from(is(words.get(3), "LIMITED"));
                match () {
                    () if is(words.get(2), "SEARCH") => self.judge_search(words, from),
                    () if is(words.get(2), "AGGREGATE") => self.judge_aggregation(words, from),
                    () => self.judge_anywhere(words, 3),
                }
            }
            "FT.HYBRID" => self.judge_anywhere(words, 2),
            "FT.CURSOR READ" => match words.get(4) {
                None => self.judge_rows(Some(PAGE)),
                Some(_) => self.judge_rows(number(words.get(5))),
            },
            "FT.SUGGET" => places_behind(words, 3, "MAX")
                .try_for_each(|at| self.judge_rows(number(words.get(at)))),
            "TS.RANGE" | "TS.REVRANGE" => self.judge_buckets(words, 2),
            "TS.MRANGE" | "TS.MREVRANGE" => self.judge_buckets(words, 1),
            "TS.NRANGE" | "TS.NREVRANGE" => {
                let keys = number(words.get(1)).unwrap_or_default();
                self.judge_buckets(words, keys.saturating_add(2))
            }
            _ => Ok(()),
        }
    }

    fn judge_search(&self, words: &[Arg<'_>], from: usize) -> Verdict {
        self.each(SEARCHING, words, from, |at| match () {
            () if is(words.get(at), "LIMIT") => self.judge_limit(words, at),
            () if is(words.get(at), "TIMEOUT") => self.judge_time(words.get(at + 1)),
            () => Ok(()),
        })
    }

    fn judge_aggregation(&self, words: &[Arg<'_>], from: usize) -> Verdict {
        let (mut limited, mut cursor, mut count, mut idle) = (false, false, PAGE, CURSOR_IDLE);
        self.each(AGGREGATING, words, from, |at| {
            let says = |option| is(words.get(at), option);
            let value = number(words.get(at + 1));
            match () {
                () if says("LIMIT") => {
                    limited = true;
                    self.judge_limit(words, at)?;
                }
                () if says("TIMEOUT") => self.judge_time(words.get(at + 1))?,
                () if says("WITHCURSOR") => cursor = true,
                () if says("COUNT") => count = value.unwrap_or(usize::MAX),
                () if says("MAXIDLE") => idle = value.map_or(u128::MAX, |value| value as u128),
                () => {}
            }
            Ok(())
        })?;
        let allowed = self.cursor_idle.map_or(u128::MAX, |time| time.as_millis());
        match () {
            () if cursor && idle > allowed => Err(TOO_IDLE),
            () if cursor => self.judge_rows(Some(count)),
            () if self.rows.is_some() && !limited => Err(NO_LIMIT),
            () => Ok(()),
        }
    }

    /// Judges a query whose options this does not go through: a value that reads like an option is taken for one.
    fn judge_anywhere(&self, words: &[Arg<'_>], from: usize) -> Verdict {
        places_behind(words, from, "LIMIT").try_for_each(|at| self.judge_limit(words, at - 1))?;
        ["K", "WINDOW"]
            .into_iter()
            .flat_map(|option| places_behind(words, from, option))
            .try_for_each(|at| self.judge_rows(number(words.get(at))))?;
        places_behind(words, from, "TIMEOUT").try_for_each(|at| self.judge_time(words.get(at)))
    }

    /// Empty buckets cost as much as full ones, however few samples there are.
    fn judge_buckets(&self, words: &[Arg<'_>], times: usize) -> Verdict {
        let (Some(rows), true) = (self.rows, words.iter().any(|word| is(Some(word), "EMPTY")))
        else {
            return Ok(());
        };
        let bounds = number(words.get(times)).zip(number(words.get(times + 1)));
        let (first, last) = bounds.ok_or(UNBOUNDED)?;
        let smallest = places_behind(words, times + 2, "AGGREGATION")
            .map(|at| number(words.get(at + 1)).unwrap_or_default())
            .min()
            .unwrap_or_default();
        let buckets = last.saturating_sub(first).checked_div(smallest).ok_or(UNBOUNDED)?;
        if buckets < rows { Ok(()) } else { Err(UNBOUNDED) }
    }

    fn judge_limit(&self, words: &[Arg<'_>], at: usize) -> Verdict {
        let ends = number(words.get(at + 1)).zip(number(words.get(at + 2)));
        self.judge_rows(ends.and_then(|(skipped, rows)| skipped.checked_add(rows)))
    }

    fn judge_rows(&self, asked: Option<usize>) -> Verdict {
        let allowed = self.rows.unwrap_or(usize::MAX);
        if asked.is_some_and(|asked| asked <= allowed) || self.rows.is_none() {
            Ok(())
        } else {
            Err(TOO_MANY)
        }
    }

    /// Servers take 0 for no limit.
    fn judge_time(&self, word: Option<&Arg<'_>>) -> Verdict {
        let Some(allowed) = self.time else { return Ok(()) };
        let asked = number(word).filter(|asked| *asked != 0);
        match asked.is_some_and(|asked| asked as u128 <= allowed.as_millis()) {
            true => Ok(()),
            false => Err(TOO_LONG),
        }
    }

    fn each(
        &self,
        options: Options,
        words: &[Arg<'_>],
        from: usize,
        mut judge: impl FnMut(usize) -> Verdict,
    ) -> Verdict {
        let mut verdict = Ok(());
        let walked = walk(options, words, from, None, |at, _| {
            if verdict.is_ok() {
                verdict = judge(at);
            }
        });
        verdict.and_then(|()| walked.map(drop).map_err(|_| UNKNOWN))
    }
}

/// The places behind each occurrence of an option.
///
/// A value that reads like the option is taken for the option too: at worst one word too many is judged.
pub(super) fn places_behind<'w>(
    words: &'w [Arg<'_>],
    from: usize,
    option: &'static str,
) -> impl Iterator<Item = usize> + 'w {
    (from..words.len()).filter(move |at| is(words.get(*at), option)).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(limits: QueryLimits, line: &str) -> Verdict {
        let words: Vec<Arg<'_>> = line.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect();
        limits.judge(CommandSpec::of(&words).unwrap(), &words)
    }

    const LIMITS: QueryLimits = QueryLimits {
        rows: Some(100),
        time: Some(Duration::from_secs(2)),
        cursor_idle: Some(Duration::from_secs(60)),
    };

    #[test]
    fn what_is_within_the_limits_passes() {
        for line in [
            "FT.SEARCH i *",
            "FT.SEARCH i * LIMIT 90 10 TIMEOUT 2000",
            "FT.SEARCH i LIMIT RETURN 3 LIMIT 0 9999",
            "FT.SEARCH i * PARAMS 2 TIMEOUT 0 DIALECT 2",
            "FT.AGGREGATE i * GROUPBY 1 @a REDUCE COUNT 0 AS n LIMIT 0 100",
            "FT.AGGREGATE i * LOAD * WITHCURSOR COUNT 100 MAXIDLE 60000",
            "FT.PROFILE i SEARCH LIMITED QUERY * LIMIT 0 10",
            "FT.CURSOR READ i 7 COUNT 100",
            "FT.HYBRID i SEARCH x VSIM @v $v KNN 2 K 10 LIMIT 0 10 PARAMS 2 v abc",
            "FT.SUGGET s a MAX 100",
            "FT.INFO i",
            "TS.RANGE t - + AGGREGATION avg 1",
            "TS.RANGE t 0 99000 AGGREGATION avg 1000 EMPTY",
            "TS.MRANGE 0 99 AGGREGATION avg 1 EMPTY FILTER a=b",
            "TS.NRANGE 2 a b 0 99 AGGREGATION avg,max 1 EMPTY",
        ] {
            assert_eq!(judged(LIMITS, line), Ok(()), "{line}");
        }
    }

    #[test]
    fn what_is_beyond_the_limits_does_not() {
        for (line, why) in [
            ("FT.SEARCH i * LIMIT 91 10", TOO_MANY),
            ("FT.SEARCH i * LIMIT 18446744073709551615 10", TOO_MANY),
            ("FT.SEARCH i * LIMIT 0", TOO_MANY),
            ("FT.SEARCH i * LIMIT 0 5 limit 0 101", TOO_MANY),
            ("FT.SEARCH i * TIMEOUT 2001", TOO_LONG),
            ("FT.SEARCH i * TIMEOUT 0", TOO_LONG),
            ("FT.SEARCH i * WHAT LIMIT 0 1", UNKNOWN),
            ("FT.AGGREGATE i *", NO_LIMIT),
            // A name of a field is no limit.
            ("FT.AGGREGATE i * LOAD 3 LIMIT 0 1", NO_LIMIT),
            ("FT.AGGREGATE i * LIMIT 0 101", TOO_MANY),
            ("FT.AGGREGATE i * WITHCURSOR MAXIDLE 1000", TOO_MANY),
            ("FT.AGGREGATE i * WITHCURSOR COUNT 10", TOO_IDLE),
            ("FT.AGGREGATE i * WITHCURSOR COUNT 10 MAXIDLE 60001", TOO_IDLE),
            ("FT.PROFILE i SEARCH QUERY * LIMIT 0 101", TOO_MANY),
            ("FT.PROFILE i AGGREGATE QUERY * TIMEOUT 0 LIMIT 0 1", TOO_LONG),
            ("FT.CURSOR READ i 7", TOO_MANY),
            ("FT.CURSOR READ i 7 COUNT 101", TOO_MANY),
            ("FT.HYBRID i SEARCH x VSIM @v $v KNN 2 K 101", TOO_MANY),
            ("FT.HYBRID i SEARCH x VSIM @v $v LIMIT 100 1", TOO_MANY),
            ("FT.SUGGET s a FUZZY MAX 101", TOO_MANY),
            ("TS.RANGE t - + AGGREGATION avg 1000 EMPTY", UNBOUNDED),
            ("TS.RANGE t 0 + AGGREGATION avg 1000 EMPTY", UNBOUNDED),
            ("TS.RANGE t 0 100000 AGGREGATION avg 1000 EMPTY", UNBOUNDED),
            ("TS.RANGE t 0 9 AGGREGATION avg 0 EMPTY", UNBOUNDED),
            ("TS.REVRANGE t 0 9 EMPTY", UNBOUNDED),
            ("TS.NRANGE 99 a 0 1 AGGREGATION avg 1 EMPTY", UNBOUNDED),
        ] {
            assert_eq!(judged(LIMITS, line), Err(why), "{line}");
        }
    }

    #[test]
    fn without_limits_everything_passes() {
        let none = QueryLimits::default();
        for line in ["FT.SEARCH i * WHAT", "FT.AGGREGATE i *", "TS.RANGE t - + EMPTY"] {
            assert_eq!(judged(none, line), Ok(()), "{line}");
        }
        let only_time = QueryLimits { time: Some(Duration::from_secs(1)), ..none };
        assert_eq!(judged(only_time, "FT.AGGREGATE i * LIMIT 0 99999 TIMEOUT 1000"), Ok(()));
    }
}
