//! Changes that are tried again.

use super::{Document, DocumentCommands, Numbered, Updated, Version};
use crate::{
    Delivery, Error, ErrorKind, Result,
    database::waits::wait,
    resp::{Arg, ToArg},
};

/// How often a change is tried.
const ATTEMPTS: u32 = 16;

/// What [`change`](DocumentCommands::change) has done
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Changed {
    /// The document was changed, and has this version now.
    Done(u64),
    /// The closure did not want it to be written.
    Left,
    /// There is no such document.
    Missing,
}

impl Changed {
    /// Whether the document was changed.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Done(_))
    }
}

impl<D: Document<Version: Numbered>> DocumentCommands<'_, D> {
    /// Reads a document, changes it and writes it, and does so again if another program wrote it meanwhile
    ///
    /// `change` gets the stored document, and returns whether it is to be written. It is called again for each attempt, of which there are
    /// 16, each after a short random wait: it should do nothing else. Of changes that are made in this way at the same time none is lost.
    ///
    #[cfg_attr(feature = "derive", doc = "```no_run")]
    #[cfg_attr(not(feature = "derive"), doc = "```ignore")]
    /// # use redmux::stack::documents::{Changed, Document};
    /// # #[derive(serde::Serialize, serde::Deserialize, Document)]
    /// # #[document(json, prefix = "product:")]
    /// # struct Product { #[document(id)] id: u64, left: u32, #[document(version)] version: u64 }
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let sale = db.documents::<Product>().change(7, |product| {
    ///     let is_there = product.left > 0;
    ///     product.left = product.left.saturating_sub(1);
    ///     is_there
    /// });
    /// match sale.await? {
    ///     Changed::Done(_) => println!("sold"),
    ///     Changed::Left | Changed::Missing => println!("none is left"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Reads go to the primary. Each command has its own time.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if others wrote the document in every attempt;
    /// [`ErrorKind::Command`] if the closure changes the id or the version; those of the commands. After one that is
    /// [not certain](crate::Delivery::MaybeExecuted) the change may have been written.
    pub async fn change<F>(self, id: impl ToArg, mut change: F) -> Result<Changed>
    where
        F: FnMut(&mut D) -> bool,
    {
        let id: Arg<'static> = id.to_arg().into_owned();
        for attempt in 1..=ATTEMPTS {
            let load = self.load(&id);
            #[cfg(feature = "topology")]
            let load = load.read_from(crate::options::ReadFrom::Primary);
            let Some(mut document) = load.await? else { return Ok(Changed::Missing) };
            let version = document.version().number();
            if !change(&mut document) {
                return Ok(Changed::Left);
            }
            let is_same = document.id().to_arg().as_bytes() == id.as_bytes();
            if !is_same || document.version().number() != version {
                let fault = "the document that is written has another id or version than the one that was read";
                return Err(Error::rejected("EVAL", fault));
            }
            match self.update(&document).await? {
                Updated::Done(version) => return Ok(Changed::Done(version)),
                Updated::Missing => return Ok(Changed::Missing),
                Updated::Stale(_) if attempt < ATTEMPTS => wait(self.db.runtime(), attempt).await,
                Updated::Stale(_) => {}
            }
        }
        let detail = format!("the document was written by others in each of {ATTEMPTS} attempts");
        Err(Error::new(ErrorKind::Conflict, Delivery::Answered).command("EVAL").detail(detail))
    }
}
