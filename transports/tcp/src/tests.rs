use std::{
    io::{self, IoSlice},
    task::Poll,
    time::{Duration, Instant},
};

use async_std::net::TcpListener;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use redmux_transport::{DialError, DialStage, Endpoint, Runtime, Timer, Transport};
use socket2::SockRef;

use super::*;

fn endpoint(text: &str) -> Endpoint {
    text.parse().unwrap()
}

async fn dial_error(text: &str) -> DialError {
    TcpTransport::default().connect(&endpoint(text)).await.expect_err("nothing listens there")
}

#[async_std::test]
async fn speaks_over_ipv4_ipv6_and_names() {
    for bind in ["127.0.0.1:0", "[::1]:0"] {
        let listener = TcpListener::bind(bind).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut targets = vec![address.to_string()];
        if address.is_ipv4() {
            targets.push(format!("localhost:{}", address.port()));
        }
        for target in targets {
            let transport = TcpTransport::default();
            let to = endpoint(&target);
            let dial = async { transport.connect(&to).await.unwrap() };
            let accept = async { listener.accept().await.unwrap().0 };
            let (mut ours, mut theirs) = futures::future::join(dial, accept).await;
            ours.write_all(b"ping").await.unwrap();
            let mut got = [0; 4];
            AsyncReadExt::read_exact(&mut theirs, &mut got).await.unwrap();
            assert_eq!(&got, b"ping");
        }
    }
}

#[async_std::test]
async fn closing_ends_the_stream_for_the_other_side() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = endpoint(&listener.local_addr().unwrap().to_string());
    let mut ours = TcpTransport::default().connect(&to).await.unwrap();
    let (mut theirs, _) = listener.accept().await.unwrap();
    ours.close().await.unwrap();
    let mut none = [0];
    let end = AsyncReadExt::read(&mut theirs, &mut none);
    let end = async_std::future::timeout(Duration::from_secs(10), end).await;
    assert_eq!(end.expect("the end of the stream").unwrap(), 0);
    // What the other side still says is read.
    AsyncWriteExt::write_all(&mut theirs, b"bye").await.unwrap();
    drop(theirs);
    let mut bye = String::new();
    ours.read_to_string(&mut bye).await.unwrap();
    assert_eq!(bye, "bye");
    ours.close().await.unwrap();
}

#[async_std::test]
async fn several_slices_leave_in_one_write() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = endpoint(&listener.local_addr().unwrap().to_string());
    let mut ours = TcpTransport::default().connect(&to).await.unwrap();
    let (mut theirs, _) = listener.accept().await.unwrap();
    let slices = [IoSlice::new(b"one "), IoSlice::new(b"write, "), IoSlice::new(b"three")];
    assert_eq!(ours.write_vectored(&slices).await.unwrap(), 16);
    let mut got = [0; 16];
    AsyncReadExt::read_exact(&mut theirs, &mut got).await.unwrap();
    assert_eq!(&got, b"one write, three");
}

#[cfg(unix)]
#[async_std::test]
async fn speaks_over_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("redmux-tcp-{}.sock", std::process::id()));
    let listener = async_std::os::unix::net::UnixListener::bind(&path).await.unwrap();
    let to = endpoint(&format!("unix:{}", path.display()));
    let mut ours = TcpTransport::default().connect(&to).await.unwrap();
    let (mut theirs, _) = listener.accept().await.unwrap();
    let slices = [IoSlice::new(b"one "), IoSlice::new(b"write")];
    assert_eq!(ours.write_vectored(&slices).await.unwrap(), 9);
    let mut got = [0; 9];
    AsyncReadExt::read_exact(&mut theirs, &mut got).await.unwrap();
    assert_eq!(&got, b"one write");
    std::fs::remove_file(path).unwrap();
}

#[async_std::test]
async fn the_stage_of_a_failure_is_told() {
    assert_eq!(dial_error("no-such-host.invalid:1").await.stage, DialStage::Resolve);
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = dial_error(&unused.to_string()).await;
    assert_eq!(error.stage, DialStage::Dial);
    assert_eq!(error.source.kind(), io::ErrorKind::ConnectionRefused);
    let error = dial_error("unix:/nonexistent/redis.sock").await;
    assert_eq!((error.stage, error.source.kind()), (DialStage::Dial, io::ErrorKind::NotFound));
    let error = dial_error("ws://localhost/").await;
    assert_eq!(error.source.kind(), io::ErrorKind::Unsupported);
}

#[async_std::test]
async fn socket_options_are_really_set() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = endpoint(&listener.local_addr().unwrap().to_string());
    let stream = TcpTransport::default().connect(&to).await.unwrap();
    let stream = stream.as_tcp().unwrap();
    let socket = SockRef::from(stream);
    assert!(stream.nodelay().unwrap());
    assert!(socket.keepalive().unwrap());
    #[cfg(target_os = "linux")]
    {
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(15));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(5));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(10)));
    }
    let plain = TcpTransport::default().nodelay(false).keepalive(None).user_timeout(None);
    let stream = plain.connect(&to).await.unwrap();
    let stream = stream.as_tcp().unwrap();
    assert!(!stream.nodelay().unwrap());
    assert!(!SockRef::from(stream).keepalive().unwrap());
}

#[async_std::test]
async fn one_timer_is_armed_again_and_again() {
    let runtime = AsyncStdRuntime;
    let far = Instant::now() + Duration::from_secs(3600);
    let mut timer = runtime.timer(far);
    let expired = |timer: &mut Box<dyn Timer>| {
        let pending = std::future::poll_fn(|cx| Poll::Ready(timer.poll_expired(cx).is_ready()));
        async_std::task::block_on(pending)
    };
    assert!(!expired(&mut timer));
    for _ in 0..3 {
        let soon = Instant::now() + Duration::from_millis(10);
        timer.reset(soon);
        std::future::poll_fn(|cx| timer.poll_expired(cx)).await;
        assert!(Instant::now() >= soon);
        // It stays ready until it is armed again.
        assert!(expired(&mut timer));
        timer.reset(far);
        assert!(!expired(&mut timer));
    }
    timer.reset(Instant::now() - Duration::from_millis(1));
    std::future::poll_fn(|cx| timer.poll_expired(cx)).await;
}

#[test]
fn entropy_varies() {
    let runtime = AsyncStdRuntime;
    let bits: std::collections::HashSet<u64> = (0..100).map(|_| runtime.entropy()).collect();
    assert_eq!(bits.len(), 100);
}

#[async_std::test]
async fn the_socket_options_of_a_dial_go_before_those_of_the_transport() {
    use redmux_transport::DialOptions;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = endpoint(&listener.local_addr().unwrap().to_string());
    let mut options = DialOptions::default();
    options.keepalive = Some(Keepalive::new(Duration::from_secs(40), Duration::from_secs(7), 2));
    options.user_timeout = Some(Duration::from_secs(3));
    let stream = TcpTransport::default().tuned(&options).connect(&to).await.unwrap();
    let socket = SockRef::from(stream.as_tcp().unwrap());
    #[cfg(target_os = "linux")]
    {
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(40));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(7));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 2);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(3)));
    }
    assert!(socket.keepalive().unwrap());
    options.keepalive = Some(Keepalive::OFF);
    options.user_timeout = Some(Duration::ZERO);
    let stream = TcpTransport::default().tuned(&options).connect(&to).await.unwrap();
    let socket = SockRef::from(stream.as_tcp().unwrap());
    assert!(!socket.keepalive().unwrap());
    #[cfg(target_os = "linux")]
    assert_eq!(socket.tcp_user_timeout().unwrap(), None);
}
