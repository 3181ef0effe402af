use std::{fmt, str::FromStr};

use crate::{Delivery, Error, ErrorKind};

/// Where a scan has come to: opaque, and a text in order to be stored
///
/// Returned by [`ScanStream::cursor`](super::ScanStream::cursor), taken by
/// [`resume_at`](super::ScanStream::resume_at). It is good for the same collection on the same
/// server. Do not compute with the text: what it holds may change. The default is the beginning.
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
pub struct ScanCursor(u64);

impl ScanCursor {
    pub(super) fn new(position: u64) -> Self {
        Self(position)
    }

    pub(super) fn position(&self) -> u64 {
        self.0
    }
}

impl fmt::Display for ScanCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ScanCursor {
    type Err = Error;

    /// Reads what `Display` wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for any other text.
    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse().map(Self).map_err(|_| {
            Error::new(ErrorKind::Config, Delivery::NotSent).detail("this is no cursor of a scan")
        })
    }
}
