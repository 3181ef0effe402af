use super::*;

fn framer() -> Framer {
    Framer::new(Limits::default())
}

#[test]
fn looks_at_each_byte_of_a_bulk_string_once_or_never() {
    let mut frame = format!("*1\r\n${}\r\n", 1 << 20).into_bytes();
    let header = frame.len();
    frame.resize(header + (1 << 20), b'x');
    frame.extend_from_slice(b"\r\n");
    let mut framer = framer();
    for end in 0..frame.len() {
        assert!(matches!(framer.scan(&frame[..end]), Ok(Scan::Incomplete { .. })));
    }
    assert_eq!(framer.scan(&frame), Ok(Scan::Complete(frame.len())));
    // The announced bytes are stepped over; those of the lines are looked at a few times.
    assert!(framer.looks <= 3 * header, "{} looks", framer.looks);
}

#[test]
fn looks_at_each_byte_of_lines_a_constant_number_of_times() {
    let mut frame = b"*20003\r\n".to_vec();
    frame.extend_from_slice(&[b"+", "x".repeat(60_000).as_bytes(), b"\r\n"].concat());
    frame.extend_from_slice(&[b"(", "9".repeat(60_000).as_bytes(), b"\r\n"].concat());
    frame.extend_from_slice(b"*0\r\n");
    frame.extend_from_slice(&b":12345\r\n$3\r\nabc\r\n".repeat(10_000));
    for step in [1, 2, 3, 7, 100, 60_000, frame.len()] {
        let mut framer = framer();
        for end in (0..frame.len()).step_by(step) {
            assert!(matches!(framer.scan(&frame[..end]), Ok(Scan::Incomplete { .. })));
        }
        assert_eq!(framer.scan(&frame), Ok(Scan::Complete(frame.len())));
        let most = 3 * frame.len();
        assert!(framer.looks <= most, "{} looks at {} bytes", framer.looks, frame.len());
    }
}

#[test]
fn an_announced_size_allocates_nothing() {
    let mut framer = framer();
    assert_eq!(
        framer.scan(b"*16777216\r\n*16777216\r\n$536870912\r\n"),
        Ok(Scan::Incomplete { need: 536870914 })
    );
    assert!(framer.stack.capacity() <= 8);
}

#[test]
fn the_quick_way_and_the_long_way_agree() {
    for bytes in [
        &b"+OK\r\n"[..],
        b":0\r\n",
        b":-1\r\n",
        b":+1\r\n",
        b":123456789012345678\r\n",
        b":1234567890123456789\r\n",
        b":9999999999999999999\r\n",
        b":\r\n",
        b":1x\r\n",
        b"$0\r\n\r\n",
        b"$3\r\nabc\r\n",
        b"$3\r\nabcd\r\n",
        b"$3\r\nab",
        b"$-1\r\n",
        b"$11\r\nabcdefghijk\r\n",
        b"$12\r\nabcdefghijkl\r\n",
        b"$999999999999999999\r\n",
    ] {
        let limits = Limits::default().max_bulk(11);
        let mut whole = Framer::new(limits);
        let mut long = Framer::new(limits);
        long.fresh = false;
        assert_eq!(whole.scan(bytes), long.scan(bytes), "{}", bytes.escape_ascii());
    }
}

#[test]
fn stays_failed_until_reset() {
    let mut framer = framer();
    let error = framer.scan(b"?").unwrap_err();
    assert_eq!(error, ProtocolError::new(Fault::UnknownType(b'?'), 0));
    assert_eq!(framer.scan(b"+OK\r\n"), Err(error));
    framer.reset();
    assert_eq!(framer.scan(b"+OK\r\n"), Ok(Scan::Complete(5)));
}

#[test]
fn a_buffer_that_shrinks_does_no_harm() {
    for partial in [
        &b"+abcdef"[..],
        b":12345",
        b"$5\r\nab",
        b"*2\r\n:1\r\n:",
        b"$?\r\n;3\r\nab",
        b"=9\r\ntxt:",
    ] {
        let mut framer = framer();
        framer.scan(partial).unwrap();
        let _ = framer.scan(b"");
        let _ = framer.scan(b"+");
        let _ = framer.scan(partial);
    }
}
