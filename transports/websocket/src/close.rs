use std::{error::Error, fmt, io};

/// How a WebSocket ended: the code and the reason of its close frame
///
/// Inside the [`io::Error`] that a closed connection gives:
///
/// ```
/// use redmux_websocket::CloseCode;
///
/// fn refused(error: &std::io::Error) -> bool {
///     error
///         .get_ref()
///         .and_then(|inner| inner.downcast_ref::<CloseCode>())
///         .is_some_and(|close| close.code == 1008)
/// }
/// # assert!(!refused(&std::io::ErrorKind::BrokenPipe.into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseCode {
    /// The code; 1006 if the connection ended without a close frame, 1005 if the frame
    /// held none.
    pub code: u16,
    /// The reason given with the code, or what the runtime said about a failure; often
    /// empty.
    pub reason: String,
}

impl CloseCode {
    /// No close frame came: the connection broke, or was never there.
    pub(crate) const ABNORMAL: u16 = 1006;
    const NONE_GIVEN: u16 = 1005;

    pub(crate) fn new(code: u16, reason: String) -> Self {
        Self { code, reason }
    }

    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) fn abnormal() -> Self {
        Self::new(Self::ABNORMAL, String::new())
    }

    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) fn none_given() -> Self {
        Self::new(Self::NONE_GIVEN, String::new())
    }

    /// Whether it is an ordinary end of the stream: 1000 (done), 1001 (going away), or a
    /// close frame without a code.
    pub fn is_clean(&self) -> bool {
        matches!(self.code, 1000 | 1001 | Self::NONE_GIVEN)
    }

    /// The end as a read sees it.
    pub(crate) fn read(&self) -> io::Result<usize> {
        if self.is_clean() { Ok(0) } else { Err(self.to_error()) }
    }

    /// The end as a write sees it.
    pub(crate) fn write(&self) -> io::Error {
        if self.is_clean() {
            io::Error::new(io::ErrorKind::BrokenPipe, self.clone())
        } else {
            self.to_error()
        }
    }

    pub(crate) fn to_error(&self) -> io::Error {
        let kind = match self.code {
            Self::ABNORMAL => io::ErrorKind::ConnectionReset,
            _ => io::ErrorKind::ConnectionAborted,
        };
        io::Error::new(kind, self.clone())
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code == Self::ABNORMAL {
            f.write_str("the connection broke (1006)")?;
        } else {
            f.write_str("the WebSocket was closed with code ")?;
            self.code.fmt(f)?;
        }
        if !self.reason.is_empty() {
            f.write_str(": ")?;
            f.write_str(&self.reason)?;
        }
        Ok(())
    }
}

impl Error for CloseCode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_codes_end_the_stream_and_others_fail_it() {
        for code in [1000, 1001, 1005] {
            let close = CloseCode::new(code, String::new());
            assert_eq!(close.read().unwrap(), 0);
            assert_eq!(close.write().kind(), io::ErrorKind::BrokenPipe);
        }
        let close = CloseCode::new(4401, "token expired".to_owned());
        let error = close.read().unwrap_err();
        assert_eq!(error.to_string(), "the WebSocket was closed with code 4401: token expired");
        assert_eq!(error.get_ref().unwrap().downcast_ref(), Some(&close));
        let error = CloseCode::abnormal().write();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(error.to_string(), "the connection broke (1006)");
    }
}
