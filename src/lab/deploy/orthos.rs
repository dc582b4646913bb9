//! Installation by Orthos 2, which has Cobbler do it over the network.

use std::thread;
use std::time::{Duration, Instant};

use super::{Deploy, Stopped};
use crate::lab::error::LabError;
use crate::lab::exec::{self, Exec};
use crate::lab::grid::OrthosMachine;
use crate::lab::process;

/// Between looks whether it is there.
const PAUSE: Duration = Duration::from_secs(10);
/// One look.
const LOOK: Duration = Duration::from_secs(30);
/// Clocks that are set meanwhile.
const SLACK: Duration = Duration::from_secs(120);
/// Says for how many seconds the system has been installed; fails while it is still about to be.
const AGE: &str = r#"case $(systemctl is-system-running 2> /dev/null) in initializing | starting) exit 1 ;; esac
echo $(($(date +%s) - $(stat -L -c %Y /etc/machine-id)))
"#;

/// A machine that Orthos sets up.
pub struct OrthosDeploy {
    /// The machine.
    pub machine: OrthosMachine,
    /// What it gets, as Orthos calls it: `distribution:profile`.
    pub profile: String,
    /// It may take so long.
    pub within: Duration,
}

/// `None` if no system is up.
fn age(exec: &dyn Exec) -> Option<Duration> {
    let said = exec::text(exec, &["sh", "-c", AGE], LOOK).ok()?;
    // A clock that was set back meanwhile: it is new.
    Some(Duration::from_secs(said.trim().parse::<i64>().ok()?.try_into().unwrap_or(0)))
}

impl Deploy for OrthosDeploy {
    fn check(&self) -> Result<String, LabError> {
        self.machine.offers(&self.profile).map(|()| format!("Orthos offers {}", self.profile))
    }

    fn deploy(&self, exec: &dyn Exec, stopped: Stopped) -> Result<(), LabError> {
        self.machine.setup(&self.profile)?;
        // Orthos only queues it, and says nothing more of it.
        let asked = Instant::now();
        loop {
            if stopped() {
                return Err(process::was_stopped("the installation by Orthos"));
            }
            match age(exec) {
                Some(age) if age <= asked.elapsed() + SLACK => return Ok(()),
                Some(age) => {
                    return Err(LabError::new(
                        format!(
                            "a system came up that is {} minutes old: nothing was installed",
                            age.as_secs() / 60
                        ),
                        "see that the machine boots from the network first, and what Cobbler says of it",
                    ));
                }
                None if asked.elapsed() > self.within => {
                    return Err(LabError::new(
                        format!(
                            "no system answered {} minutes after Orthos was asked for {}",
                            self.within.as_secs() / 60,
                            self.profile
                        ),
                        "see its console; the profile has to install the host_key and the key of [exec]; minutes of \
                         [deploy] says how long it may take",
                    ));
                }
                None => thread::sleep(PAUSE),
            }
        }
    }
}
