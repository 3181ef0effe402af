use super::*;
use crate::{Frame, Protocol};

fn encoded(value: &Value, protocol: Protocol) -> String {
    let mut out = Vec::new();
    value.encode(&mut out, protocol);
    String::from_utf8(out).unwrap()
}

fn decoded(bytes: &[u8]) -> Value {
    Frame::copy_from_slice(bytes).decode().unwrap()
}

#[test]
fn decodes_every_kind() {
    let simple = |text: &'static str| Value::Simple(text.into());
    for (bytes, value) in [
        (&b"+OK\r\n"[..], simple("OK")),
        (b"$-1\r\n", Value::Null),
        (b"*-1\r\n", Value::Null),
        (b"_\r\n", Value::Null),
        (b":-7\r\n", Value::Integer(-7)),
        (b",1.5\r\n", Value::Double(1.5)),
        (b"#f\r\n", Value::Boolean(false)),
        (b"(-12\r\n", Value::BigNumber("-12".to_owned())),
        (b"=6\r\ntxt:hi\r\n", Value::Verbatim { format: *b"txt", text: "hi".into() }),
        (b"-ERR x\r\n", Value::Error(ServerError::new("ERR x"))),
        (b"!5\r\nERR x\r\n", Value::Error(ServerError::new("ERR x"))),
        (b"$?\r\n;2\r\nhe\r\n;3\r\nllo\r\n;0\r\n", Value::from("hello")),
        (
            b"*?\r\n:1\r\n*?\r\n.\r\n.\r\n",
            Value::Array(vec![Value::Integer(1), Value::Array(vec![])]),
        ),
        (b"%?\r\n+a\r\n:1\r\n.\r\n", Value::Map(vec![(simple("a"), Value::Integer(1))])),
        (
            b"%1\r\n+a\r\n|1\r\n+k\r\n+v\r\n:1\r\n",
            Value::Map(vec![(simple("a"), Value::Integer(1))]),
        ),
        (b"|1\r\n+k\r\n+v\r\n~1\r\n:1\r\n", Value::Set(vec![Value::Integer(1)])),
        (b">1\r\n+x\r\n", Value::Push(vec![simple("x")])),
    ] {
        assert_eq!(decoded(bytes), value);
    }
}

#[test]
fn encodes_as_a_server_does() {
    let map = Value::Map(vec![(Value::from("k"), Value::Boolean(true))]);
    let verbatim = Value::Verbatim { format: *b"txt", text: "hi".into() };
    for (value, resp3, resp2) in [
        (Value::Null, "_\r\n", "$-1\r\n"),
        (Value::Double(1.5), ",1.5\r\n", "$3\r\n1.5\r\n"),
        (Value::Double(f64::NEG_INFINITY), ",-inf\r\n", "$4\r\n-inf\r\n"),
        (Value::BigNumber("123".to_owned()), "(123\r\n", "$3\r\n123\r\n"),
        (verbatim, "=6\r\ntxt:hi\r\n", "$2\r\nhi\r\n"),
        (map, "%1\r\n$1\r\nk\r\n#t\r\n", "*2\r\n$1\r\nk\r\n:1\r\n"),
        (Value::Set(vec![Value::Integer(1)]), "~1\r\n:1\r\n", "*1\r\n:1\r\n"),
        (Value::Push(vec![Value::Integer(1)]), ">1\r\n:1\r\n", "*1\r\n:1\r\n"),
        (Value::Error(ServerError::new("ERR x")), "-ERR x\r\n", "-ERR x\r\n"),
        (Value::Error(ServerError::new("ERR\nx")), "!5\r\nERR\nx\r\n", "-ERR x\r\n"),
    ] {
        assert_eq!(encoded(&value, Protocol::Resp3), resp3);
        assert_eq!(encoded(&value, Protocol::Resp2), resp2);
    }
}

#[test]
fn never_encodes_what_is_malformed() {
    for (value, resp3) in [
        (Value::Simple("a\r\nb".into()), "+a  b\r\n"),
        (Value::BigNumber("1\r\n".to_owned()), "$3\r\n1\r\n\r\n"),
        (Value::Verbatim { format: [0, 1, 2], text: "x".into() }, "$1\r\nx\r\n"),
        (Value::Array(vec![Value::Push(vec![])]), "*1\r\n*0\r\n"),
    ] {
        assert_eq!(encoded(&value, Protocol::Resp3), resp3);
    }
}

#[test]
fn shares_large_replies() {
    let text = "x".repeat(20_000);
    let bytes = Bytes::from(format!("*1\r\n$20000\r\n{text}\r\n"));
    let Value::Array(items) = Frame::from_bytes(bytes.clone()).decode().unwrap() else {
        panic!("not an array")
    };
    assert_eq!(items[0].as_bytes().unwrap().as_ptr(), bytes[12..].as_ptr());
}

#[test]
fn shows_as_redis_cli_does() {
    let inner = Value::Array(vec![Value::from("b"), Value::Null]);
    for (value, text) in [
        (Value::Null, "(nil)"),
        (Value::Simple("OK".into()), "OK"),
        (Value::from(&b"a\"\n\x00\xff"[..]), r#""a\"\n\x00\xff""#),
        (Value::Double(1.0), "(double) 1"),
        (Value::Boolean(true), "(true)"),
        (Value::Error(ServerError::new("ERR x")), "(error) ERR x"),
        (Value::Array(vec![]), "(empty array)"),
        (
            Value::Array(vec![Value::Integer(1), inner.clone()]),
            "1) (integer) 1\n2) 1) \"b\"\n   2) (nil)",
        ),
        (Value::Set(vec![Value::from("b")]), "1~ \"b\""),
        (
            Value::Map(vec![(Value::from("a"), Value::Integer(1)), (Value::from("b"), inner)]),
            "1# \"a\" => (integer) 1\n2# \"b\" => \n   1) \"b\"\n   2) (nil)",
        ),
    ] {
        assert_eq!(value.to_string(), text);
    }
    let ten = Value::Array(vec![Value::Integer(0); 10]).to_string();
    assert!(ten.starts_with(" 1) (integer) 0\n 2) "), "{ten}");
    assert!(ten.ends_with("\n10) (integer) 0"), "{ten}");
}

#[test]
fn depth_is_bounded_for_bytes_that_no_framer_has_seen() {
    let deep = b"*1\r\n".repeat(1_000_000);
    assert!(matches!(Frame::copy_from_slice(&deep).decode::<Value>(), Err(ReplyError::Decode(_))));
    let mut closed = b"*1\r\n".repeat(Limits::DEPTH_CAP);
    closed.extend_from_slice(b":1\r\n");
    assert!(Frame::copy_from_slice(&closed).decode::<Value>().is_ok());
    let deepest = Frame::copy_from_slice(&[&deep[..], b"-ERR x\r\n"].concat());
    assert!(matches!(deepest.decode::<Value>(), Err(ReplyError::Decode(_))));
    assert_eq!(deepest.decode::<()>(), Err(ServerError::new("ERR x").into()));
}
