//! Strings as arrays of bits.

use super::{
    Database, Join,
    checks::{Unless, empty},
    options::words,
};
use crate::{
    Call,
    command::named,
    resp::{Arg, ArgList, ToArg, ToArgs},
};

impl Database {
    /// Sets a bit and returns what it was before; the string grows as needed
    ///
    /// See [SETBIT](https://redis.io/docs/latest/commands/setbit/).
    pub fn setbit(&self, key: impl ToArg, offset: u64, bit: bool) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("SETBIT"), (key, offset, bit))
    }

    /// A bit; false beyond the end
    ///
    /// See [GETBIT](https://redis.io/docs/latest/commands/getbit/).
    pub fn getbit(&self, key: impl ToArg, offset: u64) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("GETBIT"), (key, offset))
    }

    /// How many bits are set
    ///
    /// See [BITCOUNT](https://redis.io/docs/latest/commands/bitcount/).
    pub fn bitcount(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("BITCOUNT"), (key,))
    }

    /// How many bits are set in a part of the string
    ///
    /// See [BITCOUNT](https://redis.io/docs/latest/commands/bitcount/). Ranges of bits since
    /// Redis 7.0.
    pub fn bitcount_in(&self, key: impl ToArg, range: BitRange) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("BITCOUNT"), Join((key,), range))
    }

    /// Place of the first bit that is set, or not set; -1 if there is none
    ///
    /// A string of ones is followed by zeros without end. See
    /// [BITPOS](https://redis.io/docs/latest/commands/bitpos/).
    pub fn bitpos(&self, key: impl ToArg, bit: bool) -> Call<'_, i64, impl ToArgs> {
        self.call(named!("BITPOS"), (key, bit))
    }

    /// Place of the first bit that is set, or not set, in a part of the string; -1 if there is none
    ///
    /// See [BITPOS](https://redis.io/docs/latest/commands/bitpos/). Ranges of bits since
    /// Redis 7.0.
    pub fn bitpos_in(
        &self,
        key: impl ToArg,
        bit: bool,
        range: BitRange,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call(named!("BITPOS"), Join((key, bit), range))
    }

    /// Combines strings bit by bit, stores the result and returns its length in bytes
    ///
    /// See [BITOP](https://redis.io/docs/latest/commands/bitop/).
    pub fn bitop(
        &self,
        operation: BitOp,
        to: impl ToArg,
        keys: impl ToArgs,
    ) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("BITOP"), (operation, to), keys, "keys")
    }

    /// Reads and writes integers of any width inside a string
    ///
    /// One result for each operation in order; `None` where [`BitOverflow::Fail`] kept it from
    /// being done. See [BITFIELD](https://redis.io/docs/latest/commands/bitfield/).
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::database::bitmaps::{BitField, BitOffset, BitType};
    ///
    /// let level = BitType::unsigned(4);
    /// let operations = BitField::new().set(level, BitOffset::Bit(0), 9).get(level,
    /// BitOffset::Nth(1));
    /// let results: Vec<Option<i64>> = db.bitfield("levels", operations).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn bitfield(
        &self,
        key: impl ToArg,
        operations: BitField,
    ) -> Call<'_, Vec<Option<i64>>, impl ToArgs> {
        self.list(named!("BITFIELD"), (key,), operations, "operations")
    }

    /// Reads integers of any width inside a string; for replicas too
    ///
    /// See [BITFIELD_RO](https://redis.io/docs/latest/commands/bitfield_ro/). Since Redis 6.0.
    pub fn bitfield_ro(
        &self,
        key: impl ToArg,
        operations: BitField,
    ) -> Call<'_, Vec<i64>, impl ToArgs> {
        let writes = operations.writes.then(|| "it only reads: use bitfield to write".to_owned());
        let fault = empty(&operations, "operations").or(writes);
        self.call("BITFIELD_RO", Join((key,), operations)).unless(fault)
    }
}

/// A part of a string; both ends are included, negative ones count from the end
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitRange {
    start: i64,
    end: i64,
    bits: bool,
}

impl BitRange {
    /// From one byte to another.
    pub fn bytes(start: i64, end: i64) -> Self {
        Self { start, end, bits: false }
    }

    /// From one bit to another (`BIT`). Since Redis 7.0.
    pub fn bits(start: i64, end: i64) -> Self {
        Self { start, end, bits: true }
    }
}

impl ToArgs for BitRange {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend([self.start.to_arg(), self.end.to_arg()]);
        args.extend(self.bits.then_some(Arg::Bytes(b"BIT")));
    }
}

words! {
    /// How to combine bits
    BitOp {
        /// Set if it is set in all strings.
        And => "AND",
        /// Set if it is set in any string.
        Or => "OR",
        /// Set if it is set in an odd number of strings.
        Xor => "XOR",
        /// Set if it is not set in the only string: there must be just one.
        Not => "NOT",
        /// Set if it is set in the first string and in no other. Since Redis 8.2.
        Diff => "DIFF",
        /// Set if it is set in any string but the first. Since Redis 8.2.
        Diff1 => "DIFF1",
        /// Set if it is set in the first string and in any other. Since Redis 8.2.
        AndOr => "ANDOR",
        /// Set if it is set in exactly one string. Since Redis 8.2.
        One => "ONE",
    }
}

words! {
    /// What to do with a number that does not fit
    BitOverflow {
        /// The number wraps around to the other end of the range.
        Wrap => "WRAP",
        /// The number stays at the end of the range.
        Saturate => "SAT",
        /// The operation is not done, and its result is `None`.
        Fail => "FAIL",
    }
}

/// Width of an integer, and whether it may be negative
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitType {
    sign: char,
    bits: u8,
}

impl BitType {
    /// Never negative; 1 to 63 bits.
    pub fn unsigned(bits: u8) -> Self {
        Self { sign: 'u', bits }
    }

    /// With a sign; 1 to 64 bits.
    pub fn signed(bits: u8) -> Self {
        Self { sign: 'i', bits }
    }
}

/// Where an integer is
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BitOffset {
    /// From this bit on.
    Bit(u64),
    /// After this many integers of the same width (`#`).
    Nth(u64),
}

/// The operations of a [`bitfield`](Database::bitfield), in their order
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct BitField {
    args: Vec<Arg<'static>>,
    writes: bool,
}

impl BitField {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the integer there.
    pub fn get(self, of: BitType, at: BitOffset) -> Self {
        self.push("GET", of, at)
    }

    /// Sets the integer there; the result is what it was before.
    pub fn set(mut self, of: BitType, at: BitOffset, value: i64) -> Self {
        self.writes = true;
        let mut this = self.push("SET", of, at);
        this.args.push(value.to_arg().into_owned());
        this
    }

    /// Adds to the integer there; the result is the sum.
    pub fn incrby(mut self, of: BitType, at: BitOffset, by: i64) -> Self {
        self.writes = true;
        let mut this = self.push("INCRBY", of, at);
        this.args.push(by.to_arg().into_owned());
        this
    }

    /// What to do with numbers that do not fit, from here on; [`BitOverflow::Wrap`] at first.
    pub fn overflow(mut self, overflow: BitOverflow) -> Self {
        self.writes = true;
        self.args.extend([Arg::Bytes(b"OVERFLOW"), overflow.to_arg().into_owned()]);
        self
    }

    fn push(mut self, word: &'static str, of: BitType, at: BitOffset) -> Self {
        let offset = match at {
            BitOffset::Bit(bit) => bit.to_string(),
            BitOffset::Nth(index) => format!("#{index}"),
        };
        let width = format!("{}{}", of.sign, of.bits);
        let texts = [width, offset].map(|text| Arg::Owned(text.into_bytes()));
        self.args.push(Arg::Bytes(word.as_bytes()));
        self.args.extend(texts);
        self
    }
}

impl ToArgs for BitField {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.args.append_to(args);
    }
}
