//! Just enough of HTML to tell sound pages from broken ones.

/// Elements without an end.
const VOID: &[&str] = &[
    "meta", "link", "input", "br", "hr", "img", "path", "line", "rect", "circle", "polyline",
    "polygon",
];

/// Checks that elements are closed in order, that attributes are quoted and appear once, and that
/// nothing is in a page which a strict content security policy forbids.
pub fn check_markup(path: &str, page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in tags(page) {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{path}: </{name}>");
            continue;
        }
        let name = tag.split([' ', '\n', '/']).next().unwrap_or("");
        let attributes = attributes(path, &tag[name.len()..]);
        let mut names: Vec<&str> = attributes.iter().map(|(name, _)| *name).collect();
        for name in &names {
            assert!(!name.starts_with("on") && *name != "style", "{path}: {tag}");
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{path}: twice in {tag}");
        if !name.starts_with('!') && !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{path}: {open:?} stay open");
}

fn tags(page: &str) -> impl Iterator<Item = &str> {
    // Values are escaped: the next `>` ends the tag.
    page.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0))
}

/// Names and values.
fn attributes<'t>(path: &str, mut text: &'t str) -> Vec<(&'t str, &'t str)> {
    let mut found = Vec::new();
    loop {
        text = text.trim_start().trim_end_matches('/');
        if text.trim().is_empty() {
            return found;
        }
        let end = text.find([' ', '\n', '=']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        text = rest;
        let Some(quoted) = rest.strip_prefix("=\"") else {
            assert!(!rest.starts_with('='), "{path}: unquoted {name}{rest}");
            found.push((name, ""));
            continue;
        };
        let Some((value, rest)) = quoted.split_once('"') else { panic!("{path}: open {name}") };
        found.push((name, value));
        text = rest;
    }
}

/// Paths and anchors of the links to pages and files of the site.
pub fn internal_links(path: &str, page: &str) -> Vec<(String, String)> {
    let links = tags(page).filter(|tag| !tag.starts_with(['/', '!'])).flat_map(|tag| {
        let name = tag.split([' ', '\n']).next().unwrap_or("");
        attributes(path, &tag[name.len()..])
    });
    links
        .filter(|(name, value)| matches!(*name, "href" | "src") && !value.contains("results/"))
        .filter(|(_, value)| !value.starts_with("http"))
        .map(|(_, value)| {
            let (target, anchor) = value.split_once('#').unwrap_or((value, ""));
            let target = if target.is_empty() { path.to_owned() } else { resolve(path, target) };
            (target, anchor.to_owned())
        })
        .collect()
}

fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => assert!(parts.pop().is_some(), "{from}: {link} leads out"),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
