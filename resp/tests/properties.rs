//! What must hold for every value, every cut and every sequence of bytes.

use proptest::{collection::vec, prelude::*};
use redmux_resp::{
    Arg, ArgList, Frame, Framer, Limits, Protocol, ProtocolError, Reply, Scan, ServerError, ToArg,
    ToArgs, Value, encode_command, encoded_len,
};

fn scalar() -> impl Strategy<Value = Value> {
    let bytes = || vec(any::<u8>(), 0..60);
    prop_oneof![
        Just(Value::Null),
        bytes().prop_map(|bytes| {
            let line: Vec<u8> =
                bytes.into_iter().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
            Value::Simple(line.into())
        }),
        bytes().prop_map(|bytes| Value::Bulk(bytes.into())),
        any::<i64>().prop_map(Value::Integer),
        any::<f64>()
            .prop_filter("NaN does not equal itself", |number| !number.is_nan())
            .prop_map(Value::Double),
        any::<bool>().prop_map(Value::Boolean),
        any::<i128>().prop_map(|number| Value::BigNumber(number.to_string())),
        ("[!-~]{3}", bytes()).prop_map(|(format, text)| {
            let format = format.as_bytes().try_into().expect("three characters");
            Value::Verbatim { format, text: text.into() }
        }),
        ".{0,40}".prop_map(|text| Value::Error(ServerError::new(text))),
        "ERR [a-z]{0,9}\r\n[a-z]{0,9}".prop_map(|text| Value::Error(ServerError::new(text))),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let tree = scalar().prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec(inner.clone(), 0..6).prop_map(Value::Set),
            vec((inner.clone(), inner), 0..4).prop_map(Value::Map),
        ]
    });
    prop_oneof![4 => tree.clone(), 1 => vec(tree, 0..4).prop_map(Value::Push)]
}

/// What is left of a value that went through RESP2.
fn downgraded(value: &Value) -> Value {
    let all = |items: &[Value]| items.iter().map(downgraded).collect();
    match value {
        Value::Double(number) => Value::Bulk(number.to_arg().as_bytes().to_vec().into()),
        Value::Boolean(truth) => Value::Integer((*truth).into()),
        Value::BigNumber(digits) => Value::from(digits.as_str()),
        Value::Verbatim { text, .. } => Value::Bulk(text.clone()),
        Value::Error(error) => {
            Value::Error(ServerError::new(error.message().replace(['\r', '\n'], " ")))
        }
        Value::Array(items) | Value::Set(items) | Value::Push(items) => Value::Array(all(items)),
        Value::Map(entries) => {
            let flat = entries.iter().flat_map(|(key, value)| [downgraded(key), downgraded(value)]);
            Value::Array(flat.collect())
        }
        other => other.clone(),
    }
}

fn encoded(value: &Value, protocol: Protocol) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out, protocol);
    out
}

/// The frames in `bytes`, how the rest of them ended, and what was left.
fn frames(
    bytes: &[u8],
    cuts: &[usize],
    limits: Limits,
) -> (Vec<Frame>, Result<Scan, ProtocolError>) {
    let mut framer = Framer::new(limits);
    let mut frames = Vec::new();
    let mut start = 0;
    let mut ends: Vec<usize> =
        cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([bytes.len()]).collect();
    ends.sort_unstable();
    let mut last = Ok(Scan::Incomplete { need: 1 });
    for end in ends {
        loop {
            last = framer.scan(&bytes[start..end]);
            let Ok(Scan::Complete(length)) = last else { break };
            frames.push(Frame::copy_from_slice(&bytes[start..start + length]));
            start += length;
        }
    }
    (frames, last)
}

/// Calls everything a view has, at every depth.
fn walk(reply: Reply<'_>, depth: usize) {
    let _ = (
        reply.kind(),
        reply.is_null(),
        reply.is_error(),
        reply.as_bytes(),
        reply.as_str(),
        reply.to_shared(),
    );
    let _ = (
        reply.as_i64(),
        reply.as_f64(),
        reply.as_bool(),
        reply.error(),
        reply.len(),
        reply.verbatim_format(),
    );
    let _ = (format!("{reply:?}"), reply.to_frame());
    let parts = [reply.items(), reply.attributes()].into_iter().flatten();
    for items in parts {
        let (least, most) = items.size_hint();
        // Nothing can be made to reserve more than there are bytes for.
        assert!(
            least <= reply.raw().len() / 3
                && most.is_some_and(|most| most <= reply.raw().len() / 3)
        );
        if depth < 20 {
            items.for_each(|item| walk(item, depth + 1));
        }
    }
    if let Some(entries) = reply.entries() {
        let _ = entries.count();
    }
}

fn decode_as_everything(frame: &Frame) {
    use std::collections::{BTreeMap, HashSet};
    let _ = frame.decode::<()>();
    let _ = frame.decode::<Option<bool>>();
    let _ = frame.decode::<u8>();
    let _ = frame.decode::<i128>();
    let _ = frame.decode::<f32>();
    let _ = frame.decode::<String>();
    let _ = frame.decode::<bytes::Bytes>();
    let _ = frame.decode::<Vec<Vec<u8>>>();
    let _ = frame.decode::<Vec<Option<Vec<String>>>>();
    let _ = frame.decode::<HashSet<i64>>();
    let _ = frame.decode::<BTreeMap<String, Value>>();
    let _ = frame.decode::<Vec<(String, Frame)>>();
    let _ = frame.decode::<(i64, Result<String, ServerError>)>();
    let _ = frame.decode::<Value>().map(|value| value.to_string());
}

/// Bytes that are often nearly RESP.
fn resp_like() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&[u8]; 26] = [
        b"\r\n",
        b"$3\r\nabc\r\n",
        b"$-1\r\n",
        b"$?\r\n",
        b";1\r\na\r\n",
        b";0\r\n",
        b":12\r\n",
        b"+OK\r\n",
        b"-ERR\r\n",
        b"_\r\n",
        b"#t\r\n",
        b",1.5\r\n",
        b"=5\r\ntxt:a\r\n",
        b"!1\r\ne\r\n",
        b"(12\r\n",
        b"*2\r\n",
        b"*?\r\n",
        b"%1\r\n",
        b"%?\r\n",
        b"~2\r\n",
        b">1\r\n",
        b"|1\r\n",
        b"|0\r\n",
        b".\r\n",
        b"*1073741824\r\n",
        b"$1073741824\r\n",
    ];
    let piece = prop::sample::select(pieces.to_vec());
    let noise = vec(
        prop_oneof![any::<u8>(), prop::sample::select(b"+-:$*%~>|#,_(!=;.?\r\n0123".to_vec())],
        0..4,
    );
    vec(prop_oneof![20 => piece.prop_map(<[u8]>::to_vec), 1 => noise], 0..24)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_survives_resp3(value in value()) {
        let bytes = encoded(&value, Protocol::Resp3);
        prop_assert_eq!(Framer::new(Limits::default()).scan(&bytes), Ok(Scan::Complete(bytes.len())));
        let frame = Frame::copy_from_slice(&bytes);
        prop_assert_eq!(frame.decode::<Value>(), Ok(value));
        walk(frame.reply(), 0);
        decode_as_everything(&frame);
    }

    #[test]
    fn a_value_survives_resp2_as_far_as_redis_lets_it(value in value()) {
        let bytes = encoded(&value, Protocol::Resp2);
        prop_assert_eq!(Framer::new(Limits::default()).scan(&bytes), Ok(Scan::Complete(bytes.len())));
        prop_assert_eq!(Frame::copy_from_slice(&bytes).decode::<Value>(), Ok(downgraded(&value)));
    }

    #[test]
    fn cuts_do_not_matter(values in vec(value(), 0..6), cuts in vec(any::<usize>(), 0..40)) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| encoded(value, Protocol::Resp3)).collect();
        let (frames, _) = frames(&bytes, &cuts, Limits::default());
        let decoded: Vec<Value> = frames.iter().map(|frame| frame.decode().expect("every frame is a value")).collect();
        prop_assert_eq!(decoded, values);
    }

    #[test]
    fn any_bytes_give_the_same_result_however_they_are_cut(
        bytes in prop_oneof![3 => resp_like(), 1 => vec(any::<u8>(), 0..200)],
        cuts in vec(any::<usize>(), 0..40),
        depth in 1_usize..8,
    ) {
        let limits = Limits::default().max_depth(depth).max_bulk(1 << 20).max_line(40).max_frame(2000);
        let (whole, whole_end) = frames(&bytes, &[], limits);
        let (cut, cut_end) = frames(&bytes, &cuts, limits);
        let raw = |frames: &[Frame]| frames.iter().map(|frame| frame.as_bytes().to_vec()).collect::<Vec<_>>();
        prop_assert_eq!(raw(&whole), raw(&cut));
        prop_assert_eq!(whole_end, cut_end);
        for frame in whole {
            let value: Value = frame.decode().expect("every frame is a value");
            let again = encoded(&value, Protocol::Resp3);
            prop_assert_eq!(Framer::new(Limits::default()).scan(&again), Ok(Scan::Complete(again.len())));
            prop_assert_eq!(Frame::copy_from_slice(&again).decode::<Value>(), Ok(value));
            walk(frame.reply(), 0);
            decode_as_everything(&frame);
        }
    }

    #[test]
    fn views_of_any_bytes_do_no_harm(bytes in prop_oneof![3 => resp_like(), 1 => vec(any::<u8>(), 0..200)]) {
        let frame = Frame::copy_from_slice(&bytes);
        let _ = (frame.kind(), frame.is_push(), frame.is_error(), format!("{frame:?}"));
        walk(frame.reply(), 0);
        decode_as_everything(&frame);
    }

    #[test]
    fn commands_arrive_as_they_were_sent(args in vec(vec(any::<u8>(), 0..200), 1..12)) {
        let mut list = ArgList::new();
        args.append_to(&mut list);
        let mut out = b"before".to_vec();
        encode_command(&mut out, &list);
        prop_assert_eq!(out.len() - 6, encoded_len(&list));
        let bytes = &out[6..];
        prop_assert_eq!(Framer::new(Limits::default()).scan(bytes), Ok(Scan::Complete(bytes.len())));
        let received: Vec<Vec<u8>> = Frame::copy_from_slice(bytes).decode().expect("an array of strings");
        prop_assert_eq!(&received, &args);
    }

    #[test]
    fn numbers_come_back_as_they_were_sent(
        int in any::<i64>(), unsigned in any::<u64>(), wide in any::<i128>(), small in any::<u8>(),
        double in any::<f64>(), single in any::<f32>(), letter in any::<char>(),
    ) {
        prop_assert_eq!(there_and_back(&int), Ok(int));
        prop_assert_eq!(there_and_back(&unsigned), Ok(unsigned));
        prop_assert_eq!(there_and_back(&wide), Ok(wide));
        prop_assert_eq!(there_and_back(&small), Ok(small));
        prop_assert_eq!(there_and_back(&letter), Ok(letter.to_string()));
        let back: f64 = there_and_back(&double).expect("a number");
        prop_assert!(back == double || back.is_nan() && double.is_nan());
        let back: f32 = there_and_back(&single).expect("a number");
        prop_assert!(back == single || back.is_nan() && single.is_nan());
    }
}

/// The argument as a server echoes it.
fn there_and_back<T: redmux_resp::FromReply>(
    value: &impl ToArg,
) -> Result<T, redmux_resp::ReplyError> {
    let mut out = Vec::new();
    let arg: Arg<'_> = value.to_arg();
    Value::from(arg.as_bytes()).encode(&mut out, Protocol::Resp3);
    Frame::copy_from_slice(&out).decode()
}
