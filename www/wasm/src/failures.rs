//! Why a connection failed, in one word.

use redmux::events::FailureType;

/// A name in camel case, as in JavaScript.
pub(crate) fn failure(failure: FailureType) -> String {
    let mut name = failure.to_string();
    name[..1].make_ascii_lowercase();
    name
}
