/// A credential that is not accepted; the reason is for logs, and is not sent to the client
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denied(pub(crate) &'static str);
