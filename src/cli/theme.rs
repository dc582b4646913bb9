//! `melbot theme`: the templates and assets of the site, to be changed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Ending, print};
use crate::site::Theme;

/// Write the templates and assets that are built in, to be changed
///
/// `melbot site --theme DIR` takes whatever is in DIR in place of what is built in: keep the files that
/// you change and delete the others, so that they stay those of the melbot that you run.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  melbot theme mine style.css home.html\n  \
    melbot site sample-results -o public --theme mine")]
pub struct ThemeVerb {
    /// Folder that they are written to
    folder: PathBuf,
    /// Only these files [default: all]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

impl ThemeVerb {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let theme = Theme::default();
        let templates =
            theme.templates.iter().map(|(name, text)| ("templates", name, text.as_bytes()));
        let assets = theme.assets.iter().map(|(name, bytes)| ("assets", name, bytes.as_slice()));
        let all: Vec<(&str, &String, &[u8])> = templates.chain(assets).collect();
        if let Some(unknown) = self.files.iter().find(|file| all.iter().all(|(_, n, _)| n != file))
        {
            let names: Vec<&str> = all.iter().map(|(_, name, _)| name.as_str()).collect();
            bail!("no file {unknown:?} in the theme; there are: {}", names.join(", "));
        }
        let wanted = |name: &String| self.files.is_empty() || self.files.contains(name);
        let mut told = String::new();
        for (kind, name, bytes) in all.into_iter().filter(|(_, name, _)| wanted(name)) {
            let path = self.folder.join(kind).join(name);
            if path.exists() {
                bail!("{}: is there already; remove it, or name another folder", path.display());
            }
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
            }
            fs::write(&path, bytes).with_context(|| path.display().to_string())?;
            told += &format!("{}\n", path.display());
        }
        print(&told)?;
        Ok(Ending::Fine)
    }
}
