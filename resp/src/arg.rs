//! One argument of a command.

use std::{borrow::Cow, fmt, sync::Arc};

use bytes::Bytes;

use super::ArgList;

/// Bytes objects from this size on are shared with the output instead of copied.
const SHARE_FROM: usize = 4096;

/// The bytes of one argument
///
/// ```
/// use redmux_resp::ToArg;
/// assert_eq!("key".to_arg().as_bytes(), b"key");
/// assert_eq!(3.5.to_arg().as_bytes(), b"3.5");
/// ```
#[derive(Clone)]
pub enum Arg<'a> {
    /// Borrowed from the caller.
    Bytes(&'a [u8]),
    /// Shared with the caller; worth its count from 4 KiB on.
    Shared(Bytes),
    /// The text of a number.
    Number(NumberText),
    /// Made for this command.
    Owned(Vec<u8>),
}

impl Arg<'_> {
    /// What is sent.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Shared(bytes) => bytes,
            Self::Number(text) => text.as_bytes(),
            Self::Owned(bytes) => bytes,
        }
    }

    /// The number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether it is the empty string.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// The same argument, borrowing nothing.
    pub fn into_owned(self) -> Arg<'static> {
        match self {
            Self::Bytes(bytes) => Arg::Owned(bytes.to_vec()),
            Self::Shared(bytes) => Arg::Shared(bytes),
            Self::Number(text) => Arg::Number(text),
            Self::Owned(bytes) => Arg::Owned(bytes),
        }
    }
}

/// Its length, never its content.
impl fmt::Debug for Arg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arg").field("len", &self.len()).finish()
    }
}

/// The text of a number, in place
#[derive(Clone, Copy)]
pub struct NumberText {
    length: u8,
    text: [u8; Self::MAX],
}

impl NumberText {
    /// The longest text is that of a double such as `-2.2250738585072014e-308`.
    const MAX: usize = 24;

    /// The text, in ASCII.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }

    fn new(text: &str) -> Option<Self> {
        let mut place = [0; Self::MAX];
        place.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { length: text.len() as u8, text: place })
    }
}

/// Its length, never its content.
impl fmt::Debug for NumberText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumberText").field("len", &self.length).finish()
    }
}

/// A value that can be sent as one argument
///
/// Strings and bytes are sent as they are; numbers as their shortest decimal text, `inf`,
/// `-inf` or `nan`; `bool` as `1` or `0`.
///
/// ```
/// use redmux_resp::{Arg, ToArg};
///
/// struct UserKey(u64);
///
/// impl ToArg for UserKey {
///     fn to_arg(&self) -> Arg<'_> {
///         Arg::Owned(format!("user:{}", self.0).into_bytes())
///     }
/// }
///
/// assert_eq!(UserKey(7).to_arg().as_bytes(), b"user:7");
/// ```
pub trait ToArg {
    /// The argument.
    fn to_arg(&self) -> Arg<'_>;

    /// Appends the values of a list; how a `[u8]` is one string of bytes.
    #[doc(hidden)]
    #[inline]
    fn extend_list<'a>(list: &'a [Self], args: &mut ArgList<'a>)
    where
        Self: Sized,
    {
        args.extend(list.iter().map(Self::to_arg));
    }

    /// How many arguments the values of a list are.
    #[doc(hidden)]
    fn list_count(list: &[Self]) -> usize
    where
        Self: Sized,
    {
        list.len()
    }
}

macro_rules! bytes {
    ($($(#[$meta:meta])* [$($generics:tt)*] $type:ty),* $(,)?) => {$(
        $(#[$meta])*
        impl<$($generics)*> ToArg for $type {
            #[inline]
            fn to_arg(&self) -> Arg<'_> {
                Arg::Bytes(AsRef::<[u8]>::as_ref(&**self))
            }
        }
    )*};
}

bytes! {
    [] String, [] Vec<u8>, [] Cow<'_, str>, [] Cow<'_, [u8]>, [] Box<str>, [] Box<[u8]>, [] Arc<str>, [] Arc<[u8]>,
}

impl ToArg for str {
    #[inline]
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(self.as_bytes())
    }
}

impl ToArg for [u8] {
    #[inline]
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(self)
    }
}

impl<const N: usize> ToArg for [u8; N] {
    #[inline]
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(self)
    }
}

/// Shared from 4 KiB on, where sharing is cheaper than copying.
impl ToArg for Bytes {
    #[inline]
    fn to_arg(&self) -> Arg<'_> {
        if self.len() >= SHARE_FROM { Arg::Shared(self.clone()) } else { Arg::Bytes(self) }
    }
}

impl ToArg for char {
    fn to_arg(&self) -> Arg<'_> {
        let mut utf8 = [0; 4];
        number_or_owned(self.encode_utf8(&mut utf8))
    }
}

/// `1` or `0`.
impl ToArg for bool {
    #[inline]
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(if *self { b"1" } else { b"0" })
    }
}

macro_rules! integers {
    ($($type:ident $(=> { $($hook:item)+ })?),* $(,)?) => {$(
        impl ToArg for $type {
            #[inline]
            fn to_arg(&self) -> Arg<'_> {
                number_or_owned(itoa::Buffer::new().format(*self))
            }

            $($($hook)+)?
        }
    )*};
}

integers! {
    i8, i16, i32, i64, i128, isize, u16, u32, u64, u128, usize,
    u8 => {
        #[inline]
        fn extend_list<'a>(list: &'a [Self], args: &mut ArgList<'a>) {
            args.push(Arg::Bytes(list));
        }

        fn list_count(_: &[Self]) -> usize {
            1
        }
    },
}

macro_rules! floats {
    ($($type:ident),*) => {$(
        /// The shortest decimal text that reads back as the same number.
        impl ToArg for $type {
            fn to_arg(&self) -> Arg<'_> {
                if self.is_finite() {
                    let mut buffer = ryu::Buffer::new();
                    let text = buffer.format_finite(*self);
                    number_or_owned(text.strip_suffix(".0").unwrap_or(text))
                } else if self.is_nan() {
                    Arg::Bytes(b"nan")
                } else {
                    Arg::Bytes(if *self > 0.0 { b"inf" } else { b"-inf" })
                }
            }
        }
    )*};
}

floats!(f32, f64);

fn number_or_owned(text: &str) -> Arg<'static> {
    match NumberText::new(text) {
        Some(text) => Arg::Number(text),
        // A 128-bit integer.
        None => Arg::Owned(text.as_bytes().to_vec()),
    }
}

impl ToArg for Arg<'_> {
    #[inline]
    fn to_arg(&self) -> Arg<'_> {
        match self {
            Self::Shared(bytes) => bytes.to_arg(),
            Self::Number(text) => Arg::Number(*text),
            other => Arg::Bytes(other.as_bytes()),
        }
    }
}

impl<T: ToArg + ?Sized> ToArg for &T {
    #[inline]
    fn to_arg(&self) -> Arg<'_> {
        (**self).to_arg()
    }
}

impl<T: ToArg + ?Sized> ToArg for &mut T {
    #[inline]
    fn to_arg(&self) -> Arg<'_> {
        (**self).to_arg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: impl ToArg) -> String {
        String::from_utf8(value.to_arg().as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn strings() {
        let owned = "käse".to_owned();
        assert_eq!(text(&owned), "käse");
        assert_eq!(text("käse"), "käse");
        assert_eq!(text(Cow::Borrowed("a")), "a");
        assert_eq!(text(Cow::<[u8]>::Owned(b"a".to_vec())), "a");
        assert_eq!(text(Box::<str>::from("a")), "a");
        assert_eq!(text(Arc::<str>::from("a")), "a");
        assert_eq!(text(Arc::<[u8]>::from(*b"a")), "a");
        assert_eq!(text(b"abc"), "abc");
        assert_eq!(text(vec![b'a', b'b']), "ab");
        assert_eq!(text(&b"abc"[..]), "abc");
        assert_eq!(text('ß'), "ß");
        let mut owned = "x".to_owned();
        let exclusive = &mut owned;
        assert_eq!(text(exclusive), "x");
        assert!(matches!("x".to_arg(), Arg::Bytes(_)));
        assert!("".to_arg().is_empty());
    }

    #[test]
    fn numbers() {
        assert_eq!(text(0), "0");
        assert_eq!(text(i64::MIN), "-9223372036854775808");
        assert_eq!(text(u64::MAX), "18446744073709551615");
        assert_eq!(text(i128::MIN), "-170141183460469231731687303715884105728");
        assert_eq!(text(200_u8), "200");
        assert_eq!(text(true), "1");
        assert_eq!(text(false), "0");
        assert!(matches!(1.to_arg(), Arg::Number(_)));
    }

    #[test]
    fn floats() {
        assert_eq!(text(5.0), "5");
        assert_eq!(text(-0.5), "-0.5");
        assert_eq!(text(0.1_f32), "0.1");
        assert_eq!(text(1e22), "1e22");
        assert_eq!(text(f64::INFINITY), "inf");
        assert_eq!(text(f32::NEG_INFINITY), "-inf");
        assert_eq!(text(f64::NAN), "nan");
        for extreme in
            [f64::MIN, f64::MAX, f64::MIN_POSITIVE, -f64::MIN_POSITIVE, f64::EPSILON, 5e-324]
        {
            assert!(matches!(extreme.to_arg(), Arg::Number(_)));
            assert_eq!(text(extreme).parse(), Ok(extreme));
        }
    }

    #[test]
    fn large_bytes_are_shared() {
        assert!(matches!(Bytes::from(vec![0; SHARE_FROM - 1]).to_arg(), Arg::Bytes(_)));
        let large = Bytes::from(vec![0; SHARE_FROM]);
        let arg = large.to_arg();
        assert!(matches!(&arg, Arg::Shared(shared) if shared.as_ptr() == large.as_ptr()));
        assert!(matches!(arg.to_arg(), Arg::Shared(_)));
        assert!(matches!(arg.into_owned(), Arg::Shared(_)));
    }

    #[test]
    fn debug_shows_no_content() {
        assert_eq!(
            format!("{:?} {:?}", "secret".to_arg(), 12345.to_arg()),
            "Arg { len: 6 } Arg { len: 5 }"
        );
    }
}
