//! Expressions of `APPLY` and `FILTER`: a value never becomes a part of their language.

use std::fmt;

/// What is computed of a row, or a condition that it must meet
///
/// A text is taken as it is, in the
/// [language of expressions](https://redis.io/docs/latest/develop/ai/search-and-query/advanced-concepts/aggregations/#apply-expressions).
/// Put no values from elsewhere into it: a `?` marks the place of each, and [`bind`](Self::bind) gives it.
///
/// ```
/// use redmux::stack::search::Expression;
///
/// let cheap = Expression::new("@price < ? && @genre == ?").bind(10).bind("children's");
/// assert_eq!(cheap.to_string(), r#"@price < (?) && @genre == "?""#);
/// ```
///
/// An expression with more or fewer values than question marks makes the call that it is given to fail before anything is
/// sent. Question marks within quotation marks are text.
///
/// `Display` shows the expression without the values.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "it does nothing by itself"]
pub struct Expression {
    text: String,
    values: Vec<Value>,
    fault: Option<&'static str>,
}

/// A value as it is written in an expression.
#[derive(Clone, PartialEq, Eq)]
enum Value {
    Number(String),
    Text(String),
}

mod sealed {
    pub trait Sealed {}
}

/// A value of an [`Expression`]: a number or a text
pub trait ExpressionValue: sealed::Sealed {
    /// As it is written, and whether it is a text.
    #[doc(hidden)]
    fn literal(&self) -> (String, bool);
}

macro_rules! literals {
    ($($type:ty, $is_text:literal;)*) => {
        $(
            impl sealed::Sealed for $type {}
            impl ExpressionValue for $type {
                fn literal(&self) -> (String, bool) {
                    (self.to_string(), $is_text)
                }
            }
        )*
    };
}
literals! {
    i32, false; u32, false; i64, false; u64, false; f64, false;
    String, true; str, true;
}

impl<T: ExpressionValue + ?Sized> sealed::Sealed for &T {}
impl<T: ExpressionValue + ?Sized> ExpressionValue for &T {
    fn literal(&self) -> (String, bool) {
        (**self).literal()
    }
}

impl Expression {
    /// An expression as it is written.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new(), fault: None }
    }

    /// The value of the next `?`: a number, or a text, whatever is in it
    ///
    /// Servers compute with doubles: integers beyond 2⁵³ are rounded. Refused are a number that is not finite, and a text with a
    /// backslash, a line feed or a NUL: servers have no way to read these in an expression, and a backslash in front of
    /// the end of one text would make a part of the next one a part of the expression.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn bind(mut self, value: impl ExpressionValue) -> Self {
        let (literal, is_text) = value.literal();
        let fault = if is_text {
            let unread = literal.contains(['\\', '\n', '\0']);
            unread.then_some("a text of an expression has a backslash, a line feed or a NUL")
        } else {
            let finite = literal.parse::<f64>().is_ok_and(f64::is_finite);
            (!finite).then_some("a number of an expression is not finite")
        };
        self.fault = self.fault.or(fault);
        self.values.push(if is_text { Value::Text(literal) } else { Value::Number(literal) });
        self
    }

    /// The text with its values, or why there is none.
    pub(super) fn write(&self) -> Result<String, &'static str> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut values = self.values.iter();
        let mut missing = false;
        let text = self.fill(|text| match values.next() {
            Some(Value::Number(number)) => {
                // What is before a minus sign does not change what it means.
                text.push('(');
                text.push_str(number);
                text.push(')');
            }
            Some(Value::Text(value)) => quote(text, value),
            None => missing = true,
        });
        match (missing, values.next()) {
            (true, _) => Err("the expression has more question marks than values"),
            (_, Some(_)) => Err("the expression has fewer question marks than values"),
            _ => Ok(text),
        }
    }

    /// The text, with something for each question mark outside of quotation marks.
    fn fill(&self, mut next: impl FnMut(&mut String)) -> String {
        let mut filled = String::with_capacity(self.text.len());
        let (mut quoted, mut escaped) = (None, false);
        for letter in self.text.chars() {
            match (quoted, letter) {
                (None, '?') if !escaped => {
                    next(&mut filled);
                    continue;
                }
                (None, '"' | '\'') if !escaped => quoted = Some(letter),
                (Some(mark), _) if mark == letter && !escaped => quoted = None,
                _ => {}
            }
            escaped = letter == '\\' && !escaped;
            filled.push(letter);
        }
        filled
    }
}

/// A text between quotation marks, with a backslash before each of its own.
fn quote(text: &mut String, value: &str) {
    text.push('"');
    text.push_str(&value.replace('"', "\\\""));
    text.push('"');
}

impl From<&str> for Expression {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values = self.values.iter();
        let shown = self.fill(|text| {
            text.push_str(match values.next() {
                Some(Value::Number(_)) => "(?)",
                Some(Value::Text(_)) => "\"?\"",
                None => "?",
            });
        });
        f.write_str(&shown)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.to_string()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(expression: Expression) -> Result<String, &'static str> {
        expression.write()
    }

    #[test]
    fn values_are_written_as_what_they_are() {
        for (expression, text) in [
            (Expression::new("@a + 1"), "@a + 1"),
            (Expression::new("@a-?").bind(-5), "@a-(-5)"),
            (Expression::new("@a * ?").bind(0.25), "@a * (0.25)"),
            (Expression::new("@a == ?").bind("x"), r#"@a == "x""#),
            (Expression::new("@a == ?").bind(r#"x" || 1 || ""#), r#"@a == "x\" || 1 || \"""#),
            (Expression::new(r#"format("?%s", ?)"#).bind("y"), r#"format("?%s", "y")"#),
            (Expression::new(r#""\"?" == ?"#).bind("y"), r#""\"?" == "y""#),
            (Expression::new("'?' == ?").bind(String::from("'")), "'?' == \"'\""),
        ] {
            assert_eq!(written(expression).as_deref(), Ok(text));
        }
        // No exponent, which older servers do not read.
        let wide = written(Expression::new("?").bind(1e300)).unwrap();
        assert_eq!(wide.len(), 303);
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        for (expression, fault) in [
            (Expression::new("@a == ?"), "more question marks"),
            (Expression::new("@a").bind(1), "fewer question marks"),
            (Expression::new("?").bind(f64::NAN), "not finite"),
            (Expression::new("?").bind(f64::INFINITY), "not finite"),
            (Expression::new("?").bind("a\0b"), "a NUL"),
            (Expression::new("?").bind("a\nb"), "a line feed"),
            (Expression::new("? == ? || ?").bind("\\").bind(" || 1 || ").bind("\\"), "a backslash"),
        ] {
            assert!(written(expression.clone()).unwrap_err().contains(fault), "{expression}");
        }
    }

    #[test]
    fn values_are_not_shown() {
        let expression = Expression::new("@a == ? && @b > ?").bind("s3cret").bind(7);
        assert_eq!(format!("{expression:?}"), r#"Expression("@a == \"?\" && @b > (?)")"#);
    }
}
