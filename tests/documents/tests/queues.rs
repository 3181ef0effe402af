//! The Rust code of `docs/queues.md`, run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redmux::database::streams::{GroupStart, XreadGroupOptions};
use redmux_test_support::RedisServer;

#[test]
fn workers_do_all_jobs_also_those_of_dead_workers() {
    let server = RedisServer::start();
    async_std::task::block_on(async {
        let address = server.addr().to_string();
        let muxer = redmux::ConnectionMultiplexer::connect(address).await.unwrap();
        let db = muxer.database();
        // What workers that died have left: a job in a list, and an entry that one got two minutes ago.
        db.rpush("{jobs}:working:1", "job 0").await.unwrap();
        let start = GroupStart::beginning().make_stream();
        db.xgroup_create("orders", "billing", start).await.unwrap();
        let id = db.xadd("orders", ("item", "chair")).await.unwrap();
        let all = XreadGroupOptions::new();
        let got = db.xreadgroup::<String>("billing", "dead", [("orders", ">")], all).await.unwrap();
        assert!(got.is_some());
        let aged = ("orders", "billing", "dead", 0, id, "IDLE", 120_000, "JUSTID");
        let claimed: Vec<String> = db.execute("XCLAIM", aged).await.unwrap();
        assert_eq!(claimed.len(), 1);

        redmux_documents::queues(muxer.clone(), db.clone()).await.unwrap();

        let left = ["jobs", "{jobs}:working:1", "{jobs}:later"];
        assert_eq!(db.exists(left).await.unwrap(), 0);
        // The last block moves a job that is due, for a worker to come.
        let waiting: Vec<String> = db.lrange("{jobs}:waiting", 0, -1).await.unwrap();
        assert_eq!(waiting, ["job 2"]);
        let groups = db.xinfo_groups("orders").await.unwrap();
        assert_eq!(groups.iter().map(|group| group.pending).sum::<u64>(), 0);
        assert_eq!(db.xlen("orders").await.unwrap(), 2);
    });
}
