//! Commands that write.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Number;

use super::{
    Json, JsonCommands, JsonPath, JsonSetOptions, Matches,
    text::{Text, Texts},
};
use crate::{
    Call,
    command::named,
    database::{Join, checks::Unless},
    resp::{ArgList, ToArg, ToArgs},
};

/// Why a number is not sent.
const NO_NUMBER: &str = "JSON has no number that is infinite or NaN";

impl<'a> JsonCommands<'a> {
    /// Sets the whole document
    ///
    /// The time to live of the key stays; with Valkey it ends.
    ///
    /// See [JSON.SET](https://redis.io/docs/latest/commands/json.set/).
    pub fn set<K: ToArg, V: Serialize + ?Sized>(
        self,
        key: K,
        value: &V,
    ) -> Call<'a, (), impl ToArgs + use<'a, K, V>> {
        let value = Text::of(value);
        let fault = value.fault();
        self.call(named!("JSON.SET"), (key, "$", value)).unless(fault)
    }

    /// Sets the values that the path finds, or adds a member; returns whether there was a place for it
    ///
    /// See [JSON.SET](https://redis.io/docs/latest/commands/json.set/).
    pub fn set_at<K: ToArg, P: Into<JsonPath>, V: Serialize + ?Sized>(
        self,
        key: K,
        path: P,
        value: &V,
    ) -> Call<'a, bool, impl ToArgs + use<'a, K, P, V>> {
        self.set_with(key, path, value, JsonSetOptions::new())
    }

    /// The same with options; returns whether it was set
    ///
    /// See [JSON.SET](https://redis.io/docs/latest/commands/json.set/).
    pub fn set_with<K: ToArg, P: Into<JsonPath>, V: Serialize + ?Sized>(
        self,
        key: K,
        path: P,
        value: &V,
        options: JsonSetOptions,
    ) -> Call<'a, bool, impl ToArgs + use<'a, K, P, V>> {
        let (path, value) = (path.into(), Text::of(value));
        let fault = value.fault().or_else(|| path.fault());
        let call = self.call(named!("JSON.SET"), Join((key, path, value), options));
        call.unless(fault)
    }

    /// Sets values of several keys, all or none: triples of key, path and value
    ///
    /// On a cluster all keys must be in one slot.
    ///
    /// See [JSON.MSET](https://redis.io/docs/latest/commands/json.mset/). Since RedisJSON 2.6.
    pub fn mset<K: ToArg, P: Into<JsonPath>, V: Serialize>(
        self,
        values: impl IntoIterator<Item = (K, P, V)>,
    ) -> Call<'a, (), impl ToArgs> {
        let part = |(key, path, value): (K, P, V)| (key, path.into(), Text::of(&value));
        let triples = Triples(values.into_iter().map(part).collect());
        let fault = triples.fault();
        self.call(named!("JSON.MSET"), triples).unless(fault)
    }

    /// Merges a value into the document: members are set, those that are `null` are deleted ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396))
    ///
    /// See [JSON.MERGE](https://redis.io/docs/latest/commands/json.merge/). Since RedisJSON 2.6; Valkey has no such command.
    pub fn merge<K: ToArg, V: Serialize + ?Sized>(
        self,
        key: K,
        value: &V,
    ) -> Call<'a, (), impl ToArgs + use<'a, K, V>> {
        self.merge_at(key, JsonPath::root(), value)
    }

    /// The same at a path
    ///
    /// See [JSON.MERGE](https://redis.io/docs/latest/commands/json.merge/). Since RedisJSON 2.6.
    pub fn merge_at<K: ToArg, P: Into<JsonPath>, V: Serialize + ?Sized>(
        self,
        key: K,
        path: P,
        value: &V,
    ) -> Call<'a, (), impl ToArgs + use<'a, K, P, V>> {
        let (path, value) = (path.into(), Text::of(value));
        let fault = value.fault().or_else(|| path.fault());
        self.call(named!("JSON.MERGE"), (key, path, value)).unless(fault)
    }

    /// Deletes what the path finds and returns how many values these were; the root is the key itself
    ///
    /// See [JSON.DEL](https://redis.io/docs/latest/commands/json.del/).
    pub fn del(self, key: impl ToArg, path: impl Into<JsonPath>) -> Call<'a, u64, impl ToArgs> {
        self.call(named!("JSON.DEL"), (key, path.into()))
    }

    /// Empties arrays and objects, sets numbers to 0, and returns how many values were changed
    ///
    /// Valkey empties texts too, and sets `true` to `false`.
    ///
    /// See [JSON.CLEAR](https://redis.io/docs/latest/commands/json.clear/). Since RedisJSON 2.0.
    pub fn clear(self, key: impl ToArg, path: impl Into<JsonPath>) -> Call<'a, u64, impl ToArgs> {
        self.call(named!("JSON.CLEAR"), (key, path.into()))
    }

    /// Turns `true` into `false` and back; returns the new values
    ///
    /// See [JSON.TOGGLE](https://redis.io/docs/latest/commands/json.toggle/). Since RedisJSON 2.0.
    pub fn toggle(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Matches<bool>, impl ToArgs> {
        self.call(named!("JSON.TOGGLE"), (key, path.into()))
    }

    /// Adds to numbers and returns the new ones
    ///
    /// RedisJSON of Redis Stack wraps around where an integer leaves `i64`; Redis 8 refuses that.
    ///
    /// See [JSON.NUMINCRBY](https://redis.io/docs/latest/commands/json.numincrby/).
    pub fn num_incr_by(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
        by: impl JsonNumber,
    ) -> Call<'a, Matches<Number>, impl ToArgs> {
        let number = Text::of(&by);
        let fault = (!by.is_finite()).then_some(NO_NUMBER);
        let call = self.call(named!("JSON.NUMINCRBY"), (key, path.into(), number));
        call.unless(fault)
    }

    /// Multiplies numbers and returns the new ones
    ///
    /// See [JSON.NUMMULTBY](https://redis.io/docs/latest/commands/json.nummultby/). Deprecated since RedisJSON 2.0, and
    /// still there.
    pub fn num_mult_by(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
        by: impl JsonNumber,
    ) -> Call<'a, Matches<Number>, impl ToArgs> {
        let number = Text::of(&by);
        let fault = (!by.is_finite()).then_some(NO_NUMBER);
        let call = self.call(named!("JSON.NUMMULTBY"), (key, path.into(), number));
        call.unless(fault)
    }

    /// Appends to texts and returns their new lengths, in bytes
    ///
    /// See [JSON.STRAPPEND](https://redis.io/docs/latest/commands/json.strappend/).
    pub fn str_append(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
        text: &str,
    ) -> Call<'a, Matches<u64>, impl ToArgs> {
        self.call(named!("JSON.STRAPPEND"), (key, path.into(), Text::of(text)))
    }

    /// Appends elements to arrays and returns their new lengths
    ///
    /// See [JSON.ARRAPPEND](https://redis.io/docs/latest/commands/json.arrappend/).
    pub fn arr_append(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
        elements: impl IntoIterator<Item = impl Serialize>,
    ) -> Call<'a, Matches<u64>, impl ToArgs> {
        let elements = Texts::of(elements);
        let fault = elements.fault();
        let call = self.call(named!("JSON.ARRAPPEND"), Join((key, path.into()), elements));
        call.unless(fault)
    }

    /// Inserts elements into arrays, before the place, and returns their new lengths; negative places count from the end
    ///
    /// See [JSON.ARRINSERT](https://redis.io/docs/latest/commands/json.arrinsert/).
    pub fn arr_insert(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
        place: i64,
        elements: impl IntoIterator<Item = impl Serialize>,
    ) -> Call<'a, Matches<u64>, impl ToArgs> {
        let elements = Texts::of(elements);
        let fault = elements.fault();
        let call = self.call(named!("JSON.ARRINSERT"), Join((key, path.into(), place), elements));
        call.unless(fault)
    }

    /// Removes the last element of each array and returns it; `None` too where the array is empty
    ///
    /// See [JSON.ARRPOP](https://redis.io/docs/latest/commands/json.arrpop/).
    pub fn arr_pop<T: DeserializeOwned>(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Matches<Json<T>>, impl ToArgs> {
        self.arr_pop_from(key, path, -1)
    }

    /// The same at a place; negative ones count from the end, and one beyond an end is that end
    ///
    /// See [JSON.ARRPOP](https://redis.io/docs/latest/commands/json.arrpop/).
    pub fn arr_pop_from<T: DeserializeOwned>(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
        place: i64,
    ) -> Call<'a, Matches<Json<T>>, impl ToArgs> {
        self.call(named!("JSON.ARRPOP"), (key, path.into(), place))
    }

    /// Keeps the elements from `start` to `stop`, both included, and returns the new lengths; negative places count from the end
    ///
    /// See [JSON.ARRTRIM](https://redis.io/docs/latest/commands/json.arrtrim/).
    pub fn arr_trim(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
        start: i64,
        stop: i64,
    ) -> Call<'a, Matches<u64>, impl ToArgs> {
        self.call(named!("JSON.ARRTRIM"), (key, path.into(), start, stop))
    }
}

/// A number that can be sent: an integer or a float
pub trait JsonNumber: Serialize {
    #[doc(hidden)]
    fn is_finite(&self) -> bool {
        true
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(impl JsonNumber for $type {})*};
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, Number);

impl JsonNumber for f32 {
    fn is_finite(&self) -> bool {
        Self::is_finite(*self)
    }
}

impl JsonNumber for f64 {
    fn is_finite(&self) -> bool {
        Self::is_finite(*self)
    }
}

/// Keys, paths and values
struct Triples<K>(Vec<(K, JsonPath, Text)>);

impl<K> Triples<K> {
    /// Why they cannot be sent, if they cannot.
    fn fault(&self) -> Option<&'static str> {
        match self.0.is_empty() {
            true => Some("no values are given"),
            false => {
                self.0.iter().find_map(|(_, path, value)| value.fault().or_else(|| path.fault()))
            }
        }
    }
}

impl<K: ToArg> ToArgs for Triples<K> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        for (key, path, value) in &self.0 {
            args.extend([key.to_arg(), path.to_arg(), value.to_arg()]);
        }
    }
}
