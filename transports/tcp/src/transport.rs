#[cfg(any(feature = "reactor", feature = "tokio"))]
use std::io;
use std::time::Duration;

use redmux_transport::Keepalive;
#[cfg(any(feature = "reactor", feature = "tokio"))]
use socket2::{SockRef, TcpKeepalive};

/// Dials TCP and Unix endpoints
///
/// Names are resolved on every dial. Addresses are tried with a head start of 250 ms each,
/// IPv6 and IPv4 in turn ([RFC 8305](https://www.rfc-editor.org/rfc/rfc8305)), and the first
/// that answers is used.
#[derive(Debug, Clone)]
#[cfg_attr(target_os = "wasi", allow(dead_code, reason = "WASI 0.2 has no such options"))]
pub struct TcpTransport {
    nodelay: bool,
    keepalive: Option<Keepalive>,
    user_timeout: Option<Duration>,
}

impl Default for TcpTransport {
    fn default() -> Self {
        Self {
            nodelay: true,
            keepalive: Some(Keepalive::default()),
            user_timeout: Some(Duration::from_secs(10)),
        }
    }
}

impl TcpTransport {
    /// Whether small writes leave at once (`TCP_NODELAY`). Default true.
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    /// Kernel probes of an idle peer, or none. Default [`Keepalive::default`].
    pub fn keepalive(mut self, keepalive: Option<Keepalive>) -> Self {
        self.keepalive = keepalive;
        self
    }

    /// How long sent bytes may stay unacknowledged before the kernel gives the peer up
    /// (`TCP_USER_TIMEOUT`, Linux and Android only). Default 10 s.
    pub fn user_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.user_timeout = timeout;
        self
    }

    /// The probes that are asked for.
    #[cfg(all(feature = "wasi", target_os = "wasi", not(target_env = "p1")))]
    pub(crate) fn probes(&self) -> Option<Keepalive> {
        self.keepalive
    }

    /// Sets the options of a connected TCP socket.
    #[cfg(any(feature = "reactor", feature = "tokio"))]
    pub(crate) fn tune<'s, S>(&self, stream: &'s S) -> io::Result<()>
    where
        SockRef<'s>: From<&'s S>,
    {
        let socket = SockRef::from(stream);
        socket.set_tcp_nodelay(self.nodelay)?;
        if let Some(keepalive) = self.keepalive {
            let probes = TcpKeepalive::new().with_time(keepalive.idle);
            #[cfg(not(any(target_os = "openbsd", target_os = "haiku", target_os = "solaris")))]
            let probes = probes.with_interval(keepalive.interval);
            #[cfg(not(any(
                target_os = "openbsd",
                target_os = "haiku",
                target_os = "solaris",
                target_os = "windows"
            )))]
            let probes = probes.with_retries(keepalive.count);
            socket.set_tcp_keepalive(&probes)?;
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        socket.set_tcp_user_timeout(self.user_timeout)?;
        Ok(())
    }
}

/// What the end of the direction that is written came to: the other side may have been
/// faster.
#[cfg(any(feature = "reactor", feature = "tokio"))]
pub(crate) fn shut(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        shut => shut,
    }
}
