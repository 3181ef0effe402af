//! Codes of the host, in words that lead to the cause.

use std::io;

use wasip2::sockets::network::ErrorCode;

/// What a socket could not do.
pub(super) fn in_words(code: ErrorCode) -> io::Error {
    use io::ErrorKind::*;
    let (kind, text) = match code {
        ErrorCode::ConnectionRefused => (ConnectionRefused, "connection refused"),
        ErrorCode::ConnectionReset => (ConnectionReset, "connection reset"),
        ErrorCode::ConnectionAborted => (ConnectionAborted, "connection aborted"),
        ErrorCode::RemoteUnreachable => (HostUnreachable, "no way to this address"),
        ErrorCode::Timeout => (TimedOut, "the other side does not answer"),
        ErrorCode::AddressNotBindable => (AddrNotAvailable, "no address of this kind here"),
        ErrorCode::InvalidState => (NotConnected, "not connected"),
        ErrorCode::NotSupported => (Unsupported, "this host has no such sockets"),
        ErrorCode::AccessDenied => (
            PermissionDenied,
            "this host allows the component no connection there (wasmtime: `-S inherit-network`, \
             Spin: `allowed_outbound_hosts`)",
        ),
        other => return io::Error::other(other.name()),
    };
    io::Error::new(kind, text)
}

/// Why a name has no address.
pub(super) fn name_in_words(code: ErrorCode) -> io::Error {
    use io::ErrorKind::*;
    let (kind, text) = match code {
        ErrorCode::NameUnresolvable => (NotFound, "the name has no address"),
        ErrorCode::InvalidArgument => (InvalidInput, "this is no name of a host"),
        // Hosts that allow no look-ups answer so too.
        ErrorCode::PermanentResolverFailure | ErrorCode::AccessDenied => (
            PermissionDenied,
            "this host resolves no such name for the component (wasmtime needs \
             `-S allow-ip-name-lookup`; Spin takes addresses only)",
        ),
        ErrorCode::TemporaryResolverFailure => (Other, "no name server answers just now"),
        other => return in_words(other),
    };
    io::Error::new(kind, text)
}
