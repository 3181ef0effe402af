/// A credential that is not accepted; the text is for logs, clients are not told
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denied(pub(crate) &'static str);
