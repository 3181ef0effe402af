//! Feeds any bytes in any pieces to the framer: the pieces make no difference, and every frame can
//! be used.
//!
//! The input is the sizes of the pieces (ended by a zero byte) and the bytes received.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redmux_resp::{
    Frame, Framer, Limits, Protocol, ProtocolError, Reply, Scan, ServerError, Value,
};

fuzz_target!(|input: &[u8]| {
    let sizes_end = input.iter().position(|byte| *byte == 0).unwrap_or(0);
    let (sizes, received) = (&input[..sizes_end], input.get(sizes_end + 1..).unwrap_or_default());
    // Small enough that inputs reach the limits, large enough for everything else.
    let limits = Limits::default()
        .max_depth(24)
        .max_elements(2000)
        .max_bulk(3000)
        .max_line(200)
        .max_frame(4000);

    let (frames, end) = receive(received, &[], limits);
    let (one_by_one, one_by_one_end) = receive(received, &[1], limits);
    assert_eq!((&frames, end), (&one_by_one, one_by_one_end), "byte by byte");
    let (in_pieces, in_pieces_end) = receive(received, sizes, limits);
    assert_eq!((&frames, end), (&in_pieces, in_pieces_end), "in pieces");

    for bytes in frames {
        let frame = Frame::copy_from_slice(bytes);
        walk(frame.reply());
        decode_as_everything(&frame);
        let value: Value = frame.decode().expect("every frame is a value");
        for protocol in [Protocol::Resp3, Protocol::Resp2] {
            let mut again = Vec::new();
            value.encode(&mut again, protocol);
            assert_eq!(
                Framer::new(Limits::default()).scan(&again),
                Ok(Scan::Complete(again.len()))
            );
            let decoded: Value =
                Frame::copy_from_slice(&again).decode().expect("every frame is a value");
            if protocol == Protocol::Resp3 {
                // As text, because a NaN does not equal itself.
                assert_eq!(format!("{decoded:?}"), format!("{value:?}"));
            }
        }
    }
    // No view may panic, whether a framer has seen the bytes or not.
    let frame = Frame::copy_from_slice(received);
    walk(frame.reply());
    decode_as_everything(&frame);
});

/// Returns the frames, and how the framer ended.
fn receive<'a>(
    received: &'a [u8],
    sizes: &[u8],
    limits: Limits,
) -> (Vec<&'a [u8]>, Result<Scan, ProtocolError>) {
    let mut framer = Framer::new(limits);
    let mut frames = Vec::new();
    let (mut start, mut end) = (0, 0);
    let mut sizes = sizes.iter().cycle();
    loop {
        end = sizes
            .next()
            .map_or(received.len(), |size| received.len().min(end + usize::from(*size)));
        loop {
            match framer.scan(&received[start..end]) {
                Ok(Scan::Complete(length)) => {
                    frames.push(&received[start..start + length]);
                    start += length;
                }
                Ok(Scan::Incomplete { need }) => {
                    assert!(need >= 1);
                    if end == received.len() {
                        return (frames, Ok(Scan::Incomplete { need }));
                    }
                    break;
                }
                Err(error) => {
                    assert!(error.offset() < end - start, "{error} of {}", end - start);
                    assert_eq!(framer.scan(&received[start..]), Err(error));
                    return (frames, Err(error));
                }
            }
        }
    }
}

fn walk(reply: Reply<'_>) {
    let text =
        (reply.as_bytes(), reply.as_str(), reply.to_shared(), reply.as_i64(), reply.as_f64());
    let other =
        (reply.as_bool(), reply.error(), reply.len(), reply.verbatim_format(), reply.to_frame());
    std::hint::black_box((text, other));
    for items in [reply.items(), reply.attributes()].into_iter().flatten() {
        let (least, most) = items.size_hint();
        assert!(least <= reply.raw().len() && most.is_some_and(|most| most <= reply.raw().len()));
        for item in items {
            assert!(item.raw().len() < reply.raw().len());
            walk(item);
        }
    }
    if let Some(entries) = reply.entries() {
        assert!(reply.len().is_none_or(|length| entries.count() <= length));
    }
}

fn decode_as_everything(frame: &Frame) {
    use std::collections::{BTreeMap, BTreeSet};
    std::hint::black_box(frame.decode::<()>()).ok();
    std::hint::black_box(frame.decode::<Option<bool>>()).ok();
    std::hint::black_box(frame.decode::<u8>()).ok();
    std::hint::black_box(frame.decode::<i128>()).ok();
    std::hint::black_box(frame.decode::<f32>()).ok();
    std::hint::black_box(frame.decode::<String>()).ok();
    std::hint::black_box(frame.decode::<Vec<Vec<u8>>>()).ok();
    std::hint::black_box(frame.decode::<BTreeSet<i64>>()).ok();
    std::hint::black_box(frame.decode::<BTreeMap<String, Value>>()).ok();
    std::hint::black_box(frame.decode::<Vec<(String, Frame)>>()).ok();
    std::hint::black_box(frame.decode::<(i64, Result<String, ServerError>)>()).ok();
    if let Ok(value) = frame.decode::<Value>() {
        std::hint::black_box(value.to_string());
    }
}
