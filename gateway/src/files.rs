use std::{
    io,
    path::{Path, PathBuf},
};

use futures::io::AsyncWrite;
use percent_encoding::percent_decode_str;

use crate::http::{NOT_FOUND, Status, refuse, respond};

/// An error of a file, with its name.
pub(crate) fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Serves one file below `root`.
pub(crate) async fn serve(
    stream: &mut (impl AsyncWrite + Unpin),
    root: &Path,
    path: &str,
    with_body: bool,
) -> io::Result<u16> {
    let Some((content_type, body)) = load(root, path, |kind, body| (kind, body)).await else {
        refuse(stream, NOT_FOUND, "there is no such file\n").await?;
        return Ok(NOT_FOUND.0);
    };
    let headers = [("Cache-Control", "no-cache"), ("Referrer-Policy", "no-referrer")];
    respond(stream, Status(200, "OK"), &headers, content_type, &body, with_body).await?;
    Ok(200)
}

/// A file as a browser is answered that may have it already
pub(crate) struct Answer {
    pub(crate) content_type: &'static str,
    /// Changes with the content.
    pub(crate) tag: String,
    /// `None`: the browser has it.
    pub(crate) body: Option<Vec<u8>>,
}

/// Reads one file below `root`; `known` is the request's `If-None-Match`.
pub(crate) async fn read(root: &Path, path: &str, known: Option<String>) -> Option<Answer> {
    load(root, path, move |content_type, body| {
        let hash = ring::digest::digest(&ring::digest::SHA256, &body);
        let hex: String = hash.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let tag = format!("\"{hex}\"");
        let has_it = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
        Answer { content_type, tag, body: (!has_it).then_some(body) }
    })
    .await
}

/// Makes something of the type and content of the file that `path` means, if there is one.
async fn load<T: Send + 'static>(
    root: &Path,
    path: &str,
    make: impl FnOnce(&'static str, Vec<u8>) -> T + Send + 'static,
) -> Option<T> {
    let (root, asked) = (root.to_owned(), path.to_owned());
    async_std::task::spawn_blocking(move || {
        let file = locate(&root, &asked)?;
        let body = std::fs::read(&file).ok()?;
        Some(make(content_type(&file), body))
    })
    .await
}

/// The file a request's path means, if it is a file inside `root`.
fn locate(root: &Path, path: &str) -> Option<PathBuf> {
    let mut file = root.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let part = percent_decode_str(part).decode_utf8().ok()?;
        // Nothing hidden, nothing upwards, no second way to write a separator.
        if part.starts_with('.') || part.contains(['/', '\\', '\0']) {
            return None;
        }
        file.push(&*part);
    }
    // Links are followed, but not out of the folder.
    let (root, mut file) = (root.canonicalize().ok()?, file.canonicalize().ok()?);
    if file.is_dir() {
        file = file.join("index.html").canonicalize().ok()?;
    }
    (file.starts_with(&root) && file.is_file()).then_some(file)
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_inside_the_folder_are_found() {
        let base = std::env::temp_dir().join(format!("redmux-files-{}", std::process::id()));
        let root = base.join("root");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        for (file, text) in
            [("index.html", "i"), ("a b.js", "j"), (".hidden", "h"), ("sub/x.css", "c")]
        {
            std::fs::write(root.join(file), text).unwrap();
        }
        std::fs::write(base.join("secret"), "s").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(base.join("secret"), root.join("link")).unwrap();
        for path in ["/", "/index.html", "//index.html", "/a%20b.js", "/sub/x.css"] {
            assert!(locate(&root, path).is_some(), "{path}");
        }
        for path in [
            "/../secret",
            "/%2e%2e/secret",
            "/sub/../../secret",
            "/sub%2f..%2f..%2fsecret",
            "/..%5csecret",
            "/.hidden",
            "/link",
            "/sub",
            "/none",
            "/%",
            "/%zz",
            "/%ff",
            "/index.html%00",
        ] {
            assert!(locate(&root, path).is_none(), "{path}");
        }
        std::fs::remove_dir_all(base).unwrap();
    }
}
