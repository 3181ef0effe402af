//! Every option: read, printed, documented.

use std::{env, fs, path::Path, sync::Arc, time::Duration};

use proptest::prelude::*;
use redmux_transport::{Endpoint, Keepalive, TlsOptions, TlsVersions, Tunnel};

use super::{Options, extras::Extras, reading::read_option, table::OPTIONS};
#[cfg(feature = "topology")]
use crate::options::{Mode, ReadFrom};
use crate::{
    ErrorKind,
    commands::CommandMap,
    connection::{BacklogPolicy, ConstantDelay, ExponentialBackoff},
    options::{Defaults, Maintenance, MovingEndpoint},
    resp::{Limits, Protocol},
};

const HEADER: &str = include_str!("options.md");

/// What builds with the feature `topology` have besides.
const SERVERS: &str = if cfg!(feature = "topology") { include_str!("servers.md") } else { "" };

/// The method of `Options` that sets an option.
fn method(option: &str) -> String {
    let method = match option {
        "abortConnect" => "abort_on_connect_fail",
        "reconnect" => "reconnect_policy",
        "tcpKeepAlive" => "tcp_keepalive",
        "user" => "username",
        "defaultDatabase" => "database",
        "name" => "client_name",
        "setlib" => "library_info",
        "proxy" => "mode",
        "sentinelUser" => "sentinel_username",
        "zones" => "zone_of",
        tls if tls.starts_with("ssl") => "tls",
        "maxReplyBytes" | "maxReplyElements" | "maxReplyDepth" | "maxValueBytes"
        | "maxLineBytes" => "limits",
        name => {
            let mut snake = String::new();
            for c in name.chars() {
                if c.is_ascii_uppercase() {
                    snake.push('_');
                }
                snake.push(c.to_ascii_lowercase());
            }
            return snake;
        }
    };
    method.to_owned()
}

#[test]
fn each_option_has_the_method_that_the_documentation_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/options");
    let files = fs::read_dir(folder).unwrap();
    let sources: String =
        files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    for spec in OPTIONS {
        let method = method(spec.name);
        assert!(sources.contains(&format!("pub fn {method}(")), "{}: {method}", spec.name);
    }
}

#[test]
fn the_documentation_is_up_to_date() {
    // It describes the build with the default features.
    let manifest = include_str!("../../Cargo.toml");
    let defaults = manifest.lines().find(|line| line.starts_with("default = [")).unwrap();
    if defaults.contains("\"topology\"") != cfg!(feature = "topology") {
        return;
    }
    let mut rows = String::new();
    for spec in OPTIONS {
        let (about, accepts) = (spec.about, spec.accepts.replace('|', "\\|"));
        let default = spec.default.replace('|', "\\|");
        let aliases: String = spec.aliases.iter().map(|alias| format!(", `{alias}`")).collect();
        let row = format!(
            "| `{}`{aliases} | `{}` | {about} | {accepts} | {default} |\n",
            spec.name,
            method(spec.name)
        );
        rows.push_str(&row);
    }
    let expected = HEADER.replace("TABLE\n", &rows).replace("SERVERS\n", &format!("{SERVERS}\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/options.md");
    if env::var_os("REDMUX_WRITE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/options.md is stale: REDMUX_WRITE_DOCS=1 cargo test -p redmux --lib options::"
    );
}

#[test]
fn a_fault_is_found_where_the_text_is_read_or_by_validate() {
    let text = "localhost,colour=blue";
    for error in [Options::try_from(text), Options::try_from(text.to_owned()), text.parse()] {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Config);
    }
    for options in [Options::new("h:port"), Options::new("h").endpoint("g:port").database(1)] {
        let error = options.validate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            format!("{options:?}").ends_with(&format!("; not usable: {error})")),
            "{options:?}"
        );
    }
    assert_eq!(format!("{:?}", Options::new("h")), "Options(h:6379)");
    assert!(Options::new("h").validate().is_ok());
}

#[test]
fn a_url_that_demands_tls_gets_it_or_an_error() {
    let url = "rediss://:s3cret@h";
    for options in [
        Options::new(url).plaintext(),
        Options::default().plaintext().endpoint(url),
        Options::new(url).endpoint("redis://g?ssl=false"),
        Options::new("wss://h").plaintext(),
    ] {
        let error = options.validate().unwrap_err().to_string();
        assert!(error.contains("ssl: false contradicts the URL"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    for options in [
        Options::new(url),
        Options::new(url).plaintext().tls(TlsOptions::default()),
        Options::new("redis://g").endpoint(url),
        Options::new("rediss://h?ssl=true"),
    ] {
        options.validate().unwrap();
        assert!(options.wants_tls(), "{options}");
    }
    // Where no URL demands it, a service's TLS can be left out.
    let options = Options::new("x.redis.azure.net").plaintext();
    assert!(options.validate().is_ok() && !options.wants_tls());
}

#[test]
fn names_are_unique_and_documented_defaults_are_true() {
    let defaults = Options::default();
    let mut names = Vec::new();
    for spec in OPTIONS {
        for name in spec.aliases.iter().chain([&spec.name]) {
            let name = name.to_ascii_lowercase();
            assert!(!names.contains(&name), "{name} is there twice");
            names.push(name);
        }
        assert!(spec.about.ends_with('.'), "{} is not described", spec.name);
        assert_eq!((spec.show)(&defaults, &defaults), None, "{} has no default", spec.name);
        // Where the default can be written as a value, it is the value that nothing changes.
        let word = spec.default.chars().all(|c| c.is_ascii_alphanumeric() || ":|".contains(c));
        if word && !["none", "redmux"].contains(&spec.default) {
            let mut options = Options::default();
            read_option(&mut options, spec.name, spec.default)
                .unwrap_or_else(|error| panic!("{}: {error}", spec.name));
            let shown = (spec.show)(&options, &defaults);
            let own = ["tcpKeepAlive", "tcpUserTimeout"].contains(&spec.name);
            let expected = own.then(|| spec.default.to_owned());
            assert_eq!(shown, expected, "{}", spec.name);
        }
    }
}

/// All there is in options, secrets included.
fn everything(options: &Options) -> String {
    let Options {
        endpoints,
        connect_timeout,
        command_timeout,
        sync_timeout,
        connect_retry,
        abort_on_connect_fail,
        keep_alive,
        probe_after,
        probe_timeout,
        redial_on_readonly,
        username,
        password,
        database,
        client_name,
        library_info,
        library_name,
        high_integrity,
        protocol,
        command_map,
        ssl,
        // No URL is among the changes, and what is written has `ssl=true` in its place.
        tls_by_url: _,
        tls,
        tunnel,
        tcp_keepalive,
        tcp_user_timeout,
        defaults,
        reconnect,
        backlog,
        send_queue_bytes,
        subscription_capacity,
        subscription_bytes,
        max_leased,
        lease_idle,
        limits,
        fault: _,
        // Set by code only.
        client_cache: _,
        extras,
    } = options;
    let Extras {
        key_prefix,
        channel_prefix,
        azure_maintenance,
        maintenance,
        config_channel,
        // Set by code only.
        credentials_provider: _,
        circuit_breaker: _,
        observers: _,
        profiling: _,
        #[cfg(feature = "topology")]
        servers,
    } = &extras.get().cloned().unwrap_or_default();
    let tunnel = tunnel.as_ref().map(|t| (t.kind, &t.host, t.port, &t.credentials));
    let key = tls.key.as_ref().map(|key| match key {
        redmux_transport::Pem::File(text) | redmux_transport::Pem::Text(text) => text,
    });
    let one = format!(
        "{:?}",
        (
            endpoints,
            connect_timeout,
            command_timeout,
            sync_timeout,
            connect_retry,
            abort_on_connect_fail,
            keep_alive,
            probe_after,
            probe_timeout,
            username,
            password
        )
    );
    let two = format!(
        "{:?}",
        (
            database,
            client_name,
            library_info,
            library_name,
            protocol,
            key_prefix,
            (channel_prefix, azure_maintenance, config_channel, maintenance),
            command_map,
            ssl,
            tls,
            key,
            tunnel
        )
    );
    let three = format!(
        "{:?}",
        (
            (high_integrity, redial_on_readonly),
            tcp_keepalive,
            tcp_user_timeout,
            defaults,
            &reconnect.policy,
            backlog,
            send_queue_bytes,
            (subscription_capacity, subscription_bytes),
            max_leased,
            lease_idle,
            limits
        )
    );
    #[cfg(feature = "topology")]
    let three = format!("{three}\n{servers:?}");
    format!("{one}\n{two}\n{three}")
}

fn text() -> impl Strategy<Value = Arc<str>> {
    let awkward = prop::sample::select(vec![
        ',', '%', '=', ' ', '\n', '$', ':', '/', '@', '#', '?', 'é', '\u{7f}', '\u{2028}', 'a', '1',
    ]);
    prop::collection::vec(prop_oneof![awkward, any::<char>()], 0..12)
        .prop_map(|chars| Arc::from(chars.into_iter().collect::<String>()))
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9!#$%&'()*+,./:<>?@_-]{1,12}"
}

fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (1..100_000u64).prop_map(Duration::from_millis),
        (1..u64::MAX).prop_map(Duration::from_micros),
        Just(Duration::MAX)
    ]
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    prop_oneof![
        ("[a-z%][a-z0-9.-]{0,12}", 1u16..).prop_map(|(host, port)| Endpoint::tcp(host, port)),
        (any::<std::net::Ipv6Addr>(), 1u16..)
            .prop_map(|(ip, port)| Endpoint::tcp(ip.to_string(), port)),
        text()
            .prop_filter("unix:// is a URL", |path| !path.starts_with("//"))
            .prop_map(|path| Endpoint::Unix { path: format!("/{path}").replace("//", "/") }),
        "wss://[a-z]{1,8}/[a-z?&=%_@]{0,9}".prop_map(|url| Endpoint::WebSocket { url }),
    ]
}

/// One call of a builder method
struct Change(Box<dyn Fn(Options) -> Options>);

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", (self.0)(Options::default()).connection_string())
    }
}

fn changes() -> impl Strategy<Value = Change> {
    fn change<T: Clone + std::fmt::Debug + 'static>(
        values: impl Strategy<Value = T> + 'static,
        apply: fn(Options, T) -> Options,
    ) -> BoxedStrategy<Change> {
        values.prop_map(move |value| Change(Box::new(move |o| apply(o, value.clone())))).boxed()
    }
    let small = || 0..1usize << 40;
    let times = prop_oneof![
        change(time(), |o, t| o.connect_timeout(t)),
        change(time(), |o, t| o.command_timeout(t)),
        change(time(), |o, t| o.sync_timeout(t)),
        change(time(), |o, t| o.keep_alive(t)),
        change(time(), |o, t| o.probe_after(t)),
        change(time(), |o, t| o.probe_timeout(t)),
        change(time(), |o, t| o.lease_idle(t)),
        change(any::<bool>(), |o, redial| o.redial_on_readonly(redial)),
        change(time(), |o, t| o.tcp_user_timeout(t)),
        change((time(), time(), 1..9u32), |o, (a, b, n)| o.tcp_keepalive(Keepalive::new(a, b, n))),
        change(Just(()), |o, ()| o.tcp_keepalive(Keepalive::OFF)),
        change((time(), time()), |o, (a, b)| {
            o.reconnect_policy(ExponentialBackoff { base: a.min(b), cap: a.max(b) })
        }),
        change(time(), |o, t| o.reconnect_policy(ConstantDelay(t))),
    ];
    let texts = prop_oneof![
        change((text(), text()), |o, (user, password)| o.username(user).password(password)),
        change(text(), |o, password| o.password(password)),
        change(text(), |o, prefix| o.key_prefix(prefix)),
        change(text(), |o, prefix| o.channel_prefix(prefix)),
        change(text(), |o, channel| o.config_channel(channel)),
        change(any::<bool>(), |o, listen| o.azure_maintenance(listen)),
        change(
            prop::sample::select(vec![Maintenance::Off, Maintenance::Auto, Maintenance::Required]),
            |o, mode| o.maintenance(mode),
        ),
        change(
            prop::sample::select(vec![
                MovingEndpoint::Auto,
                MovingEndpoint::InternalFqdn,
                MovingEndpoint::None
            ]),
            |o, kind| o.moving_endpoint(kind),
        ),
        change(1u64..1_000_000, |o, time| o.relaxed_timeout(Duration::from_millis(time))),
        change(word(), |o, name| o.client_name(name)),
        change(word(), |o, name| o.library_name(name)),
        change((word(), word()), |o, (from, to)| {
            let map = CommandMap::default().rename(format!("X{from}"), to).disable("FLUSHALL");
            o.command_map(map)
        }),
        change((text(), text(), text()), |o, (host, ca, key)| {
            let tls = TlsOptions::default().host(host).ca(&*ca).client_certificate("/c.pem", &*key);
            o.tls(tls.versions(TlsVersions::Tls13))
        }),
        change(Just(()), |o, ()| o.tls(TlsOptions::default().dangerously_unverified())),
        change(Just(()), |o, ()| o.plaintext()),
        change(("[a-z.]{1,9}", 1u16.., text(), text()), |o, (host, port, user, password)| {
            o.tunnel(Tunnel::socks5(format!("h{host}"), port).credentials(user, password))
        }),
        change(1u16.., |o, port| o.tunnel(Tunnel::http("::1", port))),
    ];
    let others = prop_oneof![
        change(any::<u32>(), |o, n| o.connect_retry(n)),
        change(any::<u32>(), |o, n| o.database(n)),
        change(any::<bool>(), |o, b| o.abort_on_connect_fail(b)),
        change(any::<bool>(), |o, b| o.library_info(b)),
        change(any::<bool>(), |o, b| o.high_integrity(b)),
        change(any::<bool>(), |o, b| o.protocol(if b { Protocol::Resp2 } else { Protocol::Resp3 })),
        change(any::<usize>(), |o, n| o.send_queue_bytes(n)),
        change(any::<usize>(), |o, n| o.subscription_capacity(n)),
        change(any::<usize>(), |o, n| o.subscription_bytes(n)),
        change(any::<usize>(), |o, n| o.max_leased(n)),
        change((any::<usize>(), any::<usize>()), |o, (max_commands, max_bytes)| {
            o.backlog(BacklogPolicy::Queue { max_commands, max_bytes })
        }),
        change(Just(()), |o, ()| o.backlog(BacklogPolicy::FailFast)),
        change((small(), small(), small()), |o, (a, b, c)| {
            let limits = Limits::default().max_frame(a).max_bulk(b).max_line(c);
            o.limits(limits.max_elements(c).max_depth(a))
        }),
        change(Just(()), |o, ()| o.defaults(Defaults::Upstash)),
    ];
    #[cfg(feature = "topology")]
    let others = prop_oneof![
        others,
        change(text(), |o, name| o.service_name(name)),
        change(text(), |o, user| o.sentinel_username(user)),
        change(text(), |o, password| o.sentinel_password(password)),
        change(any::<bool>(), |o, tls| o.sentinel_tls(tls)),
        change(text(), |o, zone| o.zone(zone)),
        change(time(), |o, lag| o.max_replica_lag(lag)),
        change(text(), |o, key| o.tiebreaker(key)),
        change(
            prop::sample::select(vec![
                ReadFrom::Primary,
                ReadFrom::PreferReplica,
                ReadFrom::Replica,
                ReadFrom::Nearest
            ]),
            |o, read| o.read_from(read)
        ),
        change(
            prop::sample::select(vec![
                Mode::Auto,
                Mode::Single,
                Mode::Cluster,
                Mode::Replicas,
                Mode::Sentinel,
                Mode::Proxy
            ]),
            |o, mode| o.mode(mode)
        ),
    ];
    prop_oneof![times, texts, others, change(endpoint(), |o, e| o.add_endpoint(e))]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(changes in prop::collection::vec(changes(), 0..24)) {
        let options = changes.iter().fold(Options::default(), |options, change| change.0(options));
        let written = options.connection_string();
        let read = Options::read(&written);
        let read = read.map_err(|error| TestCaseError::fail(format!("{written:?}: {error}")))?;
        prop_assert_eq!(everything(&read), everything(&options), "{:?}", written);
        prop_assert_eq!(read.connection_string(), written);
    }

    #[test]
    fn any_password_can_be_written_in_any_form(password in text()) {
        let escaped: String = password.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for text in [
            Options::new("h").password(password.clone()).connection_string(),
            format!("redis://:{escaped}@h"),
            format!("redis://h?password={escaped}"),
        ] {
            let options = text.parse::<Options>().unwrap();
            prop_assert_eq!(options.password.as_deref(), Some(&*password));
            if password.len() > 4 {
                let shown = format!("{options} {options:?}");
                prop_assert!(!shown.contains(&*password));
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = text.parse::<Options>();
        let _ = format!("redis://{text}").parse::<Options>();
    }
}
