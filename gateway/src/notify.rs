//! Reports the state of the service to systemd (`Type=notify`).

/// Reports a state to systemd, such as `READY=1`, if `NOTIFY_SOCKET` names its socket.
///
/// The report is one datagram. If it cannot be sent, systemd gives up on the service by its own
/// time-out, so there is no error to return.
#[cfg(unix)]
pub fn notify(state: &str) {
    if let Some(socket) = std::env::var_os("NOTIFY_SOCKET") {
        let _ = send(&socket, state);
    }
}

/// Does nothing: there is no systemd here.
#[cfg(not(unix))]
pub fn notify(_: &str) {}

#[cfg(unix)]
fn send(socket: &std::ffi::OsStr, state: &str) -> std::io::Result<()> {
    use std::os::unix::{ffi::OsStrExt, net::UnixDatagram};

    let datagram = UnixDatagram::unbound()?;
    // A full queue must not hold up clients.
    datagram.set_nonblocking(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = socket.as_bytes().strip_prefix(b"@") {
        #[cfg(target_os = "android")]
        use std::os::android::net::SocketAddrExt;
        #[cfg(target_os = "linux")]
        use std::os::linux::net::SocketAddrExt;

        let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
        return datagram.send_to_addr(state.as_bytes(), &address).map(drop);
    }
    datagram.send_to(state.as_bytes(), socket).map(drop)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::{ffi::OsStrExt, net::UnixDatagram};

    use super::*;

    fn received(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 64];
        let n = socket.recv(&mut buffer).expect("a state");
        String::from_utf8_lossy(&buffer[..n]).into_owned()
    }

    #[test]
    fn a_state_goes_to_a_path() {
        let path = std::env::temp_dir().join(format!("redmux-notify-{}", std::process::id()));
        let socket = UnixDatagram::bind(&path).unwrap();
        send(path.as_os_str(), "READY=1").unwrap();
        assert_eq!(received(&socket), "READY=1");
        drop(socket);
        assert!(send(path.as_os_str(), "READY=1").is_err());
        std::fs::remove_file(path).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_state_goes_to_an_abstract_name() {
        use std::os::linux::net::SocketAddrExt;

        let name = format!("@redmux-notify-{}", std::process::id());
        let address =
            std::os::unix::net::SocketAddr::from_abstract_name(&name.as_bytes()[1..]).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        send(std::ffi::OsStr::from_bytes(name.as_bytes()), "STOPPING=1").unwrap();
        assert_eq!(received(&socket), "STOPPING=1");
    }
}
