//! How kernels are configured and packed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::lab::LabError;

/// What a build leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Package {
    /// An archive with `boot/` and `lib/modules/`.
    #[default]
    Tar,
    /// A package of Debian.
    Deb,
    /// A package of openSUSE or Fedora.
    Rpm,
}

impl Package {
    /// The kernel's own name of it.
    pub fn target(self) -> &'static str {
        match self {
            Package::Tar => "targz-pkg",
            Package::Deb => "bindeb-pkg",
            Package::Rpm => "binrpm-pkg",
        }
    }

    /// How the name of its file ends.
    pub fn suffix(self) -> &'static str {
        match self {
            Package::Tar => ".tar.gz",
            Package::Deb => ".deb",
            Package::Rpm => ".rpm",
        }
    }

    /// `true` for the file that has the kernel, and not its headers or its debugging symbols.
    pub fn is_kernel(self, name: &str) -> bool {
        name.ends_with(self.suffix())
            && match self {
                Package::Tar => name.starts_with("linux-"),
                Package::Deb => name.starts_with("linux-image-") && !name.contains("-dbg_"),
                Package::Rpm => {
                    name.starts_with("kernel-")
                        && !["kernel-devel", "kernel-headers", "kernel-debug"]
                            .iter()
                            .any(|other| name.starts_with(other))
                }
            }
    }
}

/// A configuration of the kernel, and how it is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kconfig {
    /// A whole `.config`.
    pub base: PathBuf,
    /// Files with lines that replace some of it, the last one wins.
    #[serde(default)]
    pub fragments: Vec<PathBuf>,
    /// What is made.
    #[serde(default)]
    pub package: Package,
    /// More for `make`: `ARCH=arm64`, `CROSS_COMPILE=…`, `CC=…`.
    #[serde(default)]
    pub make: Vec<String>,
    /// A build that takes longer is ended.
    #[serde(default = "two_hours")]
    pub minutes: u64,
    /// Compilers at once; else as many as there are processors.
    #[serde(default)]
    pub parallel: Option<u32>,
}

/// How `make` is given flags for the compiler.
const KCFLAGS: &str = "KCFLAGS=";

/// Flags of the compiler with which code lies elsewhere in memory, and is what it is with these.
pub fn other_layout(own: &str) -> String {
    format!("{own} -falign-functions=64").trim_start().to_owned()
}

fn two_hours() -> u64 {
    120
}

impl Kconfig {
    /// Base and fragments, one after the other.
    pub fn text(&self) -> Result<String, LabError> {
        let read = |path: &PathBuf| -> Result<String, LabError> {
            fs::read_to_string(path).map_err(|error| {
                LabError::new(
                    format!("{}: {error}", path.display()),
                    "name a .config of the kernel, or a fragment of one",
                )
            })
        };
        let mut text = read(&self.base)?;
        for fragment in &self.fragments {
            text += "\n";
            text += &read(fragment)?;
        }
        Ok(text)
    }

    /// Another one for everything that makes another kernel.
    pub fn hash(&self) -> Result<String, LabError> {
        let all = format!("{}\n{:?}\n{:?}", self.text()?, self.package, self.make);
        Ok(blake3::hash(all.as_bytes()).to_hex()[..8].to_owned())
    }

    /// The same, but for where code lies in memory.
    pub fn with_other_layout(mut self) -> Kconfig {
        let own = self.make.iter().rposition(|word| word.starts_with(KCFLAGS));
        let own = own.map_or(String::new(), |at| self.make.remove(at));
        let own = own.strip_prefix(KCFLAGS).unwrap_or_default();
        self.make.push(format!("{KCFLAGS}{}", other_layout(own)));
        self
    }

    /// The same, with paths that are relative to a folder.
    pub fn below(&self, folder: &Path) -> Kconfig {
        Kconfig {
            base: folder.join(&self.base),
            fragments: self.fragments.iter().map(|path| folder.join(path)).collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_with_the_kernel_is_told_from_its_company() {
        for (package, name, is) in [
            (Package::Tar, "linux-6.12.5-x86.tar.gz", true),
            (Package::Tar, "vmlinux.tar.gz", false),
            (Package::Deb, "linux-image-6.12.5_6.12.5-1_amd64.deb", true),
            (Package::Deb, "linux-image-6.12.5-dbg_6.12.5-1_amd64.deb", false),
            (Package::Deb, "linux-headers-6.12.5_6.12.5-1_amd64.deb", false),
            (Package::Rpm, "kernel-6.12.5-1.x86_64.rpm", true),
            (Package::Rpm, "kernel-headers-6.12.5-1.x86_64.rpm", false),
        ] {
            assert_eq!(package.is_kernel(name), is, "{name}");
        }
    }

    #[test]
    fn another_code_layout_keeps_the_flags_that_are_there() {
        let made = |make: &[&str]| {
            let make = make.iter().map(|word| (*word).to_owned()).collect();
            Kconfig { make, ..Kconfig::default() }.with_other_layout().make
        };
        assert_eq!(made(&[]), ["KCFLAGS=-falign-functions=64"]);
        assert_eq!(
            made(&["KCFLAGS=-g -O1", "CC=gcc"]),
            ["CC=gcc", "KCFLAGS=-g -O1 -falign-functions=64"]
        );
    }

    #[test]
    fn fragments_come_after_the_base_and_take_part_in_the_hash() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("base"), "CONFIG_A=y\n").expect("writable");
        fs::write(folder.path().join("more"), "CONFIG_A=n\n").expect("writable");
        let one = Kconfig { base: "base".into(), ..Kconfig::default() }.below(folder.path());
        let other = Kconfig { fragments: vec!["more".into()], ..one.clone() }.below(folder.path());
        assert_eq!(other.text().expect("readable"), "CONFIG_A=y\n\nCONFIG_A=n\n");
        assert_ne!(one.hash().expect("readable"), other.hash().expect("readable"));
        let missing = Kconfig { base: "none".into(), ..one };
        assert!(missing.hash().is_err());
    }
}
