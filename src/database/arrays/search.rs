//! Finding and adding up.

use crate::{
    Call,
    command::named,
    database::{
        Database, Join,
        checks::Unless,
        options::{Words, words},
    },
    resp::{Arg, ArgList, FromReply, ToArg, ToArgs},
};

impl Database {
    /// Places from one to another, both included, that are not empty, and their values, at most `limit`
    ///
    /// Backwards if the first is higher. See [ARSCAN](https://redis.io/docs/latest/commands/arscan/). Since Redis 8.8.
    pub fn arscan<T: FromReply>(
        &self,
        key: impl ToArg,
        start: u64,
        end: u64,
        limit: u64,
    ) -> Call<'_, Vec<(u64, T)>, impl ToArgs> {
        self.call(named!("ARSCAN"), (key, start, end, "LIMIT", limit))
    }

    /// Places from one to another whose values fulfil predicates; `-` and `+` are the ends
    ///
    /// See [ARGREP](https://redis.io/docs/latest/commands/argrep/). Since Redis 8.8.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::database::arrays::ArrayPredicates;
    ///
    /// let errors = ArrayPredicates::new().contains("error").ignore_case().limit(10);
    /// let places: Vec<u64> = db.argrep("log", "-", "+", errors).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn argrep(
        &self,
        key: impl ToArg,
        start: impl ToArg,
        end: impl ToArg,
        predicates: ArrayPredicates,
    ) -> Call<'_, Vec<u64>, impl ToArgs> {
        let fault = predicates.fault();
        self.call(named!("ARGREP"), Join((key, start, end), predicates)).unless(fault)
    }

    /// Like [`argrep`](Self::argrep), with the values
    ///
    /// See [ARGREP](https://redis.io/docs/latest/commands/argrep/) with `WITHVALUES`. Since Redis 8.8.
    pub fn argrep_with_values<T: FromReply>(
        &self,
        key: impl ToArg,
        start: impl ToArg,
        end: impl ToArg,
        predicates: ArrayPredicates,
    ) -> Call<'_, Vec<(u64, T)>, impl ToArgs> {
        let fault = predicates.fault();
        let args = Join((key, start, end), Join(predicates, ("WITHVALUES",)));
        self.call(named!("ARGREP"), args).unless(fault)
    }

    /// One number made of the values from one place to another; `None` if there is no number among them
    ///
    /// See [AROP](https://redis.io/docs/latest/commands/arop/). Since Redis 8.8.
    pub fn arop<T: FromReply>(
        &self,
        key: impl ToArg,
        start: u64,
        end: u64,
        operation: ArrayOp,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("AROP"), (key, start, end, operation))
    }

    /// Number of values from one place to another that are equal to this one
    ///
    /// See [AROP](https://redis.io/docs/latest/commands/arop/) with `MATCH`. Since Redis 8.8.
    pub fn arop_match(
        &self,
        key: impl ToArg,
        start: u64,
        end: u64,
        value: impl ToArg,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("AROP"), (key, start, end, "MATCH", value))
    }
}

words! {
    /// How values of an array are made one number
    ArrayOp {
        /// Their sum; text does not count.
        Sum => "SUM",
        /// The lowest.
        Min => "MIN",
        /// The highest.
        Max => "MAX",
        /// The bits that all have.
        And => "AND",
        /// The bits that any has.
        Or => "OR",
        /// The bits that an odd number of them have.
        Xor => "XOR",
        /// How many places are not empty.
        Used => "USED",
    }
}

/// What values of an array are looked for: those that fulfil any of the predicates, or all
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ArrayPredicates {
    predicates: Words,
    all: bool,
    ignore_case: bool,
    limit: Words,
}

impl ArrayPredicates {
    /// None yet; there must be one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Is this text (`EXACT`).
    pub fn exact(mut self, text: impl ToArg) -> Self {
        self.predicates.push("EXACT", &text);
        self
    }

    /// Has this text in it (`MATCH`).
    pub fn contains(mut self, text: impl ToArg) -> Self {
        self.predicates.push("MATCH", &text);
        self
    }

    /// Fits a pattern of `*`, `?` and `[…]` (`GLOB`).
    pub fn glob(mut self, pattern: impl ToArg) -> Self {
        self.predicates.push("GLOB", &pattern);
        self
    }

    /// Fits a regular expression (`RE`).
    pub fn regex(mut self, pattern: impl ToArg) -> Self {
        self.predicates.push("RE", &pattern);
        self
    }

    /// All predicates must be fulfilled, instead of one (`AND`).
    pub fn all(mut self) -> Self {
        self.all = true;
        self
    }

    /// Upper and lower case are the same (`NOCASE`).
    pub fn ignore_case(mut self) -> Self {
        self.ignore_case = true;
        self
    }

    /// At most `count` places (`LIMIT`).
    pub fn limit(mut self, count: u64) -> Self {
        self.limit = Words::new("LIMIT", [count.to_arg().into_owned()]);
        self
    }

    fn fault(&self) -> Option<&'static str> {
        (self.predicates.arg_count() == 0).then_some("there is no predicate")
    }
}

impl ToArgs for ArrayPredicates {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.predicates.append_to(args);
        args.extend(self.all.then_some(Arg::Bytes(b"AND")));
        args.extend(self.ignore_case.then_some(Arg::Bytes(b"NOCASE")));
        self.limit.append_to(args);
    }
}
