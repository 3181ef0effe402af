//! Times that are far away: what is added to the present ends neither the gateway nor a client.

use std::time::Duration;

use redmux_gateway::new_token;
use serde_json::json;

use crate::{
    access::{jwt, with_token},
    common::{Bench, ask, site::Site, until},
};

#[async_std::test]
async fn times_without_end_end_nothing() {
    let bench = Bench::new(|config| {
        config.handshake_timeout = Duration::MAX;
        config.command_timeout = Duration::MAX;
        config.ping_interval = Duration::MAX;
        config.pong_timeout = Duration::MAX;
        config.slow_client_timeout = Duration::MAX;
        config.drain = Duration::MAX;
        config.drain_spread = Duration::MAX;
        config.change_policies(|policy| {
            policy.client.session = Some(Duration::MAX);
            policy.client.idle = Some(Duration::MAX);
        });
    })
    .await;
    let mut socket = bench.open().await;
    for _ in 0..3 {
        assert_eq!(ask(&mut socket, "PING", 7).await, "+PONG\r\n");
    }
    bench.handle.shutdown();
    // It drains for as long as it may: until somebody asks twice.
    assert_eq!(ask(&mut socket, "PING", 7).await, "+PONG\r\n");
    bench.handle.shutdown_now();
    bench.running.await;
}

/// The longest times of a file.
#[async_std::test]
async fn ten_years_are_no_fault() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let long = "87600h";
    let text = with_token(&token)
        .replace(
            "address = \"{redis}\"",
            &format!(
                "address = \"{{redis}}\"\nconnect_timeout = \"{long}\"\nreply_timeout = \"{long}\""
            ),
        )
        .replace("denied = 3", &format!("idle = \"{long}\", session = \"{long}\""))
        + &format!(
            "[timeouts]\nhandshake = \"{long}\"\ncommand = \"{long}\"\nping = \"{long}\"\npong = \"{long}\"\n\
             slow_client = \"{long}\"\n"
        );
    let bench = Bench::of(&site, &text).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    assert_eq!(ask(&mut socket, "GET a:1", 7).await, "$1\r\nv\r\n");
    let longer = site.load(&text.replace("87600h", "87601h")).unwrap_err().to_string();
    assert!(longer.contains("87601h") && longer.contains("up to 87600h"), "{longer}");
}

#[async_std::test]
async fn a_token_may_expire_in_thousands_of_years() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = with_token(&token)
        + "[jwt.id]\nalgorithms = [\"HS256\"]\nissuer = \"https://id.example\"\naudience = [\"redis\"]\n\
           secret_file = \"secrets/jwt\"\nmax_lifetime = \"off\"\nleeway = \"87600h\"\nprincipal = \"one\"\n";
    let bench = Bench::of(&site, &text).await;
    for exp in [90_000_000_000_u64, 99_999_999_999] {
        let claims =
            json!({ "iss": "https://id.example", "aud": "redis", "sub": "ada", "exp": exp });
        let mut socket = bench.open_as(&jwt(&claims)).await.unwrap();
        assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
        // Also when it is looked at anew.
        bench.reload(&site, &text);
        assert_eq!(ask(&mut socket, "GET a:1", 7).await, "$1\r\nv\r\n");
    }
    until("all are gone", || bench.handle.clients() == 0).await;
}
