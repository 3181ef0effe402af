use std::{sync::Arc, time::Duration};

use redmux_transport::{Keepalive, Pem, TlsVersions};

#[cfg(feature = "full")]
use super::announced::{Maintenance, MovingEndpoint};
use super::{
    Options,
    provider::Defaults,
    tunnels::{show_tunnel, tunnel},
    values::{
        backlog, boolean, bytes, keepalive, millis, millis_or_off, protocol, reconnect,
        show_backlog, show_bytes, show_keepalive, show_millis, show_millis_or_off,
    },
};
#[cfg(feature = "topology")]
use super::{
    servers::{Mode, Servers},
    zones,
};
#[cfg(feature = "topology")]
use crate::connection::ReadFrom;

/// One option of the connection string
pub(super) struct OptionSpec {
    pub(super) name: &'static str,
    /// Other names that are accepted.
    pub(super) aliases: &'static [&'static str],
    /// What a value looks like, for errors.
    pub(super) accepts: &'static str,
    /// The default, for the documentation.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) default: &'static str,
    /// The meaning, for the documentation.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) about: &'static str,
    pub(super) read: fn(&mut Options, &str) -> Option<()>,
    /// Returns the value if it differs from that of the second options (the defaults).
    pub(super) show: fn(&Options, &Options) -> Option<String>,
    pub(super) secret: Secret,
}

/// The part of a value that must not be printed
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    No,
    All,
    /// User name and password of a URL.
    UserInfo,
}

const PLAIN: OptionSpec = OptionSpec {
    name: "",
    aliases: &[],
    accepts: TEXT,
    default: "none",
    about: "",
    read: |_, _| None,
    show: |_, _| None,
    secret: Secret::No,
};

const MILLISECONDS: &str = "milliseconds, 1 or more, or forever";
const NUMBER: &str = "a whole number";
const BOOLEAN: &str = "true or false";
const BYTES: &str = "bytes, such as 65536, 64KiB, 16MiB or 1GiB";
const TEXT: &str = "text, with %XX for commas and percent signs";
const PEM: &str = "the path of a PEM file, or PEM text with %0A for line ends";

/// An option whose field has a default, with a reader and a writer of its type.
macro_rules! option {
    ($name:literal, $field:ident, $accepts:expr, $default:literal, $read:expr, $show:expr, $about:literal) => {
        OptionSpec {
            name: $name,
            accepts: $accepts,
            default: $default,
            about: $about,
            read: |o, v| set(&mut o.$field, $read(v)),
            show: |o, d| (o.$field != d.$field).then(|| $show(&o.$field)),
            ..PLAIN
        }
    };
}

/// An option that is text, or nothing.
macro_rules! text {
    ($name:literal, $aliases:expr, $field:ident, $default:literal, $about:literal) => {
        OptionSpec {
            name: $name,
            aliases: $aliases,
            default: $default,
            about: $about,
            read: |o, v| set(&mut o.$field, Some(Some(Arc::from(v)))),
            show: |o, _| o.$field.as_ref().map(ToString::to_string),
            ..PLAIN
        }
    };
}

macro_rules! pem {
    ($name:literal, $field:ident, $default:literal, $about:literal) => {
        OptionSpec {
            name: $name,
            accepts: PEM,
            default: $default,
            about: $about,
            read: |o, v| set(&mut o.tls.$field, Some(Some(Pem::from(v)))),
            show: |o, _| o.tls.$field.as_ref().map(pem_text),
            ..PLAIN
        }
    };
}

/// A bound on what a server may send.
macro_rules! limit {
    ($name:literal, $field:ident, $accepts:expr, $default:literal, $read:expr, $show:expr, $about:literal) => {
        OptionSpec {
            name: $name,
            accepts: $accepts,
            default: $default,
            about: $about,
            read: |o, v| set(&mut o.limits.$field, $read(v)),
            show: |o, d| (o.limits.$field != d.limits.$field).then(|| $show(&o.limits.$field)),
            ..PLAIN
        }
    };
}

/// Every option of the connection string, in the order in which it is printed
#[rustfmt::skip]
pub(super) const OPTIONS: &[OptionSpec] = &[
    option!("connectTimeout", connect_timeout, MILLISECONDS, "5000", millis, show_millis,
        "Time for one connection attempt, with tunnel, TLS and Redis handshake."),
    OptionSpec {
        aliases: &["asyncTimeout"],
        ..option!("commandTimeout", command_timeout, MILLISECONDS, "5000", millis, show_millis,
            "Time for one asynchronous command, queueing included.")
    },
    option!("syncTimeout", sync_timeout, MILLISECONDS, "5000", millis, show_millis,
        "Time for one call of the blocking API."),
    option!("connectRetry", connect_retry, NUMBER, "3", number, show,
        "Attempts of the first connect, at each endpoint, before it fails."),
    OptionSpec {
        name: "abortConnect",
        aliases: &["abortOnConnectFail"],
        accepts: BOOLEAN,
        default: "true (false at Azure)",
        about: "Whether `connect` fails when no server can be reached, or goes on trying in the background.",
        read: |o, v| set(&mut o.abort_on_connect_fail, boolean(v).map(Some)),
        show: |o, _| o.abort_on_connect_fail.as_ref().map(show),
        ..PLAIN
    },
    OptionSpec {
        name: "reconnect",
        accepts: "exponential:BASE:CAP or constant:DELAY, in milliseconds",
        default: "exponential:100:10000",
        about: "Waits between connection attempts: exponential with full jitter up to a cap, or the same each time. The first attempt is made at once; with exponential waits, a command that waits for the connection, and with all `reconnect()`, cuts a longer wait to a second or so.",
        read: |o, v| set(&mut o.reconnect, reconnect(v)),
        show: |o, d| o.reconnect.text().filter(|text| d.reconnect.text().as_ref() != Some(text)),
        ..PLAIN
    },
    option!("backlog", backlog, "queue, queue:COMMANDS:BYTES or failFast", "queue:100000:64MiB", backlog, show_backlog,
        "What happens to commands while there is no connection: they wait, up to these bounds, or fail at once."),
    option!("keepAlive", keep_alive, MILLISECONDS, "10000", millis, show_millis,
        "Silence on an idle connection before the client sends `PING`."),
    option!("probeAfter", probe_after, MILLISECONDS, "2000", millis, show_millis,
        "Silence before the client sends `PING` while replies are due."),
    option!("probeTimeout", probe_timeout, MILLISECONDS, "5000", millis, show_millis,
        "How long a `PING` may go unanswered before the client gives the connection up."),
    option!("redialOnReadonly", redial_on_readonly, BOOLEAN, "true", boolean, show,
        "Whether the client leaves a server that answers `READONLY` and dials its name again."),
    OptionSpec {
        name: "tcpKeepAlive",
        accepts: "off, or IDLE:INTERVAL:COUNT with milliseconds",
        default: "15000:5000:3",
        about: "When the kernel probes an idle peer, and after how many probes it gives the peer up.",
        read: |o, v| set(&mut o.tcp_keepalive, keepalive(v).map(Some)),
        show: |o, _| o.tcp_keepalive.as_ref().map(|k: &Keepalive| show_keepalive(k)),
        ..PLAIN
    },
    OptionSpec {
        name: "tcpUserTimeout",
        accepts: "milliseconds, or off",
        default: "10000",
        about: "How long sent bytes may stay unacknowledged before the kernel gives the peer up (Linux).",
        read: |o, v| set(&mut o.tcp_user_timeout, millis_or_off(v).map(Some)),
        show: |o, _| o.tcp_user_timeout.as_ref().map(|t: &Duration| show_millis_or_off(t)),
        ..PLAIN
    },
    text!("user", &["username"], username, "none: Redis's user `default`", "User name of an ACL user; needs a password."),
    OptionSpec { secret: Secret::All, ..text!("password", &[], password, "none", "Password.") },
    OptionSpec {
        aliases: &["db", "database"],
        ..option!("defaultDatabase", database, NUMBER, "0", number, show, "Number of the logical database.")
    },
    text!("name", &["clientName"], client_name, "none", "Name of the connection in `CLIENT LIST`."),
    option!("setlib", library_info, BOOLEAN, "true", boolean, show,
        "Whether to send the library's name and version to the server (`CLIENT SETINFO`)."),
    #[cfg(feature = "full")]
    option!("highIntegrity", high_integrity, BOOLEAN, "false", boolean, show,
        "Whether to send a numbered `ECHO` before every command, which checks that replies still match their commands."),
    text!("libraryName", &["libname"], library_name, "redmux", "The library name to send, for libraries built on this one."),
    OptionSpec {
        name: "protocol",
        accepts: "resp2 or resp3",
        default: "RESP3, or RESP2 where the server refuses it",
        about: "Uses this protocol only.",
        read: |o, v| set(&mut o.protocol, protocol(v).map(Some)),
        show: |o, _| o.protocol.map(|p| p.to_string().to_ascii_lowercase()),
        ..PLAIN
    },
    #[cfg(feature = "full")]
    OptionSpec {
        name: "keyPrefix",
        default: "none",
        about: "A prefix for every key.",
        read: |o, v| {
            *o = std::mem::take(o).key_prefix(v);
            Some(())
        },
        show: |o, _| o.extras.get()?.key_prefix.as_ref().map(|prefix| prefix.to_text().into_owned()),
        ..PLAIN
    },
    #[cfg(feature = "full")]
    OptionSpec {
        name: "channelPrefix",
        about: "A prefix for every channel of subscriptions and messages.",
        read: |o, v| {
            *o = std::mem::take(o).channel_prefix(v);
            Some(())
        },
        show: |o, _| o.extras.get()?.channel_prefix.as_ref().map(ToString::to_string),
        ..PLAIN
    },
    #[cfg(feature = "full")]
    OptionSpec {
        name: "commandMap",
        accepts: "COMMAND=NAME (renamed) and COMMAND= (disabled), separated by semicolons, or twemproxy or envoy",
        about: "Commands that the server knows by another name, or that must not be used. `$command=name` is short for one of them. `twemproxy` and `envoy` allow only the commands that the proxy serves (below).",
        read: |o, v| {
            let map = o.command_map.clone().read(v);
            set(&mut o.command_map, map)
        },
        show: |o, _| (!o.command_map.is_empty()).then(|| o.command_map.to_string()),
        ..PLAIN
    },
    OptionSpec {
        name: "ssl",
        aliases: &["tls"],
        accepts: BOOLEAN,
        default: "false (true for `rediss://` and where a service is known to want it)",
        about: "Uses TLS; nothing is ever sent in the clear then. `false` contradicts a `rediss://` or `wss://` URL and is an error there.",
        read: |o, v| set(&mut o.ssl, boolean(v).map(Some)),
        show: |o, _| o.ssl.as_ref().map(show),
        ..PLAIN
    },
    OptionSpec {
        name: "sslHost",
        default: "the host of the endpoint",
        about: "The name that the server's certificate must hold; also sent as SNI.",
        read: |o, v| set(&mut o.tls.host, Some(Some(Arc::from(v)))),
        show: |o, _| o.tls.host.as_ref().map(ToString::to_string),
        ..PLAIN
    },
    OptionSpec {
        name: "sslProtocols",
        accepts: "tls12, tls13 or tls12|tls13",
        default: "tls12|tls13",
        about: "Versions of TLS.",
        read: |o, v| set(&mut o.tls.versions, tls_versions(v)),
        show: |o, _| match o.tls.versions {
            TlsVersions::Tls12 => Some("tls12".to_owned()),
            TlsVersions::Tls13 => Some("tls13".to_owned()),
            _ => None,
        },
        ..PLAIN
    },
    pem!("sslCa", ca, "those of the system", "Certificates of the authorities to trust, instead of the system's."),
    pem!("sslCert", certificate, "none", "The client's certificate, followed by intermediate ones."),
    OptionSpec { secret: Secret::All, ..pem!("sslKey", key, "none", "The private key of the client's certificate.") },
    OptionSpec {
        name: "sslDangerouslyUnverified",
        accepts: BOOLEAN,
        default: "false",
        about: "Accepts any certificate: anybody on the way can read and change everything. For tests.",
        read: |o, v| set(&mut o.tls.verify, boolean(v).map(|unverified| !unverified)),
        show: |o, _| (!o.tls.verify).then(|| true.to_string()),
        ..PLAIN
    },
    OptionSpec {
        name: "tunnel",
        accepts: "http://user:password@host:port or socks5://user:password@host:port",
        about: "A proxy to connect through (HTTP `CONNECT` or SOCKS 5). The proxy resolves the server's name.",
        read: |o, v| set(&mut o.tunnel, tunnel(v).map(Some)),
        show: |o, _| o.tunnel.as_ref().map(show_tunnel),
        secret: Secret::UserInfo,
        ..PLAIN
    },
    option!("defaults", defaults, "auto, redis, azure, amr, redisCloud, elasticacheServerless or upstash", "auto", Defaults::of_name, show_defaults,
        "The service whose defaults apply to options that are not set; `auto` recognises it by the host name of the first endpoint."),
    #[cfg(feature = "full")]
    OptionSpec {
        name: "azureMaintenance",
        accepts: BOOLEAN,
        default: "false (true at Azure)",
        about: "Whether to listen to the maintenance that Azure caches announce (the event `ServerMaintenance`).",
        read: |o, v| {
            *o = std::mem::take(o).azure_maintenance(boolean(v)?);
            Some(())
        },
        show: |o, _| o.extras.get()?.azure_maintenance.as_ref().map(show),
        ..PLAIN
    },
    #[cfg(feature = "full")]
    OptionSpec {
        name: "maintenance",
        aliases: &["maintNotifications"],
        accepts: "off, auto or required",
        default: "off (auto at Redis Cloud and Azure Managed Redis)",
        about: "Whether to ask servers to announce maintenance to each connection (`CLIENT MAINT_NOTIFICATIONS`, the event `ServerMaintenance`), and to move to another endpoint when they say so. With `required`, a server that refuses is an error.",
        read: |o, v| {
            *o = std::mem::take(o).maintenance(Maintenance::of_name(v)?);
            Some(())
        },
        show: |o, _| Some(o.extras.get()?.maintenance.mode?.name().to_owned()),
        ..PLAIN
    },
    #[cfg(feature = "full")]
    OptionSpec {
        name: "movingEndpoint",
        aliases: &["maintMovingEndpointType"],
        accepts: "auto, internal-ip, internal-fqdn, external-ip, external-fqdn or none",
        default: "auto",
        about: "How the server is to name the endpoint that a connection moves to: `auto` is by name with TLS, otherwise by address.",
        read: |o, v| {
            *o = std::mem::take(o).moving_endpoint(MovingEndpoint::of_name(v)?);
            Some(())
        },
        show: |o, _| {
            let kind = o.extras.get()?.maintenance.endpoint;
            (kind != MovingEndpoint::Auto).then(|| kind.name().to_owned())
        },
        ..PLAIN
    },
    #[cfg(feature = "full")]
    OptionSpec {
        name: "relaxedTimeout",
        accepts: MILLISECONDS,
        default: "10000",
        about: "Time for one command while announced maintenance is under way, unless `commandTimeout` is longer.",
        read: |o, v| {
            *o = std::mem::take(o).relaxed_timeout(millis(v)?);
            Some(())
        },
        show: |o, d| (o.relaxed_time() != d.relaxed_time()).then(|| show_millis(&o.relaxed_time())),
        ..PLAIN
    },
    #[cfg(feature = "full")]
    OptionSpec {
        name: "configChannel",
        accepts: "text, with %XX for commas and percent signs; empty for none",
        default: "`__Booksleeve_MasterChanged` (none at Azure Managed Redis)",
        about: "The channel on which programs tell each other that the servers have changed (the event `ConfigurationChangedBroadcast`, `publish_reconfigure`). The client listens if the option is given or there are several endpoints.",
        read: |o, v| {
            *o = std::mem::take(o).config_channel(v);
            Some(())
        },
        show: |o, _| o.extras.get()?.config_channel.as_ref().map(ToString::to_string),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "mode",
        accepts: "auto, single, cluster, replicas, sentinel or proxy",
        default: "auto",
        about: "What the endpoints are: addresses of one server, nodes of a cluster, a primary and its replicas, sentinels, or a proxy such as twemproxy and Envoy; `auto` finds it out.",
        read: |o, v| {
            let mode = Mode::of_name(v)?;
            set_servers(o, |servers| servers.mode = mode)
        },
        show: |o, _| o.servers().map(|servers| servers.mode).filter(|mode| *mode != Mode::Auto).map(|mode| mode.name().to_owned()),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "proxy",
        accepts: "none, twemproxy or envoyproxy",
        default: "none",
        about: "As in StackExchange.Redis: short for `mode=proxy`, and `commandMap=twemproxy` or `envoy`.",
        read: |o, v| {
            if v.eq_ignore_ascii_case("none") {
                return Some(());
            }
            let is_proxy = ["twemproxy", "envoyproxy"].iter().any(|name| v.eq_ignore_ascii_case(name));
            let map = o.command_map.clone().read(v).filter(|_| is_proxy)?;
            o.command_map = map;
            set_servers(o, |servers| servers.mode = Mode::Proxy)
        },
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "serviceName",
        aliases: &["service_name", "sentinelServiceName", "sentinelMasterId"],
        default: "none",
        about: "The name by which sentinels know the primary. The endpoints are sentinels then, and their port is 26379 unless given.",
        read: |o, v| set_servers(o, |servers| servers.service_name = Some(v.into())),
        show: |o, _| o.servers()?.service_name.as_ref().map(show),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "sentinelUser",
        aliases: &["sentinelUsername", "sentinel_username"],
        default: "none",
        about: "User name of an ACL user of the sentinels; needs a password.",
        read: |o, v| set_servers(o, |servers| servers.sentinel_user = Some(v.into())),
        show: |o, _| o.servers()?.sentinel_user.as_ref().map(show),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "sentinelPassword",
        aliases: &["sentinel_password"],
        default: "none",
        about: "Password of the sentinels; `password` is never sent to them.",
        read: |o, v| set_servers(o, |servers| servers.sentinel_password = Some(v.into())),
        show: |o, _| o.servers()?.sentinel_password.as_ref().map(show),
        secret: Secret::All,
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "sentinelTls",
        accepts: BOOLEAN,
        default: "as for the servers (`ssl`)",
        about: "Uses TLS with sentinels.",
        read: |o, v| {
            let tls = boolean(v)?;
            set_servers(o, |servers| servers.sentinel_tls = Some(tls))
        },
        show: |o, _| o.servers()?.sentinel_tls.as_ref().map(show),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "readFrom",
        accepts: "primary, preferReplica, replica or nearest",
        default: "primary",
        about: "Which servers commands that only read go to. `replica` fails where none can be used; `nearest` prefers those of `zone`.",
        read: |o, v| {
            let read_from = ReadFrom::of_name(v)?;
            set_servers(o, |servers| servers.read_from = read_from)
        },
        show: |o, _| o.servers().map(|servers| servers.read_from).filter(|read| *read != ReadFrom::Primary).map(|read| read.name().to_owned()),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "zone",
        default: "none",
        about: "The availability zone of this program, as servers name theirs or `zones` does.",
        read: |o, v| set_servers(o, |servers| servers.zone = Some(v.into())),
        show: |o, _| o.servers()?.zone.as_ref().map(show),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "zones",
        accepts: zones::EXPECTED,
        default: "as servers say",
        about: "The availability zones of servers, which count before what these say themselves.",
        read: |o, v| {
            let zones = zones::read(v)?;
            set_servers(o, |servers| servers.zones = zones)
        },
        show: |o, _| zones::show(&o.servers()?.zones),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "maxReplicaLag",
        accepts: MILLISECONDS,
        default: "without a limit",
        about: "How far a replica may be behind its primary and still be read from.",
        read: |o, v| {
            let lag = millis(v)?;
            set_servers(o, |servers| servers.max_replica_lag = Some(lag))
        },
        show: |o, _| o.servers()?.max_replica_lag.as_ref().map(show_millis),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "tiebreaker",
        accepts: "text, with %XX for commas and percent signs; empty for none",
        default: "`__Booksleeve_TieBreak`",
        about: "With `mode=replicas`, the key whose value is the endpoint of the primary, where several servers say that they are one and no replica follows one of them.",
        read: |o, v| set_servers(o, |servers| servers.tiebreaker = Some(v.into())),
        show: |o, _| o.servers()?.tiebreaker.as_ref().map(ToString::to_string),
        ..PLAIN
    },
    option!("sendQueueBytes", send_queue_bytes, BYTES, "16MiB", bytes, show_bytes,
        "Unsent bytes beyond which callers wait for room."),
    option!("subscriptionCapacity", subscription_capacity, NUMBER, "1024", number, show,
        "Messages that wait for a slow subscriber before the oldest are dropped."),
    option!("subscriptionBytes", subscription_bytes, BYTES, "8MiB", bytes, show_bytes,
        "Bytes of messages that wait for a slow subscriber before the oldest are dropped."),
    option!("maxLeased", max_leased, NUMBER, "32", number, show,
        "Connections leased at the same time, for blocking commands, transactions with conditions and the like; further callers queue."),
    option!("leaseIdle", lease_idle, MILLISECONDS, "30000", millis, show_millis,
        "How long a returned connection stays idle before it is closed."),
    limit!("maxReplyBytes", max_frame, BYTES, "1GiB", bytes, show_bytes, "The longest reply that is accepted."),
    limit!("maxValueBytes", max_bulk, BYTES, "512MiB", bytes, show_bytes, "The longest string in a reply that is accepted."),
    limit!("maxLineBytes", max_line, BYTES, "64KiB", bytes, show_bytes, "The longest simple string or error in a reply."),
    limit!("maxReplyElements", max_elements, NUMBER, "16777216", number, show, "Elements of one aggregate in a reply; an entry of a map counts as two."),
    limit!("maxReplyDepth", max_depth, NUMBER, "128", number, show, "Aggregates within aggregates in a reply."),
];

fn set<T>(field: &mut T, value: Option<T>) -> Option<()> {
    *field = value?;
    Some(())
}

#[cfg(feature = "topology")]
fn set_servers(options: &mut Options, change: impl FnOnce(&mut Servers)) -> Option<()> {
    options.change_servers(change);
    Some(())
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn show(value: &impl ToString) -> String {
    value.to_string()
}

fn show_defaults(defaults: &Defaults) -> String {
    defaults.name().to_owned()
}

fn pem_text(pem: &Pem) -> String {
    match pem {
        Pem::File(text) | Pem::Text(text) => text.to_string(),
    }
}

fn tls_versions(text: &str) -> Option<TlsVersions> {
    match text.to_ascii_lowercase().as_str() {
        "tls12" => Some(TlsVersions::Tls12),
        "tls13" => Some(TlsVersions::Tls13),
        "tls12|tls13" | "tls13|tls12" => Some(TlsVersions::Any),
        _ => None,
    }
}
