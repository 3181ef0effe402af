//! Commands for indexes and their aliases.

use super::{
    IndexInfo, Schema, SearchCommands,
    schema::{fault_of_fields, fault_of_name},
};
use crate::{
    Call,
    command::named,
    database::{Join, checks::Unless},
    resp::{Arg, ToArg, ToArgs},
};

/// What a name is that is no name.
const INDEX: &str = "the name of the index";
const ALIAS: &str = "the alias";

impl<'a> SearchCommands<'a> {
    /// Makes an index; documents that are there already come into it in the background
    ///
    /// An error if there is one of this name: [`ensure`](Self::ensure) makes it only then, and adds fields that it lacks.
    /// Indexes are in database 0.
    ///
    /// See [FT.CREATE](https://redis.io/docs/latest/commands/ft.create/). valkey-search has fields of the types TEXT, TAG,
    /// NUMERIC and VECTOR, and a part of the options.
    pub fn create<K: ToArg>(
        self,
        index: K,
        schema: &Schema,
    ) -> Call<'a, (), impl ToArgs + use<'a, K>> {
        let fault = fault_of_name(&index, INDEX).or_else(|| schema.fault());
        self.call(named!("FT.CREATE"), Join((index,), schema.words())).unless(fault)
    }

    /// Adds the fields of this schema to an index; of its options, only
    /// [`skip_initial_scan`](Schema::skip_initial_scan) counts
    ///
    /// The schema says whether its documents are hashes or JSON, since paths are written accordingly. An error
    /// if the index has a field of one of the names.
    ///
    /// See [FT.ALTER](https://redis.io/docs/latest/commands/ft.alter/). Not with valkey-search.
    pub fn alter<K: ToArg>(
        self,
        index: K,
        added: &Schema,
    ) -> Call<'a, (), impl ToArgs + use<'a, K>> {
        let fault = fault_of_name(&index, INDEX)
            .or_else(|| fault_of_fields(&added.fields, added.documents));
        self.call(named!("FT.ALTER"), Join((index,), added.added_words())).unless(fault)
    }

    /// Removes an index; its documents stay
    ///
    /// An error if there is none of this name.
    ///
    /// See [FT.DROPINDEX](https://redis.io/docs/latest/commands/ft.dropindex/).
    pub fn drop_index(self, index: impl ToArg) -> Call<'a, (), impl ToArgs> {
        self.call(named!("FT.DROPINDEX"), (index,))
    }

    /// Removes an index **and the documents in it** (`DD`)
    ///
    /// See [FT.DROPINDEX](https://redis.io/docs/latest/commands/ft.dropindex/). Not with valkey-search.
    pub fn drop_index_and_documents(self, index: impl ToArg) -> Call<'a, (), impl ToArgs> {
        self.call(named!("FT.DROPINDEX"), (index, "DD"))
    }

    /// What the server knows about an index, by its name or an alias
    ///
    /// An error if there is none, whose text differs by version: [`list`](Self::list) says what there is.
    ///
    /// RediSearch 2.8 (Redis Stack 7.2) writes the last value that it could not index into this reply as it is: a document
    /// with a line end in a field of numbers makes the reply unreadable, and those behind it on the connection wrong.
    /// Where strangers write documents, use a newer server, or
    /// [`high_integrity`](crate::Options::high_integrity), with which no other caller gets a wrong reply.
    ///
    /// See [FT.INFO](https://redis.io/docs/latest/commands/ft.info/).
    pub fn info(self, index: impl ToArg) -> Call<'a, IndexInfo, impl ToArgs> {
        self.call(named!("FT.INFO"), (index,))
    }

    /// The names of all indexes, in no order; aliases are not among them
    ///
    /// See [FT._LIST](https://redis.io/docs/latest/commands/ft._list/).
    pub fn list(self) -> Call<'a, Vec<String>, impl ToArgs> {
        self.call(named!("FT._LIST"), ())
    }

    /// Gives an index another name; an error if something has that name as an alias
    ///
    /// See [FT.ALIASADD](https://redis.io/docs/latest/commands/ft.aliasadd/). Not with valkey-search.
    pub fn alias_add<A: ToArg, K: ToArg>(
        self,
        alias: A,
        index: K,
    ) -> Call<'a, (), impl ToArgs + use<'a, A, K>> {
        let fault = fault_of_name(&alias, ALIAS);
        self.call(named!("FT.ALIASADD"), (alias, index)).unless(fault)
    }

    /// Gives an index another name, which may have been that of another index until now
    ///
    /// See [FT.ALIASUPDATE](https://redis.io/docs/latest/commands/ft.aliasupdate/). Not with valkey-search.
    pub fn alias_update<A: ToArg, K: ToArg>(
        self,
        alias: A,
        index: K,
    ) -> Call<'a, (), impl ToArgs + use<'a, A, K>> {
        let fault = fault_of_name(&alias, ALIAS);
        self.call(named!("FT.ALIASUPDATE"), (alias, index)).unless(fault)
    }

    /// Removes an alias; an error if there is none
    ///
    /// See [FT.ALIASDEL](https://redis.io/docs/latest/commands/ft.aliasdel/). Not with valkey-search.
    pub fn alias_del(self, alias: impl ToArg) -> Call<'a, (), impl ToArgs> {
        self.call(named!("FT.ALIASDEL"), (alias,))
    }

    /// The aliases of an index, in no order
    ///
    /// See [FT.ALIASLIST](https://redis.io/docs/latest/commands/ft.aliaslist/). Since Redis 8.10.
    pub fn alias_list(self, index: impl ToArg) -> Call<'a, Vec<String>, impl ToArgs> {
        self.call(named!("FT.ALIASLIST"), (index,))
    }

    /// The values of an option of the module; `*` is all of them
    ///
    /// See [FT.CONFIG GET](https://redis.io/docs/latest/commands/ft.config-get/). Since Redis 8.0 the options are those of
    /// the server, as `search-…`: see [`config_get`](crate::Database::config_get). Not with valkey-search.
    pub fn config_get(
        self,
        option: impl ToArg,
    ) -> Call<'a, Vec<(String, Option<String>)>, impl ToArgs> {
        self.db.call2("FT.CONFIG", "GET", (option,))
    }

    /// Sets an option of the module
    ///
    /// See [FT.CONFIG SET](https://redis.io/docs/latest/commands/ft.config-set/), and [`config_get`](Self::config_get).
    pub fn config_set(self, option: impl ToArg, value: impl ToArg) -> Call<'a, (), impl ToArgs> {
        self.db.call2("FT.CONFIG", "SET", (option, value))
    }
}

impl Schema {
    /// The words of `FT.ALTER` after the name.
    fn added_words(&self) -> Vec<Arg<'static>> {
        let mut words = super::schema::Words::default();
        words.flags([("SKIPINITIALSCAN", self.skip_initial_scan)]);
        words.texts(["SCHEMA", "ADD"]);
        super::schema::append(&self.fields, self.documents, &mut words);
        words.0
    }
}
