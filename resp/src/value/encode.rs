//! Writing values as a server does.

use crate::{
    Protocol, ToArg, Value,
    encode::{write_bulk, write_header},
    syntax,
};

impl Value {
    /// Appends the value in the given version of the protocol.
    ///
    /// What RESP2 lacks is written as Redis does for old clients: a map as an array of keys and
    /// values in turn; a set or a push message as an array; a double, big number or verbatim
    /// string as a bulk string; a boolean as 1 or 0; a null as a null bulk string.
    ///
    /// What is written is always well-formed: line ends in a simple string become spaces, an
    /// error with line ends is a bulk error (in RESP2: with spaces), a push message inside
    /// another value is an array, and a big number that is none is a bulk string.
    ///
    /// ```
    /// use redmux_resp::{Protocol, Value};
    /// let mut out = Vec::new();
    /// Value::Map(vec![("on".into(), true.into())]).encode(&mut out, Protocol::Resp3);
    /// assert_eq!(out, b"%1\r\n$2\r\non\r\n#t\r\n");
    /// out.clear();
    /// Value::Map(vec![("on".into(), true.into())]).encode(&mut out, Protocol::Resp2);
    /// assert_eq!(out, b"*2\r\n$2\r\non\r\n:1\r\n");
    /// ```
    pub fn encode(&self, out: &mut Vec<u8>, protocol: Protocol) {
        self.write(out, protocol, true);
    }

    fn write(&self, out: &mut Vec<u8>, protocol: Protocol, top: bool) {
        let modern = protocol == Protocol::Resp3;
        match self {
            Self::Null => out.extend_from_slice(if modern { b"_\r\n" } else { b"$-1\r\n" }),
            Self::Simple(text) => write_line(out, b'+', text),
            Self::Bulk(bytes) => write_bulk(out, bytes),
            Self::Integer(number) => write_line(out, b':', number.to_arg().as_bytes()),
            Self::Double(number) if modern => write_line(out, b',', number.to_arg().as_bytes()),
            Self::Double(number) => write_bulk(out, number.to_arg().as_bytes()),
            Self::Boolean(truth) if modern => {
                out.extend_from_slice(if *truth { b"#t\r\n" } else { b"#f\r\n" })
            }
            Self::Boolean(truth) => {
                out.extend_from_slice(if *truth { b":1\r\n" } else { b":0\r\n" })
            }
            Self::BigNumber(digits) if modern && syntax::is_big_number(digits.as_bytes()) => {
                write_line(out, b'(', digits.as_bytes());
            }
            Self::BigNumber(digits) => write_bulk(out, digits.as_bytes()),
            Self::Verbatim { format, text }
                if modern && format.iter().all(u8::is_ascii_graphic) =>
            {
                write_header(out, b'=', text.len() + 4);
                out.extend_from_slice(format);
                out.push(b':');
                out.extend_from_slice(text);
                out.extend_from_slice(b"\r\n");
            }
            Self::Verbatim { text, .. } => write_bulk(out, text),
            Self::Error(error) => {
                let text = error.message().as_bytes();
                if modern && text.iter().any(is_line_end) {
                    write_header(out, b'!', text.len());
                    out.extend_from_slice(text);
                    out.extend_from_slice(b"\r\n");
                } else {
                    write_line(out, b'-', text);
                }
            }
            Self::Array(items) => write_items(out, protocol, b'*', items),
            Self::Set(items) => write_items(out, protocol, if modern { b'~' } else { b'*' }, items),
            Self::Push(items) => {
                write_items(out, protocol, if modern && top { b'>' } else { b'*' }, items)
            }
            Self::Map(entries) => {
                if modern {
                    write_header(out, b'%', entries.len());
                } else {
                    write_header(out, b'*', entries.len() * 2);
                }
                for (key, value) in entries {
                    key.write(out, protocol, false);
                    value.write(out, protocol, false);
                }
            }
        }
    }
}

fn write_items(out: &mut Vec<u8>, protocol: Protocol, type_byte: u8, items: &[Value]) {
    write_header(out, type_byte, items.len());
    for item in items {
        item.write(out, protocol, false);
    }
}

fn write_line(out: &mut Vec<u8>, type_byte: u8, text: &[u8]) {
    out.push(type_byte);
    out.extend(text.iter().map(|byte| if is_line_end(byte) { b' ' } else { *byte }));
    out.extend_from_slice(b"\r\n");
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}
