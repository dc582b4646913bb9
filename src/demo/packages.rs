//! Kernels and the programs of the guests, out of Debian's archive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Demo;
use crate::lab::{LabError, plain_name, process};

/// Debian's own mirrors.
pub const MIRROR: &str = "http://deb.debian.org/debian";
/// The newest that are supported, and what may be left of older ones.
pub const SUITES: [&str; 4] = ["trixie", "bookworm", "bullseye", "bookworm-backports"];
/// Depends on the newest kernel for virtual machines of a suite.
const KERNEL: &str = "linux-image-cloud-amd64";
/// What a guest is made of.
const GUEST: [&str; 2] = ["dropbear-bin", "busybox-static"];
/// The archive's keys, as the package debian-archive-keyring has them.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// A kernel has 35 MB.
const WITHIN: Duration = Duration::from_secs(1200);

/// What was fetched.
pub struct Fetched {
    /// Packages of two kernels, the older one first.
    pub kernels: Vec<PathBuf>,
    /// Packages of the guest.
    pub guest: Vec<PathBuf>,
}

/// Fetches everything, with a state of apt's that is thrown away.
pub fn fetch(demo: &Demo, tell: &mut dyn FnMut(&str)) -> Result<Fetched, LabError> {
    let mut kernels: Vec<PathBuf> = Vec::new();
    let mut guest = Vec::new();
    let mut last = None;
    for suite in &demo.suites {
        if kernels.len() == 2 {
            break;
        }
        tell(&format!("fetches the kernel of {suite}"));
        let apt = Apt::of(demo, suite)?;
        let result = apt.update().and_then(|()| apt.kernel(&demo.folder.join("kernels")));
        match result {
            // Two suites may have the same one.
            Ok(kernel) if !kernels.contains(&kernel) => kernels.push(kernel),
            Ok(_) => {}
            Err(error) => {
                tell(&format!("{suite}: {}", error.what));
                last = Some(error);
                continue;
            }
        }
        if guest.is_empty() {
            tell(&format!("fetches what the guests need from {suite}"));
            guest = apt.guest()?;
        }
    }
    if kernels.len() < 2 {
        let why = last.map_or(String::new(), |error| format!(": {}", error.what));
        return Err(LabError::new(
            format!("{} gave {} of 2 kernels{why}", demo.mirror, kernels.len()),
            "name another --mirror, or other suites with --suite",
        ));
    }
    kernels.sort_by(|one, other| {
        crate::model::natural_cmp(&one.to_string_lossy(), &other.to_string_lossy())
    });
    Ok(Fetched { kernels, guest })
}

/// apt for one suite, apart from the system's.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn of(demo: &Demo, suite: &str) -> Result<Apt, LabError> {
        let folder = demo.folder.join("state/apt").join(suite);
        for name in ["lists/partial", "cache/archives/partial"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(LabError::file(&path))?;
        }
        let line = format!("deb [signed-by={KEYRING}] {} {suite} main\n", demo.mirror);
        for (name, text) in [("sources.list", line.as_str()), ("status", "")] {
            let path = folder.join(name);
            fs::write(&path, text).map_err(LabError::file(&path))?;
        }
        Ok(Apt { folder })
    }

    fn run(&self, program: &str, words: &[&str], inside: &Path) -> Result<String, LabError> {
        let mut command = Command::new(program);
        for (option, name) in [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::State::lists", "lists"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
        ] {
            command.arg("-o").arg(format!("{option}={}", self.folder.join(name).display()));
        }
        command.args(["-o", "Dir::Etc::sourceparts=-", "-o", "Acquire::Languages=none"]);
        command.args(["-o", "APT::Architecture=amd64", "-o", "APT::Sandbox::User="]);
        command.args(["-o", "Debug::NoLocking=1"]);
        // Descriptions for software centres are as large as all lists.
        for target in ["DEP-11", "DEP-11-icons", "DEP-11-icons-small", "Contents-deb"] {
            command
                .args(["-o", &format!("Acquire::IndexTargets::deb::{target}::DefaultEnabled=0")]);
        }
        process::text(command.args(words).current_dir(inside), WITHIN)
    }

    fn update(&self) -> Result<(), LabError> {
        self.run("apt-get", &["update", "-qq", "--error-on=any"], &self.folder).map(drop)
    }

    /// The newest kernel of the suite, in this folder.
    fn kernel(&self, into: &Path) -> Result<PathBuf, LabError> {
        let text = self.run("apt-cache", &["depends", "--important", KERNEL], into)?;
        let names = text.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
        let mut packages =
            names.filter(|name| name.starts_with("linux-image-") && plain_name(name));
        let Some(package) = packages.next() else {
            return Err(LabError::new(format!("there is no {KERNEL}"), "name another suite"));
        };
        let before = debs(into)?;
        self.run("apt-get", &["download", "-qq", package], into)?;
        let start = format!("{package}_");
        let is_it = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&start))
        };
        let after = debs(into)?;
        let new = after.iter().find(|path| !before.contains(path) || is_it(path));
        new.cloned().ok_or_else(|| {
            LabError::new(format!("apt-get downloaded no {package}"), "try it by hand")
        })
    }

    /// What guests need, with all that it depends on.
    fn guest(&self) -> Result<Vec<PathBuf>, LabError> {
        let words = ["install", "-qq", "--yes", "--download-only", "--no-install-recommends"];
        self.run("apt-get", &[&words[..], &GUEST[..]].concat(), &self.folder)?;
        debs(&self.folder.join("cache/archives"))
    }
}

fn debs(folder: &Path) -> Result<Vec<PathBuf>, LabError> {
    let entries = fs::read_dir(folder).map_err(LabError::file(folder))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    paths.sort();
    Ok(paths)
}
