//! Checks that concern several options.

use redmux_transport::{Endpoint, TlsOptions};

use super::Options;
#[cfg(feature = "full")]
use super::announced::Maintenance;
use crate::{Error, Result, commands::Mapped, resp::Protocol};

impl Options {
    /// Finds what `connect` would refuse before it dials
    ///
    /// An endpoint that [`new`](Self::new) or [`endpoint`](Self::endpoint) could not read, none at all, a time of
    /// zero, or options that contradict each other. A connection string was checked when it was read.
    ///
    /// ```
    /// use redmux::{ErrorKind, Options};
    ///
    /// let options = Options::new("localhost:no-port").database(1);
    /// assert_eq!(options.validate().unwrap_err().kind(), ErrorKind::Config);
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), with the option and what is accepted, without its value.
    pub fn validate(&self) -> Result<()> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if self.endpoints.is_empty() {
            return Err(Error::config(
                "endpoint: none is given (expected at least one, such as localhost:6379)",
            ));
        }
        let positive = [
            ("connectTimeout", self.connect_timeout),
            ("commandTimeout", self.command_timeout),
            ("syncTimeout", self.sync_timeout),
            ("keepAlive", self.keep_alive),
            ("probeAfter", self.probe_after),
            ("probeTimeout", self.probe_timeout),
            ("leaseIdle", self.lease_idle),
            #[cfg(feature = "full")]
            ("relaxedTimeout", self.relaxed_time()),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, duration)| duration.is_zero()) {
            return Err(Error::config(format!(
                "{name}: 0 is not a time to wait (expected 1 ms or more)"
            )));
        }
        if self.connect_retry == 0 {
            return Err(Error::config(
                "connectRetry: 0 attempts cannot connect (expected 1 or more)",
            ));
        }
        if self.max_leased == 0 {
            return Err(Error::config("maxLeased: 0 leaves nothing to lease (expected 1 or more)"));
        }
        if self.username.is_some() && self.password.is_none() {
            return Err(Error::config("user: a user name needs a password"));
        }
        for (option, name) in [("name", &self.client_name), ("libraryName", &self.library_name)] {
            let bad = |byte: u8| !(b'!'..=b'~').contains(&byte);
            if name.as_ref().is_some_and(|name| name.bytes().any(bad)) {
                return Err(Error::config(format!(
                    "{option}: Redis takes printable ASCII without spaces"
                )));
            }
        }
        #[cfg(feature = "topology")]
        self.validate_servers()?;
        self.validate_commands()?;
        #[cfg(feature = "full")]
        if self.requires_notices() && self.protocol == Some(Protocol::Resp2) {
            return Err(Error::config(
                "maintenance: servers announce it over RESP3, and the options say protocol=resp2",
            ));
        }
        self.validate_layers()
    }

    #[cfg(feature = "full")]
    fn requires_notices(&self) -> bool {
        self.maintenance_mode() == Maintenance::Required
    }

    /// The handshake's commands must not be disabled.
    fn validate_commands(&self) -> Result<()> {
        self.command_map.validate()?;
        let needed = [
            (
                "AUTH",
                self.password.is_some() || self.has_credentials_provider(),
                "a password is given",
            ),
            ("SELECT", self.database != 0, "a database is given"),
            ("HELLO", self.protocol == Some(Protocol::Resp3), "protocol=resp3 is given"),
            ("PING", true, "connections are probed with it"),
            #[cfg(feature = "full")]
            (
                "CLIENT",
                self.requires_notices(),
                "maintenance=required asks for announcements with it",
            ),
            ("ECHO", self.high_integrity, "highIntegrity=true checks replies with it"),
        ];
        for (command, needed, why) in needed {
            if needed && self.command_map.get(command) == Mapped::Disabled {
                return Err(Error::config(format!("commandMap: {command} is disabled, but {why}")));
            }
        }
        Ok(())
    }

    /// If TLS is demanded, it is used.
    fn validate_layers(&self) -> Result<()> {
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            return Err(Error::config("sslCert and sslKey go together: one of them is missing"));
        }
        let wss = |endpoint: &Endpoint| matches!(endpoint, Endpoint::WebSocket { url } if url.starts_with("wss://"));
        if self.ssl == Some(false) && (self.tls_by_url || self.endpoints.iter().any(wss)) {
            return Err(Error::config(
                "ssl: false contradicts the URL, whose scheme (rediss:// or wss://) demands TLS \
                 (leave ssl out, or write redis:// for a connection in the clear)",
            ));
        }
        if self.tls != TlsOptions::default() && !self.wants_tls() {
            return Err(Error::config(
                "ssl: there are options for TLS, but it is not spoken (add ssl=true)",
            ));
        }
        for endpoint in &self.endpoints {
            match endpoint {
                Endpoint::Unix { .. } if self.wants_tls() => {
                    return Err(Error::config("ssl: there is no TLS on unix: endpoints"));
                }
                Endpoint::Unix { .. } if self.tunnel.is_some() => {
                    return Err(Error::config("tunnel: a Unix socket is reached without one"));
                }
                Endpoint::WebSocket { url } if self.wants_tls() && !url.starts_with("wss://") => {
                    return Err(Error::config(
                        "ssl: a ws:// endpoint is not encrypted (expected wss://)",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
