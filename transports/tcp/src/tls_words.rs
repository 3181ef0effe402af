//! Errors of TLS in words that lead to the cause.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures::io::{AsyncRead, AsyncWrite, IoSlice, IoSliceMut};
use futures_rustls::rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
use redmux_transport::CertificateRefused;

/// A stream whose errors are in words, from the first byte after the handshake on
///
/// With TLS 1.3 the server refuses a client's certificate only after the client has finished.
pub(crate) struct InWords<S>(pub(crate) S);

impl<S: AsyncRead + Unpin> AsyncRead for InWords<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, room).map_err(in_words)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        rooms: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read_vectored(cx, rooms).map_err(in_words)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for InWords<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes).map_err(in_words)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices).map_err(in_words)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx).map_err(in_words)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx).map_err(in_words)
    }
}

/// The handshake failed.
pub(crate) fn handshake_in_words(error: io::Error) -> io::Error {
    let without_a_word = error.get_ref().is_none_or(|inner| !inner.is::<Error>())
        && matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset);
    if !without_a_word {
        return in_words(error);
    }
    let message = "the peer ended the connection during the TLS handshake (does it speak TLS on \
                   this port?)";
    io::Error::new(error.kind(), message)
}

/// The same error, with what to do about it.
fn in_words(error: io::Error) -> io::Error {
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let (kind, message) = match rustls {
        Some(known) => match hint(known) {
            Some(hint) if refuses_certificate(known) => {
                let text = CertificateRefused(format!("{known}: {hint}"));
                return io::Error::new(error.kind(), text);
            }
            Some(hint) => (error.kind(), format!("{known}: {hint}")),
            None => return error,
        },
        // rustls has a message of its own for this, with the address of a page.
        None if error.kind() == io::ErrorKind::UnexpectedEof => (
            error.kind(),
            "the peer closed the connection without the end that TLS wants (close_notify): the \
             connection was cut on its way, or the server does so"
                .to_owned(),
        ),
        None => return error,
    };
    io::Error::new(kind, message)
}

/// Whether the server wants a certificate of the client, or does not accept the one that it has. An
/// alert of a failed handshake may be about something else.
fn refuses_certificate(error: &Error) -> bool {
    use AlertDescription::{
        BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked,
        CertificateUnknown, UnknownCA, UnsupportedCertificate,
    };
    matches!(
        error,
        Error::AlertReceived(
            BadCertificate
                | CertificateExpired
                | CertificateRequired
                | CertificateRevoked
                | CertificateUnknown
                | UnknownCA
                | UnsupportedCertificate
        )
    )
}

/// What an error of TLS is most likely about.
pub(crate) fn hint(error: &Error) -> Option<&'static str> {
    use AlertDescription::{
        BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked,
        CertificateUnknown, DecryptError, HandshakeFailure, ProtocolVersion, UnknownCA,
        UnsupportedCertificate,
    };
    Some(match error {
        Error::AlertReceived(CertificateRequired) => {
            "the server wants a client's certificate (sslCert and sslKey)"
        }
        Error::AlertReceived(HandshakeFailure) => {
            "the server wants a client's certificate (sslCert and sslKey), or shares no cipher"
        }
        Error::AlertReceived(
            BadCertificate
            | CertificateExpired
            | CertificateRevoked
            | CertificateUnknown
            | DecryptError
            | UnknownCA
            | UnsupportedCertificate,
        ) => "the server does not accept the client's certificate (sslCert and sslKey)",
        Error::AlertReceived(ProtocolVersion) | Error::PeerIncompatible(_) => {
            "server and client have no version or cipher of TLS in common (sslProtocols)"
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what arrived is not TLS: the server speaks plaintext on this port"
        }
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "no authority that is trusted here has signed the server's certificate (sslCa)"
        }
        Error::InvalidCertificate(certificate) => of_certificate(certificate)?,
        Error::InconsistentKeys(_) => "the key is not that of the certificate",
        _ => return None,
    })
}

/// What webpki says in words of its own only.
fn of_certificate(error: &CertificateError) -> Option<&'static str> {
    let CertificateError::Other(other) = error else { return None };
    match format!("{other:?}") {
        text if text.contains("CaUsedAsEndEntity") => Some(
            "the server shows the certificate of an authority (CA:TRUE) as its own: give it one \
             without CA:TRUE, signed by that authority",
        ),
        text if text.contains("UnsupportedCertVersion") => Some(
            "the server's certificate is of X.509 version 1: give it one of version 3, with the \
             name of the server as subjectAltName",
        ),
        _ => None,
    }
}
