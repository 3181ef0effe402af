//! Commands that read.

use serde::{Serialize, de::DeserializeOwned};

use super::{Json, JsonCommands, JsonLayout, JsonPath, JsonTypes, Matches, text::Text};
use crate::{
    Call,
    command::named,
    database::{Join, checks::Unless},
    resp::{FromReply, ToArg, ToArgs},
};

impl<'a> JsonCommands<'a> {
    /// The whole document; `None` if there is no such key
    ///
    /// See [JSON.GET](https://redis.io/docs/latest/commands/json.get/).
    pub fn get<T: DeserializeOwned>(
        self,
        key: impl ToArg,
    ) -> Call<'a, Option<Json<T>>, impl ToArgs> {
        self.call(named!("JSON.GET"), (key,))
    }

    /// All values that the path finds; `None` if there is no such key
    ///
    /// See [JSON.GET](https://redis.io/docs/latest/commands/json.get/).
    pub fn get_at<T: DeserializeOwned>(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Option<Json<Vec<T>>>, impl ToArgs> {
        self.call(named!("JSON.GET"), (key, path.into()))
    }

    /// What several paths find, as an object whose members are the paths and whose values are lists
    ///
    /// Its order is not that of the paths: ask for a map, or for a struct whose fields are renamed to paths. Give two
    /// paths or more: of one the reply is the list.
    ///
    /// See [JSON.GET](https://redis.io/docs/latest/commands/json.get/).
    pub fn get_paths<T: DeserializeOwned>(
        self,
        key: impl ToArg,
        paths: impl IntoIterator<Item = impl Into<JsonPath>>,
    ) -> Call<'a, Option<Json<T>>, impl ToArgs> {
        let paths: Vec<JsonPath> = paths.into_iter().map(Into::into).collect();
        let fault = (paths.len() < 2).then_some("give two paths or more");
        self.call(named!("JSON.GET"), Join((key,), paths)).unless(fault)
    }

    /// The whole document as a text in this layout; `None` if there is no such key
    ///
    /// See [JSON.GET](https://redis.io/docs/latest/commands/json.get/).
    pub fn get_text(
        self,
        key: impl ToArg,
        layout: JsonLayout,
    ) -> Call<'a, Option<String>, impl ToArgs> {
        self.call(named!("JSON.GET"), Join((key,), layout))
    }

    /// The documents of several keys, in their order; `None` where there is none, or the key has another type
    ///
    /// Where there are several servers, each is asked for its part. With Valkey a key of another type is an error.
    ///
    /// See [JSON.MGET](https://redis.io/docs/latest/commands/json.mget/).
    pub fn mget<T: DeserializeOwned>(
        self,
        keys: impl ToArgs,
    ) -> Call<'a, Vec<Option<Json<T>>>, impl ToArgs> {
        // The old path of the root: what it finds comes without a list around it.
        self.call(named!("JSON.MGET"), Join(keys, (".",)))
    }

    /// What the path finds in the documents of several keys: see [`mget`](Self::mget)
    ///
    /// See [JSON.MGET](https://redis.io/docs/latest/commands/json.mget/).
    pub fn mget_at<T: DeserializeOwned>(
        self,
        keys: impl ToArgs,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Vec<Option<Json<Vec<T>>>>, impl ToArgs> {
        self.call(named!("JSON.MGET"), Join(keys, (path.into(),)))
    }

    /// The types of the values that the path finds; `None` if there is no such key
    ///
    /// See [JSON.TYPE](https://redis.io/docs/latest/commands/json.type/).
    pub fn type_of(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Option<JsonTypes>, impl ToArgs> {
        self.call(named!("JSON.TYPE"), (key, path.into()))
    }

    /// The lengths of texts, in bytes; `None` if there is no such key
    ///
    /// See [JSON.STRLEN](https://redis.io/docs/latest/commands/json.strlen/).
    pub fn str_len(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Option<Matches<u64>>, impl ToArgs> {
        self.call(named!("JSON.STRLEN"), (key, path.into()))
    }

    /// The lengths of arrays; `None` if there is no such key
    ///
    /// See [JSON.ARRLEN](https://redis.io/docs/latest/commands/json.arrlen/).
    pub fn arr_len(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Option<Matches<u64>>, impl ToArgs> {
        self.call(named!("JSON.ARRLEN"), (key, path.into()))
    }

    /// The place of the first such element in each array, -1 where it has none; `None` if there is no such key
    ///
    /// See [JSON.ARRINDEX](https://redis.io/docs/latest/commands/json.arrindex/).
    pub fn arr_index<K: ToArg, P: Into<JsonPath>, V: Serialize + ?Sized>(
        self,
        key: K,
        path: P,
        element: &V,
    ) -> Call<'a, Option<Matches<i64>>, impl ToArgs + use<'a, K, P, V>> {
        self.arr_index_within(key, path, element, 0, 0)
    }

    /// The same from the place `start` to before `stop`; negative ones count from the end, and a `stop` of 0 is the end
    ///
    /// See [JSON.ARRINDEX](https://redis.io/docs/latest/commands/json.arrindex/).
    pub fn arr_index_within<K: ToArg, P: Into<JsonPath>, V: Serialize + ?Sized>(
        self,
        key: K,
        path: P,
        element: &V,
        start: i64,
        stop: i64,
    ) -> Call<'a, Option<Matches<i64>>, impl ToArgs + use<'a, K, P, V>> {
        let element = Text::of(element);
        let fault = element.fault();
        let call = self.call(named!("JSON.ARRINDEX"), (key, path.into(), element, start, stop));
        call.unless(fault)
    }

    /// The numbers of members of objects; `None` if there is no such key
    ///
    /// See [JSON.OBJLEN](https://redis.io/docs/latest/commands/json.objlen/).
    pub fn obj_len(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Option<Matches<u64>>, impl ToArgs> {
        self.call(named!("JSON.OBJLEN"), (key, path.into()))
    }

    /// The names of the members of objects; `None` if there is no such key
    ///
    /// With Valkey, a value that is no object has no names (`Some` of an empty list).
    ///
    /// See [JSON.OBJKEYS](https://redis.io/docs/latest/commands/json.objkeys/).
    pub fn obj_keys(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Option<Matches<Vec<String>>>, impl ToArgs> {
        self.call(named!("JSON.OBJKEYS"), (key, path.into()))
    }

    /// The values in the form of replies: objects are lists that begin with `{`, arrays are lists that begin with `[`
    ///
    /// Over RESP2 floats are texts.
    ///
    /// See [JSON.RESP](https://redis.io/docs/latest/commands/json.resp/). Deprecated since RedisJSON 2.6: `get` is clearer.
    pub fn resp<T: FromReply>(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Option<T>, impl ToArgs> {
        self.call(named!("JSON.RESP"), (key, path.into()))
    }

    /// The memory that values take, in bytes; `None` or an empty list if there is no such key
    ///
    /// See [JSON.DEBUG MEMORY](https://redis.io/docs/latest/commands/json.debug-memory/).
    pub fn debug_memory(
        self,
        key: impl ToArg,
        path: impl Into<JsonPath>,
    ) -> Call<'a, Option<Matches<u64>>, impl ToArgs> {
        self.db.call2("JSON.DEBUG", "MEMORY", (key, path.into()))
    }
}
