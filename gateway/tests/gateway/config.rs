//! Configuration files: the examples are valid, and faults are reported with their place.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::common::site::Site;

fn gateway(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_redmux-gateway"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What `check-config` says of a text: its output, or its error.
fn check(site: &Site, config: &str) -> Result<String, String> {
    site.write("gateway.toml", config);
    let output = gateway(&["check-config", site.path("gateway.toml").to_str().unwrap()], "");
    match output.status.code() {
        Some(0) => Ok(text(&output.stdout)),
        Some(2) => Err(text(&output.stderr)),
        other => panic!("{other:?}: {}", text(&output.stderr)),
    }
}

/// A configuration on which the faults below are made.
const GOOD: &str = r#"
[listen]
address = "127.0.0.1:0"

[upstreams.main]
address = "127.0.0.1:6379"

[policies.p]
commands = ["GET"]
read = ["a:"]

[principals.one]
policy = "p"
tokens = ["sha256:0000000000000000000000000000000000000000000000000000000000000000"]
"#;

/// The guide and the reference.
fn documents(root: &Path) -> String {
    let read = |name| std::fs::read_to_string(root.join("../docs").join(name)).unwrap();
    [read("gateway.md"), read("gateway-reference.md")].concat()
}

#[test]
fn every_configuration_that_is_shown_is_in_order() {
    let site = Site::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packaged = std::fs::read_to_string(root.join("packaging/gateway.toml")).unwrap();
    check(&site, &packaged).unwrap();
    let docs = documents(root);
    let shown: Vec<&str> =
        docs.split("```toml\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    assert!(shown.len() >= 4, "{} configurations", shown.len());
    for config in shown {
        check(&site, config).unwrap_or_else(|error| panic!("{error}\n{config}"));
    }
}

/// Else the gateway passes what Redis then refuses.
#[test]
fn the_acl_that_is_shown_allows_what_the_configurations_do() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(root.join("../docs/gateway.md")).unwrap();
    let acl = docs.split("ACL SETUSER gateway-shop ").nth(1).unwrap().split("```").next().unwrap();
    let acl: Vec<&str> = acl.split_whitespace().collect();
    let packaged = std::fs::read_to_string(root.join("packaging/gateway.toml")).unwrap();
    let mut count = 0;
    for config in [docs.split("```toml\n").nth(1).unwrap(), &packaged] {
        let commands = config.split("[policies.shop]\ncommands = [").nth(1).unwrap();
        for command in commands.split(']').next().unwrap().split(", ") {
            let rule = command.trim_matches('"').to_lowercase().replace(' ', "|");
            assert!(acl.contains(&&*format!("+{rule}")), "{rule}: {acl:?}");
            count += 1;
        }
    }
    assert!(count > 10, "{count} commands");
    // And what is allowed without being listed.
    let rules = std::fs::read_to_string(root.join("src/policy/rules.rs")).unwrap();
    let always = rules.split("const ALWAYS: &[&str] = &[").nth(1).unwrap();
    for command in
        always.split("];").next().unwrap().split_whitespace().collect::<String>().split(',')
    {
        // Spaces within names are gone.
        let rule = command.trim_matches('"').to_lowercase().replacen("client", "client|", 1);
        assert!(command.is_empty() || acl.contains(&&*format!("+{rule}")), "{rule}: {acl:?}");
    }
}

#[async_std::test]
async fn every_option_metric_and_close_code_is_in_the_documents() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = documents(root);
    let schema = std::fs::read_to_string(root.join("src/config/schema.rs")).unwrap();
    let tables = schema.split("pub(super) struct File {").nth(1).unwrap();
    let tables = tables.split_once("\n}\n").unwrap().1;
    let options = tables.lines().filter_map(|line| {
        line.trim().strip_prefix("pub(super) ")?.split_once(':').map(|(name, _)| name)
    });
    let mut count = 0;
    for option in options {
        count += 1;
        assert!(docs.contains(&format!("`{option}`")), "the option {option}");
    }
    assert!(count > 60, "{count} options");
    let bench = crate::common::Bench::new(|_| {}).await;
    let metrics = bench.handle.metrics();
    for line in metrics.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let name = line.split(' ').next().unwrap();
        assert!(docs.contains(&format!("`{name}`")), "the metric {name}");
    }
    let codes = std::fs::read_to_string(root.join("src/close.rs")).unwrap();
    for code in codes.lines().filter_map(|line| line.trim().strip_prefix("/// ")) {
        let Some(code) = code.get(..4).filter(|code| code.parse::<u16>().is_ok()) else { continue };
        assert!(docs.contains(&format!("\n| {code} |")), "the close code {code}");
    }
}

#[test]
fn faults_are_told_with_line_and_key() {
    let site = Site::new();
    check(&site, GOOD).unwrap();
    let other = "[principals.two]\npolicy = \"p\"\n";
    for (from, to, expected) in [
        ("[listen]", "[listen", "line 2: "),
        (
            "address = \"127.0.0.1:0\"",
            "adress = \"127.0.0.1:0\"",
            "line 3: unknown field `adress`, expected one of `address`",
        ),
        ("\"127.0.0.1:0\"", "\"localhost\"", "line 3: "),
        ("\"127.0.0.1:0\"", "\"0.0.0.0:1\"", "line 3: listen.address is no loopback address"),
        (
            "\"127.0.0.1:6379\"",
            "\"redis.internal:6379\"",
            "line 6: upstreams.main.address is no loopback address",
        ),
        (
            "\"127.0.0.1:6379\"",
            "\"wss://x/\"",
            "line 6: upstreams.main.address: expected host:port",
        ),
        ("\"127.0.0.1:6379\"", "\"nonsense:port\"", "line 6: upstreams.main.address"),
        (
            "[\"GET\"]",
            "[\"GET\", \"GETT\"]",
            "line 9: policies.p.commands: `GETT` is not a known command",
        ),
        (
            "[\"GET\"]",
            "[\n\"GET\",\n\"CONFIG\"]",
            "line 11: policies.p.commands: `CONFIG` has subcommands",
        ),
        (
            "[\"GET\"]",
            "[\"CONFIG SET\"]",
            "line 9: policies.p.commands: `CONFIG SET` can never be allowed",
        ),
        ("[\"GET\"]", "[\"EVALSHA\"]", "line 8: policies.p: `EVALSHA` runs or installs scripts"),
        ("[\"a:\"]", "[\"a:*\"]", "line 10: policies.p.read: prefixes are plain text"),
        ("[\"a:\"]", "[\"\"]", "line 10: policies.p.read: an empty prefix means everything"),
        ("[\"a:\"]", "[\"a:{sub}\"]", "line 10: policies.p.read: behind {sub}"),
        ("read = ", "databases = []\nread = ", "policies.p.databases is empty"),
        ("read = ", "limits = { message = \"1GB\" }\nread = ", "line 10: "),
        ("read = ", "limits = { in_flight = 0 }\nread = ", "line 10: "),
        ("read = ", "queries = { rows = 0 }\nread = ", "line 10: "),
        ("read = ", "queries = { time = 5 }\nread = ", "line 10: "),
        ("read = ", "queries = { limit = 5 }\nread = ", "unknown field `limit`"),
        ("read = ", "limits = { speed = 1 }\nread = ", "unknown field `speed`"),
        (
            "policy = \"p\"",
            "policy = \"q\"",
            "line 13: principals.one.policy: there is no policy \"q\"",
        ),
        (
            "policy = \"p\"",
            "policy = \"p\"\nupstream = \"x\"",
            "line 14: principals.one.upstream: there is no upstream \"x\"",
        ),
        ("policy = \"p\"", "policy = \"p\"\nuser = \"u\"", "principals.one.user needs a password"),
        (
            "policy = \"p\"",
            "policy = \"p\"\nuser = \"u\"\npassword_file = \"none\"",
            "principals.one.password_file: ",
        ),
        ("policy = \"p\"", "policy = \"p\"\npassword_env = \"NO_SUCH\"", "NO_SUCH is not set"),
        ("policy = \"p\"", "policy = \"p\"\npassword = \"x\"", "unknown field `password`"),
        (
            "sha256:00",
            "sha256:0",
            "line 14: principals.one.tokens: expected sha256: and 64 hex digits",
        ),
        (
            "[principals.one]",
            &format!("{other}tokens = [\"sha256:{}\"]\n[principals.one]", "0".repeat(64)),
            "another principal has this one",
        ),
        (
            "[upstreams.main]",
            "[access]\nanonymous = \"x\"\n[upstreams.main]",
            "line 6: access.anonymous: there is no principal \"x\"",
        ),
        ("[listen]", "[listen]\nserve = \"none\"", "line 3: listen.serve"),
        (
            "[listen]",
            "[listen]\norigins = [\"app.example\"]",
            "line 3: listen.origins: not an origin",
        ),
        ("[listen]", "[listen]\npath = \"redis\"", "line 3: listen.path"),
        ("[listen]", "[listen]\nthreads = 0", "line 3: "),
        (
            "[listen]",
            "[listen.tls]\ncertificate = \"tls/key.pem\"\nkey = \"tls/key.pem\"\n[listen]",
            "no certificate in PEM",
        ),
        (
            "[listen]",
            "[listen.tls]\ncertificate = \"tls/fullchain.pem\"\nkey = \"none\"\n[listen]",
            "none: ",
        ),
        ("[listen]", "[timeouts]\nping = 5\n[listen]", "line 3: "),
        ("[listen]", "[audit]\nfile = \"no/such/folder/log\"\n[listen]", "audit.file: "),
        ("[listen]", "[audit]\nfile = \"no/such/folder/log\"\n[listen]", "no/such/folder/log: "),
        (
            "[listen]",
            "[jwt.j]\nalgorithms = [\"none\"]\nissuer = \"i\"\naudience = [\"a\"]\n[listen]",
            "line 3: jwt.j.algorithms: expected HS256",
        ),
        (
            "[listen]",
            "[jwt.j]\nalgorithms = [\"HS256\", \"RS256\"]\nissuer = \"i\"\naudience = [\"a\"]\n[listen]",
            "of one family",
        ),
        (
            "[listen]",
            "[jwt.j]\nalgorithms = [\"RS256\"]\nissuer = \"i\"\naudience = [\"a\"]\nsecret_file = \"secrets/jwt\"\nprincipal = \"one\"\n[listen]",
            "HS algorithms only",
        ),
        (
            "[listen]",
            "[jwt.j]\nalgorithms = [\"RS256\"]\nissuer = \"i\"\naudience = []\njwks = \"jwks.json\"\nprincipal = \"one\"\n[listen]",
            "jwt.j.audience is empty",
        ),
        (
            "[listen]",
            "[jwt.j]\nalgorithms = [\"RS256\"]\naudience = [\"a\"]\njwks = \"jwks.json\"\nprincipal = \"one\"\n[listen]",
            "missing field `issuer`",
        ),
        (
            "[listen]",
            "[jwt.j]\nalgorithms = [\"RS256\"]\nissuer = \"i\"\naudience = [\"a\"]\njwks = \"jwks.json\"\nprincipal = \"x\"\n[listen]",
            "there is no principal \"x\"",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let error = check(&site, &GOOD.replacen(from, to, 1)).expect_err(to);
        assert!(error.contains(expected), "{to}\n{error}\nexpected: {expected}");
        assert!(error.contains("gateway.toml: "), "{error}");
    }
    let nobody = GOOD.split("[principals").next().unwrap();
    assert!(check(&site, nobody).unwrap_err().contains("nobody could connect"));
    assert!(check(&site, "").unwrap_err().contains("there are no [principals]"));
}

/// What could be read and would be of no use, or of use to others.
#[test]
fn what_cannot_be_meant_is_a_fault() {
    let site = Site::new();
    let jwt = "[jwt.j]\nalgorithms = [\"HS256\"]\nissuer = \"i\"\naudience = [\"a\"]\n\
               secret_file = \"secrets/jwt\"\nprincipal = \"one\"\n";
    let claim = jwt.replace("principal =", "principal_claim =");
    let tls = "[listen.tls]\ncertificate = \"tls/fullchain.pem\"\nkey = \"tls/gateway-key.pem\"\n[listen]";
    let two = format!(
        "{jwt}{}[listen]",
        jwt.replace("[jwt.j]", "[jwt.k]").replace("issuer = \"i\"", "issuer = \"k\"")
    );
    for (from, to, expected) in [
        ("[listen]", tls, "tls/gateway-key.pem: it is not the key of "),
        (
            "[listen]",
            "[limits]\nconnections = 0\n[listen]",
            "line 3: limits.connections: 0 lets nobody in",
        ),
        (
            "[listen]",
            "[limits]\nbytes_per_second = 0\n[listen]",
            "line 3: limits.bytes_per_second: 0 allows nothing",
        ),
        (
            "read = ",
            "limits = { client_commands_per_second = 0 }\nread = ",
            "line 10: policies.p.limits.client_commands_per_second: 0 allows nothing",
        ),
        (
            "[listen]",
            "[listen]\npath = \"/healthz\"",
            "line 3: listen.path: /healthz is a path of the gateway's own",
        ),
        (
            "[listen]",
            "[listen]\npath = \"/console/x\"",
            "line 3: listen.path: /console/x is a path of the gateway's own",
        ),
        (
            "127.0.0.1:0\"",
            "127.0.0.1:8080\"\n[admin]\naddress = \"0.0.0.0:8080\"",
            "line 5: admin.address: listen.address has this port already",
        ),
        ("[listen]", "[listen]\nserve = \".\"", "line 3: listen.serve: it would hand out "),
        (
            "[listen]",
            "[listen.tls]\ncertificate = \"tls/fullchain.pem\"\nkey = \"tls/key.pem\"\n[listen]\nserve = \"tls\"",
            "(listen.tls.certificate): serve a folder of its own",
        ),
        (
            "127.0.0.1:6379\"",
            "127.0.0.1:6379\"\ntls = { ca = \"console/index.html\" }",
            "line 7: upstreams.main.tls: ",
        ),
        (
            "127.0.0.1:6379\"",
            "127.0.0.1:6379\"\ntls = { certificate = \"tls/gateway.pem\", key = \"tls/key.pem\" }",
            "tls/key.pem: it is not the key of ",
        ),
        (
            "127.0.0.1:6379",
            "redis://127.0.0.1:6379",
            "line 6: upstreams.main.address: expected host:port or unix:/path",
        ),
        (
            "\"127.0.0.1:0\"",
            "\"localhost\"",
            "line 3: listen.address: expected an address and a port such as",
        ),
        (
            "read = ",
            "limits = { message = \"1GB\" }\nread = ",
            "line 10: policies.p.limits.message: ",
        ),
        ("[listen]", "[timeouts]\nping = 5\n[listen]", "line 3: timeouts.ping: "),
        (
            "[\"a:\"]",
            "[\"a:{sub}:\"]",
            "principals.one: its policy has {sub} or {iss}, which only a JWT has: tokens",
        ),
        ("[\"a:\"]", "[\"a:{iss}:\"]", "principals.one: its policy has {sub} or {iss}"),
        (
            "[listen]",
            &format!("{}[listen]", jwt.replace("\"i\"", "\"\"")),
            "line 4: jwt.j.issuer is empty",
        ),
        (
            "[listen]",
            &format!("{}[listen]", jwt.replace("\"a\"", "\"\"")),
            "line 5: jwt.j.audience: an empty audience",
        ),
        ("[listen]", &format!("{claim}[listen]"), "jwt.j.principals is missing"),
        (
            "[listen]",
            &format!("{claim}principals = [\"x\"]\n[listen]"),
            "jwt.j.principals: there is no principal \"x\"",
        ),
        (
            "[listen]",
            &format!("{jwt}principals = [\"one\"]\n[listen]"),
            "jwt.j.principals goes with principal_claim",
        ),
        (
            "[listen]",
            &format!(
                "{}[listen]",
                jwt.replace("secret_file = \"secrets/jwt\"", "jwks = \"https://x/jwks.json\"")
            ),
            "line 6: jwt.j.jwks: expected a file, not a URL",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let config = GOOD.replacen(from, to, 1);
        let error = check(&site, &config).expect_err(to);
        assert!(error.contains(expected), "{to}\n{error}\nexpected: {expected}");
    }
    // The same subject of two issuers.
    let shared = GOOD.replace("a:", "a:{sub}:").replace("tokens = ", "# ");
    let error = check(&site, &shared.replacen("[listen]", &two, 1)).unwrap_err();
    assert!(error.contains("jwt.j and jwt.k are different issuers"), "{error}");
    let apart = shared.replace("{sub}", "{iss}:{sub}");
    check(&site, &apart.replacen("[listen]", &two, 1)).unwrap();
    check(&site, &shared.replacen("[listen]", &two.replace("\"k\"", "\"i\""), 1)).unwrap();
}

#[test]
fn what_is_hardly_meant_is_a_warning_with_its_line() {
    let site = Site::new();
    let (certificate, key) = site.expired();
    site.write("tls/old.pem", &certificate);
    site.write("tls/old-key.pem", &key);
    let more = "[policies.unused]\ncommands = [\"GET\"]\nread = [\"a:\"]\n\
                [upstreams.unused]\naddress = \"127.0.0.1:1\"\n\
                [principals.nobody]\npolicy = \"p\"\nupstream = \"main\"\n";
    let config =
        GOOD.replace(
            "[\"GET\"]",
            "[\n\"GET\",\n\"SET\",\n\"SUBSCRIBE\",\n\"DBSIZE\",\n\"RESTORE\",\n\"keys\"]",
        )
        .replace("[\"a:\"]", "[\"a:{user}:\"]\nsubscribe = [\"*\"]\ndatabases = [0, 99999]")
        .replace(
            "policy = \"p\"",
            "policy = \"p\"\nupstream = \"main\"\nuser = \"u\"\npassword_file = \"secrets/open\"",
        )
        .replace(
            "address = \"127.0.0.1:0\"",
            "address = \"127.0.0.1:0\"\nhosts = [\"gw.example\", \"localhost\"]",
        ) + "[listen.tls]\ncertificate = \"tls/old.pem\"\nkey = \"tls/old-key.pem\"\n"
            + more;
    site.write("secrets/open", "x");
    let said = check(&site, &config).unwrap();
    let line = |text: &str| config.lines().position(|line| line.contains(text)).unwrap() + 1;
    for (text, expected) in [
        ("\"SET\"", "policies.p.commands: SET can never pass: it needs prefixes in write"),
        ("\"DBSIZE\"", "policies.p.commands: DBSIZE can never pass: it needs read = [\"*\"]"),
        ("\"RESTORE\"", "policies.p.commands: RESTORE takes a value in the server's internal form"),
        ("\"keys\"", "policies.p.commands: keys goes through all keys"),
        ("subscribe =", "policies.p.subscribe: keyspace notifications"),
        ("{user}", "policies.p.read: {user} is taken as it is"),
        ("99999", "policies.p.databases: 99999: a server has databases 0 to 15"),
        ("[policies.unused]", "policies.unused: no principal has it"),
        ("[upstreams.unused]", "upstreams.unused: no principal has it"),
        ("[principals.nobody]", "principals.nobody: no client can be this principal"),
        ("old.pem", "listen.tls.certificate: "),
        ("gw.example", "listen.hosts: "),
        ("secrets/open", "principals.one.password_file: "),
        ("old-key.pem", "listen.tls.key: "),
    ] {
        let expected = format!("warning: line {}: {expected}", line(text));
        assert!(said.contains(&expected), "{expected}\n{said}");
    }
    for expected in ["has expired", "is not for the name gw.example", "can be read by everybody"] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    assert!(!said.contains("the name localhost") && !said.contains("GET can"), "{said}");
}

#[test]
fn what_should_be_known_is_a_warning() {
    let site = Site::new();
    let config = GOOD.replace("[\"GET\"]", "[\"GET\", \"SLOWLOG GET\"]").replace(
        "[listen]",
        "[access]\nanonymous = \"one\"\n[admin]\naddress = \"0.0.0.0:1\"\n[listen]",
    );
    let said = check(&site, &config).unwrap();
    for expected in ["anonymous", "SLOWLOG GET", "admin.address", "principals.one has no user"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn tokens_are_hashed_from_standard_input_and_made() {
    let made = gateway(&["hash-token", "--new"], "");
    let made = text(&made.stdout);
    let mut words = made.split_whitespace();
    let (token, hash) = (words.nth(1).unwrap(), words.nth(1).unwrap());
    let hashed = gateway(&["hash-token"], &format!("{token}\n"));
    assert_eq!(text(&hashed.stdout).trim(), hash);
    for weak in ["", "swordfish", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "white space is not visible!"] {
        let refused = gateway(&["hash-token"], weak);
        assert_eq!(refused.status.code(), Some(2), "{weak}");
        assert!(refused.stdout.is_empty(), "{weak}");
        let said = text(&refused.stderr);
        assert!(weak.is_empty() || !said.contains(weak), "{said}");
    }
}

#[test]
fn without_a_file_only_loopback_addresses_are_served() {
    let output = gateway(&["--upstream", "127.0.0.1:1", "--listen", "0.0.0.0:0"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("configuration file"), "{}", text(&output.stderr));
}
