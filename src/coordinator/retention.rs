//! Kernels that were built are taken away again where they would take up too much of the disk. Results never
//! are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::desk::Desk;
use crate::kernel::Build;
use crate::kernel::build::KERNELS;
use crate::lab::LabError;
use crate::queue::{Filter, Kind, Queue, State};

/// A kernel that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where.
    pub path: PathBuf,
    /// How large it is.
    pub size: u64,
    /// When it was built.
    pub built: SystemTime,
}

/// Those to be taken away: the oldest first, none that is `needed`, until the rest fits.
fn surplus(mut kept: Vec<Kept>, needed: &BTreeSet<PathBuf>, budget: u64) -> Vec<Kept> {
    kept.sort_by_key(|kernel| kernel.built);
    let mut total: u64 = kept.iter().map(|kernel| kernel.size).sum();
    let mut taken = Vec::new();
    for kernel in kept.into_iter().filter(|kernel| !needed.contains(&kernel.path)) {
        if total <= budget {
            break;
        }
        total -= kernel.size;
        taken.push(kernel);
    }
    taken
}

/// Takes away what is too much; gives the paths. What is built anew is there again.
pub fn tidy(desk: &Desk, queue: &Queue) -> Result<Vec<PathBuf>, LabError> {
    let folder = desk.lab.join(KERNELS);
    let kept = kernels(&folder);
    let needed = needed(desk, queue)?;
    let budget = (desk.settings.kernels_gb * 1e9) as u64;
    let mut taken = Vec::new();
    for kernel in surplus(kept, &needed, budget) {
        fs::remove_file(&kernel.path).map_err(LabError::file(&kernel.path))?;
        taken.push(kernel.path);
    }
    Ok(taken)
}

/// What builds have put there, by the looks of the names; packages that people put there are theirs.
fn kernels(folder: &Path) -> Vec<Kept> {
    let hashed = |name: &str| {
        let hash = name.split('.').next().unwrap_or_default();
        hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) && name.len() > 16
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let kernel = |entry: fs::DirEntry| {
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let path = entry.path();
        let built = metadata.modified().ok()?;
        Some(Kept { path, size: metadata.len(), built })
    };
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(hashed))
        .filter_map(kernel)
        .collect()
}

/// Kernels of jobs that are not over.
fn needed(desk: &Desk, queue: &Queue) -> Result<BTreeSet<PathBuf>, LabError> {
    let states = vec![State::Waiting, State::Running];
    let filter = Filter { states, kind: Some(Kind::Run), ..Filter::default() };
    let mut needed = BTreeSet::new();
    for job in queue.jobs(&filter)? {
        for need in queue.needs(job.id)? {
            let outcome = queue.job(need.job)?.outcome.unwrap_or_default();
            let build = serde_json::from_str::<Build>(&outcome).ok();
            needed.extend(build.and_then(|build| build.package).map(|path| desk.lab.join(path)));
        }
    }
    Ok(needed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_oldest_that_nobody_needs_go_first() {
        let kept = |name: &str, size, age| Kept {
            path: name.into(),
            size,
            built: SystemTime::UNIX_EPOCH + Duration::from_secs(age),
        };
        let all = vec![kept("new", 10, 9), kept("needed", 10, 1), kept("old", 10, 2)];
        let needed = BTreeSet::from([PathBuf::from("needed")]);
        let names = |budget| -> Vec<PathBuf> {
            surplus(all.clone(), &needed, budget).into_iter().map(|kernel| kernel.path).collect()
        };
        assert_eq!(names(30), Vec::<PathBuf>::new());
        assert_eq!(names(29), [PathBuf::from("old")]);
        assert_eq!(names(0), [PathBuf::from("old"), PathBuf::from("new")]);
    }

    #[test]
    fn packages_of_people_stay() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["0123456789abcdef.tar.gz", "linux-image-6.1.deb", "0123456789abcdef"] {
            fs::write(folder.path().join(name), "x").expect("writable");
        }
        let found = kernels(folder.path());
        assert_eq!(found.len(), 1);
        assert!(found[0].path.ends_with("0123456789abcdef.tar.gz"));
    }
}
