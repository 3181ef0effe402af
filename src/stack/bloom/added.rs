//! What became of items that were added.

use std::ops::Deref;

use crate::resp::{FromReply, Reply, ReplyError, ServerError};

/// Whether each item was new, in the order of the items, as far as the server went
///
/// A filter that is full and does not grow ends the list: the last element is an error, and the items behind it have no
/// element. They were not added either.
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// let added = db.bloom().madd("seen", ["a", "b", "c"]).await?;
/// match added.error() {
///     None => println!("all added: {:?}", added.into_flags()),
///     Some(error) => println!("{} of 3 were added: {error}", added.len() - 1),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BloomAdded(Vec<Result<bool, ServerError>>);

impl BloomAdded {
    /// Why items were not added; `None` if all were, or had been before.
    pub fn error(&self) -> Option<&ServerError> {
        self.0.iter().find_map(|item| item.as_ref().err())
    }

    /// Whether each item was new.
    ///
    /// # Errors
    ///
    /// Why items were not added.
    pub fn into_flags(self) -> Result<Vec<bool>, ServerError> {
        self.0.into_iter().collect()
    }
}

impl Deref for BloomAdded {
    type Target = [Result<bool, ServerError>];

    fn deref(&self) -> &[Result<bool, ServerError>] {
        &self.0
    }
}

impl FromReply for BloomAdded {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        reply.decode().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    #[test]
    fn a_full_filter_ends_the_list() {
        let decode = |text: &str| Frame::copy_from_slice(text.as_bytes()).decode::<BloomAdded>();
        let all = decode("*2\r\n:1\r\n:0\r\n").unwrap();
        assert_eq!((all.error(), all.clone().into_flags()), (None, Ok(vec![true, false])));
        assert_eq!(decode("*2\r\n#t\r\n#f\r\n").unwrap(), all);
        let full = decode("*2\r\n:1\r\n-ERR full\r\n").unwrap();
        assert_eq!((full.len(), &full[0]), (2, &Ok(true)));
        assert!(full.error().is_some() && full.into_flags().is_err());
        assert!(matches!(decode("-WRONGTYPE no\r\n"), Err(ReplyError::Server(_))));
    }
}
