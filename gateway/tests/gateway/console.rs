//! The web console: what is served, and under which headers.

use std::{collections::BTreeMap, env, fs, path::Path};

use redmux_gateway::Console;
use redmux_resp::commands::CommandSpec;

use crate::common::{Bench, site::Site};

fn folder(name: &str) -> std::path::PathBuf {
    let base = env::temp_dir().join(format!("redmux-console-{name}-{}", std::process::id()));
    let folder = base.join("console");
    for (file, text) in [
        ("index.html", "<p>console"),
        ("main.js", "export {}"),
        ("style.css", "p {}"),
        ("commands.json", "{}"),
        ("redmux/src/index.js", "export {}"),
        ("redmux/pkg/redmux_wasm_bg.wasm", "wasm"),
        (".hidden", "no"),
    ] {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::write(base.join("secret"), "secret").unwrap();
    folder
}

#[async_std::test]
async fn it_is_off_unless_asked_for() {
    let bench = Bench::new(|_| {}).await;
    for path in ["/console/", "/console", "/console/index.html", "/console/gateway.json"] {
        assert!(bench.get(path).await.starts_with("HTTP/1.1 404 "), "{path}");
    }
}

#[async_std::test]
async fn its_files_come_with_strict_headers_and_nothing_else_comes() {
    let folder = folder("files");
    let console = Console::new(&folder).unwrap();
    let bench = Bench::new(move |config| config.console = Some(console)).await;
    for (path, kind) in [
        ("/console/", "text/html; charset=utf-8"),
        ("/console/index.html", "text/html; charset=utf-8"),
        ("/console/main.js?x", "text/javascript; charset=utf-8"),
        ("/console/style.css", "text/css; charset=utf-8"),
        ("/console/commands.json", "application/json"),
        ("/console/redmux/pkg/redmux_wasm_bg.wasm", "application/wasm"),
    ] {
        let answer = bench.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        for header in [
            &format!("Content-Type: {kind}"),
            "X-Content-Type-Options: nosniff",
            "X-Frame-Options: DENY",
            "Referrer-Policy: no-referrer",
            "Cache-Control: no-cache",
        ] {
            assert!(answer.contains(&format!("{header}\r\n")), "{path}: no {header}: {answer}");
        }
        let policy = answer.split("Content-Security-Policy: ").nth(1).unwrap();
        let policy = policy.split("\r\n").next().unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            &format!("connect-src 'self' ws://{0} wss://{0};", bench.addr),
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    }
    let moved = bench.get("/console").await;
    assert!(moved.starts_with("HTTP/1.1 308 ") && moved.contains("Location: /console/\r\n"));
    assert!(bench.get("/console/gateway.json").await.ends_with(r#"{"path":"/redis"}"#));
    for path in [
        "/console/../secret",
        "/console/%2e%2e/secret",
        "/console/..%2fsecret",
        "/console/redmux/../../../secret",
        "/console//../secret",
        "/console/..%5csecret",
        "/console/.hidden",
        "/console/none.js",
        "/console/redmux",
        "/consolex",
        "/",
    ] {
        let answer = bench.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    let posted = bench.raw("POST /console/ HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(posted.starts_with("HTTP/1.1 405 "), "{posted}");
    let foreign = bench.raw("GET /console/ HTTP/1.1\r\nHost: evil.example\r\n\r\n").await;
    assert!(foreign.starts_with("HTTP/1.1 421 "), "{foreign}");
    fs::remove_dir_all(folder.parent().unwrap()).unwrap();
}

#[async_std::test]
async fn a_browser_asks_each_time_and_is_sent_what_has_changed() {
    let folder = folder("cache");
    let console = Console::new(&folder).unwrap();
    let bench = Bench::new(move |config| config.console = Some(console)).await;
    let first = bench.get("/console/main.js").await;
    let tag = first.split("ETag: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let again = || {
        let head = "GET /console/main.js HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: ";
        bench.raw(format!("{head}\"other\", {tag}\r\n\r\n"))
    };
    let same = again().await;
    assert!(same.starts_with("HTTP/1.1 304 ") && same.ends_with("\r\n\r\n"), "{same}");
    assert!(!same.contains("Content-Length") && same.contains(&tag), "{same}");
    fs::write(folder.join("main.js"), "export { upgraded }").unwrap();
    let changed = again().await;
    assert!(changed.starts_with("HTTP/1.1 200 ") && changed.ends_with("upgraded }"), "{changed}");
    fs::remove_dir_all(folder.parent().unwrap()).unwrap();
}

#[async_std::test]
async fn the_configuration_names_the_folder_and_other_gateways() {
    let folder = folder("config");
    let site = Site::new();
    let text = |console: &str| {
        format!(
            "{console}\n[listen]\naddress = \"127.0.0.1:0\"\npath = \"/carry\"\n\
             [upstreams.main]\naddress = \"{{redis}}\"\n[policies.p]\ncommands = [\"GET\"]\n\
             [principals.one]\npolicy = \"p\"\n[access]\nanonymous = \"one\"\n"
        )
    };
    let named = format!("[console]\ndirectory = {:?}\n", folder.display().to_string());
    let bench = Bench::of(
        &site,
        &text(&format!("{named}connect = [\"wss://redis.example.com\", \"ws://10.0.0.1:81\"]")),
    )
    .await;
    let page = bench.get("/console/").await;
    let others = " wss://redis.example.com:443 ws://10.0.0.1:81; base-uri";
    assert!(page.contains(others), "{page}");
    assert!(bench.get("/console/gateway.json").await.ends_with(r#"{"path":"/carry"}"#));

    for (console, expected) in [
        (
            "[console]\ndirectory = \"/no/such\"",
            "line 2: console.directory: /no/such: there is no console",
        ),
        ("[console]", "directory"),
        (&format!("{named}connect = [\"https://a.example\"]"), "console.connect: expected ws://"),
        (&format!("{named}connect = [\"wss://a b\"]"), "console.connect: expected ws://"),
        (&format!("{named}connect = [\"wss://a; script-src *\"]"), "console.connect: expected"),
    ] {
        let text = text(console).replace("{redis}", "127.0.0.1:1");
        let error = site.load(&text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{console}: {error}");
    }
    fs::remove_dir_all(folder.parent().unwrap()).unwrap();
}

/// What the page knows of commands where the server does not tell it.
#[test]
fn the_page_s_table_of_commands_is_up_to_date() {
    let rows: BTreeMap<&str, String> = CommandSpec::all()
        .map(|spec| {
            let flags = [
                (spec.is_read_only(), "R"),
                (spec.is_write(), "W"),
                (spec.may_block(), "B"),
                (spec.is_admin(), "A"),
                (spec.is_pubsub(), "P"),
                (spec.is_dangerous(), "D"),
            ];
            let flags: String = flags.iter().filter(|(is, _)| *is).map(|(_, flag)| *flag).collect();
            let docs = spec.docs();
            let row =
                [flags.as_str(), spec.key_column(), docs.since, docs.complexity, docs.variables];
            (spec.name(), serde_json::to_string(&row).unwrap())
        })
        .collect();
    let rows: Vec<_> = rows.iter().map(|(name, row)| format!("  {name:?}: {row}")).collect();
    let expected = format!("{{\n{}\n}}\n", rows.join(",\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www/console/commands.json");
    if env::var_os("REDMUX_WRITE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == expected,
        "www/console/commands.json is stale: \
         REDMUX_WRITE_DOCS=1 cargo test -p redmux-gateway --test gateway table_of_commands"
    );
}
