use std::{fmt, str::FromStr};

use crate::{Delivery, Error, ErrorKind};

/// Whether this may say which servers were scanned.
fn is_walk(text: &str) -> bool {
    #[cfg(feature = "topology")]
    let is = super::walk::is_text(text);
    #[cfg(not(feature = "topology"))]
    let is = text.is_empty();
    is
}

/// Where a scan has come to: opaque, and a text in order to be stored
///
/// Returned by [`ScanStream::cursor`](super::ScanStream::cursor), taken by
/// [`resume_at`](super::ScanStream::resume_at). It is good for the same collection on the same
/// server, or in the same cluster. Do not compute with the text: what it holds may change. The default is the beginning.
///
/// ```
/// use redmux::database::scans::ScanCursor;
///
/// let stored = ScanCursor::default().to_string();
/// assert_eq!(stored.parse::<ScanCursor>()?, ScanCursor::default());
/// assert!("somewhere".parse::<ScanCursor>().is_err());
/// # Ok::<(), redmux::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ScanCursor {
    position: u64,
    /// Which servers of a cluster were scanned, and which one is.
    walk: Option<Box<str>>,
}

impl ScanCursor {
    pub(super) fn new(position: u64) -> Self {
        Self { position, walk: None }
    }

    #[cfg(feature = "topology")]
    pub(super) fn of_walk(position: u64, walk: String) -> Self {
        Self { position, walk: Some(walk.into()) }
    }

    #[cfg(feature = "topology")]
    pub(super) fn walk(&self) -> Option<&str> {
        self.walk.as_deref()
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }
}

impl fmt::Display for ScanCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.walk {
            None => self.position.fmt(f),
            Some(walk) => write!(f, "{}@{walk}", self.position),
        }
    }
}

impl FromStr for ScanCursor {
    type Err = Error;

    /// Reads what `Display` wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for any other text.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (position, walk) = match text.split_once('@') {
            Some((position, walk)) => (position, Some(walk)),
            None => (text, None),
        };
        match position.parse() {
            Ok(position) if walk.is_none_or(is_walk) => {
                Ok(Self { position, walk: walk.map(Into::into) })
            }
            _ => Err(Error::new(ErrorKind::Config, Delivery::NotSent)
                .detail("this is no cursor of a scan")),
        }
    }
}
