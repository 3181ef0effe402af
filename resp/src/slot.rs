//! Which slot of a cluster a key is in.

/// How many slots a cluster has
pub const SLOTS: u16 = 16_384;

/// Returns the slot that this key, or shard channel, is in.
///
/// If there is a `{` with a `}` somewhere behind it, only what is between the first `{` and the next `}`
/// counts, unless that is nothing: keys with the same tag are in the same slot.
pub fn slot_of(key: &[u8]) -> u16 {
    let (crc, brace) = look_at(key);
    // Few keys have a tag.
    if brace { slot_of_tagged(key) } else { crc % SLOTS }
}

#[cold]
#[inline(never)]
fn slot_of_tagged(key: &[u8]) -> u16 {
    look_at(tag(key)).0 % SLOTS
}

/// The part of a key that decides its slot.
fn tag(key: &[u8]) -> &[u8] {
    let tagged = || {
        let begin = key.iter().position(|byte| *byte == b'{')? + 1;
        let length = key[begin..].iter().position(|byte| *byte == b'}')?;
        (length > 0).then(|| &key[begin..begin + length])
    };
    tagged().unwrap_or(key)
}

/// The checksum of these bytes, and whether there may be a `{` among them.
///
/// CRC-16/XMODEM: polynomial 0x1021, from 0, not reflected. Eight bytes at a time; zeros in front change nothing.
#[inline(always)]
fn look_at(bytes: &[u8]) -> (u16, bool) {
    let (begin, chunks) = bytes.as_rchunks::<8>();
    let begin = begin_of(begin);
    let (mut crc, mut braces) = (checksum(begin), brace(begin));
    for chunk in chunks {
        let chunk = u64::from_be_bytes(*chunk);
        braces |= brace(chunk);
        crc = checksum(chunk ^ (u64::from(crc) << 48));
    }
    (crc, braces != 0)
}

/// A bit for each byte of these that may be a `{`; none if none is.
#[inline]
fn brace(bytes: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // Zero where it is one. A carry out of a byte begins at one that is zero.
    let other = bytes ^ (EACH * b'{' as u64);
    other.wrapping_sub(EACH) & !other & (EACH * 0x80)
}

/// Up to seven bytes as a number, read without a loop: parts of it are read twice.
#[inline]
fn begin_of(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let first = u64::from(u32::from_be_bytes(*first)) << (8 * (length & 3));
        return first | u64::from(u32::from_be_bytes(*last));
    }
    match bytes {
        [] => 0,
        [one] => u64::from(*one),
        [one, two] => u64::from(u16::from_be_bytes([*one, *two])),
        [one, two, three, ..] => u64::from(u32::from_be_bytes([0, *one, *two, *three])),
    }
}

#[inline]
fn checksum(bytes: u64) -> u16 {
    let bytes = bytes.to_be_bytes();
    let mut crc = 0;
    for (byte, table) in bytes.iter().zip(&TABLES) {
        crc ^= table[usize::from(*byte)];
    }
    crc
}

/// The checksum of each byte, with this many zeros behind it: seven in the first table, none in the last.
static TABLES: [[u16; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut table = 8;
        while table > 0 {
            table -= 1;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
                bit += 1;
            }
            tables[table][byte] = crc;
        }
        byte += 1;
    }
    tables
};

#[cfg(test)]
mod tests {
    use super::*;

    fn crc16(bytes: &[u8]) -> u16 {
        look_at(bytes).0
    }

    /// The check value of the catalogue of checksums, which the cluster's specification quotes.
    #[test]
    fn the_checksum_is_xmodem() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(crc16(b""), 0);
    }

    /// Bit by bit, as the definition has it.
    fn defined(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            })
        })
    }

    /// Bytes of which none is a brace, all different from run to run of the generator.
    fn bytes(length: usize, seed: u32) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 24) as u8
        };
        let plain = |byte| if matches!(byte, b'{' | b'}') { b'_' } else { byte };
        (0..length).map(|_| plain(next())).collect()
    }

    #[test]
    fn keys_of_all_lengths_have_the_checksum_of_the_definition() {
        for length in 0..70 {
            for seed in 1..40 {
                let key = bytes(length, seed * 7919 + length as u32);
                assert_eq!(crc16(&key), defined(&key), "{key:?}");
                assert_eq!(slot_of(&key), defined(&key) % SLOTS, "{key:?}");
            }
            for byte in 0..=u8::MAX {
                assert_eq!(crc16(&vec![byte; length]), defined(&vec![byte; length]), "{byte}");
            }
        }
    }

    #[test]
    fn a_tag_is_found_wherever_it_is() {
        for length in 1..40 {
            for begin in 0..length {
                let mut key = bytes(length, length as u32);
                key[begin] = b'{';
                assert!(look_at(&key).1, "{key:?}");
                assert_eq!(tag(&key), key, "it has no end");
                for end in begin + 1..length {
                    let mut key = key.clone();
                    key[end] = b'}';
                    let expected = if end == begin + 1 { &key[..] } else { &key[begin + 1..end] };
                    assert_eq!(tag(&key), expected, "{key:?}");
                }
            }
            for near in [b'{' - 1, b'{' + 1, b'{' | 0x80, 0x00, 0xFF] {
                assert_eq!(tag(&vec![near; length]), vec![near; length]);
            }
        }
    }

    #[test]
    fn only_the_first_tag_counts() {
        for (key, expected) in [
            ("user1000", "user1000"),
            ("{user1000}.following", "user1000"),
            ("foo{}{bar}", "foo{}{bar}"),
            ("foo{{bar}}zap", "{bar"),
            ("foo{bar}{zap}", "bar"),
            ("}{a", "}{a"),
            ("}{a}", "a"),
            ("{}", "{}"),
            ("", ""),
        ] {
            assert_eq!(tag(key.as_bytes()), expected.as_bytes(), "{key}");
        }
    }

    #[test]
    fn slots_are_those_of_the_specification() {
        for (key, slot) in [("123456789", 12_739), ("foo", 12_182), ("bar", 5_061), ("", 0)] {
            assert_eq!(slot_of(key.as_bytes()), slot, "{key}");
        }
    }
}
