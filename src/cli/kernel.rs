//! `melbot kernel`: kernels of git trees, and how they are built.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Ending, print, warn};
use crate::coordinator::{Desk, FILE};
use crate::kernel::{Builder, Kconfig, Outcome, Package, Tree};
use crate::lab::Lab;

/// List the kernels of a git tree, or build one
#[derive(Debug, Args)]
pub struct KernelVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(List),
    Build(Build),
}

/// List the tags of a tree, older releases first
///
/// Fetches the tree first.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  melbot kernel list stable --lab /srv/lab --tags 'v6.12*'")]
pub struct List {
    #[command(flatten)]
    of: Of,
    /// Only tags of this pattern; may be given several times
    #[arg(long, value_name = "PATTERN", default_value = "v[0-9]*")]
    tags: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Build a kernel into a lab: a package in kernels/, called by its hash
///
/// The object tree of each configuration stays warm. What was built before is not built again. Exits with 1
/// if it does not build.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot kernel build stable v6.12.5 --lab /srv/lab --kconfig x86\n  \
    melbot kernel build ~/linux HEAD --kconfig ~/linux/.config --package deb")]
pub struct Build {
    #[command(flatten)]
    of: Of,
    /// The commit, or a tag
    commit: String,
    /// File of a .config, or one of [kconfigs.NAME] in coordinator.toml
    #[arg(long, value_name = "FILE")]
    kconfig: String,
    /// What is made, where --kconfig names a file
    #[arg(long, value_name = "KIND", default_value = "tar", value_parser = ["tar", "deb", "rpm"])]
    package: String,
    /// Build it again if it did not build before
    #[arg(long)]
    again: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Of {
    /// One of [trees.NAME] in coordinator.toml, or path or URL of a git tree
    tree: String,
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = ".")]
    lab: PathBuf,
}

impl Of {
    fn tree(&self, lab: &Path) -> anyhow::Result<Tree> {
        let named = !Path::new(&self.tree).exists() && !self.tree.contains(':');
        if named {
            return Ok(Desk::at(&Lab::at(lab)?)?.tree(&self.tree)?);
        }
        let url = match std::fs::canonicalize(&self.tree) {
            Ok(path) => path.to_string_lossy().into_owned(),
            Err(_) => self.tree.clone(),
        };
        let name = &blake3::hash(url.as_bytes()).to_hex()[..16];
        Ok(Tree { folder: lab.join(format!("state/trees/{name}.git")), url, token: None })
    }
}

impl KernelVerb {
    pub fn run(self) -> anyhow::Result<Ending> {
        match self.verb {
            Verb::List(list) => list.run(),
            Verb::Build(build) => build.run(),
        }
    }
}

impl List {
    fn run(self) -> anyhow::Result<Ending> {
        let lab = Lab::at(&self.of.lab)?;
        let tree = self.of.tree(lab.folder())?;
        tree.fetch()?;
        let points = tree.tags(&self.tags)?;
        if self.json {
            print(&(serde_json::to_string_pretty(&points)? + "\n"))?;
            return Ok(Ending::Fine);
        }
        let width = points.iter().map(|point| point.name.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for point in &points {
            let track = point.track.as_deref().unwrap_or("-");
            let signed = if point.signed { "  signed" } else { "" };
            text += &format!("{:width$}  {:.12}  {track}{signed}\n", point.name, point.commit);
        }
        print(&text)?;
        Ok(Ending::Fine)
    }
}

impl Build {
    fn run(self) -> anyhow::Result<Ending> {
        let lab = Lab::at(&self.of.lab)?;
        let tree = self.of.tree(lab.folder())?;
        let (name, kconfig) = self.kconfig(&lab)?;
        warn(&format!("fetches {}", tree.url));
        tree.fetch()?;
        let builder = Builder { lab: lab.folder(), tree: &tree, name: &name, kconfig: &kconfig };
        let build = builder.build(&self.commit, self.again, &mut |what| warn(what))?;
        let built = build.outcome == Outcome::Built;
        let text = match (&build.package, &build.reason) {
            _ if self.json => serde_json::to_string_pretty(&build)?,
            (Some(package), _) => format!(
                "{}  {}",
                lab.folder().join(package).display(),
                build.release.as_deref().unwrap_or_default()
            ),
            (None, reason) => format!(
                "does not build: {}; see {}",
                reason.as_deref().unwrap_or("no reason was given"),
                lab.folder().join(&build.log).display()
            ),
        };
        print(&(text + "\n"))?;
        Ok(if built { Ending::Fine } else { Ending::Found })
    }

    fn kconfig(&self, lab: &Lab) -> anyhow::Result<(String, Kconfig)> {
        let file = Path::new(&self.kconfig);
        if file.is_file() || !lab.folder().join(FILE).is_file() {
            let base = std::path::absolute(file)?;
            let stem = file.file_name().unwrap_or_default().to_string_lossy();
            let name: String = stem
                .trim_start_matches('.')
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
                .collect();
            let package = match self.package.as_str() {
                "deb" => Package::Deb,
                "rpm" => Package::Rpm,
                _ => Package::Tar,
            };
            let minutes = 24 * 60;
            return Ok((name, Kconfig { base, package, minutes, ..Kconfig::default() }));
        }
        let settings = Desk::at(lab)?.settings;
        Ok((self.kconfig.clone(), settings.kconfig(lab.folder(), &self.kconfig)?))
    }
}
