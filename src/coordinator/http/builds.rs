//! Builds that are made on other hosts: they are given out on a lease, and what was made comes back in pieces,
//! under its hash.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::request::Request;
use super::route::Failure;
use crate::coordinator::builder::{LEASE, conclude, worker};
use crate::coordinator::desk::Desk;
use crate::coordinator::tasks::{BuildTask, Given};
use crate::kernel::build::{BUILDS, KERNELS, LARGEST_LOG, LOG};
use crate::kernel::{Build, Outcome, images};
use crate::lab::{LabError, plain_name};
use crate::queue::{Job, Lease, Queue, State, Taken};

/// No package is larger.
const LARGEST_PACKAGE: u64 = 8 << 30;
/// Why a build could not be made is a sentence.
const LONGEST: usize = 1000;

/// Who wants a build.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asks {
    /// Nobody else has this name.
    builder: String,
    /// It was just started, and has none of the builds that it had.
    #[serde(default)]
    fresh: bool,
}

/// What came of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    lease: String,
    /// It was built, or is broken.
    #[serde(default)]
    build: Option<Build>,
    /// That host could not do it.
    #[serde(default)]
    fault: Option<String>,
}

/// Gives out the next build: 200 with it, or 204.
pub fn take(desk: &Desk, queue: &mut Queue, request: &Request) -> Result<Answer, Failure> {
    let asks: Asks = body(request)?;
    if !plain_name(&asks.builder) {
        return Err(refused(400, "the builder has no name: letters, digits and ._+- only"));
    }
    let worker = worker(&format!("builder {}", asks.builder));
    if asks.fresh {
        queue.recover(&worker.name)?;
    }
    let Some(taken) = queue.take(&worker)? else { return Ok(Answer::text(204, "text/plain", "")) };
    match given(desk, &taken) {
        Ok(given) => Ok(Answer::json(200, &json!(given))),
        Err(error) => {
            queue.fail(&taken.lease, &error.to_string())?;
            Err(error.into())
        }
    }
}

fn given(desk: &Desk, taken: &Taken) -> Result<Given, LabError> {
    let task = BuildTask::of(&taken.job)?;
    desk.tree(&task.tree)?;
    let kconfig = desk.kconfig(&task.kconfig, task.relaid)?;
    Ok(Given {
        job: taken.job.id,
        title: taken.job.title.clone(),
        lease: taken.lease.token().to_owned(),
        config: kconfig.text()?,
        tree: task.tree,
        commit: task.commit,
        kconfig: task.kconfig,
        package: kconfig.package,
        make: kconfig.make,
        minutes: kconfig.minutes,
    })
}

/// It is still being worked on; `?lease=…`.
pub fn renew(queue: &mut Queue, id: i64, request: &Request) -> Result<Answer, Failure> {
    queue.renew(&shown(id, request)?)?;
    Ok(Answer::json(200, &json!({ "seconds": LEASE.as_secs() })))
}

/// A piece of `package` or `log`: what follows the first `at` bytes; `?lease=…&at=…`.
pub fn piece(
    desk: &Desk,
    queue: &mut Queue,
    (id, what): (i64, &str),
    request: &Request,
) -> Result<Answer, Failure> {
    let lease = shown(id, request)?;
    queue.renew(&lease)?;
    let at = parameter(request, "at").and_then(|at| at.parse::<u64>().ok());
    let at = at.ok_or_else(|| refused(400, "at is the number of the bytes before"))?;
    let path = incoming(desk, &lease, what);
    let largest = if what == "log" { LARGEST_LOG } else { LARGEST_PACKAGE };
    if at.saturating_add(request.body.len() as u64) > largest {
        return Err(refused(413, "it is too large"));
    }
    match append(&path, at, &request.body) {
        Ok(Ok(has)) => Ok(Answer::json(200, &json!({ "has": has }))),
        Ok(Err(has)) => Err(Failure::Refused(409, format!("there are {has} bytes before it"))),
        Err(_) => Err(refused(507, "it cannot be kept; see whether the disk is full")),
    }
}

/// The length after it; an error is the length that there is, if it does not fit.
fn append(path: &Path, at: u64, bytes: &[u8]) -> io::Result<Result<u64, u64>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
    let has = file.metadata()?.len();
    // A piece whose answer was lost comes again.
    if at > has {
        return Ok(Err(has));
    }
    file.set_len(at)?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)?;
    Ok(Ok(at + bytes.len() as u64))
}

/// Nobody else knows this place.
fn incoming(desk: &Desk, lease: &Lease, what: &str) -> PathBuf {
    let name = &blake3::hash(lease.token().as_bytes()).to_hex()[..16];
    desk.state("incoming").join(format!("{}-{name}-{what}", lease.job))
}

/// It is over.
pub fn finish(
    desk: &Desk,
    queue: &mut Queue,
    id: i64,
    request: &Request,
) -> Result<Answer, Failure> {
    let said: Said = body(request)?;
    let lease = Lease::of(id, &said.lease, LEASE);
    queue.renew(&lease)?;
    let job = queue.job(id)?;
    let built = match (said.build, said.fault) {
        (Some(build), None) => Ok(kept(desk, &job, &lease, build)?),
        (None, Some(fault)) => Err(fault.chars().take(LONGEST).collect()),
        _ => return Err(refused(400, "say build, or fault")),
    };
    conclude(desk, queue, (&job, &lease), &built, &|_| {})?;
    // Also what those left behind who had it before.
    for entry in fs::read_dir(desk.state("incoming")).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&format!("{id}-")) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let state: State = queue.job(id)?.state;
    Ok(Answer::json(200, &json!({ "state": state })))
}

/// What was made, where all builds are: nothing of what the builder says of places is believed.
fn kept(desk: &Desk, job: &Job, lease: &Lease, mut build: Build) -> Result<Build, Failure> {
    let task = BuildTask::of(job)?;
    let kconfig = desk.kconfig(&task.kconfig, task.relaid)?;
    let key = desk.key_of(&desk.tree(&task.tree)?, (&task.kconfig, task.relaid), &task.commit)?;
    let folder = Path::new(BUILDS).join(key);
    let there = desk.lab.join(&folder);
    fs::create_dir_all(&there).map_err(LabError::file(&there))?;
    let log = incoming(desk, lease, "log");
    if log.is_file() {
        fs::rename(&log, there.join(LOG)).map_err(LabError::file(&log))?;
    }
    build.log = folder.join(LOG);
    (build.commit, build.kconfig) = (task.commit, task.kconfig);
    if build.release.as_deref().is_some_and(|release| !plain_name(release)) {
        return Err(refused(400, "the release has letters, digits and ._+- only"));
    }
    if build.outcome == Outcome::Built {
        let said = build.image().unwrap_or_default();
        build.package = Some(package(desk, lease, &said, kconfig.package.suffix())?);
    } else {
        build.package = None;
    }
    build.record(&desk.lab)?;
    Ok(build)
}

/// The package that came, if it has that hash.
fn package(desk: &Desk, lease: &Lease, hash: &str, suffix: &str) -> Result<PathBuf, Failure> {
    let kernels = desk.lab.join(KERNELS);
    let came = incoming(desk, lease, "package");
    let again = |why: &str| {
        let _ = fs::remove_file(&came);
        refused(409, why)
    };
    match images::hash_of(&came) {
        Ok(has) if has == hash => {}
        Ok(_) => return Err(again("the package is not what was built: send it again")),
        Err(_) => return Err(again("the package did not come: send it")),
    }
    let kept = images::keep(&kernels, &came, suffix);
    let _ = fs::remove_file(&came);
    let (_, path) =
        kept.map_err(|_| refused(507, "it cannot be kept; see whether the disk is full"))?;
    path.strip_prefix(&desk.lab).map(Path::to_owned).map_err(|_| refused(409, "no place"))
}

fn shown(id: i64, request: &Request) -> Result<Lease, Failure> {
    let lease = parameter(request, "lease").ok_or_else(|| refused(400, "show the lease"))?;
    Ok(Lease::of(id, lease, LEASE))
}

fn parameter<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn body<'r, T: Deserialize<'r>>(request: &'r Request) -> Result<T, Failure> {
    serde_json::from_slice(&request.body).map_err(|error| Failure::Refused(400, error.to_string()))
}

fn refused(status: u16, why: &str) -> Failure {
    Failure::Refused(status, why.to_owned())
}
