use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_std::{future::timeout, net::TcpStream};
use futures::io::{AsyncRead, AsyncWrite};
use redmux::Endpoint;

/// One connection to Redis; cheap to clone for the two directions
#[derive(Clone)]
pub(crate) enum Upstream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(async_std::os::unix::net::UnixStream),
}

impl Upstream {
    /// Connects; names are resolved every time.
    pub(crate) async fn connect(endpoint: &Endpoint, limit: Duration) -> io::Result<Self> {
        let connect = async {
            match endpoint {
                Endpoint::Tcp { host, port } => {
                    let stream = TcpStream::connect((host.as_str(), *port)).await?;
                    stream.set_nodelay(true)?;
                    Ok(Self::Tcp(stream))
                }
                #[cfg(unix)]
                Endpoint::Unix { path } => {
                    Ok(Self::Unix(async_std::os::unix::net::UnixStream::connect(path).await?))
                }
                other => Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    format!("{other} is neither TCP nor a Unix socket"),
                )),
            }
        };
        timeout(limit, connect).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

/// Calls the same method on whichever socket it is.
macro_rules! forward {
    ($self:ident, $method:ident, $($argument:expr),*) => {
        match $self.get_mut() {
            Upstream::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(unix)]
            Upstream::Unix(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Upstream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_read, cx, buffer)
    }
}

impl AsyncWrite for Upstream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_write, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_flush, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_close, cx)
    }
}
