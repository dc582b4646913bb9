//! Where the pages find the raw logs.

use std::io;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::names::encode_path;

/// Where the pages find the results folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RawLogs {
    /// Nowhere: paths are shown, but not linked.
    #[default]
    None,
    /// Path from the output folder to the results folder, such as `../results`.
    Relative(String),
    /// Where a web server offers the results folder, such as `https://logs.example.org/mmtests/`.
    Url(String),
}

/// A folder of logs as pages show it.
#[derive(Clone, Debug, Serialize)]
pub struct LogLink {
    /// What to click on.
    pub label: String,
    /// Its path relative to the results folder.
    pub path: String,
    /// Where it is; absent where no link can lead there.
    pub href: Option<String>,
}

impl RawLogs {
    /// The way from an output folder, which may not exist yet, to a results folder that does.
    ///
    /// Nowhere if the way holds a name that is no UTF-8: no link could be written.
    pub fn between(out: &Path, results: &Path) -> io::Result<RawLogs> {
        let (out, results) = (real(out)?, results.canonicalize()?);
        let shared = out.components().zip(results.components()).take_while(|(a, b)| a == b).count();
        let up = out.components().skip(shared).map(|_| Some(".."));
        let down = results.components().skip(shared).map(|part| part.as_os_str().to_str());
        let way: Option<Vec<&str>> = up.chain(down).collect();
        Ok(way.map_or(RawLogs::None, |way| RawLogs::Relative(way.join("/"))))
    }

    /// The link to a path relative to the results folder, from a page whose way up is `root`.
    pub fn link(&self, root: &str, label: &str, path: &str) -> LogLink {
        LogLink { label: label.to_owned(), path: path.to_owned(), href: self.href(root, path) }
    }

    fn href(&self, root: &str, path: &str) -> Option<String> {
        let path = encode_path(path)?;
        match self {
            RawLogs::None => None,
            RawLogs::Relative(results) => Some(format!("{root}{}/{path}", encode_way(results))),
            RawLogs::Url(prefix) if is_web(prefix) => {
                Some(format!("{}/{path}", prefix.trim_end_matches('/')))
            }
            RawLogs::Url(_) => None,
        }
    }
}

/// The path without links, as far as it exists.
fn real(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let existing = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    let Some((above, mut real)) = existing else { return Ok(path) };
    for part in path.strip_prefix(above).unwrap_or(Path::new("")).components() {
        match part {
            Component::ParentDir => {
                real.pop();
            }
            part => real.push(part),
        }
    }
    Ok(real)
}

/// Encodes a relative path that may lead upwards.
fn encode_way(way: &str) -> String {
    let parts = way.split('/').filter(|part| !part.is_empty() && *part != ".");
    let encoded: Vec<String> = parts
        .map(
            |part| {
                if part == ".." { part.to_owned() } else { encode_path(part).unwrap_or_default() }
            },
        )
        .collect();
    if encoded.is_empty() { ".".to_owned() } else { encoded.join("/") }
}

fn is_web(prefix: &str) -> bool {
    ["https://", "http://", "/"].iter().any(|start| prefix.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn href(raw_logs: &RawLogs, path: &str) -> Option<String> {
        raw_logs.link("../../", "iter-0", path).href
    }

    #[test]
    fn links_lead_from_any_page() {
        let near = RawLogs::Relative("../my results".into());
        assert_eq!(href(&near, "m/c d/x").as_deref(), Some("../../../my%20results/m/c%20d/x"));
        let far = RawLogs::Url("https://example.org/r/".into());
        assert_eq!(href(&far, "m/x").as_deref(), Some("https://example.org/r/m/x"));
    }

    #[test]
    fn the_way_to_the_results_is_found() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        std::fs::create_dir_all(dir.path().join("a/results"))?;
        std::os::unix::fs::symlink("a", dir.path().join("link"))?;
        let way =
            |out: &str| RawLogs::between(&dir.path().join(out), &dir.path().join("link/results"));
        assert_eq!(way("public")?, RawLogs::Relative("../a/results".into()));
        assert_eq!(way("link/deep/public")?, RawLogs::Relative("../../results".into()));
        assert_eq!(way("a/results/public")?, RawLogs::Relative("..".into()));
        Ok(())
    }

    #[test]
    fn nothing_but_the_web_is_linked() {
        assert_eq!(href(&RawLogs::Url("javascript:alert(1)//".into()), "m"), None);
        assert_eq!(href(&RawLogs::None, "m"), None);
        assert_eq!(href(&RawLogs::Relative("..".into()), "../../etc"), None);
    }
}
