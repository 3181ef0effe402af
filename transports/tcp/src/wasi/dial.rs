use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use redmux_transport::{
    ByteStream, Capabilities, DialError, DialOptions, DialStage, Endpoint, Keepalive, Transport,
};
use wasip2::sockets::{
    instance_network::instance_network,
    ip_name_lookup::resolve_addresses,
    network::{
        ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
        Ipv6SocketAddress,
    },
    tcp::TcpSocket,
    tcp_create_socket::create_tcp_socket,
};

use super::{
    reactor::Source,
    stream::Stream,
    timer::sleep,
    words::{in_words, name_in_words},
};
use crate::{TcpTransport, layers, race};

/// Dials TCP endpoints with the sockets of the host
#[derive(Debug, Clone, Default)]
pub struct WasiTransport {
    settings: TcpTransport,
}

impl From<TcpTransport> for WasiTransport {
    /// Takes over the probes of idle peers; WASI 0.2 has no other option.
    fn from(settings: TcpTransport) -> Self {
        Self { settings }
    }
}

impl Transport for WasiTransport {
    type Stream = Stream;

    fn capabilities(&self) -> Capabilities {
        Capabilities::stream()
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Stream, DialError> {
        let Endpoint::Tcp { host, port } = endpoint else {
            return Err(DialError::unsupported(endpoint, "TCP sockets"));
        };
        let addresses = resolve(host, *port)
            .await
            .map_err(|error| DialError::new(DialStage::Resolve, error))?;
        let keepalive = self.settings.probes();
        race::first(addresses, |address| dial(address, keepalive), sleep)
            .await
            .map_err(|error| DialError::new(DialStage::Dial, error))
    }

    async fn connect_with(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> Result<Box<dyn ByteStream>, DialError> {
        let tuned = Self::from(self.settings.tuned(options));
        layers::dial(&tuned, endpoint, options, |stream| Some(stream.peer())).await
    }
}

async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let names = resolve_addresses(&instance_network(), host).map_err(name_in_words)?;
    let answered = Source::new(names.subscribe());
    let mut addresses = Vec::new();
    loop {
        match names.resolve_next_address() {
            Ok(Some(address)) => addresses.push(SocketAddr::new(ip(address), port)),
            Ok(None) => return Ok(addresses),
            Err(ErrorCode::WouldBlock) => answered.ready().await,
            Err(code) => return Err(name_in_words(code)),
        }
    }
}

async fn dial(address: SocketAddr, keepalive: Option<Keepalive>) -> io::Result<Stream> {
    let family = if address.is_ipv4() { IpAddressFamily::Ipv4 } else { IpAddressFamily::Ipv6 };
    let socket = create_tcp_socket(family).map_err(in_words)?;
    socket.start_connect(&instance_network(), remote(address)).map_err(in_words)?;
    let decided = Source::new(socket.subscribe());
    let streams = loop {
        match socket.finish_connect() {
            Ok(streams) => break streams,
            Err(ErrorCode::WouldBlock) => decided.ready().await,
            Err(code) => return Err(in_words(code)),
        }
    };
    drop(decided);
    if let Some(keepalive) = keepalive {
        match probe(&socket, keepalive) {
            // A host may have no such option.
            Ok(()) | Err(ErrorCode::NotSupported) => {}
            Err(code) => return Err(in_words(code)),
        }
    }
    Ok(Stream::new(socket, streams, address))
}

fn probe(socket: &TcpSocket, keepalive: Keepalive) -> Result<(), ErrorCode> {
    // The interface refuses zero.
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1);
    socket.set_keep_alive_enabled(true)?;
    socket.set_keep_alive_idle_time(nanos(keepalive.idle))?;
    socket.set_keep_alive_interval(nanos(keepalive.interval))?;
    socket.set_keep_alive_count(keepalive.count.max(1))
}

fn ip(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => [a, b, c, d].into(),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => [a, b, c, d, e, f, g, h].into(),
    }
}

fn remote(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => {
            let [a, b, c, d] = v4.ip().octets();
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: v4.port(), address: (a, b, c, d) })
        }
        SocketAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.ip().segments();
            IpSocketAddress::Ipv6(Ipv6SocketAddress {
                port: v6.port(),
                flow_info: v6.flowinfo(),
                address: (a, b, c, d, e, f, g, h),
                scope_id: v6.scope_id(),
            })
        }
    }
}
