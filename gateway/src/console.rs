//! Serves the web console, with a content security policy that allows only what it needs.

use std::{io, path::PathBuf};

use futures::io::AsyncWrite;

use crate::{
    config::Origin,
    files::{Answer, read},
    http::{NOT_FOUND, RequestHead, Status, refuse, respond},
};

/// The path of the console.
pub(crate) const PATH: &str = "/console/";

/// The console's files, and what else its page may reach
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Console {
    /// The folder that `cargo xtask console` has put together.
    pub directory: PathBuf,
    /// Other gateways (`wss://host[:port]`) the page may connect to. Default none: only this one.
    pub connect: Vec<Origin>,
}

impl Console {
    /// Takes the console from this folder.
    ///
    /// # Errors
    /// The folder contains no console.
    pub fn new(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        for file in ["index.html", "redmux/src/index.js", "redmux/pkg/redmux_wasm_bg.wasm"] {
            if !directory.join(file).is_file() {
                let text = format!("there is no console in it: {file} is missing");
                return Err(io::Error::new(io::ErrorKind::NotFound, text));
            }
        }
        Ok(Self { directory, connect: Vec::new() })
    }

    /// Lets the page connect to this gateway too.
    ///
    /// # Errors
    /// The address is not a `ws://` or `wss://` one without a path.
    pub(crate) fn allow(&mut self, address: &str) -> Result<(), &'static str> {
        let expected = "expected ws://host[:port] or wss://host[:port]";
        let origin: Origin = address.parse().map_err(|_| expected)?;
        if !origin.is_websocket() {
            return Err(expected);
        }
        self.connect.push(origin);
        Ok(())
    }

    /// Returns the content security policy: scripts and styles from this gateway only and none
    /// inline, no sinks that turn text into HTML, and no frame around the page.
    ///
    /// `host` was checked before: it contains no character that has a meaning in a policy.
    fn policy(&self, host: &str) -> String {
        let others: String = self.connect.iter().map(|origin| format!(" {origin}")).collect();
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; connect-src 'self' ws://{host} wss://{host}{others}; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        )
    }

    /// Answers a request below [`PATH`].
    pub(crate) async fn serve(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        head: &RequestHead,
        websocket: &str,
    ) -> io::Result<()> {
        let with_body = head.method == "GET";
        let Some(path) = head.path.strip_prefix(PATH.trim_end_matches('/')) else {
            return refuse(stream, NOT_FOUND, "there is nothing here\n").await;
        };
        // Not every browser applies `self` to WebSockets.
        let policy = self.policy(head.host.as_deref().unwrap_or_default());
        let mut headers = vec![
            ("Content-Security-Policy", policy.as_str()),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
            // The browser asks each time, and gets the file only if it has changed: a new version
            // of the console is used at once.
            ("Cache-Control", "no-cache"),
        ];
        if path.is_empty() {
            headers.push(("Location", PATH));
            let moved = Status(308, "Permanent Redirect");
            return respond(stream, moved, &headers, "text/plain", b"", with_body).await;
        }
        if path == "/gateway.json" {
            let body = serde_json::json!({ "path": websocket }).to_string();
            let ok = Status(200, "OK");
            let kind = "application/json";
            return respond(stream, ok, &headers, kind, body.as_bytes(), with_body).await;
        }
        let known = head.if_none_match.clone();
        match read(&self.directory, path, known).await {
            None => refuse(stream, NOT_FOUND, "there is no such file\n").await,
            Some(Answer { content_type, tag, body }) => {
                headers.push(("ETag", &tag));
                match body {
                    Some(found) => found.send(stream, &headers, with_body).await,
                    None => {
                        let status = Status(304, "Not Modified");
                        respond(stream, status, &headers, content_type, b"", with_body).await
                    }
                }
            }
        }
    }
}

/// Returns whether the path is below [`PATH`].
pub(crate) fn is_below(path: &str) -> bool {
    path.starts_with(PATH) || path == PATH.trim_end_matches('/')
}
