//! Lengths that are announced, and never come.

use std::time::Duration;

use async_std::task;
use redmux_gateway::new_token;
use redmux_test_support::RedisServer;

use crate::{
    access::with_token,
    common::{
        command,
        frames::{LENGTHS, announce, frame},
        program::Program,
        raw::Raw,
        site::Site,
    },
};

/// What a policy allows, and what a stranger may send.
const MESSAGE: u64 = 1 << 20;
const FIRST_MESSAGE: u64 = 16 << 10;

/// The code that a header is answered with, if it is answered at all.
fn expected(opcode: u8, last: bool, masked: bool, length: u64, most: u64) -> Option<u16> {
    let control = opcode >= 8;
    let broken =
        !masked || !matches!(opcode, 0..=2 | 8..=10) || (control && (length > 125 || !last));
    match () {
        () if broken => Some(1002),
        () if !control && length > most => Some(1009),
        () => None,
    }
}

/// Each opcode with each length, whole or cut, masked or not.
fn headers() -> impl Iterator<Item = (u8, bool, bool, u64)> {
    let ways = [(true, true), (false, true), (true, false)];
    let of = move |opcode| ways.into_iter().map(move |(last, masked)| (opcode, last, masked));
    (0..16).flat_map(of).flat_map(|(opcode, last, masked)| {
        LENGTHS.into_iter().map(move |length| (opcode, last, masked, length))
    })
}

#[async_std::test]
async fn no_length_that_is_announced_harms_the_gateway() {
    let (site, token, server) = (Site::new(), new_token().unwrap(), RedisServer::start());
    let text = with_token(&token).replace("{redis}", &server.addr().to_string())
        + "[limits]\nconnections_per_address = \"off\"\nunauthenticated = 5000\n\
           unauthenticated_per_address = \"off\"\narrivals_per_address = \"off\"\n";
    site.write("gateway.toml", &text);
    let file = site.path("gateway.toml");
    let mut program = Program::start(&["--config", file.to_str().unwrap(), "--quiet"], 1);
    let addr = program.addr();
    task::spawn_blocking(move || {
        // Whatever is needed once is there.
        let ping = frame(0x82, &command(&["PING"]));
        Raw::open(addr, Some(&token)).send(&ping);
        let before = program.memory("VmPeak");
        for credential in [None, Some(token.as_str())] {
            let most = if credential.is_some() { MESSAGE } else { FIRST_MESSAGE };
            for (opcode, last, masked, length) in headers() {
                let code = expected(opcode, last, masked, length, most);
                let first = if last { 0x80 | opcode } else { opcode };
                let mut client = Raw::open(addr, credential);
                client.send(&announce(first, length, masked));
                if code.is_some() {
                    let found = client.closed();
                    assert_eq!(
                        found, code,
                        "opcode {opcode}, last {last}, masked {masked}, {length} bytes"
                    );
                }
            }
        }
        assert!(program.is_running());
        // Also what was asked for and never used. A thread of the system costs 64 MiB of addresses.
        let grown = program.memory("VmPeak").saturating_sub(before);
        assert!(grown < 512 << 20, "{} MiB were asked for", grown >> 20);
        let used = program.memory("VmHWM");
        assert!(used < 128 << 20, "{} MiB were used", used >> 20);
        // It still serves.
        let mut client = Raw::open(addr, Some(&token));
        client.send(&ping).send(&frame(0x88, &[]));
        client.0.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert!(client.ends());
    })
    .await;
}
