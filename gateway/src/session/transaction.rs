use super::flight::subscribes;
use crate::policy::Refusal;

/// Whether the server queues what a client sends
#[derive(Debug, Default)]
pub(super) struct Transaction {
    open: bool,
}

const SUBSCRIPTIONS: [&str; 6] =
    ["SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "SSUBSCRIBE", "SUNSUBSCRIBE"];

impl Transaction {
    /// Notes the next command of a client.
    ///
    /// # Errors
    /// The command is not allowed in a transaction.
    ///
    /// A subscription in a transaction is confirmed inside the reply to `EXEC`, with more elements
    /// than that reply announces: its end could not be found.
    pub(super) fn take(&mut self, words: &[&[u8]]) -> Result<(), Refusal> {
        let name = words.first().copied().unwrap_or_default();
        match (name.len(), words.len()) {
            (5, 1) if name.eq_ignore_ascii_case(b"MULTI") => self.open = true,
            (4, 1) if name.eq_ignore_ascii_case(b"EXEC") => self.open = false,
            (7, 1) if name.eq_ignore_ascii_case(b"DISCARD") => self.open = false,
            _ if self.open && subscribes(name) => {
                let is = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
                return Err(Refusal {
                    command: SUBSCRIPTIONS.into_iter().find(is).unwrap_or("unknown"),
                    reason: "it may not be in a transaction",
                    fatal: false,
                });
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_refused_between_multi_and_its_end() {
        let mut transaction = Transaction::default();
        let mut take = |line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            transaction.take(&words).map_err(|refusal| refusal.command)
        };
        for (line, refused) in [
            ("SUBSCRIBE a", None),
            // Refused by the server: nothing is queued.
            ("MULTI x", None),
            ("UNSUBSCRIBE", None),
            ("multi", None),
            ("GET SUBSCRIBE", None),
            ("SUBSCRIBE a b", Some("SUBSCRIBE")),
            ("sunsubscribe", Some("SUNSUBSCRIBE")),
            ("EXEC x", None),
            ("PSUBSCRIBE a", Some("PSUBSCRIBE")),
            ("Exec", None),
            ("PSUBSCRIBE a", None),
            ("MULTI", None),
            ("DISCARD", None),
            ("UNSUBSCRIBE a", None),
        ] {
            assert_eq!(take(line).err(), refused, "{line}");
        }
    }
}
