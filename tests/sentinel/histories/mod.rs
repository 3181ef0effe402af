//! Random histories on a primary that sentinels watch: see `tests/histories`.

mod torment;

use std::{panic::resume_unwind, sync::Arc};

use redmux::{ConnectionMultiplexer, Options, resp::Protocol};
use redmux_test_support::RedisSentinels;

use crate::{
    history::{History, check, histories, live, program},
    options,
};

fn start() -> Arc<RedisSentinels> {
    let builder = RedisSentinels::builder();
    let builder = match program() {
        Some(program) => builder.program(program),
        None => builder,
    };
    Arc::new(builder.start().unwrap())
}

/// Lives through one history; all servers agree before and after.
async fn lives(all: &Arc<RedisSentinels>, history: &Arc<History>) {
    let primary = all.primary(0).unwrap();
    all.servers()[primary].command(&["FLUSHALL"]);
    let known: Options = options(all, history.seed as usize % all.sentinels().len());
    let muxer = ConnectionMultiplexer::connect(history.options(known)).await.unwrap();
    let lived = {
        let (all, tormented) = (all.clone(), history.clone());
        live(history, &muxer, move || torment::run(&all, &tormented)).await
    };
    if let Err(panic) = lived.tormented {
        resume_unwind(panic);
    }
    let asked = all.clone();
    let ask = move |command: &str, key: &str, rest: &[&str]| {
        let primary = asked.primary(0).unwrap();
        let words: Vec<&str> = [command, key].into_iter().chain(rest.iter().copied()).collect();
        asked.servers()[primary].command(&words)
    };
    check(history, &muxer, lived.claims, ask).await;
    muxer.close().await;
}

/// Replication is behind, and sentinels wait for nothing: what a former primary alone knew is lost at each failover.
#[async_std::test]
async fn what_callers_are_told_is_so_while_sentinels_replace_the_primary() {
    let all = start();
    for history in histories(true, &[(5, Protocol::Resp3)]) {
        lives(&all, &history).await;
    }
}
