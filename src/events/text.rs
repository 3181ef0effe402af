//! Texts of others in the lines of a log.

use std::fmt::{self, Write as _};

/// A name that a program or a server chose, on one line: a character that could move a terminal's cursor or
/// hide text is printed as its number.
pub(super) fn write_name(f: &mut fmt::Formatter<'_>, name: &[u8]) -> fmt::Result {
    String::from_utf8_lossy(name).chars().try_for_each(|letter| match letter {
        '\\' => f.write_str("\\\\"),
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => {
            write!(f, "{}", letter.escape_unicode())
        }
        _ if letter.is_control() => write!(f, "{}", letter.escape_unicode()),
        _ => f.write_char(letter),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_on_its_line() {
        struct Name(&'static str);
        impl fmt::Display for Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_name(f, self.0.as_bytes())
            }
        }
        assert_eq!(Name("новости \"1\"").to_string(), "новости \"1\"");
        assert_eq!(Name("a\nb\x1b[2J").to_string(), "a\\u{a}b\\u{1b}[2J");
        assert_eq!(Name("\u{202e}x\\n").to_string(), "\\u{202e}x\\\\n");
    }
}
