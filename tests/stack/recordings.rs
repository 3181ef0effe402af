//! Reads what servers have answered: `tests/stack/recorded`, one command a line.

use std::fmt::Debug;

use redmux::resp::{Frame, FromReply, ReplyError, Value};
use serde_json::Value as Json;

/// A command, and the replies to it
pub(crate) struct Recorded {
    pub(crate) words: Vec<String>,
    pub(crate) resp2: Frame,
    pub(crate) resp3: Frame,
    /// Parts of the reply differ from run to run.
    pub(crate) varies: bool,
}

impl Recorded {
    /// Whether it was sent in a transaction.
    pub(crate) fn is_queued(&self) -> bool {
        self.resp2.as_bytes() == b"+QUEUED\r\n"
    }
}

/// The text of what became of a reply.
pub(crate) fn outcome<T: FromReply + Debug>(frame: &Frame, words: &[String]) -> String {
    match frame.decode::<T>() {
        Ok(value) => format!("{value:?}"),
        Err(ReplyError::Server(error)) => format!("the server's error {:?}", error.kind()),
        Err(ReplyError::Decode(error)) => panic!("{words:?}: {error}"),
    }
}

/// Fails if the replies over both protocols are not the same value.
pub(crate) fn both<T: FromReply + Debug>(of: &str, recorded: &Recorded) {
    let Recorded { words, resp2, resp3, varies } = recorded;
    let (two, three) = (outcome::<T>(resp2, words), outcome::<T>(resp3, words));
    assert!(*varies || two == three, "{of}: {words:?}\n{two}\n{three}");
}

/// Reads all replies of these recordings, with the name of each server: as `typed` does, or as any value where it returns
/// false. Returns how often each of both was the case.
pub(crate) fn replay<'t>(
    recordings: impl IntoIterator<Item = (&'t str, &'t str)>,
    typed: impl Fn(&str, &[&str], &Recorded) -> bool,
) -> (usize, usize) {
    let (mut as_types, mut others) = (0, 0);
    for (of, text) in recordings {
        for recorded in read(text) {
            let words: Vec<&str> = recorded.words.iter().map(String::as_str).collect();
            if !recorded.is_queued() && typed(of, &words, &recorded) {
                as_types += 1;
                continue;
            }
            // What no method sends is still a reply.
            outcome::<Value>(&recorded.resp2, &recorded.words);
            outcome::<Value>(&recorded.resp3, &recorded.words);
            others += 1;
        }
    }
    println!("{as_types} as the types of methods, {others} as any value");
    (as_types, others)
}

/// The commands of a recording, but for those with words out of an earlier reply.
pub(crate) fn read(text: &str) -> Vec<Recorded> {
    let lines = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    lines.filter(|line| line.get("command").is_some()).filter_map(|line| recorded(&line)).collect()
}

fn recorded(line: &Json) -> Option<Recorded> {
    let words = line["command"].as_array().unwrap().iter();
    let words: Option<Vec<String>> = words.map(word).collect();
    let resp2 = &line["resp2"];
    let resp3 = if line["resp3"] == "same" { resp2 } else { &line["resp3"] };
    let frame = |reply: &Json| {
        let mut bytes = Vec::new();
        write(&mut bytes, reply);
        Frame::copy_from_slice(&bytes)
    };
    Some(Recorded {
        words: words?,
        resp2: frame(resp2),
        resp3: frame(resp3),
        varies: line.get("varies").is_some(),
    })
}

/// A word as a text; of bytes that are none, something like them.
fn word(word: &Json) -> Option<String> {
    let digits = word.get("hex").and_then(Json::as_str);
    let bytes = digits.map(|digits| String::from_utf8_lossy(&bytes_of(digits)).into_owned());
    word.as_str().map(str::to_owned).or(bytes)
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(byte).collect()
}

/// Writes a reply as it was on the wire.
fn write(bytes: &mut Vec<u8>, reply: &Json) {
    let (kind, value) = reply.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap();
    let bulk = |bytes: &mut Vec<u8>, mark: char, content: &[u8]| {
        bytes.extend_from_slice(format!("{mark}{}\r\n", content.len()).as_bytes());
        bytes.extend_from_slice(content);
        bytes.extend_from_slice(b"\r\n");
    };
    match &**kind {
        "+" | "-" | ":" | "(" | "," => {
            bytes.extend_from_slice(format!("{kind}{}\r\n", text()).as_bytes());
        }
        "#" => {
            let truth = value.as_bool().unwrap_or_else(|| text() == "t");
            bytes.extend_from_slice(if truth { b"#t\r\n" } else { b"#f\r\n" });
        }
        "$" => bulk(bytes, '$', text().as_bytes()),
        "$hex" => bulk(bytes, '$', &bytes_of(text())),
        "!" => bulk(bytes, '!', text().as_bytes()),
        "_" => bytes.extend_from_slice(match text() {
            "$" => b"$-1\r\n",
            "*" => b"*-1\r\n",
            _ => b"_\r\n",
        }),
        "*" | "~" | ">" => {
            let items = value.as_array().unwrap();
            bytes.extend_from_slice(format!("{kind}{}\r\n", items.len()).as_bytes());
            items.iter().for_each(|item| write(bytes, item));
        }
        "%" | "|" => {
            let entries = value.as_array().unwrap();
            bytes.extend_from_slice(format!("{kind}{}\r\n", entries.len()).as_bytes());
            for part in entries.iter().flat_map(|entry| entry.as_array().unwrap()) {
                write(bytes, part);
            }
        }
        other => panic!("a reply of the kind {other:?}"),
    }
}
