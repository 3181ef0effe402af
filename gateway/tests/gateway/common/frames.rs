//! Frames of a WebSocket, made by hand. The unit tests of the gateway use this file too.

/// Lengths that one integer type or another takes for something else.
pub(crate) const LENGTHS: [u64; 18] = [
    0,
    1,
    125,
    126,
    127,
    65_535,
    65_536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 31) + 1,
    1 << 32,
    1 << 33,
    // 32 TiB in a ping ended the process.
    1 << 45,
    1 << 62,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 3,
    u64::MAX,
];

/// A masked frame; the mask is zero.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = announce(first, payload.len() as u64, true);
    bytes.extend(payload);
    bytes
}

/// What such a frame begins with.
pub(crate) fn announce(first: u8, length: u64, masked: bool) -> Vec<u8> {
    let (mut bytes, mask) = (vec![first], if masked { 0x80 } else { 0 });
    match length {
        0..126 => bytes.push(mask | length as u8),
        126..65536 => {
            bytes.push(mask | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(vec![0; if masked { 4 } else { 0 }]);
    bytes
}
