//! `%XX` in connection strings and URLs.

use std::fmt;

/// Replaces `%XX` by the byte that it encodes; `None` if the result is no text.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(bytes).ok()
}

/// Writes a value so that [`unescape`] reads it back; `.1` are further characters to escape
pub(super) struct Escaped<'a>(pub(super) &'a str, pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, c) in self.0.char_indices() {
            let at_edge = index == 0 || index + c.len_utf8() == self.0.len();
            let plain = c != ',' && c != '%' && !c.is_control() && !self.1.contains(c);
            if plain && !(at_edge && c.is_whitespace()) {
                write!(f, "{c}")?;
                continue;
            }
            let mut utf8 = [0; 4];
            for byte in c.encode_utf8(&mut utf8).bytes() {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}
