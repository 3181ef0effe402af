//! Times, sizes and other values as configurations write them.

use std::{fmt, net::IpAddr, time::Duration};

use serde::de;

pub(crate) const TIME: &str = "a time such as 500ms, 5s, 2m or 1h, up to 87600h";
pub(crate) const SIZE: &str = "a size such as 65536, 64KiB or 16MiB";

/// The longest time: ten years, so that sums with the present do not overflow.
const LONGEST: Duration = Duration::from_secs(87_600 * 3600);

/// Reads a time: `500ms`, `5s`, `2m`, `1h`; not zero, and at most ten years.
pub(crate) fn time(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|n| *n > 0)?;
    let time = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        "h" => Duration::from_secs(number.checked_mul(3600)?),
        _ => return None,
    };
    (time <= LONGEST).then_some(time)
}

/// Reads a size in bytes: `4096`, `64KiB`, `16MiB`; not zero.
pub(crate) fn size(text: &str) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: usize = number.parse().ok().filter(|n| *n > 0)?;
    number.checked_mul(match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    })
}

/// A time in a configuration file
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) Duration);

/// A time in a configuration file, or `off`
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeOrOff(pub(crate) Option<Duration>);

/// A size in a configuration file
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size(pub(crate) usize);

/// A number in a configuration file, or `off`
#[derive(Debug, Clone, Copy)]
pub(crate) struct CountOrOff(pub(crate) Option<usize>);

/// Something written as text
pub(crate) struct Text<T> {
    pub(crate) expected: &'static str,
    pub(crate) read: fn(&str) -> Option<T>,
}

impl<T> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        // Sizes may be plain numbers.
        (self.read)(&number.to_string())
            .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
    }
}

macro_rules! from_text {
    ($name:ident, $expected:expr, $read:expr) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(crate::config::values::Text {
                    expected: $expected,
                    read: $read,
                })
            }
        }
    };
}
pub(crate) use from_text;

from_text!(Time, TIME, |text| time(text).map(Time));
from_text!(Size, SIZE, |text| size(text).map(Size));
from_text!(CountOrOff, "a number, 1 or more, or off", |text| match text {
    "off" => Some(CountOrOff(None)),
    _ => text.parse().ok().filter(|count| *count > 0).map(|count| CountOrOff(Some(count))),
});
from_text!(
    TimeOrOff,
    "a time such as 500ms, 5s, 2m or 1h, up to 87600h, or off",
    |text| match text {
        "off" => Some(TimeOrOff(None)),
        _ => time(text).map(|time| TimeOrOff(Some(time))),
    }
);

/// A network, or one address: `10.0.0.0/8`, `::1`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads an address, or an address and a number of bits; `None` if the text is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse::<IpAddr>().ok()?, Some(bits.parse().ok()?)),
            None => (text.parse().ok()?, None),
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    /// Returns whether this address is in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u32| {
            let beyond = width - u32::from(self.bits);
            beyond == width || a >> beyond == b >> beyond
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

from_text!(Network, "an address or a network such as 10.0.0.0/8", Network::parse);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units_and_are_not_zero() {
        assert_eq!(time("2h"), Some(Duration::from_secs(7200)));
        assert_eq!((size("3"), size("2KiB")), (Some(3), Some(2048)));
        for bad in ["", "5", "0s", "s", "5 s", "-1s", "87601h", "99999999999999999999s"] {
            assert_eq!(time(bad), None, "{bad}");
        }
        for bad in ["", "0", "1GB", "KiB", "1.5MiB", "99999999999999999999"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn networks_contain_what_begins_alike() {
        let contains = |network, address: &str| {
            Network::parse(network).expect(network).contains(address.parse().unwrap())
        };
        assert!(contains("10.0.0.0/8", "10.255.1.2") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("192.0.2.7", "192.0.2.7") && !contains("192.0.2.7", "192.0.2.8"));
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3") && !contains("10.0.0.0/8", "::1"));
        assert!(contains("0.0.0.0/0", "8.8.8.8") && contains("::/0", "2001:db8::1"));
        assert!(
            contains("2001:db8::/33", "2001:db8:7fff::")
                && !contains("2001:db8::/33", "2001:db8:8000::")
        );
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "::1/129", "a/8", "10.0.0.0/-1"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }
}
