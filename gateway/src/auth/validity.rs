//! The time for which a certificate is valid.

use std::time::{Duration, SystemTime};

/// Returns from when to when a certificate is valid; `None` if that cannot be read.
pub(crate) fn validity(certificate: &[u8]) -> Option<(SystemTime, SystemTime)> {
    let (content, _) = element(certificate, SEQUENCE)?;
    let (mut rest, _) = element(content, SEQUENCE)?;
    if let Some((_, behind)) = element(rest, VERSION) {
        rest = behind;
    }
    // Serial number, algorithm, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        (_, rest) = element(rest, tag)?;
    }
    let (validity, _) = element(rest, SEQUENCE)?;
    let (from, rest) = time(validity)?;
    let (to, _) = time(rest)?;
    Some((from, to))
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Returns the content of the first element, if it has this tag, and the bytes behind it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length)).flatten()
}

fn time(bytes: &[u8]) -> Option<(SystemTime, &[u8])> {
    let (text, rest, century) = match element(bytes, GENERALIZED_TIME) {
        Some((text, rest)) => (text, rest, None),
        None => {
            let (text, rest) = element(bytes, UTC_TIME)?;
            // Two digits of the year: 50 is 1950, 49 is 2049.
            (text, rest, Some(if text.first()? < &b'5' { 20 } else { 19 }))
        }
    };
    let digits = text.strip_suffix(b"Z").filter(|text| text.iter().all(u8::is_ascii_digit))?;
    let mut pairs = digits
        .chunks_exact(2)
        .map(|pair| u64::from(pair[0] - b'0') * 10 + u64::from(pair[1] - b'0'));
    let mut next = || pairs.next();
    let century = match century {
        Some(century) => century,
        None => next()?,
    };
    let year = century * 100 + next()?;
    let (month, day) = (next()?, next()?);
    let seconds = next()? * 3600 + next()? * 60 + next()?;
    if digits.len() % 2 != 0 || pairs.next().is_some() || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    // Years begin in March here, so that the leap day is the last day of a year.
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    // 719 468 days are between 1 March of the year 0 and 1970; an earlier date counts as 1970.
    let since = days.saturating_sub(719_468) * 86_400 + seconds;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since)).map(|time| (time, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn both_ends_are_read() {
        for (years, expected) in [
            ((1975, 2049), (157_766_400, 2_493_072_000)),
            ((2024, 2050), (1_704_067_200, 2_524_608_000)),
            ((2000, 4096), (946_684_800, 67_090_118_400)),
        ] {
            let mut params = CertificateParams::new(vec!["x".to_owned()]).unwrap();
            params.not_before = date_time_ymd(years.0, 1, 1);
            params.not_after = date_time_ymd(years.1, 1, 1);
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let (from, to) = validity(certificate.der()).unwrap();
            let since =
                |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            assert_eq!((since(from), since(to)), expected, "{years:?}");
            // Whatever is cut off, nothing panics.
            for end in 0..certificate.der().len().min(300) {
                validity(&certificate.der()[..end]);
            }
        }
    }

    #[test]
    fn days_are_counted_by_the_calendar() {
        let of = |text: &str| {
            let bytes = [&[GENERALIZED_TIME, text.len() as u8], text.as_bytes()].concat();
            time(&bytes).map(|(at, _)| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
        };
        assert_eq!(of("19700101000000Z"), Some(0));
        assert_eq!(of("20000229120000Z"), Some(951_825_600));
        assert_eq!(of("20000301000000Z"), Some(951_868_800));
        assert_eq!(of("21000301000001Z"), Some(4_107_542_401));
        for bad in [
            "",
            "Z",
            "20001301000000Z",
            "20000100000000Z",
            "2000010100000Z",
            "20000101000000",
            "2000010100000000Z",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
