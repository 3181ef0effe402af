//! An index in place of another one.

use std::time::Duration;

use redmux_transport::FAR;

use super::{Schema, SearchCommands, schema::fault_of_name};
use crate::{Delivery, Error, ErrorKind, Result, error::TimeoutStage, resp::ServerError};

/// How often another number is taken, because others make indexes meanwhile.
const ROUNDS: u64 = 16;

/// Between two looks at an index that is filling: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// What [`rebuild`](SearchCommands::rebuild) has done
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rebuilt {
    /// The new index.
    pub index: String,
    /// The one that it replaces, and that is gone.
    pub replaced: Option<String>,
}

impl SearchCommands<'_> {
    /// Makes a new index, waits until all documents are in it, gives it this alias, and removes the index that had it
    ///
    /// Searches by the alias find the old index until the new one is whole: none is lost. The new one is called after the
    /// alias and a number, such as `books:v2`. Waits for up to `within`; what takes longer is an error, and the new index
    /// is removed again.
    ///
    /// One at a time: of two that rebuild the same alias at once, both succeed, and one of their indexes is left
    /// over. A [lock](crate::Database::lock) prevents that. If the future is dropped, or the connection is lost, the new index may be left
    /// over, too; [`list`](Self::list) shows it.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use redmux::stack::search::{Schema, Text};
    ///
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let books = Schema::hash().prefix("book:").field(Text::new("title").no_stem());
    /// let rebuilt = db.search().rebuild("books", &books, Duration::from_secs(600)).await?;
    /// println!("searches for books use {}", rebuilt.index);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if the index is not whole in time; [`ErrorKind::Command`] if the alias is the name of an index,
    /// or the schema [skips](Schema::skip_initial_scan) the documents that are there. Else those of the commands. After an
    /// error that is [not certain](Delivery::MaybeExecuted) the alias may have moved already.
    pub async fn rebuild(self, alias: &str, schema: &Schema, within: Duration) -> Result<Rebuilt> {
        let refused = |fault: &str| Err(Error::rejected("FT.ALIASUPDATE", fault));
        if let Some(fault) = fault_of_name(&alias, "the alias") {
            return refused(&fault);
        }
        if schema.skip_initial_scan {
            return refused("the new index would skip the documents that are there");
        }
        let replaced = match self.find(alias).await? {
            None => None,
            Some(info) if info.name.as_deref() == Some(alias) => {
                return refused("an index has this name, and would hide the alias");
            }
            Some(info) => info.name,
        };
        let index = self.create_next(alias, schema, replaced.as_deref()).await?;
        if let Err(error) = self.fill(&index, within).await {
            // Whatever becomes of this: the first error is the one to tell.
            let _ = self.drop_index(&*index).await;
            return Err(error);
        }
        if let Err(error) = self.alias_update(alias, &*index).await {
            if error.delivery() != Delivery::MaybeExecuted {
                let _ = self.drop_index(&*index).await;
            }
            return Err(error);
        }
        if let Some(replaced) = &replaced {
            match self.drop_index(&**replaced).await {
                // Another program has done it.
                Err(error) if !error.is_server() => return Err(error),
                _ => {}
            }
        }
        Ok(Rebuilt { index, replaced })
    }

    /// Makes an index with the next number that is free, above that of the one to be replaced; returns its name.
    async fn create_next(
        self,
        alias: &str,
        schema: &Schema,
        replaced: Option<&str>,
    ) -> Result<String> {
        let names = self.list().await?;
        let names = names.iter().map(|name| &**name).chain(replaced);
        let last = names.filter_map(|name| number(name, alias)).max().unwrap_or(0);
        let mut rounds = 0;
        loop {
            rounds += 1;
            let index = format!("{alias}:v{}", last.saturating_add(rounds));
            match self.create(&*index, schema).await {
                Ok(()) => return Ok(index),
                // Another program was faster.
                Err(error)
                    if rounds < ROUNDS && error.server().is_some_and(ServerError::index_exists) => {
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until all documents are in the index.
    async fn fill(self, index: &str, within: Duration) -> Result<()> {
        let now = || self.db.runtime().now();
        let (end, mut pause) = (now() + within.min(FAR), FIRST_PAUSE);
        while !self.info(index).await?.is_indexed() {
            let left = end.saturating_duration_since(now());
            if left.is_zero() {
                let error =
                    Error::new(ErrorKind::Timeout(TimeoutStage::Response), Delivery::Answered);
                return Err(error.command("FT.INFO").detail("the new index is not whole yet"));
            }
            self.db.sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }
}

/// The number in the name of an index of this alias.
fn number(name: &str, alias: &str) -> Option<u64> {
    name.strip_prefix(alias)?.strip_prefix(":v")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_alias() {
        for (name, expected) in [
            ("books:v7", Some(7)),
            ("books:v", None),
            ("books:v7x", None),
            ("books", None),
            ("book:v7", None),
            ("books:v99999999999999999999999", None),
        ] {
            assert_eq!(number(name, "books"), expected, "{name}");
        }
    }
}
