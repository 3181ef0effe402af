//! nginx with its module for streams.

use std::{path::Path, process::Command};

use redmux::ConnectionMultiplexer;
use redmux_test_support::{DaemonCommand, RedisServer};

use crate::{
    a_while, comes_back,
    load::{Load, reload_unnoticed},
    options, pass,
    programs::{Proxy, program},
};

const MODULE: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";

/// In front of a server, with others for when it is gone.
pub(crate) fn start(servers: &[&RedisServer], idle: &str) -> Proxy {
    assert!(
        Path::new(MODULE).exists(),
        "found no {MODULE}; on Debian: apt-get install libnginx-mod-stream"
    );
    let servers: String = servers
        .iter()
        .enumerate()
        .map(|(n, server)| {
            format!("    server {}{};\n", server.addr(), if n > 0 { " backup" } else { "" })
        })
        .collect();
    let idle = idle.to_owned();
    let nginx = program("NGINX", &["nginx"], "nginx libnginx-mod-stream");
    Proxy::start(
        |proxy| {
            let config = format!(
                "load_module {MODULE};\ndaemon off;\nworker_processes 1;\npid {};\nerror_log stderr;\n\
                 events {{}}\nstream {{\n  upstream redis {{\n{servers}  }}\n  server {{\n    \
                 listen {};\n    proxy_pass redis;\n    proxy_timeout {idle};\n    \
                 proxy_connect_timeout 1s;\n  }}\n}}\n",
                proxy.file("nginx.pid"),
                proxy.addr()
            );
            proxy.write("nginx.conf", &config);
        },
        move |proxy| {
            DaemonCommand::new(&nginx, proxy.log()).args([
                "-e",
                "stderr",
                "-p",
                &proxy.file(""),
                "-c",
                &proxy.file("nginx.conf"),
            ])
        },
    )
}

#[async_std::test]
async fn a_reload_under_load_is_noticed_by_nobody_and_a_backup_takes_over() {
    let (first, second) = (RedisServer::start(), RedisServer::start());
    let proxy = start(&[&first, &second], "10m");
    let muxer = ConnectionMultiplexer::connect(options(proxy.addr().to_string())).await.unwrap();
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    reload_unnoticed(&proxy, &muxer, &first).await;

    let load = Load::start(&muxer);
    pass(a_while()).await;
    first.kill();
    comes_back(&mut news, &second, "news").await;
    pass(a_while()).await;
    let tally = load.finish().await;
    assert!(tally.answered.is_empty(), "{tally:?}");
    tally.never_twice(&[&second]);
}

/// The program is there and takes the configuration; what it says is shown if not.
#[test]
fn the_configuration_is_right() {
    let server = RedisServer::start();
    let proxy = start(&[&server], "10m");
    let nginx = program("NGINX", &["nginx"], "nginx libnginx-mod-stream");
    let mut test = Command::new(nginx);
    test.args(["-t", "-e", "stderr", "-c", &proxy.file("nginx.conf")]);
    let said = test.output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}
