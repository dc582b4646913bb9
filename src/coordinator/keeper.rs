//! Keeps the lease of a job while somebody works on it.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::queue::{Clock, Lease, Queue, QueueError};

/// Renews a lease until it is dropped.
pub struct Keeper {
    lost: Arc<Mutex<Option<String>>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Begins, with a connection of its own.
    pub fn start(queue: &Path, lease: Lease, every: Duration) -> Result<Keeper, QueueError> {
        let mut queue = Queue::open(queue, Clock::system())?;
        let (stop, stopped) = mpsc::channel();
        let lost = Arc::new(Mutex::new(None));
        let told = Arc::clone(&lost);
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                // That the queue cannot be asked right now is no reason to stop.
                if let Err(QueueError::Lost { what, .. }) = queue.renew(&lease) {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
                    break;
                }
            }
        });
        Ok(Keeper { lost, stop: Some(stop), thread: Some(thread) })
    }

    /// Why the job is ours no more, if it is not.
    pub fn lost(&self) -> Option<String> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
