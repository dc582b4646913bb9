//! What all threads of the coordinator have in common.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::outlook::Outlook;
use super::settings::{FILE, Settings};
use crate::kernel::{Builder, Kconfig, Tree};
use crate::lab::{Lab, LabError};
use crate::queue::{Clock, Queue, QueueError};

/// The folder of the queue, of the mirrors of trees and of everything else that is no result.
pub const STATE: &str = "state";

/// So many connections stay open between requests.
const IDLE: usize = 8;

/// A lab with a coordinator.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Folder of the lab.
    pub lab: PathBuf,
    /// What is to be done.
    pub settings: Settings,
    /// What time it is.
    pub clock: Clock,
    stop: Arc<AtomicBool>,
    /// Connections that nobody uses right now.
    idle: Arc<Mutex<Vec<Queue>>>,
    /// What was worked out last.
    pub(super) outlook: Arc<Mutex<Option<Arc<Outlook>>>>,
}

impl Desk {
    /// That of a lab.
    pub fn at(lab: &Lab) -> Result<Desk, LabError> {
        let folder = lab.folder().to_owned();
        let settings = Settings::read(&folder)?;
        let state = folder.join(STATE);
        fs::create_dir_all(&state).map_err(LabError::file(&state))?;
        let stop = Arc::new(AtomicBool::new(false));
        let (idle, outlook) = (Arc::default(), Arc::default());
        Ok(Desk { lab: folder, settings, clock: Clock::system(), stop, idle, outlook })
    }

    /// Where the queue of a lab is: a file, or what coordinator.toml says.
    pub fn queue_of(lab: &Path) -> Result<PathBuf, LabError> {
        let said = match lab.join(FILE).is_file() {
            true => Settings::read(lab)?.queue,
            false => None,
        };
        Ok(said.unwrap_or_else(|| lab.join(STATE).join("queue.db")))
    }

    /// Where the queue is.
    pub fn queue_place(&self) -> PathBuf {
        self.settings.queue.clone().unwrap_or_else(|| self.state("queue.db"))
    }

    /// A connection to the queue.
    pub fn queue(&self) -> Result<Queue, QueueError> {
        Queue::open(&self.queue_place(), self.clock.clone())
    }

    /// Does something with a connection that is open already, if there is one.
    pub fn with_queue<T, E: From<QueueError>>(
        &self,
        work: impl FnOnce(&mut Queue) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut queue = match idle.filter(Queue::is_alive) {
            Some(queue) => queue,
            None => self.queue()?,
        };
        let done = work(&mut queue);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(queue);
        }
        done
    }

    /// A file or folder of its state.
    pub fn state(&self, name: &str) -> PathBuf {
        self.lab.join(STATE).join(name)
    }

    /// The folder of results.
    pub fn results(&self) -> PathBuf {
        self.lab.join(&self.settings.results)
    }

    /// The folder of the site.
    pub fn site(&self) -> PathBuf {
        self.lab.join(&self.settings.site)
    }

    /// The mirror of a tree.
    pub fn tree(&self, name: &str) -> Result<Tree, LabError> {
        let settings = self.settings.trees.get(name).ok_or_else(|| {
            LabError::new(format!("there is no tree {name:?}"), "name one of [trees.NAME]")
        })?;
        // A path in the file is relative to the lab; a URL stays what it is.
        let path = self.lab.join(&settings.url);
        let url =
            if path.exists() { path.to_string_lossy().into_owned() } else { settings.url.clone() };
        let folder = self.state("trees").join(format!("{name}.git"));
        Ok(Tree { folder, url, token: None })
    }

    /// Identity of the build of a commit.
    pub fn build_key(&self, tree: &Tree, kconfig: &str, commit: &str) -> Result<String, LabError> {
        self.key_of(tree, (kconfig, false), commit)
    }

    /// Identity of the build of a commit, with another code layout if so.
    pub fn key_of(
        &self,
        tree: &Tree,
        (name, relaid): (&str, bool),
        commit: &str,
    ) -> Result<String, LabError> {
        let kconfig = self.kconfig(name, relaid)?;
        Builder { lab: &self.lab, tree, name, kconfig: &kconfig }.key(commit)
    }

    /// A configuration, with another code layout if so.
    pub fn kconfig(&self, name: &str, relaid: bool) -> Result<Kconfig, LabError> {
        let kconfig = self.settings.kconfig(&self.lab, name)?;
        Ok(if relaid { kconfig.with_other_layout() } else { kconfig })
    }

    /// Everything ends as soon as it can.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// `true` if everything is to end.
    pub fn stops(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Sleeps, but not longer than until everything is to end.
    pub fn pause(&self, time: Duration) {
        let step = Duration::from_millis(100);
        let mut left = time;
        while !left.is_zero() && !self.stops() {
            let now = left.min(step);
            thread::sleep(now);
            left -= now;
        }
    }
}

/// Only one has this lock; it is let go with the file, also by a kill.
pub fn only_one(path: &Path, who: &str) -> Result<File, LabError> {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(LabError::file(path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LabError::new(
            format!("{}: another {who} is at work", path.display()),
            "wait for it to end, or end it",
        )),
        Err(TryLockError::Error(error)) => Err(LabError::file(path)(error)),
    }
}
