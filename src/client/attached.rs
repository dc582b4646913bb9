//! A machine at work: its drivers, its console, and the lease that is kept alive.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::lab::console::{Console, Sighting};
use crate::lab::exec::Exec;
use crate::lab::grid::{Grid, GridError};
use crate::lab::{LabError, Machine};

use super::fault::{Fault, Why};

/// A machine whose console is owned.
pub struct Attached {
    /// The machine.
    pub machine: Machine,
    /// Its console, if it has one.
    pub console: Option<Arc<Console>>,
    /// How commands are run.
    pub exec: Box<dyn Exec>,
    /// Who we are to the grid.
    pub owner: String,
    keeper: Option<Keeper>,
    called_off: Option<CalledOff>,
}

/// Tells why the job is not wanted any more.
pub type CalledOff = Box<dyn Fn() -> Option<String> + Send + Sync>;

impl Attached {
    /// Begins to own the console.
    pub fn to(machine: Machine, owner: String) -> Result<Attached, LabError> {
        let console = machine.own_console()?;
        let exec = machine.exec(console.as_ref())?;
        Ok(Attached { machine, console, exec, owner, keeper: None, called_off: None })
    }

    /// How long the lease is asked for.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.machine.file.patience.lease.max(3))
    }

    /// Keeps the lease from now on.
    pub fn keep_lease(&mut self) {
        let grid = Arc::clone(&self.machine.grid);
        self.keeper = Some(Keeper::start(grid, self.owner.clone(), self.lease()));
    }

    /// Does not renew it any more.
    pub fn let_lease_go(&mut self) {
        self.keeper = None;
    }

    /// An error if somebody else has the machine by now.
    pub fn still_ours(&self) -> Result<(), Fault> {
        let lost = self.keeper.as_ref().and_then(Keeper::lost);
        lost.map_or(Ok(()), |what| Err(Fault::new(Why::LeaseLost, what)))
    }

    /// Asks this from now on whether the job is still wanted.
    pub fn ask_whether_wanted(&mut self, called_off: CalledOff) {
        self.called_off = Some(called_off);
    }

    /// An error if somebody called the job off.
    pub fn still_wanted(&self) -> Result<(), Fault> {
        let why = self.called_off.as_ref().and_then(|called_off| called_off());
        why.map_or(Ok(()), |what| Err(Fault::new(Why::Cancelled, what)))
    }

    /// How many sightings there were.
    pub fn seen(&self) -> usize {
        self.console.as_ref().map_or(0, |console| console.count())
    }

    /// What the console told since then.
    pub fn sightings(&self, since: usize) -> Vec<Sighting> {
        self.console.as_ref().map_or(Vec::new(), |console| console.sightings(since))
    }

    /// How long the console has said nothing; `None` if that means nothing.
    pub fn silence(&self) -> Option<Duration> {
        let console = self.console.as_ref().filter(|console| console.fault().is_none())?;
        Some(console.silence())
    }

    /// The last lines of the console.
    pub fn tail(&self) -> Vec<String> {
        self.console.as_ref().map_or(Vec::new(), |console| console.tail())
    }
}

/// Renews a lease until it is dropped.
struct Keeper {
    lost: Arc<Mutex<Option<String>>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// The first time at once: melbot may have been away for long.
    fn start(grid: Arc<dyn Grid>, owner: String, lease: Duration) -> Keeper {
        let lost = Arc::new(Mutex::new(renew(grid.as_ref(), &owner, lease)));
        let (stop, stopped) = mpsc::channel();
        let told = Arc::clone(&lost);
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(lease / 5) == Err(RecvTimeoutError::Timeout) {
                if let Some(what) = renew(grid.as_ref(), &owner, lease) {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
                    break;
                }
            }
        });
        Keeper { lost, stop: Some(stop), thread: Some(thread) }
    }

    fn lost(&self) -> Option<String> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why it is lost. That the grid cannot be asked right now is not that.
fn renew(grid: &dyn Grid, owner: &str, lease: Duration) -> Option<String> {
    match grid.renew(owner, lease) {
        Err(error @ (GridError::Held(_) | GridError::Gone { .. })) => Some(error.to_string()),
        Ok(_) | Err(GridError::Lab(_)) => None,
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
