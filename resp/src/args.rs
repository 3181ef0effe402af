//! Lists of arguments.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    fmt,
    sync::Arc,
};

use bytes::Bytes;
use smallvec::SmallVec;

use super::{Arg, Frame, ToArg};

/// The arguments of a command; up to four need no allocation.
pub type ArgList<'a> = SmallVec<[Arg<'a>; 4]>;

/// Values that can be sent as any number of arguments
///
/// Strings, bytes, numbers: one argument each. Lists, sets and tuples: one for each element;
/// lists of tuples, and maps, are flattened: one for each part of each element. `()` is none.
///
/// A list of `u8` (`Vec<u8>`, `[u8]`, `[u8; N]`) is one argument, a string of bytes; to send
/// small numbers use another integer type.
///
/// ```
/// use redmux_resp::{ArgList, ToArgs};
///
/// fn sent(values: impl ToArgs) -> Vec<String> {
///     let mut args = ArgList::new();
///     values.append_to(&mut args);
///     args.iter().map(|arg| String::from_utf8_lossy(arg.as_bytes()).into_owned()).collect()
/// }
///
/// assert_eq!(sent("key"), ["key"]);
/// assert_eq!(sent(["a", "b"]), ["a", "b"]);
/// assert_eq!(sent(("a", 1, 2.5)), ["a", "1", "2.5"]);
/// assert_eq!(sent([("a", 1), ("b", 2)]), ["a", "1", "b", "2"]);
/// assert_eq!(sent(b"bytes"), ["bytes"]);
/// assert_eq!(sent(()), [""; 0]);
/// ```
pub trait ToArgs {
    /// Appends the arguments.
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>);

    /// How many arguments are appended, found without making them where that is possible.
    #[doc(hidden)]
    fn arg_count(&self) -> usize {
        let mut args = ArgList::new();
        self.append_to(&mut args);
        args.len()
    }

    /// What becomes of the reply to a command with these arguments; for nearly all, nothing.
    #[doc(hidden)]
    #[inline(always)]
    fn mend(&self) -> Option<Mend> {
        None
    }
}

/// What becomes of a reply before it is decoded, where that takes numbers among the arguments of its command
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Mend {
    with: fn(&Frame, [u64; 2]) -> Option<Frame>,
    numbers: [u64; 2],
}

impl Mend {
    /// Makes the other reply with `with`, which returns none where the reply is right.
    pub fn new(with: fn(&Frame, [u64; 2]) -> Option<Frame>, numbers: [u64; 2]) -> Self {
        Self { with, numbers }
    }

    /// The other reply.
    pub fn apply(self, reply: &Frame) -> Option<Frame> {
        (self.with)(reply, self.numbers)
    }
}

impl ToArgs for () {
    fn append_to<'a>(&'a self, _: &mut ArgList<'a>) {}
}

impl<T: ToArgs + ?Sized> ToArgs for &T {
    #[inline]
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        (**self).append_to(args);
    }

    fn arg_count(&self) -> usize {
        (**self).arg_count()
    }

    #[inline(always)]
    fn mend(&self) -> Option<Mend> {
        (**self).mend()
    }
}

impl<T: ToArgs + ?Sized> ToArgs for &mut T {
    #[inline]
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        (**self).append_to(args);
    }

    fn arg_count(&self) -> usize {
        (**self).arg_count()
    }

    #[inline(always)]
    fn mend(&self) -> Option<Mend> {
        (**self).mend()
    }
}

/// Arguments whose type is forgotten, so that calls with them are of one type
///
/// ```
/// use redmux_resp::{AnyArgs, ToArgs};
/// let args = [AnyArgs::new(("EX", 60)), AnyArgs::new("KEEPTTL")];
/// assert_eq!(args.each_ref().map(ToArgs::arg_count), [2, 1]);
/// ```
pub struct AnyArgs<'a>(Box<dyn ToArgs + Send + Sync + 'a>);

impl<'a> AnyArgs<'a> {
    /// Boxes them.
    pub fn new(args: impl ToArgs + Send + Sync + 'a) -> Self {
        Self(Box::new(args))
    }
}

impl ToArgs for AnyArgs<'_> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.0.append_to(args);
    }

    fn arg_count(&self) -> usize {
        self.0.arg_count()
    }

    fn mend(&self) -> Option<Mend> {
        self.0.mend()
    }
}

impl fmt::Debug for AnyArgs<'_> {
    /// Shows nothing: arguments are nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyArgs").finish_non_exhaustive()
    }
}

macro_rules! single {
    ($($type:ty),* $(,)?) => {$(
        /// One argument.
        impl ToArgs for $type {
            #[inline]
            fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
                args.push(self.to_arg());
            }

            fn arg_count(&self) -> usize {
                1
            }
        }
    )*};
}

single! {
    str, String, Cow<'_, str>, Cow<'_, [u8]>, Box<str>, Arc<str>, Arc<[u8]>, Bytes, Arg<'_>, char, bool, f32, f64,
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize,
}

/// One argument for each element; a `[u8]` is one argument.
impl<T: ToArg> ToArgs for [T] {
    #[inline]
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        T::extend_list(self, args);
    }

    fn arg_count(&self) -> usize {
        T::list_count(self)
    }
}

macro_rules! lists {
    ($([$($bounds:tt)*] $element:ty,)*) => {$(
        /// As the slice of the same elements.
        impl<$($bounds)*> ToArgs for Vec<$element> {
            #[inline]
            fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
                self.as_slice().append_to(args);
            }

            fn arg_count(&self) -> usize {
                self.as_slice().arg_count()
            }
        }

        /// As the slice of the same elements.
        impl<$($bounds)*> ToArgs for Box<[$element]> {
            #[inline]
            fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
                (**self).append_to(args);
            }

            fn arg_count(&self) -> usize {
                (**self).arg_count()
            }
        }

        /// As the slice of the same elements.
        impl<$($bounds)*, const N: usize> ToArgs for [$element; N] {
            #[inline]
            fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
                self.as_slice().append_to(args);
            }

            fn arg_count(&self) -> usize {
                self.as_slice().arg_count()
            }
        }
    )*};
}

lists! {
    [T: ToArg] T,
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {$(
        /// One argument for each part.
        impl<$($name: ToArg),+> ToArgs for ($($name,)+) {
            // On the way of most calls; a call of its own costs 1 % of a command.
            #[inline(always)]
            #[allow(non_snake_case, reason = "the parts are named after their types")]
            fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
                let ($($name,)+) = self;
                $(args.push($name.to_arg());)+
            }

            fn arg_count(&self) -> usize {
                [$(stringify!($name)),+].len()
            }
        }

        /// One argument for each part of each element.
        impl<$($name: ToArg),+> ToArgs for [($($name,)+)] {
            #[inline]
            fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
                for element in self {
                    element.append_to(args);
                }
            }

            fn arg_count(&self) -> usize {
                self.len() * [$(stringify!($name)),+].len()
            }
        }

        lists! {
            [$($name: ToArg),+] ($($name,)+),
        }
    )*};
}

tuples! {
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
}

/// One argument for each element.
impl<T: ToArg> ToArgs for VecDeque<T> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.iter().map(T::to_arg));
    }
}

/// One argument for each element, in no particular order.
impl<T: ToArg, S> ToArgs for HashSet<T, S> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.iter().map(T::to_arg));
    }
}

/// One argument for each element.
impl<T: ToArg> ToArgs for BTreeSet<T> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.iter().map(T::to_arg));
    }
}

/// Keys and values in turn, in no particular order of keys.
impl<K: ToArg, V: ToArg, S> ToArgs for HashMap<K, V, S> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.iter().flat_map(|(key, value)| [key.to_arg(), value.to_arg()]));
    }
}

/// Keys and values in turn.
impl<K: ToArg, V: ToArg> ToArgs for BTreeMap<K, V> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.iter().flat_map(|(key, value)| [key.to_arg(), value.to_arg()]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(values: &(impl ToArgs + ?Sized)) -> String {
        let mut args = ArgList::new();
        values.append_to(&mut args);
        assert_eq!(values.arg_count(), args.len());
        let texts: Vec<_> =
            args.iter().map(|arg| std::str::from_utf8(arg.as_bytes()).unwrap()).collect();
        texts.join(" ")
    }

    #[test]
    fn single_values() {
        assert_eq!(sent("key"), "key");
        assert_eq!(sent(&"key".to_owned()), "key");
        assert_eq!(sent(&&mut "key".to_owned()), "key");
        assert_eq!(sent(&7), "7");
        assert_eq!(sent(&7_u8), "7");
        assert_eq!(sent(&true), "1");
        assert_eq!(sent(&Bytes::from_static(b"x")), "x");
    }

    #[test]
    fn a_list_of_u8_is_one_string_of_bytes() {
        assert_eq!(sent(b"key"), "key");
        assert_eq!(sent(&b"key"[..]), "key");
        assert_eq!(sent(&b"key".to_vec()), "key");
        assert_eq!(sent(&vec![b"a".to_vec(), b"b".to_vec()]), "a b");
        assert_eq!(sent(&[b"a", b"b"]), "a b");
        assert_eq!(sent(&b"key".to_vec().into_boxed_slice()), "key");
    }

    #[test]
    fn lists_and_maps() {
        assert_eq!(sent(&vec!["a".to_owned()]), "a");
        assert_eq!(sent(&[1, 2, 3][..]), "1 2 3");
        assert_eq!(sent(&Vec::<String>::new()), "");
        assert_eq!(sent(&VecDeque::from([1, 2])), "1 2");
        assert_eq!(sent(&BTreeSet::from([2, 1])), "1 2");
        assert_eq!(sent(&HashSet::from([1])), "1");
        assert_eq!(sent(&BTreeMap::from([("b", 2), ("a", 1)])), "a 1 b 2");
        assert_eq!(sent(&HashMap::from([("a", 1.5)])), "a 1.5");
        assert_eq!(sent(&[("a", 1), ("b", 2)]), "a 1 b 2");
        assert_eq!(sent(&vec![(1.5, 2.5, "here")]), "1.5 2.5 here");
        assert_eq!(sent(&("a", b"b", vec![b'c'], 4)), "a b c 4");
        assert_eq!(sent(&(1, 2, 3, 4, 5, 6, 7, 8)), "1 2 3 4 5 6 7 8");
    }
}
