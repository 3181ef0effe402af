//! Fields of an index, as queries name them.

use std::borrow::Cow;

/// A field of one type, for queries.
macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Hash)]
            pub struct $name(Cow<'static, str>);

            impl $name {
                /// The field of this name, for constants.
                pub const fn new(name: &'static str) -> Self {
                    Self(Cow::Borrowed(name))
                }

                /// The field of a name that is known only when the program runs.
                pub fn named(name: impl Into<String>) -> Self {
                    Self(Cow::Owned(name.into()))
                }

                /// The name, as the index has it.
                pub fn name(&self) -> &str {
                    &self.0
                }

                /// The field as a query names it: with `@`, and a backslash before each mark
                ///
                /// For queries and expressions that are written by hand.
                pub fn in_query(&self) -> String {
                    in_query(&self.0)
                }
            }
        )*
    };
}

fields! {
    /// A field of words
    ///
    /// ```
    /// use redmux::stack::search::TextField;
    ///
    /// const TITLE: TextField = TextField::new("title");
    /// assert_eq!(TITLE.in_query(), "@title");
    /// assert_eq!(TextField::named("a-b").in_query(), r"@a\-b");
    /// ```
    TextField
    /// A field of tags
    TagField
    /// A field of numbers
    NumericField
    /// A field of places
    GeoField
    /// A field of shapes
    ShapeField
    /// A field of vectors
    VectorField
}

/// A name as queries have it: a letter of ASCII, a digit or `_` as it is, a backslash before any other character of ASCII.
fn in_query(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 1);
    text.push('@');
    for letter in name.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() && letter != '_' {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_and_names_of_run_time_are_the_same_field() {
        const PRICE: NumericField = NumericField::new("price");
        assert_eq!(PRICE, NumericField::named("price"));
        assert_eq!(NumericField::named(String::from("price")).name(), "price");
    }

    #[test]
    fn a_mark_in_a_name_has_a_backslash() {
        for (name, text) in [
            ("title", "@title"),
            ("A_1", "@A_1"),
            ("a.b", r"@a\.b"),
            ("a b", r"@a\ b"),
            (r"a\b", r"@a\\b"),
            ("@x|y", r"@\@x\|y"),
            ("größe", "@größe"),
        ] {
            assert_eq!(TagField::named(name).in_query(), text);
        }
    }
}
