use std::{io, str::FromStr};

use async_tungstenite::tungstenite::{
    self,
    client::IntoClientRequest,
    handshake::client::Request,
    http::{HeaderName, HeaderValue, StatusCode},
    protocol::WebSocketConfig,
};
use futures::io::{AsyncRead, AsyncWrite};
use redmux_tcp::TcpTransport;
use redmux_transport::{Capabilities, DialError, DialStage, Endpoint, Transport};

use crate::{WebSocketStream, WebSocketTransport, options::FRAGMENT};

/// Bytes read from the socket at once.
const READ_BUFFER: usize = 32 << 10;

impl Transport for WebSocketTransport {
    type Stream = WebSocketStream;

    fn capabilities(&self) -> Capabilities {
        Capabilities::messages()
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<WebSocketStream, DialError> {
        let Endpoint::WebSocket { url } = endpoint else {
            return Err(DialError::unsupported(endpoint, "ws:// URLs"));
        };
        let request = self.request(url)?;
        let to = address(&request)?;
        let socket = TcpTransport::default().connect(&to).await?;
        self.upgrade(socket, request).await
    }
}

impl WebSocketTransport {
    /// Turns a connected stream into a WebSocket.
    async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        request: Request,
    ) -> Result<WebSocketStream<S>, DialError> {
        let config = Some(self.config());
        let upgraded = async_tungstenite::client_async_with_config(request, stream, config).await;
        let (socket, _response) = upgraded.map_err(refused)?;
        Ok(WebSocketStream::new(socket, self))
    }

    pub(crate) fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            // Cleared before each read: the default of 128 KiB costs more than most replies.
            .read_buffer_size(READ_BUFFER)
            // Every message goes to the socket at once, so that a full one pushes back.
            .write_buffer_size(0)
            .max_message_size(Some(self.receive_limit))
            .max_frame_size(Some(self.receive_limit))
    }

    fn request(&self, url: &str) -> Result<Request, DialError> {
        if url.contains('#') {
            return Err(invalid(FRAGMENT.to_owned()));
        }
        let mut request = url.into_client_request().map_err(|error| {
            // These errors name the fault and not the URL.
            invalid(format!("the WebSocket URL is malformed: {error}"))
        })?;
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            let header = HeaderName::from_str(name)
                .map_err(|_| invalid(format!("`{name}` is not the name of a header")))?;
            let value = HeaderValue::from_str(value)
                .map_err(|_| invalid(format!("the value of header `{name}` is malformed")))?;
            headers.append(header, value);
        }
        if !self.subprotocols.is_empty() {
            let names = HeaderValue::from_str(&self.subprotocols.join(", "))
                .map_err(|_| invalid("a subprotocol's name is malformed".to_owned()))?;
            headers.insert("Sec-WebSocket-Protocol", names);
        }
        Ok(request)
    }
}

/// The host and port of the request's URL.
fn address(request: &Request) -> Result<Endpoint, DialError> {
    let url = request.uri();
    match url.scheme_str() {
        Some("ws") => {}
        Some("wss") => {
            let message = "wss:// needs TLS, which native WebSockets do not have yet";
            let error = io::Error::new(io::ErrorKind::Unsupported, message);
            return Err(DialError::new(DialStage::Tls, error));
        }
        _ => return Err(invalid("a WebSocket URL begins with ws:// or wss://".to_owned())),
    }
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(invalid(
            "a native WebSocket takes no user information in its URL; send an \
                            Authorization header"
                .to_owned(),
        ));
    }
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    Ok(Endpoint::tcp(host, url.port_u16().unwrap_or(80)))
}

fn invalid(message: String) -> DialError {
    DialError::new(DialStage::Dial, io::Error::new(io::ErrorKind::InvalidInput, message))
}

fn refused(error: tungstenite::Error) -> DialError {
    use tungstenite::Error;
    let error = match error {
        Error::Io(error) => error,
        Error::Http(response) => {
            let status = response.status();
            let kind = match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => io::ErrorKind::PermissionDenied,
                StatusCode::NOT_FOUND => io::ErrorKind::NotFound,
                _ => io::ErrorKind::ConnectionRefused,
            };
            io::Error::new(kind, format!("the server answered the upgrade with HTTP {status}"))
        }
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    };
    DialError::new(DialStage::Upgrade, error)
}
