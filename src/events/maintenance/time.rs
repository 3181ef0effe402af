//! Moments in UTC as text, from 1970 to 9999.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

const DAY: u64 = 24 * 3600;

/// Days before each month of a year that is no leap year.
const BEFORE_MONTH: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days from the first of January 1970 to that of a later year.
fn days_before(year: u64) -> u64 {
    let past = year - 1;
    let leaps = |past: u64| past / 4 - past / 100 + past / 400;
    365 * (year - 1970) + leaps(past) - leaps(1969)
}

/// Days of a year before a month, 1 to 12.
fn days_before_month(year: u64, month: u64) -> u64 {
    BEFORE_MONTH[month as usize - 1] + u64::from(month > 2 && is_leap(year))
}

fn days_of_month(year: u64, month: u64) -> u64 {
    let days = 365 + u64::from(is_leap(year));
    let end = if month == 12 { days } else { days_before_month(year, month + 1) };
    end - days_before_month(year, month)
}

/// Reads `2021-03-02T23:26:57`, with or without a fraction of a second and `Z`.
pub(super) fn parse_utc(text: &str) -> Option<SystemTime> {
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let bytes = whole.as_bytes();
    if bytes.len() != 19 {
        return None;
    }
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| bytes[*at].to_ascii_uppercase() != *byte) {
        return None;
    }
    let [year, month, day, hour, minute, second] =
        [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)]
            .map(|(from, to)| digits(&bytes[from..to]));
    let (year, month, day) = (year?, month?, day?);
    let (hour, minute, second) = (hour?, minute?, second?);
    let is_date = year >= 1970
        && (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanos = match fraction {
        None => 0,
        Some(fraction) if (1..=9).contains(&fraction.len()) => {
            digits(fraction.as_bytes())? * 10_u64.pow(9 - fraction.len() as u32)
        }
        Some(_) => return None,
    };
    let days = days_before(year) + days_before_month(year, month) + day - 1;
    let seconds = days * DAY + hour * 3600 + minute * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos as u32))
}

/// A number of digits only, at most nine of them.
fn digits(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
    })
}

/// A moment, printed to the second: `2021-03-02T23:26:57Z`
pub(super) struct Utc(pub(super) SystemTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let (days, second) = (seconds / DAY, seconds % DAY);
        // No later year than that of this day, and the right one after a few more.
        let mut year = 1970 + days / 366;
        while days_before(year + 1) <= days {
            year += 1;
        }
        let day = days - days_before(year);
        let month =
            (1..=12).rev().find(|month| days_before_month(year, *month) <= day).unwrap_or(1);
        write!(
            f,
            "{year:04}-{month:02}-{:02}T{:02}:{:02}:{:02}Z",
            day - days_before_month(year, month) + 1,
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        let time = parse_utc(text)?;
        Some(time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn moments_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2000-03-01t00:00:00z", 951_868_800),
            ("2021-03-02T23:26:57", 1_614_727_617),
            ("2021-03-02T23:26:57.123Z", 1_614_727_617),
            ("2100-03-01T00:00:00", 4_107_542_400),
            ("9999-12-31T23:59:59", 253_402_300_799),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        let exact = parse_utc("1970-01-01T00:00:00.25").unwrap();
        assert_eq!(
            exact.duration_since(SystemTime::UNIX_EPOCH).unwrap(),
            Duration::from_millis(250)
        );
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "thisisthestart",
            "1969-12-31T23:59:59",
            "2021-02-29T00:00:00",
            "2100-02-29T00:00:00",
            "2021-00-01T00:00:00",
            "2021-13-01T00:00:00",
            "2021-04-31T00:00:00",
            "2021-01-00T00:00:00",
            "2021-01-01T24:00:00",
            "2021-01-01T00:60:00",
            "2021-01-01T00:00:60",
            "2021-01-01 00:00:00",
            "2021-01-01T00:00:00+01:00",
            "2021-01-01T00:00:00.",
            "2021-01-01T00:00:00.1234567890",
            "2021-01-01T00:00:00.x",
            "+021-01-01T00:00:00",
            "2021-1-1T0:0:0",
            "２021-01-01T00:00",
        ] {
            assert_eq!(parse_utc(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(seconds in 0..=253_402_300_799_u64) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            prop_assert_eq!(parse_utc(&Utc(time).to_string()), Some(time));
        }

        #[test]
        fn each_day_follows_the_one_before(day in 1..=2_932_896_u64) {
            let at = |day| Utc(SystemTime::UNIX_EPOCH + Duration::from_secs(day * DAY)).to_string();
            prop_assert!(at(day - 1) < at(day), "{} {}", at(day - 1), at(day));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), near in "[0-9]{4}.[0-9]{2}.[0-9]{2}.[0-9:.Zé]{0,20}") {
            let _ = (parse_utc(&text), parse_utc(&near));
        }
    }
}
