//! The configuration file.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use redmux_transport::{DialOptions, Endpoint, Pem, TlsOptions};
use toml::Spanned;

use super::{
    Config, ConfigError,
    checks::look_over,
    origin::split_authority,
    places::{key_at, line_of},
    schema::*,
};
use crate::{
    audit::AuditConfig,
    console::Console,
    policy::{Rate, SharedLimits},
    tls::ListenTls,
    upstream::{Heartbeat, Upstream},
};

/// A configuration that was read from a file
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Threads that serve clients. Default 1.
    pub threads: usize,
    /// What is allowed, but that an operator should know.
    pub warnings: Vec<String>,
}

/// Reads a configuration file, and all files that it names.
///
/// # Errors
/// The error names the file, the line and the key, and says what is accepted.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    let failed = |what: String| ConfigError::new(format!("{}: {what}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let file: File = toml::from_str(&text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let key = key_at(&text, &span).map(|key| format!("{key}: ")).unwrap_or_default();
        let what = match error.message().trim_end() {
            "invalid socket address syntax" => {
                "expected an address and a port such as 0.0.0.0:8443"
            }
            other => other,
        };
        failed(format!("line {}: {key}{what}", line_of(&text, &span)))
    })?;
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut reading = Reading { folder, warnings: Vec::new() };
    let (config, threads) = reading.config(file).map_err(|fault| {
        let line = fault.span.map(|span| format!("line {}: ", line_of(&text, &span)));
        failed(format!("{}{}", line.unwrap_or_default(), fault.text))
    })?;
    let mut warnings = reading.warnings;
    warnings.extend(look_over(&text, path, &config).map_err(|(line, what)| {
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        failed(format!("{line}{what}"))
    })?);
    Ok(Loaded { config, threads, warnings })
}

fn host_names(key: &str, hosts: Vec<Spanned<String>>) -> Found<Vec<String>> {
    let read = |host: Spanned<String>| match split_authority(host.get_ref()) {
        Some(_) => Ok(host.into_inner()),
        None => Err(at(&host, format!("{key}: expected a host name, with or without a port"))),
    };
    hosts.into_iter().map(read).collect()
}

/// What is wrong, and where
pub(super) struct Fault {
    pub(super) span: Option<Range<usize>>,
    pub(super) text: String,
}

pub(super) type Found<T> = Result<T, Fault>;

pub(super) fn at<T>(place: &Spanned<T>, text: impl Into<String>) -> Fault {
    Fault { span: Some(place.span()), text: text.into() }
}

pub(super) fn nowhere(text: impl Into<String>) -> Fault {
    Fault { span: None, text: text.into() }
}

pub(super) struct Reading {
    folder: PathBuf,
    warnings: Vec<String>,
}

impl Reading {
    fn config(&mut self, file: File) -> Found<(Config, usize)> {
        let listen = file.listen;
        let mut config = Config::closed();
        config.access = self.access(file.upstreams, file.policies, file.principals, file.jwt)?;
        let access = &mut config.access;
        if let Some(name) = &file.access.anonymous {
            if !access.principals.contains_key(name.get_ref()) {
                return Err(at(
                    name,
                    format!("access.anonymous: there is no principal {:?}", name.get_ref()),
                ));
            }
            self.warn("access.anonymous admits clients without a credential");
            access.anonymous = Some(name.get_ref().clone());
        }
        access.refuse_by_closing = file.access.refusals == Refusals::Close;
        config.first_message_timeout = file.access.first_message.0;
        if access.principals.is_empty() {
            return Err(nowhere("there are no [principals]: nobody could connect"));
        }

        config.listen = *listen.address.get_ref();
        config.tls = self.listen_tls(listen.tls)?;
        if config.tls.is_none() && !listen.plaintext && !config.listen.ip().is_loopback() {
            return Err(at(
                &listen.address,
                "listen.address is no loopback address: give a [listen.tls], or say \
                 plaintext = true if TLS ends in front of the gateway",
            ));
        }
        if let Some(file) = config.tls.as_ref().and_then(|tls| tls.client_ca.as_ref()) {
            let text = fs::read(file).map_err(|error| nowhere(format!("listen.tls: {error}")))?;
            config.access.authorities = Some(crate::auth::sha256(&text));
        }
        let by_certificate = config.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        if !config.access.certificates.is_empty() && !by_certificate {
            return Err(nowhere(
                "principals have certificates, but there is no listen.tls.client_ca",
            ));
        }
        if !listen.path.get_ref().starts_with('/')
            || listen.path.get_ref().contains(['?', '#', ' '])
        {
            return Err(at(&listen.path, "listen.path: expected a path that begins with a slash"));
        }
        config.path = listen.path.into_inner();
        for origin in listen.origins {
            let parsed = origin.get_ref().parse();
            config.origins.push(parsed.map_err(|e| at(&origin, format!("listen.origins: {e}")))?);
        }
        config.hosts = host_names("listen.hosts", listen.hosts)?;
        config.allow_no_origin = listen.allow_no_origin;
        config.trusted_proxies = listen.trusted_proxies;
        if let Some(folder) = listen.serve {
            let path = self.path(folder.get_ref());
            if !path.is_dir() {
                return Err(at(&folder, format!("listen.serve: {} is no folder", path.display())));
            }
            config.serve = Some(path);
        }
        if let Some(table) = file.console {
            config.console = Some(self.console(table)?);
        }
        if let Some(admin) = file.admin {
            config.admin = Some(admin.address);
            config.admin_hosts = host_names("admin.hosts", admin.hosts)?;
        }
        if config.admin.is_some_and(|address| !address.ip().is_loopback()) {
            self.warn("admin.address is no loopback address: every client that reaches it can read the metrics");
        }
        if let Some(audit) = file.audit {
            let file = (audit.file != "stderr").then(|| self.path(&audit.file));
            let secret = audit.secret_file.map(|file| self.secret(&file)).transpose()?;
            let audit = AuditConfig { file, commands: audit.commands, keys: audit.keys, secret };
            audit.check().map_err(|error| nowhere(format!("audit.file: {error}")))?;
            config.audit = Some(audit);
        }
        let (limits, times) = (file.limits, file.timeouts);
        config.limits = SharedLimits {
            connections: Some(limits.connections),
            in_flight: limits.in_flight,
            rate: Rate { commands: limits.commands_per_second, bytes: limits.bytes_per_second },
        };
        config.connections_per_address = limits.connections_per_address.0;
        config.unauthenticated = limits.unauthenticated.get();
        config.unauthenticated_per_address = limits.unauthenticated_per_address.0;
        let arrivals = limits.arrivals_per_address.0;
        config.arrivals_per_address = arrivals.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        config.buffered = limits.buffered.0;
        config.handshake_timeout = times.handshake.0;
        config.command_timeout = times.command.0;
        config.ping_interval = times.ping.0;
        config.pong_timeout = times.pong.0;
        config.slow_client_timeout = times.slow_client.0;
        config.lame_duck = times.lame_duck.0.unwrap_or_default();
        config.drain = times.drain.0;
        config.drain_spread = times.drain_spread.0.unwrap_or_default();
        config.check().map_err(|error| nowhere(error.to_string()))?;
        self.warn_of_size(&config);
        Ok((config, usize::from(listen.threads.get())))
    }

    fn console(&self, table: ConsoleTable) -> Found<Console> {
        let path = self.path(table.directory.get_ref());
        let failed = |error| format!("console.directory: {}: {error}", path.display());
        let console = Console::new(&path).map_err(|error| at(&table.directory, failed(error)));
        let mut console = console?;
        for address in &table.connect {
            let allowed = console.allow(address.get_ref());
            allowed.map_err(|expected| at(address, format!("console.connect: {expected}")))?;
        }
        Ok(console)
    }

    pub(super) fn upstream(&mut self, name: String, table: UpstreamTable) -> Found<Upstream> {
        let what = format!("upstreams.{name}");
        let endpoint: Endpoint = table.address.get_ref().parse().map_err(|_| {
            at(&table.address, format!("{what}.address: expected host:port or unix:/path"))
        })?;
        if matches!(endpoint, Endpoint::WebSocket { .. }) {
            return Err(at(
                &table.address,
                format!("{what}.address: expected host:port or unix:/path"),
            ));
        }
        let near = match &endpoint {
            Endpoint::Tcp { host, .. } => {
                host == "localhost"
                    || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
            }
            _ => true,
        };
        if table.tls.is_none() && !table.plaintext && !near {
            return Err(at(
                &table.address,
                format!(
                    "{what}.address is no loopback address: set tls = {{}} or plaintext = true"
                ),
            ));
        }
        let mut dial = DialOptions::default();
        if let Some(table) = table.tls {
            let mut tls = TlsOptions::default();
            tls.host = table.host.map(Into::into);
            tls.ca = table.ca.map(|file| self.pem(&what, &file)).transpose()?;
            tls.certificate = table.certificate.map(|file| self.pem(&what, &file)).transpose()?;
            tls.key = table.key.map(|file| self.pem(&what, &file)).transpose()?;
            if tls.certificate.is_some() != tls.key.is_some() {
                return Err(nowhere(format!("{what}.tls: certificate and key go together")));
            }
            dial.tls = Some(tls);
        }
        Ok(Upstream {
            name,
            endpoint,
            dial,
            connect_timeout: table.connect_timeout.0,
            reply_timeout: table.reply_timeout.0,
            heartbeat: Heartbeat::default(),
        })
    }

    fn listen_tls(&mut self, table: Option<ListenTlsTable>) -> Found<Option<ListenTls>> {
        let Some(table) = table else { return Ok(None) };
        let tls = ListenTls {
            certificate: self.path(&table.certificate),
            key: self.path(&table.key),
            client_ca: table.client_ca.map(|file| self.path(&file)),
            client_required: table.client_certificates == ClientCertificates::Required,
        };
        if tls.client_required && tls.client_ca.is_none() {
            return Err(nowhere("listen.tls.client_certificates = \"required\" needs a client_ca"));
        }
        tls.acceptor().map_err(|error| nowhere(format!("listen.tls: {error}")))?;
        Ok(Some(tls))
    }

    fn pem(&self, what: &str, file: &str) -> Found<Pem> {
        let path = self.path(file);
        match fs::metadata(&path) {
            Ok(_) => Ok(Pem::File(path.display().to_string().into())),
            Err(error) => Err(nowhere(format!("{what}.tls: {}: {error}", path.display()))),
        }
    }

    /// Returns a path of the file, which is relative to the file's folder.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }
}
