//! Changes that a program announces to the others on the configuration channel.

use std::{fmt, sync::Arc};

use redmux_transport::Endpoint;

use super::text::write_name;

/// Bytes of a message that are read as an endpoint: a host name has at most 253.
const LONGEST: usize = 270;

/// A change of configuration was announced on the configuration channel
///
/// Programs with StackExchange.Redis publish there too, so that both kinds may share servers. See the [option
/// `configChannel`](crate::Options::config_channel).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConfigurationChangedBroadcast {
    /// The server that the message came through.
    pub endpoint: Arc<Endpoint>,
    /// The server that the message names: after a failover the new primary. `None` for a message that names none (`*`), or
    /// something that is no endpoint.
    pub announced: Option<Endpoint>,
}

impl ConfigurationChangedBroadcast {
    pub(crate) fn read(endpoint: Arc<Endpoint>, payload: &[u8]) -> Self {
        let text = std::str::from_utf8(payload).ok().filter(|text| text.len() <= LONGEST);
        let announced = text.filter(|text| *text != "*").and_then(|text| text.parse().ok());
        // `host:port` and nothing else: a path or a URL was never announced by anybody.
        let announced = announced.filter(|endpoint| matches!(endpoint, Endpoint::Tcp { .. }));
        Self { endpoint, announced }
    }
}

impl fmt::Display for ConfigurationChangedBroadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration change announced through {}", self.endpoint)?;
        match &self.announced {
            Some(announced) => {
                f.write_str(": ")?;
                write_name(f, announced.to_string().as_bytes())
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(payload: &[u8]) -> ConfigurationChangedBroadcast {
        ConfigurationChangedBroadcast::read(Arc::new(Endpoint::tcp("h", 1)), payload)
    }

    #[test]
    fn a_broadcast_names_a_server_or_none() {
        for (payload, announced, shown) in [
            ("*", None, "configuration change announced through h:1"),
            ("", None, "configuration change announced through h:1"),
            ("unix:/path", None, "configuration change announced through h:1"),
            ("h:port", None, "configuration change announced through h:1"),
            (
                "10.0.0.4:6380",
                Some(Endpoint::tcp("10.0.0.4", 6380)),
                "configuration change announced through h:1: 10.0.0.4:6380",
            ),
            (
                "[::1]:6379",
                Some(Endpoint::tcp("::1", 6379)),
                "configuration change announced through h:1: [::1]:6379",
            ),
        ] {
            let read = read(payload.as_bytes());
            assert_eq!(read.announced, announced, "{payload}");
            assert_eq!(read.to_string(), shown);
        }
        assert_eq!(read(&[b'x'; LONGEST + 1]).announced, None);
        assert_eq!(read(&[0xff; 3]).announced, None);
    }

    proptest! {
        #[test]
        fn any_message_is_read(payload in prop::collection::vec(any::<u8>(), 0..400), text in ".{0,40}:[0-9]{1,5}") {
            for payload in [&payload, text.as_bytes()] {
                let shown = read(payload).to_string();
                prop_assert!(!shown.contains('\n') && shown.len() < 4000);
            }
        }
    }
}
