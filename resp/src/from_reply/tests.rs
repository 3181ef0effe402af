use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use super::FromReply;
use crate::{Frame, ReplyError, ServerError, Value};

fn decode<T: FromReply>(bytes: impl AsRef<[u8]>) -> Result<T, ReplyError> {
    Frame::copy_from_slice(bytes.as_ref()).decode()
}

fn message<T: FromReply + std::fmt::Debug>(bytes: &str) -> String {
    match decode::<T>(bytes) {
        Err(ReplyError::Decode(error)) => error.to_string(),
        other => panic!("no decode error for {bytes:?}: {other:?}"),
    }
}

#[test]
fn units_and_booleans() {
    assert_eq!(decode(b"+OK\r\n"), Ok(()));
    assert_eq!(decode(b"*1\r\n:1\r\n"), Ok(()));
    assert_eq!(decode(b"*?\r\n%1\r\n:1\r\n|1\r\n+k\r\n-v\r\n_\r\n$?\r\n;0\r\n.\r\n"), Ok(()));
    for (bytes, truth) in [
        ("#t\r\n", true),
        ("#f\r\n", false),
        (":1\r\n", true),
        (":0\r\n", false),
        ("+OK\r\n", true),
        ("$1\r\n1\r\n", true),
        ("$-1\r\n", false),
        ("_\r\n", false),
        ("*-1\r\n", false),
    ] {
        assert_eq!(decode(bytes), Ok(truth), "{bytes}");
    }
    assert_eq!(message::<bool>(":2\r\n"), "expected bool, got an integer other than 0 or 1");
    assert_eq!(
        message::<bool>("$2\r\nOK\r\n"),
        "expected bool, got a bulk string other than 0 or 1"
    );
    assert_eq!(message::<bool>("*0\r\n"), "expected bool, got an array");
}

#[test]
fn integers() {
    assert_eq!(decode(b":-5\r\n"), Ok(-5_i8));
    assert_eq!(decode(b"$3\r\n200\r\n"), Ok(200_u8));
    assert_eq!(decode(b",5\r\n"), Ok(5_i32));
    assert_eq!(decode(b"#t\r\n"), Ok(1_u16));
    assert_eq!(decode(b"$20\r\n18446744073709551615\r\n"), Ok(u64::MAX));
    assert_eq!(decode(b"(170141183460469231731687303715884105727\r\n"), Ok(i128::MAX));
    assert_eq!(decode(b"$?\r\n;1\r\n1\r\n;1\r\n2\r\n;0\r\n"), Ok(12_usize));
    assert_eq!(decode(b"$2\r\n-0\r\n"), Ok(0_u8));
    assert_eq!(message::<u8>(":256\r\n"), "expected u8, got an integer out of range for u8");
    assert_eq!(message::<u64>(":-1\r\n"), "expected u64, got an integer out of range for u64");
    assert_eq!(
        message::<i64>("(9223372036854775808\r\n"),
        "expected i64, got a big number out of range for i64"
    );
    assert_eq!(
        message::<i64>("$3\r\nabc\r\n"),
        "expected i64, got a bulk string that is not a number"
    );
    assert_eq!(message::<i64>(",1.5\r\n"), "expected i64, got a double that is not a number");
    assert_eq!(
        message::<i64>("$0\r\n\r\n"),
        "expected i64, got a bulk string that is not a number"
    );
    assert_eq!(
        message::<i64>("_\r\n"),
        "expected i64, got a null (use an Option for what may be null)"
    );
}

#[test]
fn floats() {
    assert_eq!(decode(b",1.5\r\n"), Ok(1.5_f64));
    assert_eq!(decode(b":2\r\n"), Ok(2.0_f32));
    assert_eq!(decode(b"$4\r\n-inf\r\n"), Ok(f64::NEG_INFINITY));
    assert!(decode::<f64>(b",nan\r\n").unwrap().is_nan());
    assert_eq!(decode(b",inf\r\n"), Ok(f32::INFINITY));
    assert_eq!(message::<f32>(",1e300\r\n"), "expected f32, got a double out of range for f32");
    assert_eq!(
        message::<f64>("$8\r\ninfinity\r\n"),
        "expected f64, got a bulk string that is not a number"
    );
}

#[test]
fn strings() {
    for bytes in
        ["+hey\r\n", "$3\r\nhey\r\n", "=7\r\ntxt:hey\r\n", "$?\r\n;1\r\nh\r\n;2\r\ney\r\n;0\r\n"]
    {
        assert_eq!(decode::<String>(bytes).unwrap(), "hey");
        assert_eq!(decode::<Box<str>>(bytes).unwrap(), "hey".into());
        assert_eq!(decode::<Arc<str>>(bytes).unwrap(), "hey".into());
        assert_eq!(decode::<Vec<u8>>(bytes).unwrap(), b"hey");
        assert_eq!(decode::<Box<[u8]>>(bytes).unwrap(), b"hey".to_vec().into());
        assert_eq!(decode::<VecDeque<u8>>(bytes).unwrap(), b"hey");
        assert_eq!(decode::<Bytes>(bytes).unwrap(), "hey");
    }
    assert_eq!(decode::<String>(b":-5\r\n").unwrap(), "-5");
    assert_eq!(decode::<String>(b",1.50\r\n").unwrap(), "1.50");
    assert_eq!(decode::<Vec<u8>>(b":7\r\n").unwrap(), b"7");
    assert_eq!(decode::<Vec<u8>>(b"$2\r\n\xff\xfe\r\n").unwrap(), b"\xff\xfe");
    let Err(ReplyError::Decode(error)) = decode::<String>(b"$2\r\n\xff\xfe\r\n") else {
        panic!("not UTF-8")
    };
    assert_eq!(
        error.to_string(),
        "expected a string, got a bulk string that is not UTF-8 (use Vec<u8> or Bytes for bytes)"
    );
    assert_eq!(
        message::<String>("$-1\r\n"),
        "expected a string, got a null (use an Option for what may be null)"
    );
    assert_eq!(message::<Vec<u8>>("*0\r\n"), "expected bytes, got an array");
    assert_eq!(message::<String>("#t\r\n"), "expected a string, got a boolean");
}

#[test]
fn nulls() {
    for null in ["$-1\r\n", "*-1\r\n", "_\r\n"] {
        assert_eq!(decode::<Option<String>>(null), Ok(None));
        assert_eq!(decode::<Option<Vec<String>>>(null), Ok(None));
        assert!(message::<Vec<String>>(null).contains("use an Option"));
        assert!(message::<HashMap<String, String>>(null).contains("use an Option"));
        assert!(message::<(String,)>(null).contains("use an Option"));
    }
    assert_eq!(decode::<Vec<Option<i64>>>(b"*2\r\n$-1\r\n:1\r\n"), Ok(vec![None, Some(1)]));
}

#[test]
fn lists_and_sets() {
    for bytes in [
        "*2\r\n:1\r\n:2\r\n",
        "~2\r\n:1\r\n:2\r\n",
        ">2\r\n:1\r\n:2\r\n",
        "*?\r\n:1\r\n:2\r\n.\r\n",
    ] {
        assert_eq!(decode(bytes), Ok(vec![1, 2]));
        assert_eq!(decode(bytes), Ok(VecDeque::from([1, 2])));
        assert_eq!(decode(bytes), Ok(BTreeSet::from([1, 2])));
        assert_eq!(decode(bytes), Ok(HashSet::from([1, 2])));
        assert_eq!(decode(bytes), Ok([1, 2]));
        assert_eq!(decode(bytes), Ok((1, "2".to_owned())));
    }
    assert_eq!(decode(b"%1\r\n:1\r\n:2\r\n"), Ok(vec![1, 2]));
    assert_eq!(decode::<Vec<Vec<u8>>>(b"*1\r\n$1\r\na\r\n"), Ok(vec![b"a".to_vec()]));
    assert_eq!(decode::<Vec<Vec<i64>>>(b"*2\r\n*1\r\n:1\r\n*0\r\n"), Ok(vec![vec![1], vec![]]));
    assert_eq!(message::<Vec<i64>>(":1\r\n"), "expected an array, got an integer");
    assert_eq!(
        message::<[i64; 3]>("*2\r\n:1\r\n:2\r\n"),
        "expected an array, got an array of 2 elements, not 3"
    );
}

#[test]
fn maps_of_all_three_shapes() {
    for bytes in [
        "%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n",
        "*4\r\n+a\r\n:1\r\n+b\r\n:2\r\n",
        "*2\r\n*2\r\n+a\r\n:1\r\n*2\r\n+b\r\n:2\r\n",
        "%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n",
        "*2\r\n|1\r\n+x\r\n+y\r\n*2\r\n+a\r\n:1\r\n*2\r\n+b\r\n:2\r\n",
    ] {
        let pairs = [("a".to_owned(), 1), ("b".to_owned(), 2)];
        assert_eq!(decode(bytes), Ok(pairs.to_vec()), "{bytes}");
        assert_eq!(decode(bytes), Ok(BTreeMap::from(pairs.clone())));
        assert_eq!(decode(bytes), Ok(HashMap::from(pairs)));
    }
    for empty in ["*0\r\n", "%0\r\n", "*?\r\n.\r\n"] {
        assert_eq!(decode::<HashMap<String, i64>>(empty), Ok(HashMap::new()));
    }
    // A map whose keys are arrays is a map all the same.
    assert_eq!(decode(b"%1\r\n*1\r\n:1\r\n:2\r\n"), Ok(vec![(vec![1], 2)]));
    assert_eq!(
        message::<HashMap<String, i64>>("*3\r\n+a\r\n:1\r\n+b\r\n"),
        "expected a map, got an array with a key that has no value"
    );
    assert_eq!(
        message::<Vec<(String, i64)>>("*1\r\n*3\r\n+a\r\n:1\r\n:2\r\n"),
        "expected an array of fixed length, got an array of 3 elements, not 2"
    );
    assert_eq!(
        message::<BTreeMap<String, i64>>("$1\r\na\r\n"),
        "expected a map, got a bulk string"
    );
    // As XRANGE answers.
    let stream = "*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nk\r\n$1\r\nv\r\n";
    let entries: Vec<(String, Vec<(String, String)>)> = decode(stream).unwrap();
    assert_eq!(entries[0].1[0].1, "v");
}

#[test]
fn tuples() {
    assert_eq!(decode(b"*3\r\n:1\r\n+a\r\n_\r\n"), Ok((1, "a".to_owned(), None::<i64>)));
    let eight =
        decode::<(u8, u8, u8, u8, u8, u8, u8, u8)>("*8\r\n".to_owned() + &":1\r\n".repeat(8));
    assert_eq!(eight, Ok((1, 1, 1, 1, 1, 1, 1, 1)));
    for bytes in ["*1\r\n:1\r\n", "*3\r\n:1\r\n:2\r\n:3\r\n"] {
        assert!(message::<(i64, i64)>(bytes).ends_with("elements, not 2"), "{bytes}");
    }
    assert!(message::<(i64, i64)>("*?\r\n:1\r\n.\r\n").ends_with("without 2 elements"));
    assert_eq!(
        message::<(i64, i64)>("%1\r\n:1\r\n:2\r\n"),
        "expected an array of fixed length, got a map"
    );
}

#[test]
fn errors_of_the_server_come_first() {
    let error = ServerError::new("WRONGTYPE no");
    let server = || ReplyError::Server(error.clone());
    for bytes in
        ["-WRONGTYPE no\r\n", "!12\r\nWRONGTYPE no\r\n", "|1\r\n+k\r\n+v\r\n-WRONGTYPE no\r\n"]
    {
        assert_eq!(decode::<()>(bytes), Err(server()));
        assert_eq!(decode::<bool>(bytes), Err(server()));
        assert_eq!(decode::<i64>(bytes), Err(server()));
        assert_eq!(decode::<f64>(bytes), Err(server()));
        assert_eq!(decode::<String>(bytes), Err(server()));
        assert_eq!(decode::<Vec<u8>>(bytes), Err(server()));
        assert_eq!(decode::<Option<Bytes>>(bytes), Err(server()));
        assert_eq!(decode::<Vec<i64>>(bytes), Err(server()));
        assert_eq!(decode::<HashMap<String, String>>(bytes), Err(server()));
        assert_eq!(decode::<(i64, i64)>(bytes), Err(server()));
        assert_eq!(decode::<Frame>(bytes).map(|_| ()), Err(server()));
        assert_eq!(decode::<Result<i64, ServerError>>(bytes), Ok(Err(error.clone())));
        assert_eq!(decode::<Value>(bytes), Ok(Value::Error(error.clone())));
    }
    let nested = "*2\r\n:1\r\n-WRONGTYPE no\r\n";
    assert_eq!(decode::<()>(nested), Err(server()));
    assert_eq!(decode::<Vec<i64>>(nested), Err(server()));
    assert_eq!(decode::<(i64, i64)>(nested), Err(server()));
    assert_eq!(decode::<(i64,)>(nested), Err(server()));
    assert_eq!(decode::<HashMap<i64, i64>>(nested), Err(server()));
    assert_eq!(
        decode::<Vec<Result<i64, ServerError>>>(nested),
        Ok(vec![Ok(1), Err(error.clone())])
    );
    assert_eq!(decode::<Result<Vec<i64>, ServerError>>(nested), Ok(Err(error.clone())));
    assert!(decode::<Frame>(nested).is_ok());
}

#[test]
fn parts_of_a_reply_as_frames() {
    let bytes = "*2\r\n|1\r\n+k\r\n+v\r\n*2\r\n:1\r\n+x\r\n$3\r\nabc\r\n";
    let parts: Vec<Frame> = decode(bytes).unwrap();
    assert_eq!(parts[0].as_bytes(), b"|1\r\n+k\r\n+v\r\n*2\r\n:1\r\n+x\r\n");
    assert_eq!(parts[1].as_bytes(), b"$3\r\nabc\r\n");
    assert_eq!(parts[0].reply().attributes().unwrap().count(), 2);
}

#[test]
fn bytes_share_a_large_reply() {
    for (length, others, shared) in
        [(60, 1, false), (16_000, 1, false), (20_000, 3, true), (20_000, 7, false)]
    {
        let part = format!("${length}\r\n{}\r\n", "x".repeat(length));
        let reply = format!("*{others}\r\n{}", part.repeat(others));
        let block = Bytes::from(reply);
        let parts: Vec<Bytes> = Frame::from_bytes(block.clone()).decode().unwrap();
        assert_eq!((parts.len(), parts[0].len()), (others, length));
        let inside = block.as_ptr_range().contains(&parts[0].as_ptr());
        assert_eq!(inside, shared, "{others} of {length}");
        let frames: Vec<Frame> = Frame::from_bytes(block.clone()).decode().unwrap();
        assert_eq!(block.as_ptr_range().contains(&frames[0].as_bytes().as_ptr()), shared);
    }
}
