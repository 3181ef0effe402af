//! Where sentinels and servers are really reached.

use redmux_transport::Endpoint;

use crate::{Options, connection::contained, options::AnnouncedNode};

/// Where a host and a port are reached that a sentinel or a server has named.
pub(super) fn reach(options: &Options, host: &str, port: u16) -> Endpoint {
    let announced = AnnouncedNode { id: None, host, port, zone: None };
    let mapped = contained(|| options.endpoint_of(&announced));
    mapped.unwrap_or_else(|| Endpoint::tcp(host, port))
}
