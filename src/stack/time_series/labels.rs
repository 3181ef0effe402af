//! Which series are meant, by their labels.

use crate::resp::{Arg, ToArg};

/// What a filter could not be sent with.
const SPECIAL: [char; 6] = [',', '(', ')', '=', '!', '"'];

/// A label, for a filter
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Label(String);

/// A condition on labels
///
/// Of the conditions of a command, one at least must be on a value that a label has ([`Label::is`], [`Label::any`]).
///
/// The server has no way to write a comma, a parenthesis or an equals sign in a name or a value, so that a command with such a
/// filter is refused before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFilter {
    text: String,
    is_odd: bool,
}

impl Label {
    /// The label of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// It has this value (`name=value`).
    pub fn is(self, value: impl Into<String>) -> LabelFilter {
        self.with("=", [value.into()], false)
    }

    /// It has another value, or the series lacks it (`name!=value`).
    pub fn is_not(self, value: impl Into<String>) -> LabelFilter {
        self.with("!=", [value.into()], false)
    }

    /// It has one of these values (`name=(a,b)`).
    pub fn any(self, values: impl IntoIterator<Item = impl Into<String>>) -> LabelFilter {
        self.with("=", values.into_iter().map(Into::into), true)
    }

    /// It has none of these values (`name!=(a,b)`).
    pub fn none_of(self, values: impl IntoIterator<Item = impl Into<String>>) -> LabelFilter {
        self.with("!=", values.into_iter().map(Into::into), true)
    }

    /// The series has it, with any value (`name!=`).
    pub fn exists(self) -> LabelFilter {
        self.with("!=", None, false)
    }

    /// The series lacks it (`name=`).
    pub fn is_missing(self) -> LabelFilter {
        self.with("=", None, false)
    }

    fn with(
        self,
        sign: &str,
        values: impl IntoIterator<Item = String>,
        is_list: bool,
    ) -> LabelFilter {
        let values: Vec<String> = values.into_iter().collect();
        let odd = |text: &String| text.is_empty() || text.contains(SPECIAL);
        let is_odd = odd(&self.0) || values.iter().any(odd) || is_list && values.is_empty();
        let values = values.join(",");
        let text = match is_list {
            true => format!("{}{sign}({values})", self.0),
            false => format!("{}{sign}{values}", self.0),
        };
        LabelFilter { text, is_odd }
    }
}

impl LabelFilter {
    /// A filter as the server reads it, such as `area!=(a,b)`.
    pub fn raw(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_odd: false }
    }

    /// Why they cannot be sent, if they cannot.
    pub(super) fn fault(all: &[Self]) -> Option<&'static str> {
        match all.is_empty() {
            true => Some("no filter is given"),
            false => all.iter().any(|filter| filter.is_odd).then_some(
                "a label or a value of a filter is empty, or has a mark that the server cannot read there: , ( ) = ! or a quote",
            ),
        }
    }
}

impl ToArg for LabelFilter {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(self.text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_written_as_the_server_reads_them() {
        let label = || Label::new("area");
        for (filter, text) in [
            (label().is("a b"), "area=a b"),
            (label().is_not("a"), "area!=a"),
            (label().any(["a", "b"]), "area=(a,b)"),
            (label().none_of(["a"]), "area!=(a)"),
            (label().exists(), "area!="),
            (label().is_missing(), "area="),
            (LabelFilter::raw("x=(y,z)"), "x=(y,z)"),
        ] {
            assert_eq!(filter.to_arg().as_bytes(), text.as_bytes());
            assert_eq!(LabelFilter::fault(&[filter]), None, "{text}");
        }
    }

    #[test]
    fn what_would_mean_another_filter_is_a_fault() {
        let none: [&str; 0] = [];
        for filter in [
            Label::new("a").is("b,c"),
            Label::new("a").is("(b"),
            Label::new("a=b").exists(),
            Label::new("").is_missing(),
            Label::new("a").is(""),
            Label::new("a").any(none),
        ] {
            assert!(LabelFilter::fault(std::slice::from_ref(&filter)).is_some(), "{filter:?}");
        }
        assert!(LabelFilter::fault(&[]).is_some());
    }
}
