//! Commands that read, and the index.

use std::time::Duration;

use super::{Document, DocumentCommands, Indexed, Row, Storage, fault_of};
use crate::{
    Call, Result,
    command::named,
    database::{Join, checks::Unless},
    pipeline,
    resp::{Arg, FromReply, ToArg, ToArgs},
    stack::search::{
        Aggregate, AggregatePage, Ensured, Query, Rebuilt, SearchOptions, SearchPage, SearchStream,
    },
};

impl<'a, D: Document> DocumentCommands<'a, D> {
    /// The document with this id; `None` if there is none
    pub fn load<I: ToArg>(self, id: I) -> Call<'a, Option<D>, impl ToArgs + use<'a, D, I>> {
        let name = if D::Storage::IS_JSON { named!("JSON.GET") } else { named!("HGETALL") };
        let fault = fault_of(&id);
        self.db.call(name, (self.key(id),)).unless(fault)
    }

    /// The documents with these ids, in their order; `None` where there is none
    ///
    /// JSON documents are one command, of which each of several servers gets its part; of hashes each is one, sent together.
    ///
    /// # Errors
    /// Those of the commands.
    pub async fn load_many<I: ToArg>(
        self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Option<D>>> {
        let (mut keys, mut fault) = (Vec::<Arg<'static>>::new(), None);
        for id in ids {
            fault = fault.or_else(|| fault_of(&id));
            keys.push(self.key(id));
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        if D::Storage::IS_JSON {
            // The old path of the root: what it finds comes without a list around it.
            return self.db.call(named!("JSON.MGET"), Join(keys, (".",))).unless(fault).await;
        }
        let one = |key| self.db.call(named!("HGETALL"), (key,)).unless(fault);
        pipeline(keys.into_iter().map(one).collect::<Vec<_>>()).all().await
    }

    /// Whether there is a document with this id
    pub fn exists<I: ToArg>(self, id: I) -> Call<'a, bool, impl ToArgs + use<'a, D, I>> {
        let fault = fault_of(&id);
        self.db.call(named!("EXISTS"), (self.key(id),)).unless(fault)
    }
}

/// The index. That there is one is said at each method, so that the compiler says why a method is not there.
impl<'a, D: Document> DocumentCommands<'a, D> {
    /// Searches the index of the documents
    ///
    /// Rows have the key and the document: see [`search`](crate::stack::search::SearchCommands::search), which finds other rows in the index
    /// [`Indexed::INDEX`], such as ids only, or documents with scores.
    pub fn find<Q: Into<Query>>(
        self,
        query: Q,
        options: SearchOptions,
    ) -> Call<'a, SearchPage<Row<D>>, impl ToArgs + use<'a, D, Q>>
    where
        D: Indexed,
    {
        self.db.search().search(D::INDEX, query, options)
    }

    /// All documents that match, as a stream: see [`search_all`](crate::stack::search::SearchCommands::search_all)
    pub fn find_all(
        self,
        query: impl Into<Query>,
        options: SearchOptions,
    ) -> SearchStream<'a, Row<D>>
    where
        D: Indexed,
    {
        self.db.search().search_all(D::INDEX, query, options)
    }

    /// How many documents match
    pub fn count<Q: Into<Query>>(self, query: Q) -> Call<'a, u64, impl ToArgs + use<'a, D, Q>>
    where
        D: Indexed,
    {
        self.db.search().count(D::INDEX, query)
    }

    /// Rows that steps make of what a query finds, such as facets: see [`aggregate`](crate::stack::search::SearchCommands::aggregate)
    pub fn aggregate<T: FromReply>(
        self,
        aggregate: Aggregate,
    ) -> Call<'a, AggregatePage<T>, impl ToArgs + use<'a, D, T>>
    where
        D: Indexed,
    {
        self.db.search().aggregate(D::INDEX, aggregate)
    }

    /// Makes the index if there is none, and adds fields that it lacks: see [`ensure`](crate::stack::search::SearchCommands::ensure)
    ///
    /// # Errors
    /// Those of the commands.
    pub async fn ensure(self) -> Result<Ensured>
    where
        D: Indexed,
    {
        self.db.search().ensure(D::INDEX, &D::index_schema()).await
    }

    /// Makes a new index and gives it the name, as an alias: see [`rebuild`](crate::stack::search::SearchCommands::rebuild)
    ///
    /// # Errors
    /// Those of the commands, and where the name is that of an index, which [`ensure`](Self::ensure) has made.
    pub async fn rebuild(self, within: Duration) -> Result<Rebuilt>
    where
        D: Indexed,
    {
        self.db.search().rebuild(D::INDEX, &D::index_schema(), within).await
    }
}
