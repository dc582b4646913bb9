//! A job: one kernel, one config, one or more machines. `jobs/*.toml` of a lab.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::plan::Shape;
use crate::lab::{LabError, plain_name};

/// Name of the folder of jobs in that of the lab.
pub const FOLDER: &str = "jobs";

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobFile {
    /// Machines that it is for.
    #[serde(default)]
    pub machines: Vec<String>,
    /// Config of MMTests: its name in `configs/`; what follows a `+` keeps runs of it apart.
    pub config: String,
    /// Name of the run; else the release of the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// How often MMTests is run.
    #[serde(default = "one")]
    pub iterations: u32,
    /// They are added to the run of the same name, if that is of the same kernel.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// Each iteration begins with a boot.
    #[serde(default = "yes")]
    pub fresh_boots: bool,
    /// MMTests runs its monitors.
    #[serde(default)]
    pub monitors: bool,
    /// Minutes that one iteration may take; else it is learnt from earlier runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
    /// How often a step is tried.
    #[serde(default = "two")]
    pub attempts: u32,
    /// What is booted.
    pub kernel: KernelSource,
    /// What is run.
    pub mmtests: MmtestsSource,
}

/// Where a kernel comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelSource {
    /// A package, an archive, or a folder with `boot/` and `lib/modules/`.
    pub package: PathBuf,
    /// What `uname -r` has to say; else the package tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The git commit that it was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Where MMTests comes from, and where it goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MmtestsSource {
    /// A folder, an archive of one, or the URL of a git tree.
    pub source: String,
    /// Commit of a git tree; a name that moves is no revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Folder on the machine.
    #[serde(default = "remote_folder")]
    pub folder: String,
    /// A config that is put into `configs/` under the name of `config`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_file: Option<PathBuf>,
    /// Variables of the config that get another value, as the shell has them: what the config itself
    /// says of them does not count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Variables of the environment of run-mmtests.sh, such as where sources are mirrored. Nobody is there
    /// to be asked, so that it installs the packages that it needs unless something is said of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// `true` if the machine has it already.
    #[serde(default)]
    pub installed: bool,
}

impl MmtestsSource {
    /// Lines for the shell that set the variables, whatever is in their values.
    pub fn lines(&self) -> String {
        let line = |(name, value): (&String, &String)| {
            format!("export {name}='{}'\n", value.replace('\'', "'\\''"))
        };
        self.set.iter().map(line).collect()
    }

    /// `NAME=VALUE`, as `env` takes them.
    pub fn assignments(&self) -> Vec<String> {
        let said = |name: &str| self.environment.contains_key(name);
        let quiet = !PACKAGES.into_iter().any(said);
        let default = quiet.then(|| format!("{}=yes", PACKAGES[0]));
        let own = self.environment.iter().map(|(name, value)| format!("{name}={value}"));
        default.into_iter().chain(own).collect()
    }
}

/// What MMTests does of packages that are missing: it installs them, or takes them for installed.
const PACKAGES: [&str; 2] = ["AUTO_PACKAGE_INSTALL", "ASSUME_PACKAGE_INSTALLED"];

fn one() -> u32 {
    1
}

fn two() -> u32 {
    2
}

fn yes() -> bool {
    true
}

fn remote_folder() -> String {
    "/root/mmtests".to_owned()
}

/// A job that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its name and a hash of its content: a job that is changed is another one.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// What it says; paths are absolute.
    pub file: JobFile,
}

impl Job {
    /// What of it matters to its course.
    pub fn shape(&self) -> Shape {
        let JobFile { iterations, fresh_boots, attempts, .. } = self.file;
        Shape { iterations, fresh_boots, attempts }
    }

    /// Reads a job; paths in it are relative to the folder of the lab.
    pub fn read(path: &Path, lab: &Path) -> Result<Job, LabError> {
        let text = fs::read_to_string(path).map_err(LabError::file(path))?;
        let file = parse(&text).map_err(|(line, what)| {
            LabError::new(
                format!("{}:{line}: {what}", path.display()),
                "correct it; docs/LAB.md lists what a job may hold",
            )
        })?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name: String = stem
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
            .take(60)
            .collect();
        let id = format!("{name}-{}", &blake3::hash(text.as_bytes()).to_hex()[..8]);
        Ok(Job { path: path.to_owned(), ..Job::of(id, file, lab) })
    }

    /// A job that is in no file; paths in it are relative to the folder of the lab.
    pub fn of(id: String, mut file: JobFile, lab: &Path) -> Job {
        file.kernel.package = lab.join(&file.kernel.package);
        if let Some(config) = &mut file.mmtests.config_file {
            *config = lab.join(&*config);
        }
        if !is_url(&file.mmtests.source) {
            file.mmtests.source = lab.join(&file.mmtests.source).to_string_lossy().into_owned();
        }
        Job { path: PathBuf::from(&id), id, file }
    }

    /// The file in `configs/` that the config is. What follows a `+` keeps its runs apart from others of the same
    /// file, and is no part of the name of that.
    pub fn original_config(&self) -> &str {
        let config = self.file.config.as_str();
        match self.file.mmtests.config_file {
            Some(_) => config,
            None => config.split_once('+').map_or(config, |(original, _)| original),
        }
    }

    /// The file in `configs/` that is run: the config, or a copy of it with variables set.
    pub fn config_file(&self) -> String {
        match self.file.mmtests.set.is_empty() {
            true => self.original_config().to_owned(),
            false => format!("{}.set", self.file.config),
        }
    }

    /// The name of the run of a kernel.
    pub fn run_name<'a>(&'a self, release: &'a str) -> &'a str {
        self.file.run.as_deref().unwrap_or(release)
    }
}

/// `true` for what git fetches.
pub(super) fn is_url(source: &str) -> bool {
    source.contains("://") || source.starts_with("git@")
}

fn is_variable(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(word) && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The jobs of a lab for a machine, by their names, and files that are none.
pub fn jobs_of(lab: &Path, machine: &str) -> Result<(Vec<Job>, Vec<LabError>), LabError> {
    let folder = lab.join(FOLDER);
    let entries = fs::read_dir(&folder).map_err(|error| {
        LabError::new(format!("{}: {error}", folder.display()), "name a job with --job FILE")
    })?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let (mut jobs, mut faults) = (Vec::new(), Vec::new());
    for path in paths {
        match Job::read(&path, lab) {
            Ok(job) if job.file.machines.iter().any(|name| name == machine) => jobs.push(job),
            Ok(_) => {}
            Err(error) => faults.push(error),
        }
    }
    Ok((jobs, faults))
}

/// Reads a job as it was written; paths stay as they are. The error is a line and a sentence.
pub fn parse(text: &str) -> Result<JobFile, (usize, String)> {
    let job: JobFile = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text.get(..start).unwrap_or_default().matches('\n').count();
        (line, error.message().trim().to_owned())
    })?;
    let line_of = |key: &str| {
        1 + text.lines().position(|line| line.trim().starts_with(key)).unwrap_or_default()
    };
    let names = [("config", Some(&job.config)), ("run", job.run.as_ref())];
    for (key, name) in names {
        if let Some(name) = name.filter(|name| !plain_name(name)) {
            let what = format!("{name:?} is no name: letters, digits and ._+- only");
            return Err((line_of(key), what));
        }
    }
    if job.kernel.release.as_deref().is_some_and(|release| !plain_name(release)) {
        return Err((line_of("release"), "no release of a kernel".to_owned()));
    }
    if !(1..=1000).contains(&job.iterations) {
        return Err((line_of("iterations"), "iterations is from 1 to 1000".to_owned()));
    }
    if !(1..=20).contains(&job.attempts) {
        return Err((line_of("attempts"), "attempts is from 1 to 20".to_owned()));
    }
    if job.minutes.is_some_and(|minutes| !(minutes > 0.0 && minutes < 1e5)) {
        return Err((line_of("minutes"), "minutes is a number above 0".to_owned()));
    }
    if !job.mmtests.folder.starts_with('/') || job.mmtests.folder.contains("/..") {
        return Err((line_of("folder"), "folder is an absolute path on the machine".to_owned()));
    }
    for (key, names) in [("set", &job.mmtests.set), ("environment", &job.mmtests.environment)] {
        if let Some(name) = names.keys().find(|name| !is_variable(name)) {
            let what = format!("{name:?} is no variable of the shell: A to Z, digits and _ only");
            return Err((line_of(key).max(line_of(name)), what));
        }
    }
    if is_url(&job.mmtests.source) && job.mmtests.revision.is_none() && !job.mmtests.installed {
        let what = "a git tree needs revision = \"COMMIT\", so that all kernels get the same tests";
        return Err((line_of("source"), what.to_owned()));
    }
    Ok(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = r#"machines = ["ivor"]
config = "network-netperf"
iterations = 3
[kernel]
package = "kernels/linux.rpm"
[mmtests]
source = "https://example.org/mmtests.git"
revision = "638401e0"
"#;

    #[test]
    fn a_job_has_what_people_expect_by_default() {
        let job = parse(JOB).expect("valid");
        assert!(job.fresh_boots && !job.monitors && job.attempts == 2);
        assert_eq!(job.mmtests.folder, "/root/mmtests");
    }

    #[test]
    fn what_follows_a_plus_is_no_part_of_the_name_in_mmtests() {
        for (config, more, original, run) in [
            ("network-netperf", "", "network-netperf", "network-netperf"),
            ("network-netperf+debug", "", "network-netperf", "network-netperf"),
            ("netperf+debug", "set = { A = \"1\" }\n", "netperf", "netperf+debug.set"),
            // A file of the lab gets the name that it is given.
            ("netperf+debug", "config_file = \"my\"\n", "netperf+debug", "netperf+debug"),
        ] {
            let text = JOB.replace("network-netperf", config) + more;
            let job = Job::of("j".to_owned(), parse(&text).expect("valid"), Path::new("/lab"));
            let names = (job.original_config(), job.config_file());
            assert_eq!(names, (original, run.to_owned()), "{config} {more}");
            assert_eq!(job.file.config, config);
        }
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (from, to, line, says) in [
            ("iterations = 3", "iterations = 0", 3, "from 1 to 1000"),
            ("iterations = 3", "iteration = 3", 3, "unknown field"),
            ("\"network-netperf\"", "\"../../etc\"", 2, "no name"),
            ("revision = \"638401e0\"\n", "", 7, "revision"),
            ("[mmtests]", "[mmtests]\nfolder = \"/root/../etc\"", 7, "absolute"),
        ] {
            let (at, what) = parse(&JOB.replace(from, to)).expect_err(to);
            assert!(at == line && what.contains(says), "{to}: {at}: {what}");
        }
    }

    #[test]
    fn packages_are_installed_unless_something_is_said_of_them() {
        for (environment, expected) in [
            ("", vec!["AUTO_PACKAGE_INSTALL=yes"]),
            (
                "WEBROOT = \"http://a/b c\"",
                vec!["AUTO_PACKAGE_INSTALL=yes", "WEBROOT=http://a/b c"],
            ),
            ("ASSUME_PACKAGE_INSTALLED = \"yes\"", vec!["ASSUME_PACKAGE_INSTALLED=yes"]),
            ("AUTO_PACKAGE_INSTALL = \"no\"", vec!["AUTO_PACKAGE_INSTALL=no"]),
        ] {
            let job = parse(&format!("{JOB}environment = {{ {environment} }}\n")).expect("valid");
            assert_eq!(job.mmtests.assignments(), expected);
        }
    }

    #[test]
    fn a_changed_job_is_another_one() {
        let lab = tempfile::tempdir().expect("a temporary folder");
        let path = lab.path().join("nightly 1.toml");
        fs::write(&path, JOB).expect("writable");
        let one = Job::read(&path, lab.path()).expect("valid");
        fs::write(&path, JOB.replace('3', "4")).expect("writable");
        let other = Job::read(&path, lab.path()).expect("valid");
        assert!(one.id.starts_with("nightly_1-") && one.id != other.id);
        assert_eq!(one.file.kernel.package, lab.path().join("kernels/linux.rpm"));
    }
}
