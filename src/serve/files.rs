//! Files of a folder, as a web server hands them out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// Larger files are not handed out: each is held in memory while it is sent.
const MAX_BYTES: u64 = 256 << 20;
/// Policy of files that are not melbot's own: nothing in them is run.
const SANDBOX: (HeaderName, &str) =
    (HeaderName::from_static("content-security-policy"), "default-src 'none'; sandbox");

/// A folder that is handed out.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// Path that its files are under; empty for the root.
    pub under: String,
    /// Its files are shown as text whatever they are: they come from the machines.
    pub raw: bool,
}

/// Hands out the first of these folders that has a file. `page` may change the pages of folders that
/// are not raw.
pub fn router(
    folders: Vec<Folder>,
    page: impl Fn(String) -> String + Send + Sync + 'static,
) -> Router {
    let state = Arc::new(Files { folders, page: Box::new(page) });
    Router::new().fallback(answer).with_state(state)
}

struct Files {
    folders: Vec<Folder>,
    page: Box<dyn Fn(String) -> String + Send + Sync>,
}

async fn answer(State(files): State<Arc<Files>>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let path = request.uri().path().to_owned();
    let headers = request.headers().clone();
    // Reading blocks, and a disk may be slow.
    let answer = tokio::task::spawn_blocking(move || files.answer(&path, &headers)).await;
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

impl Files {
    fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let Some(parts) = parts(path) else { return not_found() };
        for folder in &self.folders {
            let Some(inside) = folder.inside(&parts) else { continue };
            let mut file = folder.path.clone();
            file.extend(inside);
            // What machines lay down may link to anything: what lies elsewhere is not theirs to show.
            if !lies_in(&file, &folder.path) {
                continue;
            }
            let Ok(metadata) = fs::metadata(&file) else { continue };
            if metadata.is_dir() && !path.ends_with('/') {
                return (StatusCode::MOVED_PERMANENTLY, [(LOCATION, format!("{path}/"))])
                    .into_response();
            }
            if metadata.is_dir() && folder.raw {
                return listing(&file);
            }
            let file = if metadata.is_dir() { file.join("index.html") } else { file };
            match self.read(folder, &file, headers) {
                Ok(response) => return response,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => return StatusCode::FORBIDDEN.into_response(),
            }
        }
        not_found()
    }

    fn read(&self, folder: &Folder, file: &Path, headers: &HeaderMap) -> io::Result<Response> {
        let metadata = fs::metadata(file)?;
        // Reading anything else might never end.
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let bytes = fs::read(file)?;
        let kind = if folder.raw { raw_kind(file) } else { kind(file) };
        let bytes = match String::from_utf8(bytes) {
            Ok(text) if !folder.raw && kind.starts_with("text/html") => (self.page)(text).into(),
            Ok(text) => text.into_bytes(),
            Err(error) => error.into_bytes(),
        };
        let tag = format!("\"{}\"", &blake3::hash(&bytes).to_hex()[..32]);
        let fresh = [(ETAG, tag.clone()), (CACHE_CONTROL, "no-cache".to_owned())];
        if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
            return Ok((StatusCode::NOT_MODIFIED, fresh).into_response());
        }
        let response = (fresh, [(CONTENT_TYPE, kind)], bytes);
        Ok(match folder.raw {
            true => ([SANDBOX], response).into_response(),
            false => response.into_response(),
        })
    }
}

impl Folder {
    /// The parts of a path behind what the folder is under.
    fn inside<'p>(&self, parts: &'p [String]) -> Option<&'p [String]> {
        let mut rest = parts;
        for part in self.under.split('/').filter(|part| !part.is_empty()) {
            rest = rest.split_first().filter(|(first, _)| *first == part)?.1;
        }
        Some(rest)
    }
}

/// The parts of a path, decoded; nothing if one of them would lead elsewhere, or is hidden.
fn parts(path: &str) -> Option<Vec<String>> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let part = decoded(part)?;
            (!part.starts_with('.') && !part.contains(['/', '\\', '\0'])).then_some(part)
        })
        .collect()
}

fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

fn lies_in(file: &Path, folder: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().ok();
    whole(file).zip(whole(folder)).is_some_and(|(file, folder)| file.starts_with(folder))
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is no such page.\n").into_response()
}

/// The names in a folder of logs, one a line.
fn listing(folder: &Path) -> Response {
    let Ok(entries) = fs::read_dir(folder) else { return not_found() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    ([SANDBOX], names.join("\n") + "\n").into_response()
}

fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("xml") => "application/atom+xml; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn raw_kind(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => "application/gzip",
        Some("xz") => "application/x-xz",
        Some("zst") => "application/zstd",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let owned = |parts: &[&str]| Some(parts.iter().map(|p| (*p).to_owned()).collect());
        assert_eq!(parts("/a/b%20c//d.html"), owned(&["a", "b c", "d.html"]));
        assert_eq!(parts("/"), owned(&[]));
        for path in ["/../x", "/a/%2e%2e/x", "/a%2f..%2fx", "/.melbot-site", "/%00", "/%f", "/%ff"]
        {
            assert_eq!(parts(path), None, "{path}");
        }
    }

    #[test]
    fn no_link_leads_out_of_the_folder() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let folder = dir.path().join("results");
        fs::create_dir(&folder)?;
        fs::write(dir.path().join("secret"), "x")?;
        fs::write(folder.join("log"), "x")?;
        std::os::unix::fs::symlink("../secret", folder.join("out"))?;
        std::os::unix::fs::symlink("log", folder.join("in"))?;
        let lies = |name: &str| lies_in(&folder.join(name), &folder);
        assert!(lies("log") && lies("in") && lies("") && !lies("out") && !lies("none"));
        Ok(())
    }

    #[test]
    fn a_folder_has_what_lies_under_its_path() {
        let folder = Folder { path: PathBuf::new(), under: "logs/here".into(), raw: true };
        let inside =
            |path: &str| folder.inside(&parts(path).unwrap_or_default()).map(<[_]>::to_vec);
        assert_eq!(inside("/logs/here/x"), Some(vec!["x".to_owned()]));
        assert_eq!(inside("/logs/there/x"), None);
        assert_eq!(inside("/logs"), None);
    }
}
