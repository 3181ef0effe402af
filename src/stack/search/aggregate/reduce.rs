//! Reducers: what becomes of the rows of a group.

use super::property::word;
use crate::{
    resp::{Arg, ToArg},
    stack::search::FieldName,
};

/// What is computed of the rows of a group; see [`group_by`](super::Aggregate::group_by)
///
/// Give each a name by [`named`](Self::named): otherwise servers make one up.
///
/// ```
/// use redmux::stack::search::{NumericField, Reduce};
///
/// const PRICE: NumericField = NumericField::new("price");
/// let dearest = Reduce::max(PRICE).named("dearest");
/// ```
#[derive(Debug, Clone)]
#[must_use = "it does nothing by itself"]
pub struct Reduce {
    function: &'static str,
    args: Vec<Arg<'static>>,
    name: Option<String>,
}

macro_rules! of_one_property {
    ($($(#[$doc:meta])* $method:ident => $function:literal;)*) => {
        $(
            $(#[$doc])*
            #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
            pub fn $method(of: impl FieldName) -> Self {
                Self::new($function, [word(&of)])
            }
        )*
    };
}

impl Reduce {
    fn new<const N: usize>(function: &'static str, args: [Arg<'static>; N]) -> Self {
        Self { function, args: args.into(), name: None }
    }

    /// How many rows there are. An integer.
    pub fn count() -> Self {
        Self::new("COUNT", [])
    }

    of_one_property! {
        /// How many different values there are. An integer; costs memory for each of them.
        count_distinct => "COUNT_DISTINCT";
        /// About how many different values there are, at a fixed cost. An integer, 3 % off or less.
        count_distinctish => "COUNT_DISTINCTISH";
        /// The sum of numbers.
        sum => "SUM";
        /// The least number; `inf` of none.
        min => "MIN";
        /// The greatest number; `-inf` of none.
        max => "MAX";
        /// The mean of numbers; `nan` of none.
        avg => "AVG";
        /// The standard deviation of a sample of numbers.
        stddev => "STDDEV";
        /// All different values, in no order. A list.
        to_list => "TOLIST";
        /// The value of the first row.
        first_value => "FIRST_VALUE";
    }

    /// The value below which this part of the numbers is; 0.5 is the median.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn quantile(of: impl FieldName, part: f64) -> Self {
        Self::new("QUANTILE", [word(&of), part.to_arg().into_owned()])
    }

    /// This many values, by chance; up to 1,000. A list.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn random_sample(of: impl FieldName, count: u32) -> Self {
        Self::new("RANDOM_SAMPLE", [word(&of), count.to_arg().into_owned()])
    }

    /// The value of the row that has the least of something else.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn first_value_by(of: impl FieldName, by: impl FieldName) -> Self {
        let (by_word, order) = (Arg::Bytes(b"BY"), Arg::Bytes(b"ASC"));
        Self::new("FIRST_VALUE", [word(&of), by_word, word(&by), order])
    }

    /// The value of the row that has the most of something else.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn first_value_by_descending(of: impl FieldName, by: impl FieldName) -> Self {
        let (by_word, order) = (Arg::Bytes(b"BY"), Arg::Bytes(b"DESC"));
        Self::new("FIRST_VALUE", [word(&of), by_word, word(&by), order])
    }

    /// A reducer that has no method here, such as `COLLECT` of Redis 8.10, with its words as they are sent (`@price`).
    pub fn raw<A: ToArg>(function: &'static str, args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter().map(|arg| arg.to_arg().into_owned()).collect();
        Self { function, args, name: None }
    }

    /// What the result is called in the row, and in later steps.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    pub(super) fn append_to(self, words: &mut Vec<Arg<'static>>) {
        words.push(Arg::Bytes(b"REDUCE"));
        words.push(Arg::Bytes(self.function.as_bytes()));
        words.push((self.args.len() as u64).to_arg().into_owned());
        words.extend(self.args);
        if let Some(name) = self.name {
            words.extend([Arg::Bytes(b"AS"), Arg::Owned(name.into_bytes())]);
        }
    }
}
