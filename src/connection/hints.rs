//! Hints for the operator about a connection that failed, beyond the system's error.

use redmux_transport::{DialOptions, DialStage, Endpoint};

use crate::{
    Delivery, Error, ErrorKind,
    error::{ConnectStage, TimeoutStage},
    events::FailureType,
};

/// What ends a connection before it is ready is a failure to connect, and no command's.
pub(super) fn in_handshake(error: Error) -> Error {
    match error.kind() {
        // Commands that were sent with the handshake have their own errors.
        ErrorKind::ConnectionLost | ErrorKind::Protocol => {
            error.with_kind(ErrorKind::Connect(ConnectStage::Handshake)).deliver(Delivery::NotSent)
        }
        _ => error,
    }
}

/// The peer ended a connection on which it never said anything: a guess at the reason.
pub(super) fn without_a_word(
    error: Error,
    failure: FailureType,
    endpoint: &Endpoint,
    options: &DialOptions,
) -> Error {
    let plain = options.tls.is_none() && matches!(endpoint, Endpoint::Tcp { .. });
    if failure != FailureType::SocketClosed || !plain {
        return error;
    }
    error.detail(
        "the peer closed the connection without an answer: a server that wants TLS does (rediss://, ssl=true), and a \
         proxy that does not know HELLO or CLIENT (protocol=resp2, setlib=false, commandMap=twemproxy)",
    )
}

/// What the first bytes of a peer say that does not speak RESP.
pub(super) fn foreign(first: &[u8]) -> Option<&'static str> {
    match first {
        // The header of a TLS record: an alert, or a handshake message.
        [0x15 | 0x16, 0x03, ..] => Some("the peer speaks TLS: rediss:// or ssl=true"),
        [b'H', b'T', b'T', b'P', b'/', ..] => Some("the peer speaks HTTP, not RESP"),
        _ => None,
    }
}

/// An attempt took too long; `stage` says how far the transport had come.
pub(super) fn dial_timeout(limit: u64, stage: Option<DialStage>) -> Error {
    let detail = match stage {
        Some(DialStage::Tunnel) => "the proxy was reached and did not open the tunnel",
        Some(DialStage::Tls) => {
            "the socket is open and the TLS handshake did not end (does the server speak TLS there?)"
        }
        Some(DialStage::Upgrade) => "the socket is open and the HTTP upgrade was not answered",
        _ => "the transport did not connect",
    };
    timeout(limit, detail)
}

pub(super) fn handshake_timeout(limit: u64) -> Error {
    timeout(limit, "the server did not complete the handshake")
}

fn timeout(limit: u64, detail: &str) -> Error {
    Error::new(ErrorKind::Timeout(TimeoutStage::Connect), Delivery::NotSent)
        .detail(format!("{detail} within {} ms", limit / 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_of_another_protocol_are_named() {
        assert!(foreign(b"\x15\x03\x03\x00\x02\x02F").unwrap().contains("TLS"));
        assert!(foreign(b"HTTP/1.1 400 Bad Request").unwrap().contains("HTTP"));
        assert_eq!(foreign(b"Hello"), None);
        assert_eq!(foreign(b""), None);
    }

    #[test]
    fn a_dial_that_takes_too_long_says_how_far_it_came() {
        let texts = [None, Some(DialStage::Dial), Some(DialStage::Tunnel), Some(DialStage::Tls)]
            .map(|stage| dial_timeout(5_000_000, stage).to_string());
        assert_eq!(texts[0], texts[1]);
        assert!(texts[2].contains("tunnel") && texts[3].contains("TLS handshake"), "{texts:?}");
        assert!(texts.iter().all(|text| text.contains("within 5000 ms")));
    }
}
