//! Feeds any bytes in any pieces to the gateway, as from a WebSocket client that never reads: its
//! meter and the WebSocket library agree on where messages end, and no memory is reserved because a
//! header announces a size. Run it with `-malloc_limit_mb=4`, so that a large reservation is a
//! finding.
//!
//! The input is the sizes of the pieces (ended by a zero byte) and the bytes of a client.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redmux_gateway::read_messages;

/// Small, so that inputs reach the limit.
const MOST: usize = 300;

fuzz_target!(|input: &[u8]| {
    let sizes_end = input.iter().position(|byte| *byte == 0).unwrap_or(0);
    let (sizes, sent) = (&input[..sizes_end], input.get(sizes_end + 1..).unwrap_or_default());
    let byte_by_byte = read_messages(sent, &[1], MOST);
    let in_pieces = read_messages(sent, sizes, MOST);
    // A fault hides messages that came in the same piece before it; without a fault nothing may
    // differ.
    if byte_by_byte.1.is_none() && in_pieces.1.is_none() {
        assert_eq!(byte_by_byte, in_pieces);
    }
    assert!(in_pieces.0 <= byte_by_byte.0);
    assert!(byte_by_byte.1.is_none_or(|code| [1002, 1007, 1009].contains(&code)));
});
