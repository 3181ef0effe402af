//! A dial of an endpoint that a server has named, or that a connection has moved to.

use std::{net::IpAddr, sync::Arc};

use redmux_transport::{DialOptions, Endpoint};

use super::DialPlan;

impl DialPlan {
    /// One dial of this endpoint, beside or instead of those that the options name.
    ///
    /// The certificate is for the name that the options have: an address that a server names is in none, and proves nothing.
    pub(crate) fn toward(&self, endpoint: Arc<Endpoint>) -> Self {
        let mut options = DialOptions::clone(&self.options);
        if let (Some(first), Endpoint::Tcp { host, .. }) = (self.endpoints.first(), &*endpoint)
            && let Endpoint::Tcp { host: name, .. } = &**first
            && let Some(tls) = &mut options.tls
            && tls.host.is_none()
            && host.parse::<IpAddr>().is_ok()
            && !self.endpoints.contains(&endpoint)
        {
            tls.host = Some(name.as_str().into());
        }
        let options = Arc::new(options);
        Self { endpoints: vec![endpoint], single: true, options, ..self.clone() }
    }
}
