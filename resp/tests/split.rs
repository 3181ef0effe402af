//! Replies arrive in pieces: every cut of every kind of reply gives the same frames, and every
//! malformed one the same error.

use redmux_resp::{Fault, Frame, Framer, Limits, ProtocolError, Scan, Value};

/// Well-formed replies of every kind.
const REPLIES: &[&[u8]] = &[
    b"+OK\r\n",
    b"+\r\n",
    b"+PONG with spaces\r\n",
    b"-ERR wrong number of arguments for 'get' command\r\n",
    b"-\r\n",
    b":0\r\n",
    b":-9223372036854775808\r\n",
    b":+9223372036854775807\r\n",
    b":00000000000000000000000000000012\r\n",
    b"$0\r\n\r\n",
    b"$5\r\nhello\r\n",
    b"$10\r\n\r\n$5\r\n:1\r\n\r\n",
    b"$36\r\nabcdefghijklmnopqrstuvwxyz0123456789\r\n",
    b"$-1\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*3\r\n:1\r\n$-1\r\n*2\r\n+a\r\n*0\r\n",
    b"_\r\n",
    b",1.5\r\n",
    b",-0\r\n",
    b",10\r\n",
    b",1.7976931348623157e+308\r\n",
    b",inf\r\n",
    b",-inf\r\n",
    b",nan\r\n",
    b"#t\r\n",
    b"#f\r\n",
    b"(3492890328409238509324850943850943825024385\r\n",
    b"(-1\r\n",
    b"!21\r\nSYNTAX invalid syntax\r\n",
    b"=15\r\ntxt:Some string\r\n",
    b"=4\r\nmkd:\r\n",
    b"%2\r\n+first\r\n:1\r\n+second\r\n%1\r\n$1\r\nk\r\n#f\r\n",
    b"%0\r\n",
    b"~3\r\n+a\r\n:1\r\n~0\r\n",
    b">3\r\n+message\r\n$7\r\nchannel\r\n$2\r\nhi\r\n",
    b">0\r\n",
    b"|1\r\n+ttl\r\n:3600\r\n$3\r\nval\r\n",
    b"|1\r\n+popularity\r\n%2\r\n$1\r\na\r\n,0.1923\r\n$1\r\nb\r\n,0.0012\r\n*2\r\n:2039123\r\n:9543892\r\n",
    b"*3\r\n:1\r\n|1\r\n+ttl\r\n:3600\r\n:2\r\n:3\r\n",
    b"*2\r\n|1\r\n+a\r\n+b\r\n*1\r\n|0\r\n_\r\n|2\r\n+c\r\n|1\r\n+d\r\n+e\r\n+f\r\n+g\r\n*0\r\n+h\r\n",
    b"|1\r\n+a\r\n+b\r\n|1\r\n+c\r\n+d\r\n+chained\r\n",
    b"|1\r\n+a\r\n+b\r\n>1\r\n+pushed\r\n",
    b"|0\r\n*?\r\n|0\r\n:1\r\n.\r\n",
    b"$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;1\r\nd\r\n;0\r\n",
    b"$?\r\n;0\r\n",
    b"$?\r\n;01\r\na\r\n;000\r\n",
    b"*02\r\n$003\r\nabc\r\n%00\r\n",
    b"*?\r\n:1\r\n:2\r\n.\r\n",
    b"*?\r\n.\r\n",
    b"%?\r\n+a\r\n:1\r\n+b\r\n*?\r\n%?\r\n.\r\n~?\r\n:1\r\n.\r\n.\r\n.\r\n",
    b"~?\r\n$?\r\n;1\r\na\r\n;0\r\n*2\r\n*?\r\n.\r\n_\r\n.\r\n",
    b"*2\r\n$?\r\n;1\r\na\r\n;0\r\n%?\r\n.\r\n",
];

/// What is wrong, what the framer must say about it, and at which byte.
const MALFORMED: &[(&[u8], Fault, usize)] = &[
    (b"?\r\n", Fault::UnknownType(b'?'), 0),
    (b"\r\n", Fault::UnknownType(b'\r'), 0),
    (b"HTTP/1.1 400 Bad Request\r\n", Fault::UnknownType(b'H'), 0),
    (b"*1\r\n@1\r\n", Fault::UnknownType(b'@'), 4),
    (b"+OK\n+OK\r\n", Fault::LineEnd, 3),
    (b"+O\rK\r\n", Fault::LineEnd, 3),
    (b"-ERR\n\r\n", Fault::LineEnd, 4),
    (b":1\r1\n", Fault::LineEnd, 3),
    (b":1\n", Fault::Integer, 2),
    (b":\r\n", Fault::Integer, 1),
    (b":-\r\n", Fault::Integer, 2),
    (b":+-1\r\n", Fault::Integer, 2),
    (b":1 \r\n", Fault::Integer, 2),
    (b":1.5\r\n", Fault::Integer, 2),
    (b":0x1\r\n", Fault::Integer, 2),
    (b":9223372036854775808\r\n", Fault::IntegerRange, 0),
    (b":-9223372036854775809\r\n", Fault::IntegerRange, 0),
    (b":99999999999999999999\r\n", Fault::IntegerRange, 0),
    (b":000000000000000000000000000000000\r\n", Fault::LineTooLong, 0),
    (b"$\r\n", Fault::Length, 1),
    (b"$-2\r\n", Fault::Length, 0),
    (b"$-01\r\n", Fault::Length, 0),
    (b"$+1\r\na\r\n", Fault::Length, 1),
    (b"$a\r\n", Fault::Length, 1),
    (b"$?1\r\n", Fault::Length, 2),
    (b"$1?\r\n", Fault::Length, 2),
    (b"$3\r\nabcd\r\n", Fault::LineEnd, 7),
    (b"$3\r\nab\r\n\r\n", Fault::LineEnd, 7),
    (b"$3\r\nabc\n\r", Fault::LineEnd, 7),
    (b"*-2\r\n", Fault::Length, 0),
    (b"%-1\r\n", Fault::Length, 0),
    (b"~-1\r\n", Fault::Length, 0),
    (b">-1\r\n", Fault::Length, 0),
    (b"|-1\r\n", Fault::Length, 0),
    (b"!-1\r\n", Fault::Length, 0),
    (b"=-1\r\n", Fault::Length, 0),
    (b"!?\r\n", Fault::Length, 0),
    (b"=?\r\n", Fault::Length, 0),
    (b">?\r\n", Fault::Length, 0),
    (b"|?\r\n", Fault::Length, 0),
    (b"*18446744073709551616\r\n", Fault::IntegerRange, 0),
    (b"_x\r\n", Fault::Null, 0),
    (b"#\r\n", Fault::Boolean, 0),
    (b"#true\r\n", Fault::Boolean, 0),
    (b"#T\r\n", Fault::Boolean, 0),
    (b",\r\n", Fault::Double, 0),
    (b",abc\r\n", Fault::Double, 0),
    (b",1,5\r\n", Fault::Double, 0),
    (b",infinity\r\n", Fault::Double, 0),
    (b"(\r\n", Fault::BigNumber, 0),
    (b"(1.5\r\n", Fault::BigNumber, 0),
    (b"*1\r\n(x\r\n", Fault::BigNumber, 4),
    (b"=3\r\ntxt\r\n", Fault::Verbatim, 0),
    (b"=5\r\ntxt-a\r\n", Fault::Verbatim, 4),
    (b"=5\r\nt\r\n:a\r\n", Fault::Verbatim, 4),
    (b";1\r\na\r\n", Fault::Chunk, 0),
    (b"$?\r\n$1\r\na\r\n", Fault::Chunk, 4),
    (b"$?\r\n.\r\n", Fault::Chunk, 4),
    (b"$?\r\n|0\r\n;0\r\n", Fault::Chunk, 4),
    (b"$?\r\n;1\r\nab\r\n", Fault::LineEnd, 9),
    (b"$?\r\n;-1\r\n", Fault::Length, 4),
    (b"$?\r\n;?\r\n", Fault::Length, 4),
    (b".\r\n", Fault::End, 0),
    (b"*1\r\n.\r\n", Fault::End, 4),
    (b"|1\r\n.\r\n", Fault::End, 4),
    (b"*?\r\n.x\r\n", Fault::End, 4),
    (b"*?\r\n|0\r\n.\r\n", Fault::End, 8),
    (b"*?\r\n:1\r\n|1\r\n:1\r\n:2\r\n.\r\n", Fault::End, 20),
    (b"%?\r\n:1\r\n.\r\n", Fault::OddMap, 8),
    (b"*1\r\n>1\r\n:1\r\n", Fault::NestedPush, 4),
    (b"|1\r\n+k\r\n>0\r\n", Fault::NestedPush, 8),
    (b"*?\r\n>0\r\n", Fault::NestedPush, 4),
];

/// Feeds `parts` as a connection does and returns the frames they hold.
fn frames<'a>(
    framer: &mut Framer,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Vec<u8>>, ProtocolError> {
    let mut received = Vec::new();
    let mut frames = Vec::new();
    for part in parts {
        received.extend_from_slice(part);
        while let Scan::Complete(length) = framer.scan(&received)? {
            frames.push(received.drain(..length).collect());
        }
    }
    assert!(received.is_empty(), "bytes left: {}", received.escape_ascii());
    Ok(frames)
}

fn bytes_one_by_one(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(1)
}

fn shown(bytes: &[u8]) -> impl std::fmt::Display {
    bytes.escape_ascii()
}

#[test]
fn every_cut_gives_the_same_frame() {
    let mut framer = Framer::new(Limits::default());
    for reply in REPLIES {
        let expected = Ok(vec![reply.to_vec()]);
        assert_eq!(frames(&mut framer, [*reply]), expected, "{}", shown(reply));
        assert_eq!(frames(&mut framer, bytes_one_by_one(reply)), expected, "{}", shown(reply));
        for cut in 0..=reply.len() {
            let (front, back) = reply.split_at(cut);
            assert_eq!(
                frames(&mut framer, [front, back]),
                expected,
                "{} | {}",
                shown(front),
                shown(back)
            );
        }
        for first in 0..=reply.len() {
            for second in first..=reply.len() {
                let parts = [&reply[..first], &reply[first..second], &reply[second..]];
                assert_eq!(
                    frames(&mut framer, parts),
                    expected,
                    "{} at {first}, {second}",
                    shown(reply)
                );
            }
        }
    }
}

#[test]
fn every_cut_of_a_pipeline_gives_the_same_frames() {
    let pipeline = REPLIES.concat();
    let expected: Vec<_> = REPLIES.iter().map(|reply| reply.to_vec()).collect();
    let mut framer = Framer::new(Limits::default());
    assert_eq!(frames(&mut framer, [&pipeline[..]]).as_ref(), Ok(&expected));
    for size in 1..=64 {
        assert_eq!(
            frames(&mut framer, pipeline.chunks(size)).as_ref(),
            Ok(&expected),
            "parts of {size}"
        );
    }
    for cut in 0..=pipeline.len() {
        let (front, back) = pipeline.split_at(cut);
        assert_eq!(frames(&mut framer, [front, back]).as_ref(), Ok(&expected), "cut at {cut}");
    }
}

#[test]
fn what_is_needed_is_never_more_than_what_is_missing() {
    for reply in REPLIES {
        for received in 0..reply.len() {
            let mut framer = Framer::new(Limits::default());
            let scan = framer.scan(&reply[..received]).expect("the beginning of a reply");
            let Scan::Incomplete { need } = scan else {
                panic!("{} complete at {received}", shown(reply))
            };
            assert!(
                (1..=reply.len() - received).contains(&need),
                "{} at {received}: {need}",
                shown(reply)
            );
        }
    }
    let mut framer = Framer::new(Limits::default());
    assert_eq!(framer.scan(b"*2\r\n$100\r\nabc"), Ok(Scan::Incomplete { need: 99 }));
}

#[test]
fn every_kind_of_reply_can_be_walked_and_decoded() {
    for reply in REPLIES {
        let frame = Frame::copy_from_slice(reply);
        let value: Value = frame.decode().expect("every frame is a value");
        if !frame.is_error() {
            assert_eq!(value.kind(), frame.kind(), "{}", shown(reply));
        }
        let (items, children) = (frame.reply().items(), value.as_slice());
        if let (Some(items), Some(children)) = (items, children) {
            let items: Vec<Value> =
                items.map(|item| item.decode().expect("every item is a value")).collect();
            // NaN is no element of an aggregate here, so that all values equal themselves.
            assert_eq!(items, children, "{}", shown(reply));
        }
    }
}

#[test]
fn every_cut_of_a_malformed_reply_gives_the_same_error() {
    for (bytes, fault, offset) in MALFORMED {
        let check = |error: ProtocolError, what: &str| {
            assert_eq!(
                (error.fault(), error.offset()),
                (*fault, *offset),
                "{} {what}",
                shown(bytes)
            );
        };
        let mut framer = Framer::new(Limits::default());
        check(frames(&mut framer, [*bytes]).expect_err("malformed"), "whole");
        framer.reset();
        check(frames(&mut framer, bytes_one_by_one(bytes)).expect_err("malformed"), "byte by byte");
        for cut in 0..=bytes.len() {
            framer.reset();
            let (front, back) = bytes.split_at(cut);
            check(frames(&mut framer, [front, back]).expect_err("malformed"), "cut");
        }
        // The view of such bytes is of no use, and does no harm.
        for end in 0..=bytes.len() {
            let frame = Frame::copy_from_slice(&bytes[..end]);
            let _ = (frame.kind(), frame.is_error(), frame.is_push(), frame.decode::<Value>());
        }
    }
}

#[test]
fn errors_name_the_fault_and_quote_nothing() {
    let mut framer = Framer::new(Limits::default());
    let error = framer.scan(b"*2\r\n$6\r\nsecret\r\nsecret").unwrap_err();
    assert_eq!(error.to_string(), "no RESP type begins with byte 0x73, at byte 16 of the reply");
    framer.reset();
    let error = framer.scan(b"+secret\n").unwrap_err();
    assert_eq!(error.to_string(), "expected CR LF, at byte 7 of the reply");
}

#[test]
fn limits_hold_before_the_bytes_arrive() {
    let limits =
        Limits::default().max_depth(2).max_elements(10).max_bulk(8).max_line(4).max_frame(40);
    for (bytes, fault) in [
        (&b"*1\r\n*1\r\n*"[..], None),
        (b"*1\r\n*1\r\n*0\r\n", Some(Fault::TooDeep)),
        (b"*1\r\n|1\r\n*0\r\n", Some(Fault::TooDeep)),
        (b"*?\r\n%?\r\n~?\r\n", Some(Fault::TooDeep)),
        (b"*10\r\n", None),
        (b"*11\r\n", Some(Fault::TooManyElements)),
        (b"%5\r\n", None),
        (b"%6\r\n", Some(Fault::TooManyElements)),
        (b"|6\r\n", Some(Fault::TooManyElements)),
        (b"%9223372036854775808\r\n", Some(Fault::TooManyElements)),
        (b"$8\r\n", None),
        (b"$9\r\n", Some(Fault::BulkTooLong)),
        (b"!9\r\n", Some(Fault::BulkTooLong)),
        (b"=9\r\n", Some(Fault::BulkTooLong)),
        (b"$18446744073709551615\r\n", Some(Fault::BulkTooLong)),
        (b"$?\r\n;5\r\naaaaa\r\n;3\r\n", None),
        (b"$?\r\n;5\r\naaaaa\r\n;4\r\n", Some(Fault::BulkTooLong)),
        (b"+1234", None),
        (b"+12345", Some(Fault::LineTooLong)),
        (b"+1234\r\n", None),
        (b"*4\r\n$8\r\naaaaaaaa\r\n$8\r\naaaaaaaa\r\n$", None),
        (b"*4\r\n$8\r\naaaaaaaa\r\n$8\r\naaaaaaaa\r\n$1\r\n", None),
        (b"*4\r\n$8\r\naaaaaaaa\r\n$8\r\naaaaaaaa\r\n$8\r\n", Some(Fault::FrameTooLong)),
        (b"*2\r\n$8\r\naaaaaaaa\r\n*6\r\n", None),
        (b"*2\r\n$8\r\naaaaaaaa\r\n*8\r\n", Some(Fault::FrameTooLong)),
        (b"|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n", None),
        (
            b"|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n",
            Some(Fault::FrameTooLong),
        ),
        (b"*?\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n.", None),
        (
            b"*?\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_",
            Some(Fault::TooManyElements),
        ),
    ] {
        let mut whole = Framer::new(limits);
        assert_eq!(whole.scan(bytes).err().map(|error| error.fault()), fault, "{}", shown(bytes));
        let mut cut = Framer::new(limits);
        let last = (0..=bytes.len()).map(|end| cut.scan(&bytes[..end])).last();
        assert_eq!(last, Some(Framer::new(limits).scan(bytes)), "{}", shown(bytes));
    }
}

#[test]
fn the_deepest_reply_is_framed_and_decoded() {
    let limits = Limits::default().max_depth(usize::MAX);
    for depth in [128, Limits::DEPTH_CAP] {
        let mut bytes = b"%1\r\n+k\r\n*2\r\n".repeat(depth / 2);
        bytes.extend_from_slice(b"+x\r\n");
        bytes.extend_from_slice(&b"+y\r\n".repeat(depth / 2));
        let mut framer = Framer::new(if depth == 128 { Limits::default() } else { limits });
        assert_eq!(framer.scan(&bytes), Ok(Scan::Complete(bytes.len())));
        assert!(Frame::copy_from_slice(&bytes).decode::<Value>().is_ok());
        let deeper = [b"*1\r\n", &bytes[..]].concat();
        assert_eq!(framer.scan(&deeper).map_err(|error| error.fault()), Err(Fault::TooDeep));
    }
}
