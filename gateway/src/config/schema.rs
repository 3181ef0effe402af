//! The tables of a configuration file, as they are written.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::{NonZeroU16, NonZeroUsize},
    time::Duration,
};

use serde::Deserialize;
use toml::Spanned;

use super::values::{CountOrOff, Network, Size, Time, TimeOrOff};
use crate::{
    audit::{AuditCommands, AuditKeys},
    auth::CertificateId,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) listen: ListenTable,
    pub(super) admin: Option<AdminTable>,
    pub(super) console: Option<ConsoleTable>,
    #[serde(default)]
    pub(super) access: AccessTable,
    #[serde(default)]
    pub(super) limits: LimitsTable,
    #[serde(default)]
    pub(super) timeouts: TimeoutsTable,
    pub(super) audit: Option<AuditTable>,
    #[serde(default)]
    pub(super) upstreams: BTreeMap<String, UpstreamTable>,
    #[serde(default)]
    pub(super) policies: BTreeMap<String, Spanned<PolicyTable>>,
    #[serde(default)]
    pub(super) principals: BTreeMap<String, Spanned<PrincipalTable>>,
    #[serde(default)]
    pub(super) jwt: BTreeMap<String, Spanned<JwtTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListenTable {
    pub(super) address: Spanned<SocketAddr>,
    pub(super) path: Spanned<String>,
    pub(super) hosts: Vec<Spanned<String>>,
    pub(super) origins: Vec<Spanned<String>>,
    pub(super) allow_no_origin: bool,
    pub(super) trusted_proxies: Vec<Network>,
    pub(super) plaintext: bool,
    pub(super) serve: Option<Spanned<String>>,
    pub(super) threads: NonZeroU16,
    pub(super) tls: Option<ListenTlsTable>,
}

impl Default for ListenTable {
    fn default() -> Self {
        Self {
            address: Spanned::new(0..0, SocketAddr::from(([127, 0, 0, 1], 8080))),
            path: Spanned::new(0..0, "/redis".to_owned()),
            hosts: Vec::new(),
            origins: Vec::new(),
            allow_no_origin: false,
            trusted_proxies: Vec::new(),
            plaintext: false,
            serve: None,
            threads: NonZeroU16::MIN,
            tls: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListenTlsTable {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) client_ca: Option<String>,
    #[serde(default)]
    pub(super) client_certificates: ClientCertificates,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ClientCertificates {
    #[default]
    Optional,
    Required,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminTable {
    pub(super) address: SocketAddr,
    #[serde(default)]
    pub(super) hosts: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsoleTable {
    pub(super) directory: Spanned<String>,
    #[serde(default)]
    pub(super) connect: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AccessTable {
    pub(super) anonymous: Option<Spanned<String>>,
    pub(super) first_message: TimeOrOff,
    pub(super) refusals: Refusals,
}

impl Default for AccessTable {
    fn default() -> Self {
        let first_message = TimeOrOff(Some(Duration::from_secs(5)));
        Self { anonymous: None, first_message, refusals: Refusals::Http }
    }
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Refusals {
    Http,
    Close,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsTable {
    pub(super) connections: usize,
    pub(super) connections_per_address: CountOrOff,
    pub(super) unauthenticated: NonZeroUsize,
    pub(super) unauthenticated_per_address: CountOrOff,
    pub(super) arrivals_per_address: CountOrOff,
    pub(super) buffered: Size,
    pub(super) in_flight: Option<usize>,
    pub(super) commands_per_second: Option<u32>,
    pub(super) bytes_per_second: Option<u32>,
}

impl Default for LimitsTable {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_address: CountOrOff(Some(64)),
            unauthenticated: NonZeroUsize::MIN.saturating_add(255),
            unauthenticated_per_address: CountOrOff(Some(32)),
            arrivals_per_address: CountOrOff(Some(50)),
            buffered: Size(128 << 20),
            in_flight: None,
            commands_per_second: None,
            bytes_per_second: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TimeoutsTable {
    pub(super) handshake: Time,
    pub(super) command: Time,
    pub(super) ping: Time,
    pub(super) pong: Time,
    pub(super) slow_client: Time,
    pub(super) lame_duck: TimeOrOff,
    pub(super) drain: Time,
    pub(super) drain_spread: TimeOrOff,
}

impl Default for TimeoutsTable {
    fn default() -> Self {
        let seconds = |seconds| Time(Duration::from_secs(seconds));
        Self {
            handshake: seconds(5),
            command: seconds(30),
            ping: seconds(25),
            pong: seconds(10),
            slow_client: seconds(10),
            lame_duck: TimeOrOff(None),
            drain: seconds(10),
            drain_spread: TimeOrOff(None),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditTable {
    pub(super) file: String,
    #[serde(default)]
    pub(super) commands: AuditCommands,
    #[serde(default)]
    pub(super) keys: AuditKeys,
    pub(super) secret_file: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamTable {
    pub(super) address: Spanned<String>,
    #[serde(default)]
    pub(super) plaintext: bool,
    pub(super) tls: Option<UpstreamTlsTable>,
    #[serde(default = "five_seconds")]
    pub(super) connect_timeout: Time,
    #[serde(default = "ten_seconds")]
    pub(super) reply_timeout: Time,
}

fn ten_seconds() -> Time {
    Time(Duration::from_secs(10))
}

fn five_seconds() -> Time {
    Time(Duration::from_secs(5))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamTlsTable {
    pub(super) host: Option<String>,
    pub(super) ca: Option<String>,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyTable {
    pub(super) commands: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) read: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) write: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) subscribe: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) publish: Vec<Spanned<String>>,
    #[serde(default = "first_database")]
    pub(super) databases: Vec<u32>,
    pub(super) scripts: Option<Scripts>,
    #[serde(default)]
    pub(super) queries: QueriesTable,
    #[serde(default)]
    pub(super) limits: PolicyLimitsTable,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct QueriesTable {
    pub(super) rows: Option<NonZeroUsize>,
    pub(super) time: Option<TimeOrOff>,
    pub(super) cursor_idle: Option<TimeOrOff>,
}

fn first_database() -> Vec<u32> {
    vec![0]
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scripts {
    Acl,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PolicyLimitsTable {
    pub(super) connections: Option<NonZeroUsize>,
    pub(super) in_flight: Option<NonZeroUsize>,
    pub(super) commands_per_second: Option<u32>,
    pub(super) bytes_per_second: Option<u32>,
    pub(super) client_in_flight: Option<NonZeroUsize>,
    pub(super) client_commands_per_second: Option<u32>,
    pub(super) client_bytes_per_second: Option<u32>,
    pub(super) message: Option<Size>,
    pub(super) fragments: Option<NonZeroUsize>,
    pub(super) command: Option<Size>,
    pub(super) arguments: Option<NonZeroUsize>,
    pub(super) idle: Option<TimeOrOff>,
    pub(super) session: Option<TimeOrOff>,
    pub(super) denied: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrincipalTable {
    pub(super) policy: Spanned<String>,
    pub(super) upstream: Option<Spanned<String>>,
    pub(super) user: Option<String>,
    pub(super) password_file: Option<String>,
    pub(super) password_env: Option<String>,
    #[serde(default)]
    pub(super) tokens: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) certificates: Vec<CertificateId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JwtTable {
    pub(super) algorithms: Vec<Spanned<String>>,
    pub(super) issuer: Spanned<String>,
    pub(super) audience: Vec<Spanned<String>>,
    #[serde(default = "thirty_seconds")]
    pub(super) leeway: TimeOrOff,
    #[serde(default = "a_day")]
    pub(super) max_lifetime: TimeOrOff,
    pub(super) typ: Option<String>,
    pub(super) jwks: Option<Spanned<String>>,
    pub(super) public_key: Option<String>,
    pub(super) secret_file: Option<String>,
    pub(super) principal: Option<Spanned<String>>,
    pub(super) principal_claim: Option<String>,
    #[serde(default)]
    pub(super) principals: Vec<Spanned<String>>,
    #[serde(default = "sub")]
    pub(super) subject_claim: String,
}

fn thirty_seconds() -> TimeOrOff {
    TimeOrOff(Some(Duration::from_secs(30)))
}

fn a_day() -> TimeOrOff {
    TimeOrOff(Some(Duration::from_secs(24 * 3600)))
}

fn sub() -> String {
    "sub".to_owned()
}
