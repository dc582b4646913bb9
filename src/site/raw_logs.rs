//! Where the pages find the raw logs.

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
    fn nothing_but_the_web_is_linked() {
        assert_eq!(href(&RawLogs::Url("javascript:alert(1)//".into()), "m"), None);
        assert_eq!(href(&RawLogs::None, "m"), None);
        assert_eq!(href(&RawLogs::Relative("..".into()), "../../etc"), None);
    }
}
