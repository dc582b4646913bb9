//! Files of the site.

use std::fs::File;
use std::path::Path;

use super::answer::{Answer, Body};

/// The file of this path in the site; a folder is its index.
pub fn find(site: &Path, path: &str) -> Option<Answer> {
    let inside = path.trim_start_matches('/');
    let plain = |part: &str| !part.starts_with('.') && !part.contains('\\');
    if !inside.is_empty() && !inside.trim_end_matches('/').split('/').all(plain) {
        return None;
    }
    let mut file = site.join(inside);
    if file.is_dir() {
        if !path.ends_with('/') {
            let answer = Answer::text(404, "text/plain; charset=utf-8", "");
            let moved = Answer { status: 301, ..answer };
            return Some(moved.with("Location", format!("{path}/")));
        }
        file = file.join("index.html");
    }
    // A link may not lead out of the site.
    let real = file.canonicalize().ok()?;
    if !real.starts_with(site.canonicalize().ok()?) || !real.is_file() {
        return None;
    }
    let opened = File::open(&real).ok()?;
    let length = opened.metadata().ok()?.len();
    let answer = Answer::text(200, content_type(&real), "");
    Some(Answer { body: Body::File(opened, length), ..answer }.with("Cache-Control", "no-cache"))
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        Some("xml" | "atom") => "application/xml",
        Some("txt" | "csv" | "log" | "md" | "toml") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn nothing_outside_of_the_site_is_shown() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let site = folder.path().join("site");
        fs::create_dir_all(site.join("sub")).expect("writable");
        for name in ["site/index.html", "site/sub/index.html", "site/.secret", "secret"] {
            fs::write(folder.path().join(name), name).expect("writable");
        }
        std::os::unix::fs::symlink("../secret", site.join("link")).expect("writable");
        let status = |path: &str| find(&site, path).map(|answer| answer.status);
        assert_eq!(
            (status("/"), status("/sub/"), status("/sub")),
            (Some(200), Some(200), Some(301))
        );
        for path in ["/../secret", "/sub/../../secret", "/link", "/.secret", "//etc/passwd", "/x"] {
            assert_eq!(status(path), None, "{path}");
        }
    }
}
