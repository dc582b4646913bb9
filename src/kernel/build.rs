//! Builds kernels with their own makefiles: the object tree of each configuration stays warm, what was
//! made is kept under its hash, and a build that breaks is a result.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::compilers;
use super::git::{FOREIGN, check_out, work_tree};
use super::images;
use super::kconfig::{Kconfig, Package};
use super::tree::Tree;
use crate::lab::{LabError, plain_name, process, write_whole};
use crate::notes;

/// What kernels are kept in, in the folder of a lab.
pub const KERNELS: &str = "kernels";
/// Where builds are told of, in the folder of a lab.
pub const BUILDS: &str = "builds";
/// Name of what is known of a build.
const RECORD: &str = "build.toml";
/// Name of all that was said.
pub const LOG: &str = "log";
/// No log is larger.
pub const LARGEST_LOG: u64 = 1 << 30;

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// There is a kernel.
    Built,
    /// There is none, because of the source, the configuration or the compiler.
    Broken,
}

/// What is known of a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// How it ended.
    pub outcome: Outcome,
    /// Why there is no kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The commit.
    pub commit: String,
    /// Name of the configuration.
    pub kconfig: String,
    /// Hash of the configuration that was built in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kconfig_hash: Option<String>,
    /// What `uname -r` is going to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The compiler, as the configuration has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compiler: Option<String>,
    /// The kernel, in the folder of the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PathBuf>,
    /// Hash of its `System.map`, which says where its code lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// When it began.
    pub began: String,
    /// How long it took.
    pub seconds: u64,
    /// All that was said, in the folder of the lab.
    pub log: PathBuf,
}

impl Build {
    /// Writes it down beside its log.
    pub fn record(&self, lab: &Path) -> Result<(), LabError> {
        write(&lab.join(self.log.with_file_name(RECORD)), self)
    }

    /// Hash of what it made, if it made anything.
    pub fn image(&self) -> Option<String> {
        let name = self.package.as_ref()?.file_name()?.to_str()?;
        name.split('.').next().map(str::to_owned)
    }
}

/// Builds kernels into a lab.
#[derive(Clone, Debug)]
pub struct Builder<'a> {
    /// The lab.
    pub lab: &'a Path,
    /// The tree.
    pub tree: &'a Tree,
    /// Name of the configuration.
    pub name: &'a str,
    /// The configuration.
    pub kconfig: &'a Kconfig,
}

impl Builder<'_> {
    /// Builds a commit, or tells what came of it before. What was broken is built `again` if asked for.
    pub fn build(
        &self,
        commit: &str,
        again: bool,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Build, LabError> {
        let (commit, time) = self.tree.commit(commit)?;
        let folder = Path::new(BUILDS).join(self.key(&commit)?);
        let known = self.known(&folder);
        if let Some(known) = known.filter(|known| known.outcome == Outcome::Built || !again) {
            return Ok(known);
        }
        let (began, clock) = (notes::utc(SystemTime::now()), Instant::now());
        let kept = self.lab.join(&folder);
        fs::create_dir_all(&kept).map_err(LabError::file(&kept))?;
        let mut work = self.work()?;
        tell(&format!("checks out {commit:.12}"));
        let source = work.folder.join("source");
        let git = |error: super::git::GitError| {
            LabError::new(error.to_string(), "see that the disk is not full")
        };
        work_tree(&source, &self.tree.folder, &commit).map_err(git)?;
        check_out(&source, &commit).map_err(git)?;
        super::git::git(&source, &["clean", "-ffdxq"]).map_err(git)?;
        work.commit = (commit.clone(), time);
        work.log = kept.join(LOG);
        tell(&format!("builds {commit:.12} with {}", self.name));
        let result = work.make()?;
        let mut build = Build {
            outcome: Outcome::Broken,
            reason: None,
            commit,
            kconfig: self.name.to_owned(),
            kconfig_hash: work.config_hash(),
            release: work.release(),
            compiler: work.compiler(),
            package: None,
            layout: None,
            began,
            seconds: clock.elapsed().as_secs(),
            log: folder.join(LOG),
        };
        match result.and_then(|()| work.made()) {
            Ok(made) => {
                let kernels = self.lab.join(KERNELS);
                let keep = images::keep(&kernels, &made, self.kconfig.package.suffix());
                let (_, path) = keep.map_err(LabError::file(&kernels))?;
                build.package = path.strip_prefix(self.lab).ok().map(Path::to_owned);
                build.layout = images::hash_of(&work.objects().join("System.map")).ok();
                build.outcome = Outcome::Built;
            }
            Err(reason) => build.reason = Some(reason),
        }
        build.record(self.lab)?;
        Ok(build)
    }

    /// Name of a build: another one for everything that makes another kernel.
    pub fn key(&self, commit: &str) -> Result<String, LabError> {
        if !plain_name(self.name) {
            let what = format!("{:?} is no name of a configuration", self.name);
            return Err(LabError::new(what, "letters, digits and ._+- only"));
        }
        Ok(format!("{commit:.12}-{}-{}", self.name, self.kconfig.hash()?))
    }

    /// What came of it before, if the kernel is still there.
    fn known(&self, folder: &Path) -> Option<Build> {
        let text = fs::read_to_string(self.lab.join(folder).join(RECORD)).ok()?;
        let build: Build = toml::from_str(&text).ok()?;
        let there = |path: &PathBuf| self.lab.join(path).is_file();
        (build.outcome == Outcome::Broken || build.package.as_ref().is_some_and(there))
            .then_some(build)
    }

    fn work(&self) -> Result<Work<'_>, LabError> {
        let folder = self.lab.join("state/builds").join(self.name);
        fs::create_dir_all(&folder).map_err(LabError::file(&folder))?;
        let path = folder.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(LabError::file(&path))?;
        lock.lock().map_err(LabError::file(&path))?;
        Ok(Work {
            kconfig: self.kconfig,
            hash: self.kconfig.hash()?,
            commit: (String::new(), 0),
            log: PathBuf::new(),
            cache: self.lab.join("state/ccache"),
            folder,
            lock,
        })
    }
}

/// A build at work in the warm tree of its configuration.
struct Work<'a> {
    kconfig: &'a Kconfig,
    hash: String,
    commit: (String, i64),
    log: PathBuf,
    cache: PathBuf,
    folder: PathBuf,
    #[expect(dead_code, reason = "it is there to be let go at the end")]
    lock: File,
}

impl Work<'_> {
    fn objects(&self) -> PathBuf {
        self.folder.join("objects")
    }

    fn rpms(&self) -> PathBuf {
        self.objects().join("rpmbuild")
    }

    /// Why it broke, if it did; an error is one of this machine.
    fn make(&self) -> Result<Result<(), String>, LabError> {
        let objects = self.objects();
        fs::create_dir_all(&objects).map_err(LabError::file(&objects))?;
        for old in self.packages() {
            fs::remove_file(&old).map_err(LabError::file(&old))?;
        }
        let config = objects.join(".config");
        fs::write(&config, self.kconfig.text()?).map_err(LabError::file(&config))?;
        let mut log = File::create(&self.log).map_err(LabError::file(&self.log))?;
        for target in ["olddefconfig", self.kconfig.package.target()] {
            let within = Duration::from_secs(60 * self.kconfig.minutes.max(1));
            let mut command = self.command(target);
            match process::run(&mut command, &mut io::empty(), &mut log, LARGEST_LOG, within) {
                Ok(exit) if exit.success() => {}
                Ok(exit) if exit.status.is_some_and(|status| status > 125) => {
                    let what =
                        format!("make cannot be run: {}", process::last_line(&exit.complaint));
                    return Err(LabError::new(
                        what,
                        "apt-get install make gcc flex bison bc util-linux",
                    ));
                }
                Ok(_) => return Ok(Err(self.first_error())),
                Err(error) => return Ok(Err(error.what)),
            }
        }
        Ok(Ok(()))
    }

    /// The lock is inherited by all that make starts: a melbot that was killed may have left some of it at
    /// work in the same tree, which is waited for.
    fn command(&self, target: &str) -> Command {
        let (commit, time) = &self.commit;
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let parallel = self.kconfig.parallel.map_or(processors, |parallel| parallel as usize);
        let mut command = Command::new("flock");
        FOREIGN.iter().for_each(|variable| {
            command.env_remove(variable);
        });
        command.arg(self.folder.join("make.lock"));
        // What is made says the same thing whoever makes it, and when.
        let date = u64::try_from(*time).unwrap_or_default();
        let date = notes::utc(SystemTime::UNIX_EPOCH + Duration::from_secs(date));
        command.env("KBUILD_BUILD_TIMESTAMP", date).env("KBUILD_BUILD_VERSION", "1");
        command.env("KBUILD_BUILD_USER", "melbot").env("KBUILD_BUILD_HOST", "melbot");
        command.args(["sh", "-c", "exec \"$@\" 2>&1", "make", "nice", "-n", "19", "make", "-C"]);
        command.arg(self.folder.join("source")).arg(format!("O={}", self.objects().display()));
        command.arg(format!("-j{parallel}"));
        // Distinct for each commit and configuration, and it ends as `git describe` does.
        command.arg(format!("LOCALVERSION=-k{:.6}-g{commit:.12}", self.hash));
        compilers::through(&mut command, &self.kconfig.make, &self.cache, &self.folder);
        if self.kconfig.package == Package::Rpm {
            // Older makefiles leave it in the home of whoever builds, and Debian's database of RPMs is empty.
            let top = self.rpms().display().to_string().replace('\'', "'\\''").replace('$', "$$");
            command.arg(format!("RPMOPTS=--nodeps --define '_topdir {top}'"));
        }
        command.args(&self.kconfig.make).arg(target);
        command
    }

    fn first_error(&self) -> String {
        let Ok(file) = File::open(&self.log) else { return "it left no log".to_owned() };
        let mut last = String::new();
        for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            if line.contains("error:")
                || line.contains("***")
                || line.contains("undefined reference")
            {
                return process::last_line(&line);
            }
            if !line.trim().is_empty() {
                last = line.into_owned();
            }
        }
        process::last_line(&last)
    }

    fn packages(&self) -> Vec<PathBuf> {
        let package = self.kconfig.package;
        // Debian's are put beside the object tree, the others into it.
        let (folder, depth) = match package {
            Package::Tar => (self.objects(), 1),
            Package::Deb => (self.folder.clone(), 1),
            Package::Rpm => (self.rpms().join("RPMS"), 2),
        };
        let files = WalkDir::new(folder).min_depth(1).max_depth(depth).into_iter().flatten();
        let kernel = |name: &std::ffi::OsStr| name.to_str().is_some_and(|n| package.is_kernel(n));
        files.filter(|file| kernel(file.file_name())).map(|file| file.into_path()).collect()
    }

    fn made(&self) -> Result<PathBuf, String> {
        let mut made = self.packages();
        match (made.pop(), made.is_empty()) {
            (Some(package), true) => Ok(package),
            (None, _) => Err(format!("make {} left no package", self.kconfig.package.target())),
            (Some(_), false) => Err("make left several packages with a kernel".to_owned()),
        }
    }

    fn release(&self) -> Option<String> {
        let text = fs::read_to_string(self.objects().join("include/config/kernel.release")).ok()?;
        Some(text.trim().to_owned()).filter(|release| plain_name(release))
    }

    fn config(&self) -> Option<String> {
        fs::read_to_string(self.objects().join(".config")).ok()
    }

    fn config_hash(&self) -> Option<String> {
        Some(blake3::hash(self.config()?.as_bytes()).to_hex()[..16].to_owned())
    }

    fn compiler(&self) -> Option<String> {
        let config = self.config()?;
        let line = config.lines().find_map(|line| line.strip_prefix("CONFIG_CC_VERSION_TEXT="))?;
        Some(line.trim_matches('"').to_owned())
    }
}

fn write(path: &Path, build: &Build) -> Result<(), LabError> {
    let text = toml::to_string(build).map_err(|error| {
        LabError::new(format!("{}: {error}", path.display()), "tell the authors of melbot")
    })?;
    write_whole(path, text.as_bytes())
}
