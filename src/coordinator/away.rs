//! A builder on another host: takes builds of a coordinator over HTTP, and brings it what it made.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::builder::RENEW;
use super::desk::{STATE, only_one};
use super::tasks::Given;
use crate::kernel::{Build, Builder, Kconfig, Outcome, Tree};
use crate::lab::http::{Answer, Body, Login, Server};
use crate::lab::{LabError, plain_name, write_whole};

/// Between two looks at a queue that has nothing.
const LOOK: Duration = Duration::from_secs(2);
/// A coordinator that does not answer is asked again.
const AGAIN: Duration = Duration::from_secs(5);
/// So much of a file is sent at once: slow ways have half a minute for it.
const PIECE: u64 = 1 << 20;
/// A package that did not arrive whole is sent again.
const TRIES: usize = 3;

/// A builder.
pub struct Away<'a> {
    /// The coordinator: `https://bob.example.org`.
    pub url: &'a str,
    /// A token of role build.
    pub token: &'a str,
    /// Folder of trees and objects.
    pub work: &'a Path,
    /// Compilers at once; else as many as there are processors.
    pub parallel: Option<u32>,
    /// End when nothing is to be done.
    pub until_empty: bool,
    /// End when the present build is over.
    pub stop: &'a AtomicBool,
}

impl Away<'_> {
    /// Builds until it is told to end. An error is one that a person has to see to.
    pub fn run(&self, tell: &(dyn Fn(&str) + Sync)) -> Result<(), LabError> {
        let state = self.work.join(STATE);
        fs::create_dir_all(&state).map_err(LabError::file(&state))?;
        let _lock = only_one(&state.join("builder.lock"), "builder of this folder")?;
        let builder = identity(&state.join("builder"))?;
        let mut fresh = true;
        let down = Cell::new(false);
        while !self.stop.load(Ordering::SeqCst) {
            let asks = json!({ "builder": builder, "fresh": fresh });
            let answer = match self.ask("/api/builds/take", Body::Json(&asks)) {
                Ok(answer) => answer,
                Err(error) => {
                    // Said once, however long it lasts.
                    if !down.replace(true) {
                        tell(&format!("{error}; tried again"));
                    }
                    self.pause(AGAIN);
                    continue;
                }
            };
            match answer.status {
                200 => {
                    (fresh, _) = (false, down.set(false));
                    let given: Given = serde_json::from_value(answer.body).map_err(|error| {
                        let what = format!("{}: another answer than a build: {error}", self.url);
                        LabError::new(what, "use the same melbot here and there")
                    })?;
                    self.one(&given, tell)?;
                }
                204 => {
                    (fresh, _) = (false, down.set(false));
                    if self.until_empty {
                        return Ok(());
                    }
                    self.pause(LOOK);
                }
                401 | 403 | 404 => return Err(self.refused(&answer)),
                _ => {
                    if !down.replace(true) {
                        tell(&format!("{}; tried again", self.refused(&answer)));
                    }
                    self.pause(AGAIN);
                }
            }
        }
        Ok(())
    }

    fn one(&self, given: &Given, tell: &(dyn Fn(&str) + Sync)) -> Result<(), LabError> {
        let id = given.job;
        tell(&format!("job {id}: {}", given.title));
        let (over, ended) = mpsc::channel::<()>();
        let lost = Mutex::new(None);
        let built = thread::scope(|scope| {
            scope.spawn(|| {
                let ended = ended;
                let path = format!("/api/builds/{id}/renew?lease={}", given.lease);
                while ended.recv_timeout(RENEW) == Err(RecvTimeoutError::Timeout) {
                    // That it does not answer right now is no reason to stop.
                    if let Ok(answer) = self.ask(&path, Body::Json(&Value::Null))
                        && answer.status == 409
                    {
                        let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
                        *lost = Some(said(&answer));
                        break;
                    }
                }
            });
            let built = self.build(given, &mut |what| tell(&format!("job {id}: {what}")));
            drop(over);
            built
        });
        let lost = lost.into_inner().unwrap_or_else(PoisonError::into_inner);
        let brought = match lost {
            Some(why) => Err(why),
            None => self.bring(given, &built, tell)?,
        };
        match brought {
            Ok(()) => match &built {
                Ok(build) => tell(&format!("job {id}: {}", told(build))),
                Err(error) => tell(&format!("job {id}: {error}")),
            },
            Err(why) => tell(&format!("job {id}: is ours no more: {why}")),
        }
        // The coordinator has it, or nobody wants it.
        if let Some(package) = built.ok().and_then(|build| build.package) {
            let path = self.work.join(package);
            fs::remove_file(&path).map_err(LabError::file(&path))?;
        }
        Ok(())
    }

    fn build(&self, given: &Given, tell: &mut dyn FnMut(&str)) -> Result<Build, LabError> {
        for name in [&given.tree, &given.kconfig] {
            if !plain_name(name) {
                return Err(LabError::new(format!("{name:?} is no name"), "see the coordinator"));
            }
        }
        let folder = self.work.join(STATE).join("trees").join(format!("{}.git", given.tree));
        let url = format!("{}/git/{}", self.url.trim_end_matches('/'), given.tree);
        let tree = Tree { folder, url, token: Some(self.token.to_owned()) };
        if tree.commit(&given.commit).is_err() {
            tell(&format!("fetches {}", given.tree));
            tree.fetch()?;
        }
        let kconfigs = self.work.join(STATE).join("kconfigs");
        fs::create_dir_all(&kconfigs).map_err(LabError::file(&kconfigs))?;
        let base = kconfigs.join(&given.kconfig);
        fs::write(&base, &given.config).map_err(LabError::file(&base))?;
        let kconfig = Kconfig {
            base,
            fragments: Vec::new(),
            package: given.package,
            make: given.make.clone(),
            minutes: given.minutes,
            parallel: self.parallel,
        };
        let builder =
            Builder { lab: self.work, tree: &tree, name: &given.kconfig, kconfig: &kconfig };
        builder.build(&given.commit, true, tell)
    }

    /// The inner error is why the coordinator does not want it.
    fn bring(
        &self,
        given: &Given,
        built: &Result<Build, LabError>,
        tell: &dyn Fn(&str),
    ) -> Result<Result<(), String>, LabError> {
        let finish = format!("/api/builds/{}/finish", given.job);
        let said_of = match built {
            Ok(build) => json!({ "lease": given.lease, "build": build }),
            Err(error) => json!({ "lease": given.lease, "fault": error.to_string() }),
        };
        let mut last = String::new();
        for _ in 0..TRIES {
            if let Ok(build) = built {
                let files = [("log", Some(&build.log)), ("package", build.package.as_ref())];
                for (what, path) in files {
                    let Some(path) = path else { continue };
                    if let Err(why) = self.send(given, what, &self.work.join(path), tell)? {
                        return Ok(Err(why));
                    }
                }
            }
            let answer = self.persist(&finish, Body::Json(&said_of), tell);
            if answer.status == 200 {
                return Ok(Ok(()));
            }
            last = said(&answer);
        }
        Ok(Err(last))
    }

    /// Piece by piece.
    fn send(
        &self,
        given: &Given,
        what: &str,
        path: &Path,
        tell: &dyn Fn(&str),
    ) -> Result<Result<(), String>, LabError> {
        let file = File::open(path).map_err(LabError::file(path))?;
        let piece = self.work.join(STATE).join("piece");
        let (mut at, mut bytes) = (0, Vec::new());
        loop {
            bytes.clear();
            let read = (&file).take(PIECE).read_to_end(&mut bytes);
            read.map_err(LabError::file(path))?;
            if bytes.is_empty() && at > 0 {
                return Ok(Ok(()));
            }
            fs::write(&piece, &bytes).map_err(LabError::file(&piece))?;
            let to = format!("/api/builds/{}/{what}?lease={}&at={at}", given.job, given.lease);
            let answer = self.persist(&to, Body::File(&piece), tell);
            if answer.status != 200 {
                return Ok(Err(said(&answer)));
            }
            at += bytes.len() as u64;
            if bytes.is_empty() {
                return Ok(Ok(()));
            }
        }
    }

    /// Asks until there is an answer: a coordinator that is started anew knows the lease still.
    fn persist(&self, path: &str, body: Body, tell: &dyn Fn(&str)) -> Answer {
        let mut told = false;
        loop {
            match self.ask(path, body) {
                Ok(answer) if !matches!(answer.status, 429 | 502..=504) => return answer,
                Ok(_) => {}
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tell(&format!("{error}; tried again"));
                    }
                }
            }
            thread::sleep(AGAIN);
        }
    }

    fn ask(&self, path: &str, body: Body) -> Result<Answer, LabError> {
        let login = Login::Header(format!("Bearer {}", self.token));
        Server { url: self.url.to_owned(), public_key: None, login }.ask(path, body)
    }

    fn refused(&self, answer: &Answer) -> LabError {
        let what = format!("{}: {} (HTTP {})", self.url, said(answer), answer.status);
        LabError::new(what, "name a coordinator and a token: melbot token add NAME --role build")
    }

    fn pause(&self, time: Duration) {
        let step = Duration::from_millis(100);
        let mut left = time;
        while !left.is_zero() && !self.stop.load(Ordering::SeqCst) {
            thread::sleep(step.min(left));
            left = left.saturating_sub(step);
        }
    }
}

fn said(answer: &Answer) -> String {
    answer.body["error"].as_str().unwrap_or("no answer of a coordinator").to_owned()
}

fn told(build: &Build) -> String {
    match build.outcome {
        Outcome::Built => format!(
            "{} is built, in {} s",
            build.release.as_deref().unwrap_or("a kernel"),
            build.seconds
        ),
        Outcome::Broken => {
            format!("does not build: {}", build.reason.as_deref().unwrap_or("no reason was given"))
        }
    }
}

/// The name by which the coordinator knows the builder of this folder, and no other.
fn identity(path: &PathBuf) -> Result<String, LabError> {
    if let Ok(known) = fs::read_to_string(path)
        && plain_name(known.trim())
    {
        return Ok(known.trim().to_owned());
    }
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = Some(host.trim()).filter(|host| plain_name(host)).unwrap_or("host");
    let name = format!("{host:.40}-{:08x}", fastrand::u32(..));
    write_whole(path, name.as_bytes())?;
    Ok(name)
}
