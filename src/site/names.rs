//! Names of the site's files. Machines, configs and runs may be called anything: what becomes of
//! their names is safe in every file system and needs no escaping in a link.

/// Longest readable part of a name.
const MAX_READABLE: usize = 60;
/// Digits of the hash that tells changed names apart.
const HASH_DIGITS: usize = 12;
/// Names that the site uses for itself.
const RESERVED: &[&str] = &[
    "index",
    "kernels",
    "machines",
    "benchmarks",
    "assets",
    "operations",
    "monitors",
    "index.html",
    "index.json",
    "schema.json",
    "problems.json",
    "problems.html",
    "help.html",
    "alert",
    "bisect",
    "alerts.html",
    "alerts.json",
    "alerts.xml",
    "search.js",
    "badge.svg",
];

/// The name of a file or folder for any text.
///
/// A name of lower-case letters, digits, `.`, `_`, `+` and `-` stays as it is. Everything else
/// keeps what can be read of it and gets a hash after a `~`, which no unchanged name contains, so
/// that two names never share a file, not even where case makes no difference.
pub fn slug(name: &str) -> String {
    if is_plain(name) {
        return name.to_owned();
    }
    let mut readable: String = name
        .chars()
        .map(|c| if is_safe(c.to_ascii_lowercase()) { c } else { '-' })
        .take(MAX_READABLE)
        .collect();
    while readable.starts_with(['.', '-']) {
        readable.remove(0);
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("{readable}~{}", &hash[..HASH_DIGITS])
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_READABLE
        && !name.starts_with(['.', '-'])
        && !RESERVED.contains(&name)
        // A machine's folder must not have the name of a page.
        && !name.ends_with(".html")
        && name.chars().all(is_safe)
}

fn is_safe(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '+' | '-')
}

/// Folder of the pages about one config on one machine.
pub fn comparison_folder(machine: &str, config: &str) -> String {
    format!("{}/{}", slug(machine), slug(config))
}

/// Page of all runs with this name.
pub fn kernel_page(run: &str) -> String {
    format!("kernels/{}.html", slug(run))
}

/// Page of a machine.
pub fn machine_page(machine: &str) -> String {
    format!("machines/{}.html", slug(machine))
}

/// Page of a benchmark.
pub fn benchmark_page(benchmark: &str) -> String {
    format!("benchmarks/{}.html", slug(benchmark))
}

/// A path written so that it can stand in a link, segment by segment.
///
/// `None` for one that cannot: it leads out of its folder, or holds escapes of bytes that are no
/// text, so that the real name is not known.
pub fn encode_path(path: &str) -> Option<String> {
    if path.contains('\\') || path.split('/').any(|part| part == "..") {
        return None;
    }
    let segments: Vec<String> =
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(encode).collect();
    Some(segments.join("/"))
}

fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn usual_names_stay() {
        for name in ["6.12.117-stable", "v6.13-rc1", "network-netperf-stream", "a_b+c"] {
            assert_eq!(slug(name), name);
        }
    }

    #[test]
    fn strange_names_are_tamed_and_kept_apart() {
        let long = "x".repeat(300);
        let names = [
            "",
            ".",
            "..",
            "../..",
            "/etc/passwd",
            "a b",
            "a-b",
            "a\"b",
            "<script>",
            "A",
            "a",
            "index",
            "index.html",
            "kernels",
            "ä",
            "ö",
            "a\\xff",
            "-rf",
            ".hidden",
            "a~b",
            &long,
            "CON",
            "con",
        ];
        let slugs: HashSet<String> =
            names.iter().map(|name| slug(name).to_ascii_lowercase()).collect();
        assert_eq!(slugs.len(), names.len());
        for slug in slugs {
            assert!(!slug.ends_with(".html"), "{slug}");
            assert!(!slug.is_empty() && !slug.starts_with('.') && slug.len() < 80, "{slug}");
            assert!(slug.chars().all(|c| is_safe(c) || c == '~'), "{slug}");
        }
    }

    #[test]
    fn links_are_encoded_or_left_out() {
        assert_eq!(encode_path("a b/c?#%").as_deref(), Some("a%20b/c%3F%23%25"));
        assert_eq!(encode_path("javascript:x").as_deref(), Some("javascript%3Ax"));
        assert_eq!(encode_path("a/../../b"), None);
        assert_eq!(encode_path("a\\xff"), None);
        assert_eq!(encode_path("//a/./b").as_deref(), Some("a/b"));
    }
}
