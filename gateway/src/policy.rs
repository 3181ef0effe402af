use redmux::resp::Items;

/// A command that the gateway does not forward
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the command {command} is refused: {reason}")]
pub struct Refusal {
    /// Its canonical name.
    pub command: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// Which commands may pass
///
/// This version refuses only what would turn the connection into something else than
/// commands and replies. Rules per client come on top of it; Redis's own ACL is the second
/// wall.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Policy {}

/// Exact names, upper case.
const REFUSED: &[(&str, &str)] = &[
    ("SYNC", "it makes the connection a replication stream"),
    ("PSYNC", "it makes the connection a replication stream"),
    ("REPLCONF", "it is spoken between servers"),
    ("MONITOR", "it shows the commands of every client"),
];

impl Policy {
    /// Decides on one command, given its words.
    ///
    /// # Errors
    /// The command may not pass.
    pub fn check(&self, mut words: Items<'_>) -> Result<(), Refusal> {
        let Some(name) = words.next().and_then(|word| word.as_bytes()) else { return Ok(()) };
        match REFUSED.iter().find(|(refused, _)| name.eq_ignore_ascii_case(refused.as_bytes())) {
            Some(&(command, reason)) => Err(Refusal { command, reason }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use redmux::resp::{Arg, Frame, encode_command};

    use super::*;

    fn check(word: &str) -> Result<(), Refusal> {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &[Arg::Bytes(word.as_bytes())]);
        let frame = Frame::copy_from_slice(&bytes);
        Policy::default().check(frame.reply().items().unwrap())
    }

    #[test]
    fn names_are_compared_whole_and_in_any_case() {
        for word in ["SYNC", "psync", "Monitor", "REPLCONF"] {
            assert!(check(word).is_err(), "{word}");
        }
        for word in ["GET", "SYNCX", "MONITO", "", "SYN", "\u{17f}ync"] {
            assert!(check(word).is_ok(), "{word}");
        }
    }
}
