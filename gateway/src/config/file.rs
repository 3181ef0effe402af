//! The configuration file.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use redmux::{
    Endpoint,
    transport::{DialOptions, Pem, TlsOptions},
};
use toml::Spanned;

use super::{Config, schema::*};
use crate::{
    admission::split_authority,
    audit::{Audit, AuditConfig},
    auth::{Access, Issuer, Keys, Login, Principal, Role, TokenHash},
    policy::{ClientLimits, Policy, Prefixes, Rate, Rules, SharedLimits},
    tls::ListenTls,
    upstream::Upstream,
};

/// A configuration that was read from a file
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// Threads that serve clients. Default 1.
    pub threads: usize,
    /// What is allowed but should be known.
    pub warnings: Vec<String>,
}

/// A configuration that cannot be served; the text says where and why
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

/// Reads a configuration file, and all files that it names.
///
/// # Errors
/// The text names the file, the line and the key, and says what is accepted.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    let failed = |what: String| ConfigError(format!("{}: {what}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let file: File = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(&text, &span));
        failed(format!("line {line}: {}", error.message().trim_end()))
    })?;
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut reading = Reading { folder, warnings: Vec::new() };
    let (config, threads) = reading.config(file).map_err(|fault| {
        let line = fault.span.map(|span| format!("line {}: ", line_of(&text, &span)));
        failed(format!("{}{}", line.unwrap_or_default(), fault.text))
    })?;
    Ok(Loaded { config, threads, warnings: reading.warnings })
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// What is wrong, and where
struct Fault {
    span: Option<Range<usize>>,
    text: String,
}

type Found<T> = Result<T, Fault>;

fn at<T>(place: &Spanned<T>, text: impl Into<String>) -> Fault {
    Fault { span: Some(place.span()), text: text.into() }
}

fn nowhere(text: impl Into<String>) -> Fault {
    Fault { span: None, text: text.into() }
}

struct Reading {
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
            self.warn("access.anonymous lets in whoever shows no credential");
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
        for host in listen.hosts {
            if split_authority(host.get_ref()).is_none() {
                return Err(at(
                    &host,
                    "listen.hosts: expected a host name, with or without a port",
                ));
            }
            config.hosts.push(host.into_inner());
        }
        config.allow_no_origin = listen.allow_no_origin;
        config.trusted_proxies = listen.trusted_proxies;
        if let Some(folder) = listen.serve {
            let path = self.path(folder.get_ref());
            if !path.is_dir() {
                return Err(at(&folder, format!("listen.serve: {} is no folder", path.display())));
            }
            config.serve = Some(path);
        }
        config.admin = file.admin.map(|admin| admin.address);
        if config.admin.is_some_and(|address| !address.ip().is_loopback()) {
            self.warn("admin.address is no loopback address: whoever reaches it reads the metrics");
        }
        if let Some(audit) = file.audit {
            let file = (audit.file != "stderr").then(|| self.path(&audit.file));
            let audit = AuditConfig { file, commands: audit.commands, keys: audit.keys };
            Audit::open(audit.clone()).map_err(|error| nowhere(format!("audit.file: {error}")))?;
            config.audit = Some(audit);
        }
        let (limits, times) = (file.limits, file.timeouts);
        config.limits = SharedLimits {
            connections: Some(limits.connections),
            in_flight: limits.in_flight,
            rate: Rate { commands: limits.commands_per_second, bytes: limits.bytes_per_second },
        };
        config.connections_per_address = limits.connections_per_address;
        config.handshake_timeout = times.handshake.0;
        config.ping_interval = times.ping.0;
        config.pong_timeout = times.pong.0;
        config.slow_client_timeout = times.slow_client.0;
        config.drain = times.drain.0;
        config.drain_spread = times.drain_spread.0.unwrap_or_default();
        config.check().map_err(|error| nowhere(error.0))?;
        Ok((config, usize::from(listen.threads.get())))
    }

    fn access(
        &mut self,
        upstreams: BTreeMap<String, UpstreamTable>,
        policies: BTreeMap<String, Spanned<PolicyTable>>,
        principals: BTreeMap<String, Spanned<PrincipalTable>>,
        jwt: BTreeMap<String, Spanned<JwtTable>>,
    ) -> Found<Access> {
        let mut servers = HashMap::new();
        for (name, table) in upstreams {
            servers.insert(name.clone(), Arc::new(self.upstream(name, table)?));
        }
        let mut rules = HashMap::new();
        for (name, table) in policies {
            rules.insert(name.clone(), self.policy(&name, table)?);
        }
        let mut access = Access::default();
        for (name, table) in principals {
            let place = table.span();
            let what = format!("principals.{name}");
            let missing = |text: String| Fault { span: Some(place.clone()), text };
            let table = table.into_inner();
            let policy = rules.get(table.policy.get_ref()).cloned().ok_or_else(|| {
                at(
                    &table.policy,
                    format!("{what}.policy: there is no policy {:?}", table.policy.get_ref()),
                )
            })?;
            let upstream = match &table.upstream {
                Some(named) => servers.get(named.get_ref()).ok_or_else(|| {
                    at(
                        named,
                        format!("{what}.upstream: there is no upstream {:?}", named.get_ref()),
                    )
                })?,
                None if servers.len() == 1 => servers
                    .values()
                    .next()
                    .ok_or_else(|| missing(format!("{what}: there are no [upstreams]")))?,
                None => {
                    return Err(missing(format!(
                        "{what}.upstream is missing: name one of [upstreams]"
                    )));
                }
            };
            let login = self.login(&what, &table, &place)?;
            for token in &table.tokens {
                let hash: TokenHash = token
                    .get_ref()
                    .parse()
                    .map_err(|error| at(token, format!("{what}.tokens: {error}")))?;
                if access.tokens.iter().any(|(known, _)| *known == hash) {
                    return Err(at(
                        token,
                        format!("{what}.tokens: another principal has this one"),
                    ));
                }
                access.tokens.push((hash, name.clone()));
            }
            for id in table.certificates {
                if access.certificates.iter().any(|(known, _)| *known == id) {
                    return Err(missing(format!(
                        "{what}.certificates: another principal has {id:?}"
                    )));
                }
                access.certificates.push((id, name.clone()));
            }
            if login.is_none() {
                self.warn(format!(
                    "{what} has no user: Redis lets it do what its default user may"
                ));
            }
            let principal =
                Principal { name: name.clone(), policy, upstream: upstream.clone(), login };
            access.principals.insert(name, Arc::new(principal));
        }
        for (name, table) in jwt {
            access.issuers.push(Arc::new(self.issuer(name, table, &access.principals)?));
        }
        Ok(access)
    }

    fn upstream(&mut self, name: String, table: UpstreamTable) -> Found<Upstream> {
        let what = format!("upstreams.{name}");
        let endpoint: Endpoint = table
            .address
            .get_ref()
            .parse()
            .map_err(|error| at(&table.address, format!("{what}.address: {error}")))?;
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
                    "{what}.address is no loopback address: give a tls = {{}}, or say plaintext = true"
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
        Ok(Upstream { name, endpoint, dial, connect_timeout: table.connect_timeout.0 })
    }

    fn policy(&mut self, name: &str, table: Spanned<PolicyTable>) -> Found<Policy> {
        let what = format!("policies.{name}");
        let place = table.span();
        let table = table.into_inner();
        let mut names = Vec::new();
        for command in &table.commands {
            // One by one, to say which line is wrong.
            Rules::new([command.get_ref().as_str()])
                .map_err(|error| at(command, format!("{what}.commands: {error}")))?;
            let (first, second) = match command.get_ref().split_once(' ') {
                Some((first, second)) => (first, Some(second)),
                None => (command.get_ref().as_str(), None),
            };
            let spec = redmux::command::CommandSpec::find(first, second);
            if spec.is_some_and(|spec| spec.is_admin()) {
                self.warn(format!(
                    "{what}.commands: {} shows what the server holds of others",
                    command.get_ref()
                ));
            }
            names.push(command.get_ref().as_str());
        }
        let rules = Rules::new(names).map_err(|error| nowhere(format!("{what}: {error}")))?;
        let prefixes = |key: &str, texts: Vec<Spanned<String>>| {
            for text in &texts {
                Prefixes::new([text.get_ref().clone()])
                    .map_err(|error| at(text, format!("{what}.{key}: {error}")))?;
            }
            Prefixes::new(texts.into_iter().map(Spanned::into_inner))
                .map_err(|error| nowhere(format!("{what}.{key}: {error}")))
        };
        if table.databases.is_empty() {
            return Err(Fault { span: Some(place), text: format!("{what}.databases is empty") });
        }
        let rules = rules
            .read(prefixes("read", table.read)?)
            .write(prefixes("write", table.write)?)
            .subscribe(prefixes("subscribe", table.subscribe)?)
            .publish(prefixes("publish", table.publish)?)
            .databases(table.databases)
            .scripts_by_acl(table.scripts == Some(Scripts::Acl));
        rules
            .check()
            .map_err(|error| Fault { span: Some(place), text: format!("{what}: {error}") })?;
        let (limits, usual) = (table.limits, ClientLimits::default());
        let client = ClientLimits {
            message: limits.message.map_or(usual.message, |size| size.0),
            fragments: limits.fragments.map_or(usual.fragments, Into::into),
            command: limits.command.map_or(usual.command, |size| size.0),
            arguments: limits.arguments.map_or(usual.arguments, Into::into),
            in_flight: limits.client_in_flight.map_or(usual.in_flight, Into::into),
            rate: Rate {
                commands: limits.client_commands_per_second,
                bytes: limits.client_bytes_per_second,
            },
            idle: limits.idle.and_then(|time| time.0),
            session: limits.session.and_then(|time| time.0),
            denied: limits.denied.unwrap_or(usual.denied),
        };
        let principal = SharedLimits {
            connections: limits.connections.map(Into::into),
            in_flight: limits.in_flight.map(Into::into),
            rate: Rate { commands: limits.commands_per_second, bytes: limits.bytes_per_second },
        };
        Ok(Policy { rules, client, principal })
    }

    fn login(
        &mut self,
        what: &str,
        table: &PrincipalTable,
        place: &Range<usize>,
    ) -> Found<Option<Login>> {
        let fault = |text: String| Fault { span: Some(place.clone()), text };
        let password = match (&table.password_file, &table.password_env) {
            (Some(file), None) => {
                let path = self.path(file);
                let text = fs::read_to_string(&path).map_err(|error| {
                    fault(format!("{what}.password_file: {}: {error}", path.display()))
                })?;
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, Some(name)) => Some(
                std::env::var(name)
                    .map_err(|_| fault(format!("{what}.password_env: {name} is not set")))?,
            ),
            (None, None) => None,
            _ => {
                return Err(fault(format!("{what}: give password_file or password_env, not both")));
            }
        };
        match (table.user.clone(), password) {
            (Some(user), Some(password)) => Ok(Some(Login { user, password })),
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(fault(format!("{what}.user needs a password_file or password_env")))
            }
            (None, Some(_)) => Err(fault(format!("{what}.user is missing"))),
        }
    }

    fn issuer(
        &mut self,
        name: String,
        table: Spanned<JwtTable>,
        principals: &BTreeMap<String, Arc<Principal>>,
    ) -> Found<Issuer> {
        let what = format!("jwt.{name}");
        let place = table.span();
        let fault = |text: String| Fault { span: Some(place.clone()), text };
        let table = table.into_inner();
        let mut algorithms = Vec::new();
        for text in &table.algorithms {
            algorithms.push(text.get_ref().parse().map_err(|_| {
                at(text, format!("{what}.algorithms: expected HS256 to HS512, RS256 to RS512, PS256 to PS512, ES256, ES384 or EdDSA"))
            })?);
        }
        let families: Vec<_> =
            algorithms.iter().map(|a: &jsonwebtoken::Algorithm| a.family()).collect();
        if families.is_empty() || families.iter().any(|family| *family != families[0]) {
            return Err(fault(format!("{what}.algorithms: name one, or several of one family")));
        }
        let hmac = families[0] == jsonwebtoken::AlgorithmFamily::Hmac;
        let read = |key: &str, file: &str| {
            let path = self.path(file);
            fs::read(&path)
                .map_err(|error| fault(format!("{what}.{key}: {}: {error}", path.display())))
        };
        let keys = match (&table.jwks, &table.public_key, &table.secret_file) {
            (Some(file), None, None) => Keys::file(&self.path(file))
                .map_err(|error| fault(format!("{what}.jwks: {error}")))?,
            (None, Some(file), None) => Keys::public(&read("public_key", file)?, &algorithms)
                .map_err(|error| fault(format!("{what}.public_key: {error}")))?,
            (None, None, Some(file)) if hmac => Keys::secret(&read("secret_file", file)?)
                .map_err(|error| fault(format!("{what}.secret_file: {error}")))?,
            (None, None, Some(_)) => {
                return Err(fault(format!("{what}.secret_file is for HS algorithms only")));
            }
            _ => {
                return Err(fault(format!("{what}: give one of jwks, public_key and secret_file")));
            }
        };
        let role = match (table.principal, table.principal_claim) {
            (Some(named), None) => match principals.contains_key(named.get_ref()) {
                true => Role::Fixed(named.into_inner()),
                false => {
                    return Err(at(
                        &named,
                        format!("{what}.principal: there is no principal {:?}", named.get_ref()),
                    ));
                }
            },
            (None, Some(claim)) => Role::Claim(claim),
            _ => return Err(fault(format!("{what}: give either principal or principal_claim"))),
        };
        if table.audience.is_empty() {
            return Err(fault(format!("{what}.audience is empty")));
        }
        Ok(Issuer {
            name,
            algorithms,
            issuer: table.issuer,
            audience: table.audience,
            leeway: table.leeway.0.unwrap_or(Duration::ZERO),
            keys,
            role,
            subject_claim: table.subject_claim,
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

    /// Paths are relative to the configuration file.
    fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }
}
