//! Writing commands.

use super::Arg;

/// Appends a command: an array of bulk strings.
///
/// ```
/// use redmux_resp::{ToArg, encode_command};
/// let mut out = Vec::new();
/// encode_command(&mut out, &["INCRBY".to_arg(), "visits".to_arg(), 5.to_arg()]);
/// assert_eq!(out, b"*3\r\n$6\r\nINCRBY\r\n$6\r\nvisits\r\n$1\r\n5\r\n");
/// ```
pub fn encode_command(out: &mut Vec<u8>, args: &[Arg<'_>]) {
    out.reserve(encoded_len(args));
    write_array_header(out, args.len());
    for arg in args {
        write_bulk(out, arg.as_bytes());
    }
}

/// The exact number of bytes that [`encode_command`] appends.
pub fn encoded_len(args: &[Arg<'_>]) -> usize {
    let bulks = args.iter().map(|arg| bulk_len(arg.len()));
    header_len(args.len()) + bulks.sum::<usize>()
}

/// The exact number of bytes of a bulk string of `len` bytes, as [`write_bulk`] appends it.
#[inline]
pub fn bulk_len(len: usize) -> usize {
    header_len(len) + len + 2
}

/// Appends the header of an array of `n` elements.
#[inline]
pub fn write_array_header(out: &mut Vec<u8>, n: usize) {
    write_header(out, b'*', n);
}

/// Appends a bulk string.
#[inline]
pub fn write_bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    write_header(out, b'$', bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Appends the header of a bulk string of `len` bytes; those bytes and a CR LF must follow.
#[inline]
pub fn write_bulk_header(out: &mut Vec<u8>, len: usize) {
    write_header(out, b'$', len);
}

/// Appends a type byte, a number and CR LF.
#[inline]
pub(super) fn write_header(out: &mut Vec<u8>, type_byte: u8, number: usize) {
    // Nearly all counts and lengths have one or two digits: one copy of known size each.
    match number {
        0..10 => out.extend_from_slice(&[type_byte, b'0' + number as u8, b'\r', b'\n']),
        10..100 => {
            let (tens, ones) = (number as u8 / 10, number as u8 % 10);
            out.extend_from_slice(&[type_byte, b'0' + tens, b'0' + ones, b'\r', b'\n']);
        }
        _ => {
            out.push(type_byte);
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// The exact number of bytes of a header: type byte, number and CR LF.
#[inline]
pub fn header_len(number: usize) -> usize {
    let digits = match number {
        0..10 => 1,
        10..100 => 2,
        _ => number.ilog10() as usize + 1,
    };
    digits + 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ToArg;

    #[test]
    fn lengths_are_exact_at_every_number_of_digits() {
        for length in [0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 9999, 10_000, 99_999, 100_000] {
            let text = "x".repeat(length);
            let args = vec![text.to_arg(); 1 + length % 13];
            let mut out = Vec::new();
            encode_command(&mut out, &args);
            assert_eq!(out.len(), encoded_len(&args), "{length}");
            assert!(out.capacity() >= out.len());
        }
        let args = vec!["".to_arg(); 12_345];
        let mut out = Vec::new();
        encode_command(&mut out, &args);
        assert_eq!(out.len(), encoded_len(&args));
        assert!(out.starts_with(b"*12345\r\n$0\r\n\r\n$0\r\n"));
    }

    #[test]
    fn headers() {
        for number in [0_usize, 7, 10, 42, 99, 100, 512 << 20, usize::MAX] {
            let mut out = Vec::new();
            write_bulk_header(&mut out, number);
            assert_eq!(out, format!("${number}\r\n").into_bytes());
            out.clear();
            write_array_header(&mut out, number);
            assert_eq!(out, format!("*{number}\r\n").into_bytes());
        }
    }

    #[test]
    fn no_arguments() {
        let mut out = b"before".to_vec();
        encode_command(&mut out, &[]);
        assert_eq!(out, b"before*0\r\n");
    }
}
