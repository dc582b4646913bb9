//! `melbot.toml`: what one would otherwise give on every command line.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::site::BaseUrl;

/// Where the settings are looked for when no file is named.
const DEFAULT: &str = "melbot.toml";

/// The keys of `melbot.toml`. Paths are relative to the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Title of the site.
    pub title: Option<String>,
    /// Where the site can be reached.
    pub base_url: Option<BaseUrl>,
    /// Folder of the store.
    pub store: Option<PathBuf>,
    /// Folder of the notes on alerts.
    pub notes: Option<PathBuf>,
    /// Folder of the words on pages.
    pub words: Option<PathBuf>,
    /// Folder of templates and assets that take the place of those built in.
    pub theme: Option<PathBuf>,
    /// A checkout of MMTests.
    pub mmtests: Option<PathBuf>,
    /// Seconds that one of MMTests' parsers may take.
    pub parser_seconds: Option<u64>,
    /// A git tree of the kernel.
    pub tree: Option<PathBuf>,
    /// Where the raw logs can be reached from the site.
    pub raw_logs: Option<String>,
}

impl Settings {
    /// Reads the file named, or `melbot.toml` of the current folder if there is one.
    pub fn read(named: Option<&Path>) -> anyhow::Result<Settings> {
        let path = named.unwrap_or(Path::new(DEFAULT));
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Settings::default());
            }
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let mut settings: Settings = match toml::from_str(&text) {
            Ok(settings) => settings,
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                let line = 1 + text[..start].matches('\n').count();
                bail!("{}:{line}: {}", path.display(), error.message());
            }
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let paths = [
            &mut settings.store,
            &mut settings.mmtests,
            &mut settings.tree,
            &mut settings.notes,
            &mut settings.words,
            &mut settings.theme,
        ];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
        Ok(settings)
    }
}
