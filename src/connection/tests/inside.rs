//! Pushes inside of replies, as Redis 7.0 writes them (redis/redis#12326).

use proptest::prelude::*;

use crate::{connection::inflow::Inflow, resp::Limits};

/// Feeds `bytes` in reads that end at `cuts` and returns the frames' bytes, or the fault.
fn feed(bytes: &[u8], cuts: &[usize]) -> Result<Vec<Vec<u8>>, String> {
    let mut inflow = Inflow::new(Limits::default());
    let mut frames = Vec::new();
    let mut at = 0;
    for end in cuts.iter().copied().chain([bytes.len()]) {
        while at < end {
            let room = inflow.room();
            let n = room.len().min(end - at);
            room[..n].copy_from_slice(&bytes[at..at + n]);
            inflow.advance(n, &mut frames).map_err(|fault| fault.to_string())?;
            at += n;
        }
    }
    Ok(frames.iter().map(|frame| frame.as_bytes().to_vec()).collect())
}

const MESSAGE: &[u8] = b">3\r\n$7\r\nmessage\r\n$2\r\npm\r\n$1\r\nx\r\n";

#[test]
fn a_message_inside_a_transaction_comes_before_its_reply_however_it_is_read() {
    // As Debian's 7.0.15 answers MULTI, PING, PUBLISH pm x, PING, EXEC.
    let exec = [b"*3\r\n+PONG\r\n", MESSAGE, b":1\r\n+PONG\r\n"].concat();
    let bytes = [b"+QUEUED\r\n", &exec[..], b"$2\r\nok\r\n"].concat();
    let expected: [&[u8]; 4] =
        [b"+QUEUED\r\n", MESSAGE, b"*3\r\n+PONG\r\n:1\r\n+PONG\r\n", b"$2\r\nok\r\n"];
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            assert_eq!(feed(&bytes, &[first, second]).unwrap(), expected, "{first} {second}");
        }
    }
}

#[test]
fn a_push_is_no_push_inside_of_a_push_or_an_attribute() {
    for bytes in [
        &b">2\r\n+a\r\n>1\r\n+b\r\n"[..],
        b"|1\r\n+k\r\n>1\r\n+b\r\n+v\r\n",
        b"*1\r\n|1\r\n+k\r\n+v\r\n>1\r\n+b\r\n+v\r\n",
        b"*2\r\n+a\r\n>1\r\n*1\r\n>1\r\n+b\r\n+c\r\n",
    ] {
        let fault = feed(bytes, &[]).unwrap_err();
        assert!(fault.contains("push"), "{fault}");
    }
}

/// A value, and the pushes that stand inside of it.
#[derive(Debug, Clone)]
enum Node {
    Text(String),
    Push(Vec<String>),
    List { map: bool, streamed: bool, items: Vec<Self> },
}

fn node() -> impl Strategy<Value = Node> {
    let text = || "[a-z]{0,60}";
    let leaf = text().prop_map(Node::Text);
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let push = prop::collection::vec(text(), 0..4).prop_map(Node::Push);
        let item = prop_oneof![3 => inner, 1 => push];
        let items = prop::collection::vec(item, 0..8);
        (any::<bool>(), any::<bool>(), items).prop_map(|(map, streamed, items)| Node::List {
            map,
            streamed,
            items,
        })
    })
}

impl Node {
    /// Writes the value with and without pushes, and the pushes.
    fn write(&self, with: &mut Vec<u8>, without: &mut Vec<u8>, pushes: &mut Vec<Vec<u8>>) {
        match self {
            Self::Text(text) => {
                let bytes = format!("${}\r\n{text}\r\n", text.len());
                with.extend_from_slice(bytes.as_bytes());
                without.extend_from_slice(bytes.as_bytes());
            }
            Self::Push(words) => {
                let mut push = format!(">{}\r\n", words.len());
                words.iter().for_each(|word| push += &format!("${}\r\n{word}\r\n", word.len()));
                with.extend_from_slice(push.as_bytes());
                pushes.push(push.into_bytes());
            }
            Self::List { map, streamed, items } => {
                let count = items.iter().filter(|item| !matches!(item, Self::Push(_))).count();
                let map = *map && count % 2 == 0;
                let (kind, count) = if map { ('%', count / 2) } else { ('*', count) };
                // Behind the last element the value is over, and a push is one of its own.
                let mut items = &items[..];
                while let (false, [rest @ .., Self::Push(_)]) = (streamed, items) {
                    items = rest;
                }
                let header = match streamed {
                    true => format!("{kind}?\r\n"),
                    false => format!("{kind}{count}\r\n"),
                };
                let end: &[u8] = if *streamed { b".\r\n" } else { b"" };
                with.extend_from_slice(header.as_bytes());
                without.extend_from_slice(header.as_bytes());
                items.iter().for_each(|item| item.write(with, without, pushes));
                with.extend_from_slice(end);
                without.extend_from_slice(end);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wherever_a_push_stands_it_is_no_element(nodes in prop::collection::vec(node(), 1..4)) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for node in &nodes {
            let mut without = Vec::new();
            node.write(&mut bytes, &mut without, &mut expected);
            expected.push(without);
        }
        for cut in 0..=bytes.len() {
            prop_assert_eq!(&feed(&bytes, &[cut]).unwrap(), &expected, "cut at {}", cut);
        }
        let all: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(feed(&bytes, &all).unwrap(), expected);
    }
}
