//! Showing values as `redis-cli` does.

use std::fmt;

use crate::{ToArg, Value};

/// As `redis-cli` shows a reply on a terminal: strings quoted, elements numbered and indented.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f, 0)
    }
}

impl Value {
    /// Prints the value; further lines are indented by `indent` characters.
    fn show(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        match self {
            Self::Null => f.write_str("(nil)"),
            Self::Simple(text) => show_text(f, text),
            Self::Bulk(bytes) => show_quoted(f, bytes),
            Self::Integer(number) => write!(f, "(integer) {number}"),
            Self::Double(number) => {
                f.write_str("(double) ")?;
                show_text(f, number.to_arg().as_bytes())
            }
            Self::Boolean(truth) => f.write_str(if *truth { "(true)" } else { "(false)" }),
            Self::BigNumber(digits) => f.write_str(digits),
            Self::Verbatim { text, .. } => show_text(f, text),
            Self::Error(error) => write!(f, "(error) {error}"),
            Self::Array(items) => show_items(f, indent, items, ')', "(empty array)"),
            Self::Set(items) => show_items(f, indent, items, '~', "(empty set)"),
            Self::Push(items) => show_items(f, indent, items, '>', "(empty push)"),
            Self::Map(entries) => {
                if entries.is_empty() {
                    return f.write_str("(empty hash)");
                }
                let width = digits(entries.len());
                for (index, (key, value)) in entries.iter().enumerate() {
                    start_line(f, indent, index, width, '#')?;
                    let indent = indent + width + 2;
                    key.show(f, indent)?;
                    f.write_str(" => ")?;
                    if value.kind().is_aggregate() && !value.is_empty_aggregate() {
                        write!(f, "\n{:indent$}", "")?;
                    }
                    value.show(f, indent)?;
                }
                Ok(())
            }
        }
    }

    fn is_empty_aggregate(&self) -> bool {
        match self {
            Self::Map(entries) => entries.is_empty(),
            other => other.as_slice().is_some_and(<[Self]>::is_empty),
        }
    }
}

fn show_items(
    f: &mut fmt::Formatter<'_>,
    indent: usize,
    items: &[Value],
    mark: char,
    empty: &str,
) -> fmt::Result {
    if items.is_empty() {
        return f.write_str(empty);
    }
    let width = digits(items.len());
    for (index, item) in items.iter().enumerate() {
        start_line(f, indent, index, width, mark)?;
        item.show(f, indent + width + 2)?;
    }
    Ok(())
}

/// Numbers an element; the first is on the line where its aggregate begins.
fn start_line(
    f: &mut fmt::Formatter<'_>,
    indent: usize,
    index: usize,
    width: usize,
    mark: char,
) -> fmt::Result {
    if index > 0 {
        write!(f, "\n{:indent$}", "")?;
    }
    write!(f, "{:width$}{mark} ", index + 1)
}

fn digits(count: usize) -> usize {
    count.checked_ilog10().unwrap_or(0) as usize + 1
}

fn show_text(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    text.utf8_chunks().try_for_each(|chunk| {
        f.write_str(chunk.valid())?;
        chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
    })
}

fn show_quoted(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str("\"")?;
    for byte in bytes {
        match byte {
            b'"' => f.write_str("\\\"")?,
            b'\\' => f.write_str("\\\\")?,
            b'\n' => f.write_str("\\n")?,
            b'\r' => f.write_str("\\r")?,
            b'\t' => f.write_str("\\t")?,
            0x07 => f.write_str("\\a")?,
            0x08 => f.write_str("\\b")?,
            b' '..=b'~' => write!(f, "{}", char::from(*byte))?,
            _ => write!(f, "\\x{byte:02x}")?,
        }
    }
    f.write_str("\"")
}
