//! The text of a line for a command and for a reply.

use std::fmt::Write;

use super::Shown;
use crate::resp::{Frame, ServerErrorKind};

/// Maximum number of a command's words that a line lists one by one.
const WORDS: usize = 16;

/// The longest name of a command that a line shows.
const NAME: usize = 32;

/// Commands whose arguments may be passwords.
const SECRET: [&str; 6] = ["AUTH", "HELLO", "ACL", "CONFIG", "MIGRATE", "SENTINEL"];

/// A command's name, and the sizes of its arguments.
pub(super) fn of_command(bytes: &[u8], shown: &Shown, greeted: bool) -> String {
    let frame = Frame::copy_from_slice(bytes);
    let reply = frame.reply();
    let Some(mut words) = reply.items() else { return size(bytes.len()) };
    let name = words.next().and_then(|word| word.as_bytes()).unwrap_or_default();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-|".contains(byte);
    let named = (1..=NAME).contains(&name.len()) && name.iter().all(plain);
    let mut text = match named {
        true => String::from_utf8_lossy(&name).into_owned(),
        false => size(name.len()),
    };
    let known = SECRET.iter().copied().chain(shown.secret.iter().map(String::as_str));
    let secret =
        !named || !greeted || known.into_iter().any(|word| word.eq_ignore_ascii_case(&text));
    let payload = shown.payload.filter(|_| !secret);
    let (mut more, mut more_bytes) = (0, 0);
    for (place, word) in words.enumerate() {
        let word = word.as_bytes().unwrap_or_default();
        if place >= WORDS {
            more += 1;
            more_bytes += word.len();
            continue;
        }
        text.push(' ');
        text.push_str(&shown_bytes(&word, payload));
    }
    if more > 0 {
        let _ = write!(text, " and {more} more {}", size(more_bytes));
    }
    text
}

/// A reply's kind and size (a string's own length, for others all bytes on the wire), and the code
/// of an error.
pub(super) fn of_reply(bytes: &[u8], shown: &Shown) -> String {
    let frame = Frame::copy_from_slice(bytes);
    let reply = frame.reply();
    let kind = reply.kind().name();
    let mut text = kind.split_once(' ').map_or(kind, |(_, kind)| kind).to_owned();
    if let Some(error) = reply.error() {
        // Scripts invent other codes, and may build them from their arguments.
        if error.kind() != ServerErrorKind::Other {
            let _ = write!(text, " {}", error.code());
        }
    } else if let Some(items) = reply.items() {
        let _ = write!(text, " of {}", items.count());
    }
    let payload = reply.as_bytes().filter(|_| !reply.is_error());
    let told = match (payload, shown.payload) {
        (_, Some(limit)) => shown_bytes(bytes, Some(limit)),
        (Some(payload), None) => size(payload.len()),
        (None, None) => size(bytes.len()),
    };
    text.push(' ');
    text.push_str(&told);
    text
}

fn size(bytes: usize) -> String {
    format!("<{bytes} B>")
}

/// At most `limit` bytes of a text, on one line; its size if the text is longer.
fn shown_bytes(bytes: &[u8], limit: Option<usize>) -> String {
    match limit {
        None => size(bytes.len()),
        Some(limit) if bytes.len() <= limit => format!("\"{}\"", bytes.escape_ascii()),
        Some(limit) => format!("\"{}\"... {}", bytes[..limit].escape_ascii(), size(bytes.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{Arg, encode_command};

    fn command(line: &str, shown: &Shown, greeted: bool) -> String {
        let words: Vec<_> = line.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect();
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &words);
        of_command(&bytes, shown, greeted)
    }

    fn payloads(bytes: usize) -> Shown {
        Shown { payload: Some(bytes), ..Shown::default() }
    }

    #[test]
    fn arguments_are_sizes() {
        assert_eq!(command("SET key secret", &Shown::default(), true), "SET <3 B> <6 B>");
        assert_eq!(command("JSON.GET k", &Shown::default(), true), "JSON.GET <1 B>");
        // A word that is no command's name may be a secret.
        assert_eq!(command("my-secret! k", &Shown::default(), true), "<10 B> <1 B>");
        let long = "x".repeat(33);
        assert_eq!(command(&long, &payloads(9), true), "<33 B>");
    }

    #[test]
    fn long_commands_are_short_lines() {
        let line = format!("MSET{}", " four".repeat(1000));
        let text = command(&line, &Shown::default(), true);
        assert!(text.ends_with(" <4 B> and 984 more <3936 B>"), "{text}");
        assert!(text.len() < 200);
    }

    #[test]
    fn payloads_are_shown_on_demand_on_one_line() {
        assert_eq!(command("SET key a\r\nb", &payloads(9), true), "SET \"key\" \"a\\r\\nb\"");
        let text = command("SET key 0123456789", &payloads(4), true);
        assert_eq!(text, "SET \"key\" \"0123\"... <10 B>");
    }

    #[test]
    fn credentials_are_never_shown() {
        let mut shown = payloads(100);
        shown.secret.push("letmein".to_owned());
        for line in ["auth u secret", "HELLO 3 AUTH u secret", "CONFIG SET requirepass secret"] {
            let text = command(line, &shown, true);
            assert!(!text.contains("secret"), "{text}");
        }
        assert_eq!(command("LETMEIN secret", &shown, true), "LETMEIN <6 B>");
        // Before the first reply, a command may be the handshake under another name.
        assert_eq!(command("OPEN-SESAME secret", &shown, false), "OPEN-SESAME <6 B>");
    }

    #[test]
    fn replies_are_kinds_and_sizes() {
        for (reply, text) in [
            ("+OK\r\n", "simple string <2 B>"),
            ("$6\r\nsecret\r\n", "bulk string <6 B>"),
            (":7\r\n", "integer <4 B>"),
            ("$-1\r\n", "null <5 B>"),
            ("*2\r\n$6\r\nsecret\r\n:1\r\n", "array of 2 <20 B>"),
            ("-WRONGTYPE secret\r\n", "error WRONGTYPE <19 B>"),
            ("-SECRET\r\n", "error <9 B>"),
        ] {
            assert_eq!(of_reply(reply.as_bytes(), &Shown::default()), text);
        }
        assert_eq!(of_reply(b"+OK\r\n", &payloads(9)), "simple string \"+OK\\r\\n\"");
    }
}
