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

/// A text that is for the documentation only, which a test writes: programs do not contain it.
const fn documented(text: &'static str) -> &'static str {
    if cfg!(test) { text } else { "" }
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
    default: documented("none"),
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
            default: documented($default),
            about: documented($about),
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
            default: documented($default),
            about: documented($about),
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
            default: documented($default),
            about: documented($about),
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
            default: documented($default),
            about: documented($about),
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
        default: documented("true (false at Azure)"),
        about: documented("`true`: `connect` fails if it can reach no server. `false`: it keeps trying in the background."),
        read: |o, v| set(&mut o.abort_on_connect_fail, boolean(v).map(Some)),
        show: |o, _| o.abort_on_connect_fail.as_ref().map(show),
        ..PLAIN
    },
    OptionSpec {
        name: "reconnect",
        accepts: "exponential:BASE:CAP or constant:DELAY, in milliseconds",
        default: documented("exponential:100:10000"),
        about: documented("Waits between connection attempts: exponential with full jitter up to a cap, or constant. The first attempt is immediate. With exponential waits, a waiting command shortens a long wait to about a second. `reconnect()` shortens it with either policy."),
        read: |o, v| set(&mut o.reconnect, reconnect(v)),
        show: |o, d| o.reconnect.text().filter(|text| d.reconnect.text().as_ref() != Some(text)),
        ..PLAIN
    },
    option!("backlog", backlog, "queue, queue:COMMANDS:BYTES or failFast", "queue:100000:64MiB", backlog, show_backlog,
        "Commands without a connection: `queue` lets them wait up to these bounds, `failFast` fails them at once."),
    option!("keepAlive", keep_alive, MILLISECONDS, "10000", millis, show_millis,
        "Silence on an idle connection before the client sends `PING`."),
    option!("probeAfter", probe_after, MILLISECONDS, "2000", millis, show_millis,
        "Silence before the client sends `PING` while replies are due."),
    option!("probeTimeout", probe_timeout, MILLISECONDS, "5000", millis, show_millis,
        "Time for the answer to such a `PING`. Then the client gives up the connection."),
    option!("redialOnReadonly", redial_on_readonly, BOOLEAN, "true", boolean, show,
        "Disconnects from a server that answers `READONLY`, and connects to its name again."),
    OptionSpec {
        name: "tcpKeepAlive",
        accepts: "off, or IDLE:INTERVAL:COUNT with milliseconds",
        default: documented("15000:5000:3"),
        about: documented("TCP keep-alive: idle time before the first probe, interval, and number of unanswered probes that end the connection."),
        read: |o, v| set(&mut o.tcp_keepalive, keepalive(v).map(Some)),
        show: |o, _| o.tcp_keepalive.as_ref().map(|k: &Keepalive| show_keepalive(k)),
        ..PLAIN
    },
    OptionSpec {
        name: "tcpUserTimeout",
        accepts: "milliseconds, or off",
        default: documented("10000"),
        about: documented("Time that sent bytes may stay unacknowledged before the kernel ends the connection (Linux)."),
        read: |o, v| set(&mut o.tcp_user_timeout, millis_or_off(v).map(Some)),
        show: |o, _| o.tcp_user_timeout.as_ref().map(|t: &Duration| show_millis_or_off(t)),
        ..PLAIN
    },
    text!("user", &["username"], username, "none: Redis's user `default`", "Name of the ACL user; needs a password."),
    OptionSpec { secret: Secret::All, ..text!("password", &[], password, "none", "Password.") },
    OptionSpec {
        aliases: &["db", "database"],
        ..option!("defaultDatabase", database, NUMBER, "0", number, show, "Number of the logical database.")
    },
    text!("name", &["clientName"], client_name, "none", "Name of the connection in `CLIENT LIST`."),
    option!("setlib", library_info, BOOLEAN, "true", boolean, show,
        "Sends the library's name and version to the server (`CLIENT SETINFO`)."),
    #[cfg(feature = "full")]
    option!("highIntegrity", high_integrity, BOOLEAN, "false", boolean, show,
        "Sends a numbered `ECHO` before every command, to check that replies match their commands."),
    text!("libraryName", &["libname"], library_name, "redmux", "The library name to send, for libraries built on this one."),
    OptionSpec {
        name: "protocol",
        accepts: "resp2 or resp3",
        default: documented("RESP3, or RESP2 where the server refuses it"),
        about: documented("Uses this protocol only."),
        read: |o, v| set(&mut o.protocol, protocol(v).map(Some)),
        show: |o, _| o.protocol.map(|p| p.to_string().to_ascii_lowercase()),
        ..PLAIN
    },
    #[cfg(feature = "full")]
    OptionSpec {
        name: "keyPrefix",
        default: documented("none"),
        about: documented("A prefix for every key."),
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
        about: documented("A prefix for every channel of subscriptions and messages."),
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
        about: documented("Renames or disables commands. `$command=name` is short for one command. `twemproxy` and `envoy` allow only the commands that the proxy serves (below)."),
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
        default: documented("false (true for `rediss://` and for services that are known to require it)"),
        about: documented("Uses TLS and never plaintext. `false` together with a `rediss://` or `wss://` URL is an error."),
        read: |o, v| set(&mut o.ssl, boolean(v).map(Some)),
        show: |o, _| o.ssl.as_ref().map(show),
        ..PLAIN
    },
    OptionSpec {
        name: "sslHost",
        default: documented("the host of the endpoint"),
        about: documented("The name that the server's certificate must contain; also sent as SNI."),
        read: |o, v| set(&mut o.tls.host, Some(Some(Arc::from(v)))),
        show: |o, _| o.tls.host.as_ref().map(ToString::to_string),
        ..PLAIN
    },
    OptionSpec {
        name: "sslProtocols",
        accepts: "tls12, tls13 or tls12|tls13",
        default: documented("tls12|tls13"),
        about: documented("Versions of TLS."),
        read: |o, v| set(&mut o.tls.versions, tls_versions(v)),
        show: |o, _| match o.tls.versions {
            TlsVersions::Tls12 => Some("tls12".to_owned()),
            TlsVersions::Tls13 => Some("tls13".to_owned()),
            _ => None,
        },
        ..PLAIN
    },
    pem!("sslCa", ca, "those of the system", "Certificates of the trusted authorities, instead of the system's."),
    pem!("sslCert", certificate, "none", "The client's certificate, followed by intermediate ones."),
    OptionSpec { secret: Secret::All, ..pem!("sslKey", key, "none", "The private key of the client's certificate.") },
    OptionSpec {
        name: "sslDangerouslyUnverified",
        accepts: BOOLEAN,
        default: documented("false"),
        about: documented("Accepts any certificate, so that anybody between client and server can read and change everything. For tests."),
        read: |o, v| set(&mut o.tls.verify, boolean(v).map(|unverified| !unverified)),
        show: |o, _| (!o.tls.verify).then(|| true.to_string()),
        ..PLAIN
    },
    OptionSpec {
        name: "tunnel",
        accepts: "http://user:password@host:port or socks5://user:password@host:port",
        about: documented("A proxy to connect through (HTTP `CONNECT` or SOCKS 5). The proxy resolves the server's name."),
        read: |o, v| set(&mut o.tunnel, tunnel(v).map(Some)),
        show: |o, _| o.tunnel.as_ref().map(show_tunnel),
        secret: Secret::UserInfo,
        ..PLAIN
    },
    option!("defaults", defaults, "auto, redis, azure, amr, redisCloud, elasticacheServerless or upstash", "auto", Defaults::of_name, show_defaults,
        "The service whose defaults apply to options that you do not set. `auto` recognises it by the host name of the first endpoint."),
    #[cfg(feature = "full")]
    OptionSpec {
        name: "azureMaintenance",
        accepts: BOOLEAN,
        default: documented("false (true at Azure)"),
        about: documented("Listens to Azure's announcements of maintenance (the event `ServerMaintenance`)."),
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
        default: documented("off (auto at Redis Cloud and Azure Managed Redis)"),
        about: documented("Asks servers to announce maintenance on each connection (`CLIENT MAINT_NOTIFICATIONS`, the event `ServerMaintenance`), and moves to another endpoint when they request it. With `required`, a server that refuses is an error."),
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
        default: documented("auto"),
        about: documented("How the server names the endpoint to move to. `auto` is by name with TLS, otherwise by address."),
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
        default: documented("10000"),
        about: documented("Timeout of a command during announced maintenance, unless `commandTimeout` is longer."),
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
        default: documented("`__Booksleeve_MasterChanged` (none at Azure Managed Redis)"),
        about: documented("The channel on which programs announce to each other that the servers have changed (the event `ConfigurationChangedBroadcast`, `publish_reconfigure`). The client listens if you set the option or give several endpoints."),
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
        default: documented("auto"),
        about: documented("What the endpoints are: addresses of one server, nodes of a cluster, a primary and its replicas, sentinels, or a proxy such as twemproxy and Envoy. `auto` asks the first server that answers; with `serviceName`, they are sentinels."),
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
        default: documented("none"),
        about: documented("As in StackExchange.Redis: short for `mode=proxy`, and `commandMap=twemproxy` or `envoy`."),
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
        default: documented("none"),
        about: documented("The sentinels' name of the primary. The endpoints are then sentinels, with the default port 26379."),
        read: |o, v| set_servers(o, |servers| servers.service_name = Some(v.into())),
        show: |o, _| o.servers()?.service_name.as_ref().map(show),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "sentinelUser",
        aliases: &["sentinelUsername", "sentinel_username"],
        default: documented("none"),
        about: documented("Name of the sentinels' ACL user; needs a password."),
        read: |o, v| set_servers(o, |servers| servers.sentinel_user = Some(v.into())),
        show: |o, _| o.servers()?.sentinel_user.as_ref().map(show),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "sentinelPassword",
        aliases: &["sentinel_password"],
        default: documented("none"),
        about: documented("Password of the sentinels; the client never sends them `password`."),
        read: |o, v| set_servers(o, |servers| servers.sentinel_password = Some(v.into())),
        show: |o, _| o.servers()?.sentinel_password.as_ref().map(show),
        secret: Secret::All,
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "sentinelTls",
        accepts: BOOLEAN,
        default: documented("as for the servers (`ssl`)"),
        about: documented("Uses TLS with sentinels."),
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
        default: documented("primary"),
        about: documented("Where commands that only read go. `replica` fails if no replica is usable; `nearest` prefers servers in `zone`."),
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
        default: documented("none"),
        about: documented("The availability zone of this program, as the servers or `zones` name it."),
        read: |o, v| set_servers(o, |servers| servers.zone = Some(v.into())),
        show: |o, _| o.servers()?.zone.as_ref().map(show),
        ..PLAIN
    },
    #[cfg(feature = "topology")]
    OptionSpec {
        name: "zones",
        accepts: zones::EXPECTED,
        default: documented("as servers say"),
        about: documented("The availability zones of servers; overrides what the servers report."),
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
        default: documented("without a limit"),
        about: documented("The client does not read from a replica that is further behind its primary."),
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
        default: documented("`__Booksleeve_TieBreak`"),
        about: documented("With `mode=replicas`, the key whose value is the endpoint of the primary. The client reads it if several servers say that they are primaries and no replica follows one of them."),
        read: |o, v| set_servers(o, |servers| servers.tiebreaker = Some(v.into())),
        show: |o, _| o.servers()?.tiebreaker.as_ref().map(ToString::to_string),
        ..PLAIN
    },
    option!("sendQueueBytes", send_queue_bytes, BYTES, "16MiB", bytes, show_bytes,
        "Unsent bytes above which callers wait for room."),
    option!("subscriptionCapacity", subscription_capacity, NUMBER, "1024", number, show,
        "Messages that wait for a slow subscriber before the client drops the oldest."),
    option!("subscriptionBytes", subscription_bytes, BYTES, "8MiB", bytes, show_bytes,
        "Bytes of messages that wait for a slow subscriber before the client drops the oldest."),
    option!("maxLeased", max_leased, NUMBER, "32", number, show,
        "Connections leased at the same time, for blocking commands, transactions with conditions and the like; further callers queue."),
    option!("leaseIdle", lease_idle, MILLISECONDS, "30000", millis, show_millis,
        "Time after which the client closes a returned connection that stays idle."),
    limit!("maxReplyBytes", max_frame, BYTES, "1GiB", bytes, show_bytes, "Largest accepted reply."),
    limit!("maxValueBytes", max_bulk, BYTES, "512MiB", bytes, show_bytes, "Longest accepted string in a reply."),
    limit!("maxLineBytes", max_line, BYTES, "64KiB", bytes, show_bytes, "Longest accepted simple string or error."),
    limit!("maxReplyElements", max_elements, NUMBER, "16777216", number, show, "Most elements of one aggregate in a reply; an entry of a map counts as two."),
    limit!("maxReplyDepth", max_depth, NUMBER, "128", number, show, "Deepest nesting of aggregates in a reply."),
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
