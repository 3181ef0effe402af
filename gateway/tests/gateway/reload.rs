//! What becomes of clients that are there when the configuration changes.

use std::time::Duration;

use async_std::task;
use redmux_gateway::{Rules, new_token};
use serde_json::json;

use crate::{
    access::{jwt, seconds, with_token},
    common::{Bench, Socket, ask, closed, command, receive, send, site::Site, status, until},
};

#[async_std::test]
async fn a_reload_holds_for_clients_that_are_there_and_drops_none_that_may_do_more() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = with_token(&token).replace("\"GET\", ", "");
    let bench = Bench::of(&site, &text).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    assert!(answer(&mut socket, "GET a:1").await.starts_with("-ERR"));
    // More commands, more keys, more channels: at once.
    let wider = with_token(&token).replace("\"news.\"", "\"news.\", \"other.\"");
    let wider = wider.replace("read = [\"a:\"]", "read = [\"a:\", \"b:\"]");
    bench.reload(&site, &wider);
    assert_eq!(ask(&mut socket, "GET a:1", 7).await, "$1\r\nv\r\n");
    assert_eq!(ask(&mut socket, "GET b:1", 5).await, "$-1\r\n");
    // Other limits are no other rights.
    bench.reload(&site, &wider.replace("denied = 3", "denied = 4"));
    // A configuration with a fault changes nothing.
    assert!(site.load("[listen").is_err());
    assert_eq!(ask(&mut socket, "GET a:1", 7).await, "$1\r\nv\r\n");
    // A token that is withdrawn, while its client is silent.
    bench.reload(&site, &with_token(&new_token().unwrap()));
    assert_eq!(closed(&mut socket).await.0, 4401);
    assert_eq!(status(bench.open_as(&token).await), 401);
}

/// A program that embeds the gateway may change what it has started with.
#[async_std::test]
async fn a_changed_copy_of_a_configuration_is_another_one() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let server = redmux_test_support::RedisServer::start();
    let text = with_token(&token).replace("{redis}", &server.addr().to_string());
    let mut config = site.load(&text).unwrap().config;
    let bench = Bench::start(server, config.clone()).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    config.change_policies(|policy| policy.rules = Rules::deny_all());
    bench.handle.reload(config).unwrap();
    assert_eq!(closed(&mut socket).await.0, 1012);
}

/// Each of these goes on at the server, whatever the new rules say of new commands.
#[async_std::test]
async fn what_was_granted_before_ends_when_rules_get_narrower() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let wide = with_token(&token)
        .replace("read = [\"a:\"]", "read = [\"a:\", \"hr:\"]")
        .replace("write = [\"a:\"]", "write = [\"a:\", \"hr:\"]")
        .replace("\"GET\"", "\"CLIENT TRACKING\", \"GET\"");
    let narrow = wide.replace("\"hr:\"", "\"hr:public:\"");
    let bench = Bench::of(&site, &wide).await;
    bench.server.command(&["SET", "hr:salary", "SECRET"]);
    let open = || async { bench.open_as(&token).await.unwrap() };
    let mut tracking = open().await;
    assert_eq!(ask(&mut tracking, "HELLO 3", 10).await.chars().next(), Some('%'));
    send(&mut tracking, command(&["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "hr:"])).await;
    let mut queued = open().await;
    assert_eq!(ask(&mut queued, "MULTI", 5).await, "+OK\r\n");
    assert_eq!(ask(&mut queued, "GET hr:salary", 9).await, "+QUEUED\r\n");
    let mut blocked = open().await;
    send(&mut blocked, command(&["BLPOP", "hr:queue", "0"])).await;
    let mut silent = open().await;
    until("all wait", || {
        let clients = bench.server.command(&["CLIENT", "LIST"]);
        clients.contains("cmd=blpop") && clients.contains("cmd=client|tracking")
    })
    .await;
    bench.reload(&site, &narrow);
    bench.server.command(&["SET", "hr:new", "x"]);
    bench.server.command(&["RPUSH", "hr:queue", "CONFIDENTIAL"]);
    for mut socket in [tracking, queued, blocked] {
        assert_eq!(everything_until_closed(&mut socket).await, (1012, String::new()));
    }
    assert_eq!(closed(&mut silent).await.0, 1012);
    // From then on nothing is taken for somebody who is gone.
    until("the server lets go", || {
        !bench.server.command(&["CLIENT", "LIST"]).contains("cmd=blpop")
    })
    .await;
    bench.server.command(&["DEL", "hr:queue"]);
    bench.server.command(&["RPUSH", "hr:queue", "CONFIDENTIAL"]);
    assert_eq!(bench.server.command(&["LLEN", "hr:queue"]), "1");
    // They come back with what they still may do.
    let mut socket = bench.open_as(&token).await.unwrap();
    assert!(answer(&mut socket, "GET hr:salary").await.starts_with("-ERR"));
    assert_eq!(ask(&mut socket, "GET hr:public:1", 5).await, "$-1\r\n");
}

#[async_std::test]
async fn a_jwt_is_verified_anew_with_each_configuration() {
    let site = Site::new();
    let text = with_token(&new_token().unwrap()).replace("tokens = ", "# ")
        + r#"
[principals.two]
policy = "p"

[jwt.accounts]
algorithms = ["HS256"]
issuer = "https://id.example"
audience = ["redis"]
secret_file = "secrets/jwt"
principal = "one"
"#;
    let bench = Bench::of(&site, &text).await;
    let claims = json!({ "iss": "https://id.example", "aud": "redis", "sub": "ada", "exp": seconds() + 600 });
    let token = jwt(&claims);
    let secret = std::fs::read_to_string(site.path("secrets/jwt")).unwrap();
    for (change, code) in [
        (("audience = [\"redis\"]", "audience = [\"other\"]"), 4401),
        (("https://id.example", "https://other.example"), 4401),
        (("principal = \"one\"", "principal = \"two\""), 1012),
        (("principal = \"one\"", "max_lifetime = \"5s\"\nprincipal = \"one\""), 4401),
        (("[jwt.accounts]", "[jwt.renamed]"), 0),
        (("secret_file = \"secrets/jwt\"", "secret_file = \"secrets/other\""), 4401),
    ] {
        let mut socket = bench.open_as(&token).await.unwrap();
        assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
        site.write("secrets/other", &secret.to_uppercase());
        assert!(text.contains(change.0));
        bench.reload(&site, &text.replace(change.0, change.1));
        match code {
            0 => assert_eq!(ask(&mut socket, "GET a:1", 7).await, "$1\r\nv\r\n"),
            code => assert_eq!(closed(&mut socket).await.0, code, "{change:?}"),
        }
        bench.reload(&site, &text);
    }
}

/// What a line is answered with, up to the end of its first line.
async fn answer(socket: &mut Socket, line: &str) -> String {
    let mut answer = ask(socket, line, 1).await.into_bytes();
    while !answer.ends_with(b"\r\n") {
        answer.extend(receive(socket, 1).await);
    }
    String::from_utf8(answer).unwrap()
}

/// The code of the close, and whatever of the secrets came before it.
async fn everything_until_closed(socket: &mut Socket) -> (u16, String) {
    let mut told = String::new();
    loop {
        match crate::common::next(socket).await {
            Some(async_tungstenite::tungstenite::Message::Close(Some(frame))) => {
                return (frame.code.into(), told);
            }
            Some(message) => {
                let text = String::from_utf8_lossy(&message.into_data()).into_owned();
                if ["hr:", "SECRET", "CONFIDENTIAL"].iter().any(|secret| text.contains(secret)) {
                    told += &text;
                }
            }
            None => return (1006, told),
        }
        task::sleep(Duration::ZERO).await;
    }
}
