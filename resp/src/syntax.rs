//! The texts of numbers.

/// The integer that `text` is: an optional sign and decimal digits, within 64 bits.
#[inline]
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    if digits.len() > 18 {
        return long_integer(negative, digits);
    }
    // So few digits cannot overflow.
    let mut value: i64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

#[cold]
fn long_integer(negative: bool, digits: &[u8]) -> Option<i64> {
    let mut value: u64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(digit.into())?;
    }
    if negative { 0_i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

/// The number of up to 18 digits that `line` begins with, and the length of the digits and the
/// CR LF behind them; `None` for any other line, and if it is not all there.
#[inline]
pub(super) fn short_number(line: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    let mut digits = 0;
    for byte in line.iter().take(18) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value * 10 + u64::from(digit);
        digits += 1;
    }
    let end = digits + 2;
    (digits > 0 && line.get(digits..end)? == b"\r\n").then_some((value, end))
}

/// Whether `text` is an optional sign and at least one decimal digit.
pub(super) fn is_big_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Whether `text` is a decimal number, with or without fraction and exponent, or an infinity
/// or not-a-number in any case of letters.
pub(super) fn is_double(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"nan") {
        return true;
    }
    let (whole, rest) = split_digits(unsigned);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => split_digits(rest),
        rest => (0, rest),
    };
    if whole + fraction == 0 {
        return false;
    }
    match rest {
        [] => true,
        [b'e' | b'E', exponent @ ..] => is_big_number(exponent),
        _ => false,
    }
}

/// The double that `text` is, in the syntax of [`is_double`].
pub(super) fn double(text: &[u8]) -> Option<f64> {
    // `str::parse` takes all that `is_double` takes, and some that it does not.
    if !is_double(text) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn split_digits(text: &[u8]) -> (usize, &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count, &text[count..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for (text, value) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("+7", Some(7)),
            ("007", Some(7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("-9223372036854775808", Some(i64::MIN)),
            ("-9223372036854775809", None),
            ("99999999999999999999999", None),
            ("000000000000000000000000012", Some(12)),
            ("999999999999999999", Some(999_999_999_999_999_999)),
            ("-1000000000000000000", Some(-1_000_000_000_000_000_000)),
            ("12345678901234567x", None),
            ("1234567890123456789x", None),
            ("", None),
            ("-", None),
            ("+-1", None),
            ("1 ", None),
            ("1.0", None),
        ] {
            assert_eq!(integer(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn short_numbers() {
        assert_eq!(short_number(b"0\r\nabc"), Some((0, 3)));
        assert_eq!(short_number(b"999999999999999999\r\n"), Some((999_999_999_999_999_999, 20)));
        for line in [
            &b""[..],
            b"\r\n",
            b"1",
            b"1\r",
            b"1\n\r",
            b"-1\r\n",
            b"1x\r\n",
            b"1000000000000000000\r\n",
        ] {
            assert_eq!(short_number(line), None, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn doubles() {
        for text in [
            "0",
            "-0",
            "10",
            "+1.5",
            "1.",
            ".5",
            "1e3",
            "1E-3",
            "-1.25e+10",
            "inf",
            "-inf",
            "+inf",
            "nan",
            "-nan",
            "NaN",
            "Inf",
        ] {
            assert!(is_double(text.as_bytes()), "{text}");
            assert!(double(text.as_bytes()).is_some(), "{text}");
        }
        for text in [
            "", ".", "-", "e5", ".e5", "1e", "1e+", "1.5.5", "infinity", "1x", " 1", "0x10",
            "1_000",
        ] {
            assert!(!is_double(text.as_bytes()), "{text}");
            assert!(double(text.as_bytes()).is_none(), "{text}");
        }
        assert_eq!(double(b"-inf"), Some(f64::NEG_INFINITY));
        assert!(double(b"-nan").is_some_and(f64::is_nan));
    }

    #[test]
    fn big_numbers() {
        assert!(is_big_number(b"-3492890328409238509324850943850943825024385"));
        assert!(!is_big_number(b""));
        assert!(!is_big_number(b"-"));
        assert!(!is_big_number(b"12.5"));
    }
}
