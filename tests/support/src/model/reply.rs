//! Replies as they are on the wire.

/// A reply of a server
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Simple(&'static str),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Null,
    Array(Vec<Self>),
    /// Names and values; an array of both in RESP2.
    Map(Vec<(&'static str, Self)>),
}

impl Reply {
    pub(super) const OK: Self = Self::Simple("OK");

    pub(super) fn error(text: impl Into<String>) -> Self {
        Self::Error(text.into())
    }

    pub(super) fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Bulk(text.as_ref().to_vec())
    }

    pub(super) fn maybe(value: Option<&Vec<u8>>) -> Self {
        value.map_or(Self::Null, |value| Self::Bulk(value.clone()))
    }

    pub(super) fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    pub(super) fn write(&self, resp3: bool, bytes: &mut Vec<u8>) {
        let line = |bytes: &mut Vec<u8>, sign: u8, text: &str| {
            bytes.push(sign);
            bytes.extend_from_slice(text.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        };
        match self {
            Self::Simple(text) => line(bytes, b'+', text),
            Self::Error(text) => line(bytes, b'-', text),
            Self::Integer(number) => line(bytes, b':', &number.to_string()),
            Self::Null if resp3 => line(bytes, b'_', ""),
            Self::Null => line(bytes, b'$', "-1"),
            Self::Bulk(text) => {
                line(bytes, b'$', &text.len().to_string());
                bytes.extend_from_slice(text);
                bytes.extend_from_slice(b"\r\n");
            }
            Self::Array(items) => {
                line(bytes, b'*', &items.len().to_string());
                items.iter().for_each(|item| item.write(resp3, bytes));
            }
            Self::Map(pairs) => {
                match resp3 {
                    true => line(bytes, b'%', &pairs.len().to_string()),
                    false => line(bytes, b'*', &(2 * pairs.len()).to_string()),
                }
                for (name, value) in pairs {
                    Self::text(name).write(resp3, bytes);
                    value.write(resp3, bytes);
                }
            }
        }
    }
}
