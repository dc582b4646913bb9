//! Templates and assets: those that are built in, and those of a folder that take their place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::SiteError;

/// Templates by name.
const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("../../templates/base.html")),
    ("parts.html", include_str!("../../templates/parts.html")),
    ("home.html", include_str!("../../templates/home.html")),
    ("comparison.html", include_str!("../../templates/comparison.html")),
    ("operations.html", include_str!("../../templates/operations.html")),
    ("monitors.html", include_str!("../../templates/monitors.html")),
    ("run.html", include_str!("../../templates/run.html")),
    ("kernel.html", include_str!("../../templates/kernel.html")),
    ("kernels.html", include_str!("../../templates/kernels.html")),
    ("machine.html", include_str!("../../templates/machine.html")),
    ("machines.html", include_str!("../../templates/machines.html")),
    ("benchmark.html", include_str!("../../templates/benchmark.html")),
    ("benchmarks.html", include_str!("../../templates/benchmarks.html")),
    ("problems.html", include_str!("../../templates/problems.html")),
    ("alerts.html", include_str!("../../templates/alerts.html")),
    ("failing.html", include_str!("../../templates/failing.html")),
    ("alert.html", include_str!("../../templates/alert.html")),
    ("bisect.html", include_str!("../../templates/bisect.html")),
    ("unseen.html", include_str!("../../templates/unseen.html")),
    ("alerts.xml", include_str!("../../templates/alerts.xml")),
    ("badge.svg", include_str!("../../templates/badge.svg")),
    ("help.html", include_str!("../../templates/help.html")),
];

/// Files that are the same on every site.
const ASSETS: &[(&str, &str)] = &[
    ("style.css", include_str!("../../assets/style.css")),
    ("melbot.js", include_str!("../../assets/melbot.js")),
    ("compare.js", include_str!("../../assets/compare.js")),
];

/// What pages look like.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Templates by name.
    pub templates: BTreeMap<String, String>,
    /// Files by path below `assets/`.
    pub assets: BTreeMap<String, Vec<u8>>,
}

impl Default for Theme {
    fn default() -> Theme {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Theme {
            templates: TEMPLATES.iter().map(owned).collect(),
            assets: ASSETS.iter().map(owned).map(|(name, text)| (name, text.into())).collect(),
        }
    }
}

impl Theme {
    /// The built-in theme with what a folder has in its place: `templates/` and `assets/` in it.
    pub fn read(folder: &Path) -> Result<Theme, SiteError> {
        let mut theme = Theme::default();
        let (mut templates, mut assets) = (0, 0);
        for (name, bytes) in files(&folder.join("templates"))? {
            let text = String::from_utf8(bytes).map_err(|_| SiteError::Template {
                name: folder.join("templates").join(&name).display().to_string(),
                message: "is not UTF-8; save it as UTF-8".to_owned(),
            })?;
            theme.templates.insert(name, text);
            templates += 1;
        }
        for (name, bytes) in files(&folder.join("assets"))? {
            theme.assets.insert(name, bytes);
            assets += 1;
        }
        match templates + assets {
            0 => Err(SiteError::NoTheme(folder.to_owned())),
            _ => Ok(theme),
        }
    }

    /// A hash of all of it.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let templates = self.templates.iter().map(|(name, text)| (name, text.as_bytes()));
        let assets = self.assets.iter().map(|(name, bytes)| (name, bytes.as_slice()));
        for (name, bytes) in templates.chain(assets) {
            for part in [name.as_bytes(), bytes] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// All files below a folder by path, with `/` between its parts; none if there is no such folder.
fn files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, SiteError> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            SiteError::io(&path)(error.into())
        })?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if hidden || !entry.file_type().is_file() {
            continue;
        }
        let path = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let Some(name) = path.to_str() else { continue };
        let bytes = fs::read(entry.path()).map_err(SiteError::io(entry.path()))?;
        files.push((name.replace(std::path::MAIN_SEPARATOR, "/"), bytes));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_folder_take_the_place_of_those_built_in() -> Result<(), Box<dyn std::error::Error>>
    {
        let dir = tempfile::tempdir()?;
        assert!(matches!(Theme::read(dir.path()), Err(SiteError::NoTheme(_))));
        fs::create_dir_all(dir.path().join("templates"))?;
        fs::create_dir_all(dir.path().join("assets/fonts"))?;
        fs::write(dir.path().join("templates/help.html"), "mine")?;
        fs::write(dir.path().join("templates/.help.html.swp"), "not this")?;
        fs::write(dir.path().join("assets/fonts/logo.svg"), "<svg/>")?;
        let (theme, built_in) = (Theme::read(dir.path())?, Theme::default());
        assert_eq!(theme.templates["help.html"], "mine");
        assert_eq!(theme.templates.len(), built_in.templates.len());
        assert_eq!(theme.assets["fonts/logo.svg"], b"<svg/>");
        assert_eq!(theme.assets["style.css"], built_in.assets["style.css"]);
        assert_ne!(theme.fingerprint(), built_in.fingerprint());
        Ok(())
    }
}
