//! Options for many servers: what the endpoints are, sentinels, and where nodes are really reached.

use std::{sync::Arc, time::Duration};

use redmux_transport::{DialOptions, Endpoint, TlsOptions};

use super::{
    Options,
    servers::{AnnouncedNode, EndpointMap, Mode, Servers},
    zones::{self, ZoneOf},
};
use crate::{
    Error, Full, Result,
    clock::{NEVER, micros},
    connection::{Credentials, DialPlan, ReadFrom, contained},
    resp::Protocol,
};

/// The port of sentinels unless another is given.
const SENTINEL_PORT: u16 = 26_379;

/// That of StackExchange.Redis.
const TIEBREAKER: &str = "__Booksleeve_TieBreak";

/// The port of servers unless another is given.
const SERVER_PORT: u16 = redmux_transport::DEFAULT_PORT;

impl Options {
    /// What the endpoints are. Default: [`Mode::Auto`].
    pub fn mode(self, mode: Mode) -> Self {
        self.with_servers(|servers| servers.mode = mode)
    }

    /// The name by which sentinels know the primary, for example `mymaster`. The endpoints are sentinels then, and
    /// their port is 26379 unless given. Default: none.
    ///
    /// ```
    /// use redmux::Options;
    ///
    /// let options = Options::new("s1").endpoint("s2:26380").service_name("mymaster");
    /// assert_eq!(options.to_string(), "s1:26379,s2:26380,serviceName=mymaster");
    /// ```
    pub fn service_name(self, name: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        self.with_servers(|servers| servers.service_name = Some(name))
    }

    /// Which servers commands that only read go to. Default: [`ReadFrom::Primary`].
    pub fn read_from(self, read_from: ReadFrom) -> Self {
        self.with_servers(|servers| servers.read_from = read_from)
    }

    /// The availability zone of this program, for [`ReadFrom::Nearest`]: as servers name theirs, or as
    /// [`zone_of`](Self::zone_of) does. Default: none.
    pub fn zone(self, zone: impl Into<Arc<str>>) -> Self {
        let zone = zone.into();
        self.with_servers(|servers| servers.zone = Some(zone))
    }

    /// The availability zone of servers, which counts before what they say themselves: Redis says nothing of it. May be called several
    /// times. Default: what servers say.
    ///
    /// `servers` is a host, a host with a port, or a network; each is compared with the addresses by which servers are
    /// reached, without asking for the addresses of names. What names a server most exactly counts.
    ///
    /// ```
    /// use redmux::{Options, options::ReadFrom};
    ///
    /// let options = Options::new("a").read_from(ReadFrom::Nearest).zone("eu-1a");
    /// let options = options.zone_of("10.1.0.0/16", "eu-1a").zone_of("b.example:6380", "eu-1b");
    /// let same: Options = "a,readFrom=nearest,zone=eu-1a,zones=10.1.0.0/16@eu-1a;b.example:6380@eu-1b".parse()?;
    /// assert_eq!(options.to_string(), same.to_string());
    /// # Ok::<(), redmux::Error>(())
    /// ```
    pub fn zone_of(self, servers: impl Into<Arc<str>>, zone: impl Into<Arc<str>>) -> Self {
        let zone = ZoneOf::new(servers.into(), zone.into());
        self.with_servers(|servers| servers.zones.push(zone))
    }

    /// How far a replica may be behind its primary and still be read from. Default: without a limit.
    pub fn max_replica_lag(self, lag: Duration) -> Self {
        self.with_servers(|servers| servers.max_replica_lag = Some(lag))
    }

    /// The key whose value is the endpoint of the primary, where several servers say that they are one and no replica follows
    /// one of them; empty for none. Default: `__Booksleeve_TieBreak`, the one of StackExchange.Redis.
    ///
    /// It is read with [`Mode::Replicas`] and in that case only.
    pub fn tiebreaker(self, key: impl Into<Arc<str>>) -> Self {
        let key = key.into();
        self.with_servers(|servers| servers.tiebreaker = Some(key))
    }

    /// User name of an ACL user of the sentinels. Default: none.
    pub fn sentinel_username(self, username: impl Into<Arc<str>>) -> Self {
        let username = username.into();
        self.with_servers(|servers| servers.sentinel_user = Some(username))
    }

    /// Password of the sentinels; that of the servers is never sent to them. Default: none.
    pub fn sentinel_password(self, password: impl Into<Arc<str>>) -> Self {
        let password = password.into();
        self.with_servers(|servers| servers.sentinel_password = Some(password))
    }

    /// Whether connections to sentinels use TLS, with the options of [`tls`](Self::tls). Default: as those to servers.
    pub fn sentinel_tls(self, tls: bool) -> Self {
        self.with_servers(|servers| servers.sentinel_tls = Some(tls))
    }

    /// Says where a node is reached that a server announces by another address: behind NAT, in containers, or through a
    /// gateway. `None` leaves the address as it is. Default: no address is changed.
    ///
    /// ```
    /// use redmux::{Endpoint, Options};
    ///
    /// let options = Options::new("gate.example:7000").endpoint_map(|node| {
    ///     node.host.starts_with("10.").then(|| Endpoint::tcp("gate.example", node.port))
    /// });
    /// # let _ = options;
    /// ```
    pub fn endpoint_map(
        self,
        map: impl Fn(&AnnouncedNode<'_>) -> Option<Endpoint> + Send + Sync + 'static,
    ) -> Self {
        let map = EndpointMap(Arc::new(map));
        self.with_servers(|servers| servers.endpoint_map = Some(map))
    }

    fn with_servers(mut self, change: impl FnOnce(&mut Servers)) -> Self {
        self.change_servers(change);
        self
    }

    pub(super) fn change_servers(&mut self, change: impl FnOnce(&mut Servers)) {
        self.extras.change(|extras| change(&mut extras.servers));
        self.settle_ports();
    }

    pub(super) fn servers(&self) -> Option<&Servers> {
        Some(&self.extras.get()?.servers)
    }

    /// Notes that the last endpoint was given as this text, which may have no port.
    pub(super) fn note_port(&mut self, text: &str) {
        let Some(place) = self.endpoints.len().checked_sub(1) else { return };
        let bare_ipv6 = text.parse::<std::net::Ipv6Addr>().is_ok();
        let host = text.rsplit_once(']').map_or(text, |(_, port)| port);
        let is_tcp = matches!(self.endpoints[place], Endpoint::Tcp { .. });
        if is_tcp && (bare_ipv6 || !host.contains(':')) {
            self.change_servers(|servers| servers.portless.push(place));
        }
    }

    /// Gives endpoints without a port that of what they are.
    fn settle_ports(&mut self) {
        let Some(servers) = self.extras.get().map(|extras| &extras.servers) else { return };
        let default = match servers.mode() {
            Mode::Sentinel => SENTINEL_PORT,
            _ => SERVER_PORT,
        };
        for place in &servers.portless {
            if let Some(Endpoint::Tcp { port, .. }) = self.endpoints.get_mut(*place) {
                *port = default;
            }
        }
    }

    /// # Errors
    /// Options that contradict each other, or lack each other.
    pub(super) fn validate_servers(&self) -> Result<()> {
        let Some(servers) = self.servers() else { return Ok(()) };
        let mode = self.wanted_mode();
        match (&servers.service_name, mode) {
            (None, Mode::Sentinel) => {
                return Err(Error::config(
                    "serviceName: mode=sentinel needs the name by which sentinels know the primary, such as mymaster",
                ));
            }
            (Some(name), Mode::Sentinel)
                if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) =>
            {
                return Err(Error::config("serviceName: expected printable ASCII without spaces"));
            }
            (_, Mode::Sentinel) => {}
            (Some(_), mode) => {
                let mode = mode.name();
                return Err(Error::config(format!(
                    "serviceName: only sentinels know it, and mode={mode} is given (leave one of them out)"
                )));
            }
            (None, _) if servers.has_sentinel_options() => {
                return Err(Error::config(
                    "sentinelUser, sentinelPassword, sentinelTls: there are no sentinels (add serviceName)",
                ));
            }
            (None, _) => {}
        }
        if servers.sentinel_user.is_some() && servers.sentinel_password.is_none() {
            return Err(Error::config(
                "sentinelUser: a user name needs a password (add sentinelPassword)",
            ));
        }
        if servers.sentinel_tls == Some(false) && self.tls_by_url {
            return Err(Error::config(
                "sentinelTls: false contradicts the URL, whose scheme demands TLS",
            ));
        }
        if servers.read_from == ReadFrom::Nearest && servers.zone.is_none() {
            return Err(Error::config(
                "zone: readFrom=nearest needs the availability zone of this program",
            ));
        }
        if !servers.zones.iter().all(ZoneOf::is_valid) {
            return Err(Error::config(format!("zones: expected {}", zones::EXPECTED)));
        }
        if servers.max_replica_lag.is_some_and(|lag| lag.is_zero()) {
            return Err(Error::config("maxReplicaLag: 0 is no lag (expected 1 ms or more)"));
        }
        let knows_none = matches!(mode, Mode::Single | Mode::Proxy);
        if servers.read_from != ReadFrom::Primary && knows_none {
            let mode = mode.name();
            return Err(Error::config(format!(
                "readFrom: with mode={mode} there are no replicas to read from (expected mode=cluster, mode=replicas or sentinels)"
            )));
        }
        if mode == Mode::Proxy && self.database != 0 {
            return Err(Error::config(
                "defaultDatabase: behind a proxy (mode=proxy) there is database 0 only",
            ));
        }
        if mode == Mode::Proxy && self.protocol == Some(Protocol::Resp3) {
            return Err(Error::config("protocol: proxies (mode=proxy) are spoken to in RESP2"));
        }
        Ok(())
    }
}

impl Options {
    /// What the endpoints are: sentinels if there is a service name.
    pub(crate) fn wanted_mode(&self) -> Mode {
        self.servers().map_or(Mode::Auto, Servers::mode)
    }

    /// The name by which sentinels know the primary.
    pub(crate) fn wanted_service(&self) -> Option<&Arc<str>> {
        self.servers()?.service_name.as_ref()
    }

    /// Which servers commands that only read go to.
    pub(crate) fn wanted_reads(&self) -> ReadFrom {
        self.servers().map_or(ReadFrom::Primary, |servers| servers.read_from)
    }

    /// The key that says which server is the primary, if there is one.
    pub(crate) fn tiebreak_key(&self) -> Option<Arc<str>> {
        let own = self.servers().and_then(|servers| servers.tiebreaker.clone());
        Some(own.unwrap_or_else(|| TIEBREAKER.into())).filter(|key| !key.is_empty())
    }

    /// The availability zone of this program.
    pub(crate) fn own_zone(&self) -> Option<&Arc<str>> {
        self.servers()?.zone.as_ref()
    }

    /// The zone of the server that is reached at this endpoint, if the options name it.
    pub(crate) fn zone_at(&self, endpoint: &Endpoint) -> Option<Arc<str>> {
        zones::zone_of(&self.servers()?.zones, endpoint)
    }

    /// How far a replica may be behind, in microseconds; [`NEVER`] without a limit.
    pub(crate) fn longest_lag(&self) -> u64 {
        let lag = self.servers().and_then(|servers| servers.max_replica_lag);
        lag.map_or(NEVER, |lag| micros(Some(lag)))
    }

    /// What is sent to sentinels.
    pub(crate) fn sentinel_credentials(&self) -> Credentials {
        let servers = self.servers();
        Credentials {
            username: servers.and_then(|servers| servers.sentinel_user.clone()),
            password: servers.and_then(|servers| servers.sentinel_password.clone()),
            valid_for: None,
        }
    }

    /// How one of several servers is reached: at the endpoint that its links have, however long it takes.
    pub(crate) fn plan_of_link(&self) -> DialPlan {
        DialPlan { endpoints: Vec::new(), initial_attempts: None, ..self.dial_plan() }
    }

    /// The same for a sentinel.
    pub(crate) fn plan_to_sentinels(&self) -> DialPlan {
        let plan = self.plan_of_link();
        let mut options = DialOptions::clone(&plan.options);
        options.tls = self.tls_to_sentinels();
        DialPlan { options: Arc::new(options), credentials: Full::default(), ..plan }
    }

    /// The options of TLS to sentinels, if it is spoken.
    pub(crate) fn tls_to_sentinels(&self) -> Option<TlsOptions> {
        let said = self.servers().and_then(|servers| servers.sentinel_tls);
        said.unwrap_or_else(|| self.wants_tls()).then(|| self.tls.clone())
    }

    /// Where a node is reached that a server announces like this; where the program's map panics, as announced.
    pub(crate) fn endpoint_of(&self, node: &AnnouncedNode<'_>) -> Endpoint {
        let map = self.servers().and_then(|servers| servers.endpoint_map.as_ref());
        let mapped = map.and_then(|map| contained(|| (map.0)(node)).flatten());
        mapped.unwrap_or_else(|| Endpoint::tcp(node.host, node.port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Options {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_service_name_means_sentinels() {
        let named = options("a,b:1,serviceName=mymaster,sentinelPassword=s3cret,sentinelUser=u");
        assert_eq!(named.wanted_mode(), Mode::Sentinel);
        assert_eq!(named.wanted_service().map(|name| &**name), Some("mymaster"));
        assert_eq!(named.endpoints(), [Endpoint::tcp("a", 26_379), Endpoint::tcp("b", 1)]);
        let credentials = named.sentinel_credentials();
        assert_eq!(
            (credentials.username.as_deref(), credentials.password.as_deref()),
            (Some("u"), Some("s3cret"))
        );
        assert!(!format!("{named} {named:?}").contains("s3cret"));
        assert_eq!(options("a").wanted_mode(), Mode::Auto);
        assert_eq!(options("a,mode=Replicas").wanted_mode(), Mode::Replicas);
        // The password of the servers is not for sentinels.
        let own = options("a,serviceName=m,password=x").sentinel_credentials();
        assert!(own.username.is_none() && own.password.is_none());
    }

    #[test]
    fn the_port_of_an_endpoint_without_one_is_that_of_what_it_is() {
        let sentinels = |options: Options| options.mode(Mode::Sentinel).service_name("m");
        let texts = ["a", "a:6379", "::1", "[::1]", "[::1]:6379", "redis://b", "unix:/s"];
        let all = texts.iter().fold(Options::default(), |options, text| options.endpoint(text));
        let shown = |options: &Options| {
            let all = options.endpoints().iter().map(ToString::to_string);
            all.collect::<Vec<_>>().join(" ")
        };
        let servers = "a:6379 a:6379 [::1]:6379 [::1]:6379 [::1]:6379 b:6379 unix:/s";
        assert_eq!(shown(&all), servers);
        let all = sentinels(all).add_endpoint(Endpoint::tcp("c", 6379)).endpoint("d");
        assert_eq!(
            shown(&all),
            "a:26379 a:6379 [::1]:26379 [::1]:26379 [::1]:6379 b:26379 unix:/s c:6379 d:26379"
        );
        let back = all.mode(Mode::Single);
        assert_eq!(shown(&back), format!("{servers} c:6379 d:6379"));
    }

    #[test]
    fn tls_to_sentinels_is_that_of_the_servers_unless_said() {
        for (text, servers, sentinels) in [
            ("a,serviceName=m", false, false),
            ("a,serviceName=m,ssl=true", true, true),
            ("a,serviceName=m,ssl=true,sentinelTls=false", true, false),
            ("a,serviceName=m,sentinelTls=true", false, true),
        ] {
            let options = options(text);
            let tls = options.tls_to_sentinels().is_some();
            assert_eq!((options.wants_tls(), tls), (servers, sentinels), "{text}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for (text, expected) in [
            ("a,mode=everything", "mode: expected auto, single"),
            ("a,mode=sentinel", "serviceName: mode=sentinel needs the name"),
            ("a,serviceName=", "serviceName: expected printable"),
            ("a,serviceName=a b", "serviceName: expected printable"),
            ("a,mode=cluster,serviceName=s3cret", "mode=cluster is given"),
            ("a,sentinelPassword=s3cret", "there are no sentinels"),
            ("a,mode=replicas,sentinelTls=true", "there are no sentinels"),
            ("a,serviceName=m,sentinelUser=s3cret", "sentinelUser: a user name needs a password"),
            ("a,serviceName=m,sentinelTls=s3cret", "sentinelTls: expected true or false"),
            ("rediss://a?serviceName=m&sentinelTls=false", "sentinelTls: false contradicts"),
            ("a,proxy=s3cret", "proxy: expected none, twemproxy or envoyproxy"),
            ("a,readFrom=nearest", "zone: readFrom=nearest needs"),
            ("a,zones=s3cret", "zones: expected servers@zone"),
            ("a,readFrom=s3cret", "readFrom: expected primary, preferReplica"),
            ("a,maxReplicaLag=0", "maxReplicaLag: expected milliseconds, 1 or more"),
            ("a,mode=single,readFrom=replica", "mode=single there are no replicas"),
            ("a,mode=proxy,readFrom=preferReplica", "mode=proxy there are no replicas"),
            ("a,mode=proxy,db=1", "database 0 only"),
            ("a,mode=proxy,protocol=resp3", "spoken to in RESP2"),
        ] {
            let error = text.parse::<Options>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{text}: {error}");
        }
    }

    #[test]
    fn a_proxy_is_named_as_in_other_clients() {
        for (text, same) in [
            ("a,proxy=Twemproxy", "a,mode=proxy,commandMap=twemproxy"),
            ("a,proxy=envoyproxy,$info=INFO", "a,mode=proxy,commandMap=envoy;INFO=INFO"),
            ("a,proxy=None", "a"),
        ] {
            let read = options(text);
            assert_eq!(read.connection_string(), options(same).connection_string(), "{text}");
        }
        for text in ["a,proxy=nginx", "a,proxy=", "a,proxy=GET=FETCH"] {
            assert!(text.parse::<Options>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_map_of_endpoints_that_panics_changes_no_address() {
        let options = Options::new("a").endpoint_map(|_| panic!("a fault of the program"));
        let node = AnnouncedNode::new("10.0.0.1", 7);
        assert_eq!(options.endpoint_of(&node), Endpoint::tcp("10.0.0.1", 7));
    }

    #[test]
    fn reads_go_where_they_are_wanted() {
        let options = options("a,readFrom=Nearest,zone=eu-1a,maxReplicaLag=250");
        assert_eq!(options.wanted_reads(), ReadFrom::Nearest);
        assert_eq!(options.own_zone().map(|zone| &**zone), Some("eu-1a"));
        assert_eq!(options.longest_lag(), 250_000);
        assert_eq!(options.zone_at(&Endpoint::tcp("b", 1)), None);
        let options = options.zone_of("b", "eu-1b");
        assert_eq!(options.zone_at(&Endpoint::tcp("b", 1)).as_deref(), Some("eu-1b"));
        assert!(options.clone().validate().is_ok());
        let url = "redis+cluster://a?readFrom=nearest&zone=x&zones=10.1.0.0/16@x;[fd00::1]:7@y";
        let options: Options = url.parse().unwrap();
        assert_eq!(options.zone_at(&Endpoint::tcp("10.1.2.3", 1)).as_deref(), Some("x"));
        assert_eq!(options.zone_at(&Endpoint::tcp("fd00::1", 7)).as_deref(), Some("y"));
        for (servers, zone) in [("b/8", "s3cret"), ("b", ""), ("b", "s3cret;t")] {
            let error = options.clone().zone_of(servers, zone).validate().unwrap_err().to_string();
            assert!(error.contains("zones: expected") && !error.contains("s3cret"), "{error}");
        }
        let options = Options::new("a");
        assert_eq!((options.wanted_reads(), options.own_zone()), (ReadFrom::Primary, None));
        assert_eq!(options.longest_lag(), NEVER);
    }

    #[test]
    fn a_map_of_endpoints_sees_what_is_known_of_a_node() {
        let options = Options::new("a").endpoint_map(|node| match node {
            AnnouncedNode { id: Some("n1"), .. } => Some(Endpoint::tcp("gate", 1)),
            AnnouncedNode { zone: Some("az-2"), port, .. } => Some(Endpoint::tcp("gate", *port)),
            _ => None,
        });
        let known = |id, zone| AnnouncedNode { id, host: "10.0.0.1", port: 7, zone };
        assert_eq!(options.endpoint_of(&known(Some("n1"), None)), Endpoint::tcp("gate", 1));
        assert_eq!(options.endpoint_of(&known(None, Some("az-2"))), Endpoint::tcp("gate", 7));
        let own = Endpoint::tcp("10.0.0.1", 7);
        assert_eq!(options.endpoint_of(&known(Some("n2"), Some("az-1"))), own);
        assert_eq!(options.endpoint_of(&AnnouncedNode::new("10.0.0.1", 7)), own);
        assert_eq!(Options::new("a").endpoint_of(&known(Some("n1"), None)), own);
        assert_eq!(format!("{options:?}"), "Options(a:6379)");
    }
}
