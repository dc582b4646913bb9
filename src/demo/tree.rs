//! A git tree whose kernels are those of the demo: what a coordinator watches where nobody wants to wait
//! for real ones.

use std::fs;
use std::path::{Path, PathBuf};

use crate::kernel::git::{GitError, git};
use crate::lab::LabError;

const MAKEFILE: &str = include_str!("files/Makefile");
/// Its folder in that of the lab.
pub const TREE: &str = "tree";

/// Makes it: a commit and a tag for each kernel, older ones first.
pub fn make(folder: &Path, kernels: &[PathBuf]) -> Result<(), LabError> {
    let tree = folder.join(TREE);
    fs::create_dir_all(&tree).map_err(LabError::file(&tree))?;
    let failed =
        |error: GitError| LabError::new(error.to_string(), "see that git is installed and works");
    git(&tree, &["init", "--quiet"]).map_err(failed)?;
    let makefile = tree.join("Makefile");
    fs::write(&makefile, MAKEFILE).map_err(LabError::file(&makefile))?;
    for kernel in kernels {
        let name = kernel.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let tag = tag(&name);
        let package = tree.join("package");
        fs::write(&package, format!("{name}\n")).map_err(LabError::file(&package))?;
        git(&tree, &["add", "--all"]).map_err(failed)?;
        let who = ["-c", "user.name=melbot", "-c", "user.email=melbot@localhost"];
        let sign = ["-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"];
        let commit = ["commit", "--quiet", "--no-verify", "--message", &tag];
        git(&tree, &[&who[..], &sign, &commit].concat()).map_err(failed)?;
        let annotate = ["tag", "--annotate", "--message", &tag, &tag];
        git(&tree, &[&who[..], &sign, &annotate].concat()).map_err(failed)?;
    }
    Ok(())
}

/// `v6.1.158` of `linux-image-6.1.0-41-cloud-amd64_6.1.158-1_amd64.deb`.
fn tag(package: &str) -> String {
    let version = package.split('_').nth(1).unwrap_or_default();
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    format!("v{}", &version[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_called_like_those_of_the_kernel() {
        assert_eq!(tag("linux-image-6.1.0-41-cloud-amd64_6.1.158-1_amd64.deb"), "v6.1.158");
        assert_eq!(tag("linux-image-x_6.12.57-1~bpo12+1_amd64.deb"), "v6.12.57");
    }
}
