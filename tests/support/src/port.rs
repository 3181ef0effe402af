//! Ports that no one else takes between choosing and listening.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// Ports above this have no room for the cluster bus at `port + 10000`.
const HIGHEST: u16 = 55_535;

/// A loopback port held for one server.
///
/// The port stays bound by a socket that never listens. With address reuse on
/// both sides a server may still listen on it, again and again, while the system
/// gives the port to no one who asks for a free one.
#[derive(Debug)]
pub struct PortLease {
    port: u16,
    ipv6: bool,
    _held: Vec<Socket>,
}

impl PortLease {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether `[::1]` is held too; not so on machines without IPv6.
    pub fn ipv6(&self) -> bool {
        self.ipv6
    }

    /// The IPv4 loopback address with the port.
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

/// Takes a loopback port: the wanted one, or any free one.
///
/// # Errors
/// When the wanted port is in use (the message names it), or none is free.
pub fn lease_port(wanted: Option<u16>) -> io::Result<PortLease> {
    // Ports passed over stay bound until the end, so that no round sees one twice.
    let mut passed_over = Vec::new();
    for _ in 0..64 {
        let v4 = hold((Ipv4Addr::LOCALHOST, wanted.unwrap_or(0)).into()).map_err(|e| {
            let port = wanted.map_or_else(|| "a free port".into(), |p| format!("port {p}"));
            io::Error::new(e.kind(), format!("cannot take {port} on 127.0.0.1: {e}"))
        })?;
        let port = port_of(&v4)?;
        if wanted.is_none() && port > HIGHEST {
            passed_over.push(v4);
            continue;
        }
        let v6 = hold((Ipv6Addr::LOCALHOST, port).into()).ok();
        let ipv6 = v6.is_some();
        let held = [Some(v4), v6].into_iter().flatten().collect();
        return Ok(PortLease { port, ipv6, _held: held });
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "found no free port on 127.0.0.1 in 64 tries"))
}

fn hold(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A wanted port may still have closing connections, which reuse forgives; a
    // listener there is noticed all the same. A free port is looked for without
    // reuse, and shared with our own server afterwards.
    if addr.port() != 0 {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&addr.into())?;
    socket.set_reuse_address(true)?;
    Ok(socket)
}

fn port_of(socket: &Socket) -> io::Result<u16> {
    let addr = socket.local_addr()?.as_socket();
    addr.map(|a| a.port()).ok_or_else(|| io::Error::other("a bound socket without a port"))
}
