//! What builders of options and decoders of records share.

use crate::resp::{Arg, ArgList, DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs};

/// One option: its word and values; nothing until it is set
///
/// Some commands have two dozen of them: each is as small as it can be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(Box<[Arg<'static>]>);

impl Words {
    pub(crate) fn new<const N: usize>(word: &'static str, values: [Arg<'static>; N]) -> Self {
        let mut words = Vec::with_capacity(N + 1);
        words.push(Arg::Bytes(word.as_bytes()));
        words.extend(values);
        Self(words.into())
    }

    /// A word and a list of values; the list may be preceded by its length.
    pub(crate) fn list(word: &'static str, counted: bool, values: &impl ToArgs) -> Self {
        let mut list = ArgList::new();
        values.append_to(&mut list);
        let mut words = vec![Arg::Bytes(word.as_bytes())];
        if counted {
            words.push((list.len() as u64).to_arg().into_owned());
        }
        words.extend(list.into_iter().map(Arg::into_owned));
        Self(words.into())
    }

    fn extend(&mut self, more: impl IntoIterator<Item = Arg<'static>>) {
        let mut words = std::mem::take(&mut self.0).into_vec();
        words.extend(more);
        self.0 = words.into();
    }

    /// Whether the option was given.
    #[cfg_attr(
        not(any(feature = "search", feature = "time-series")),
        allow(dead_code, reason = "for modules")
    )]
    pub(crate) fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// Adds a word to what is there.
    #[cfg_attr(not(feature = "search"), allow(dead_code, reason = "for modules"))]
    pub(crate) fn add(&mut self, word: &impl ToArg) {
        self.extend([word.to_arg().into_owned()]);
    }

    /// Adds to a list that is preceded by its length.
    #[cfg_attr(not(feature = "search"), allow(dead_code, reason = "for modules"))]
    pub(crate) fn grow<'a>(
        &mut self,
        word: &'static str,
        values: impl IntoIterator<Item = Arg<'a>>,
    ) {
        if !self.is_set() {
            self.extend([Arg::Bytes(word.as_bytes()), Arg::Bytes(b"")]);
        }
        self.extend(values.into_iter().map(Arg::into_owned));
        let count = self.values().len() as u64;
        if let Some(place) = self.0.get_mut(1) {
            *place = count.to_arg().into_owned();
        }
    }

    /// What a list holds that is preceded by its length.
    #[cfg_attr(not(feature = "search"), allow(dead_code, reason = "for modules"))]
    pub(crate) fn values(&self) -> &[Arg<'static>] {
        self.0.get(2..).unwrap_or_default()
    }

    /// All its words.
    #[cfg_attr(not(feature = "search"), allow(dead_code, reason = "for modules"))]
    pub(crate) fn words(&self) -> &[Arg<'static>] {
        &self.0
    }

    /// Adds one more of an option that may occur several times.
    pub(crate) fn push(&mut self, word: &'static str, value: &impl ToArg) {
        self.extend([Arg::Bytes(word.as_bytes()), value.to_arg().into_owned()]);
    }
}

impl ToArgs for Words {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.0.iter().map(ToArg::to_arg));
    }
}

/// A builder of options.
///
/// `fields` are sent in their order. Each method sets one of them to a word and values; of two
/// methods for the same field, the one called last counts.
macro_rules! options {
    (
        $(#[$meta:meta])*
        $name:ident { $($field:ident),* $(,)? }
        $(
            $(#[$doc:meta])*
            $slot:ident: $method:ident($($arg:ident: $type:ty),*) => $word:literal $(, $value:expr)*;
        )*
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        #[must_use]
        pub struct $name {
            $($field: $crate::database::options::Words,)*
        }

        impl $name {
            /// Nothing but the defaults.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                $(#[$doc])*
                pub fn $method(mut self, $($arg: $type),*) -> Self {
                    self.$slot = $crate::database::options::Words::new(
                        $word,
                        [$($crate::resp::ToArg::to_arg(&$value).into_owned()),*],
                    );
                    self
                }
            )*
        }

        impl $crate::resp::ToArgs for $name {
            fn append_to<'a>(&'a self, args: &mut $crate::resp::ArgList<'a>) {
                $($crate::resp::ToArgs::append_to(&self.$field, args);)*
            }
        }
    };
}
pub(crate) use options;

/// An enum whose values are sent as one word each.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$doc:meta])* $value:ident => $word:literal,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $value,)*
        }

        impl $crate::resp::ToArg for $name {
            fn to_arg(&self) -> $crate::resp::Arg<'_> {
                $crate::resp::Arg::Bytes(match self {
                    $(Self::$value => $word.as_bytes(),)*
                })
            }
        }
    };
}
pub(crate) use words;

/// A struct that is decoded from a reply of names and values, whatever else is in there.
///
/// `key => field: Type` takes that entry, which may be missing only if the type has a value for
/// a null, as `Option` has.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$doc:meta])* $key:literal => $field:ident: $type:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::resp::FromReply for $name {
            fn from_reply(
                reply: $crate::resp::Reply<'_>,
            ) -> ::std::result::Result<Self, $crate::resp::ReplyError> {
                let fields = $crate::database::options::Fields::new(reply)?;
                Ok(Self { $($field: fields.get($key, concat!("without ", $key))?,)* })
            }
        }
    };
}
pub(crate) use record;

/// The entries of a reply of names and values
pub(crate) struct Fields<'a> {
    reply: Reply<'a>,
}

impl<'a> Fields<'a> {
    /// # Errors
    ///
    /// If the reply is neither a map nor a list.
    pub(crate) fn new(reply: Reply<'a>) -> Result<Self, ReplyError> {
        match reply.items() {
            Some(_) => Ok(Self { reply }),
            None => Err(mismatch("a map", reply)),
        }
    }

    /// The value of a name.
    pub(crate) fn find(&self, name: &str) -> Option<Reply<'a>> {
        self.iter()
            .find(|(key, _)| key.as_bytes().is_some_and(|key| *key == *name.as_bytes()))
            .map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Reply<'a>, Reply<'a>)> + use<'a> {
        let mut items = self.reply.items();
        std::iter::from_fn(move || {
            let items = items.as_mut()?;
            Some((items.next()?, items.next()?))
        })
    }

    /// The value of a name as `T`; if there is none, what `T` makes of a null.
    pub(crate) fn get<T: FromReply>(
        &self,
        name: &str,
        missing: &'static str,
    ) -> Result<T, ReplyError> {
        match self.find(name) {
            Some(value) => value.decode(),
            None => null()
                .decode()
                .map_err(|_| DecodeError::because("a record", self.reply.kind(), missing).into()),
        }
    }
}

fn null() -> crate::resp::Frame {
    crate::resp::Frame::copy_from_slice(b"_\r\n")
}

/// The error of a reply of another kind; the server's own, if it is one.
#[cold]
pub(crate) fn mismatch(expected: &'static str, reply: Reply<'_>) -> ReplyError {
    match reply.error() {
        Some(error) => error.into(),
        None => DecodeError::new(expected, reply.kind()).into(),
    }
}

/// The elements of an array.
pub(crate) fn items<'a>(
    expected: &'static str,
    reply: Reply<'a>,
) -> Result<impl Iterator<Item = Reply<'a>> + use<'a>, ReplyError> {
    reply.items().ok_or_else(|| mismatch(expected, reply))
}
