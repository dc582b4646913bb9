//! Getting a machine up, with the kernel that is wanted.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::boot::{self, StartedBy};
use crate::lab::exec;
use crate::lab::power::{self, PowerState};

use super::attached::Attached;
use super::fault::{Fault, Why};

/// A system is asked to shut down for so long before it loses its power.
const SOFT: Duration = Duration::from_secs(90);
/// One try to reach a machine.
const PROBE: Duration = Duration::from_secs(25);
/// Between tries.
const PAUSE: Duration = Duration::from_millis(500);

/// A system that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Up {
    /// This boot, as the kernel names it.
    pub boot_id: String,
    /// What `uname -r` says.
    pub release: String,
    /// Command line of the kernel.
    pub command_line: String,
}

/// Asks a machine what it runs.
pub fn probe(attached: &Attached) -> Option<Up> {
    let words =
        ["cat", "/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/osrelease", "/proc/cmdline"];
    let text = exec::text(attached.exec.as_ref(), &words, PROBE).ok()?;
    let mut lines = text.lines().map(|line| line.trim().to_owned());
    let (boot_id, release) = (lines.next()?, lines.next()?);
    // Something that answers but is no Linux.
    if boot_id.len() != 36 || release.is_empty() {
        return None;
    }
    Some(Up { boot_id, release, command_line: lines.next().unwrap_or_default() })
}

/// Boots a kernel, and nothing else counts: wrong kernels and reboots are faults.
pub fn boot(attached: &Attached, release: &str, log: &Path) -> Result<Up, Fault> {
    let boot = attached.machine.boot.as_ref();
    let exec = attached.exec.as_ref();
    let up = match boot.started_by() {
        StartedBy::Host => {
            off(attached)?;
            boot.once(exec, release)?;
            on(attached, log)?
        }
        StartedBy::BootLoader => {
            if probe(attached).is_none() {
                known_good(attached, log)?;
            }
            attached.machine.one_time.ask(release)?;
            boot.once(exec, release)?;
            if let Err(lost) = attached.still_ours() {
                return Err(taken_back(attached, release, lost));
            }
            off(attached)?;
            on(attached, log)?
        }
        StartedBy::Kernel => {
            // From power on each time: what the last boot left in the devices is gone.
            let from = known_good(attached, log)?;
            boot.once(exec, release)?;
            let since = begins(attached, log)?;
            boot::start(exec)?;
            answers(attached, since, Some(&from.boot_id))?
        }
    };
    if up.release != release {
        return Err(Fault::new(
            Why::WrongKernel,
            format!("{release} was to be booted, and {} runs", up.release),
        ));
    }
    // A boot loader that cannot write keeps what it was asked for.
    if boot.needs_system() && boot.cancel(exec, Some(release))? {
        attached.machine.one_time.settled()?;
    }
    Ok(up)
}

/// Somebody else has the machine since its boot loader was asked for a kernel: the boot that comes next is
/// theirs, and that is to be one of the known-good kernel. Nothing else is done to it.
fn taken_back(attached: &Attached, release: &str, lost: Fault) -> Fault {
    let (boot, one_time) = (attached.machine.boot.as_ref(), &attached.machine.one_time);
    let cancelled = boot.cancel(attached.exec.as_ref(), Some(release));
    let settled =
        cancelled.and_then(|can| if can { one_time.settled().map(|()| true) } else { Ok(false) });
    match settled {
        Ok(true) => lost,
        Ok(false) | Err(_) => {
            Fault { what: format!("{}; {release} may come up in its next boot", lost.what), ..lost }
        }
    }
}

/// Boots the kernel that is known to work, by power. What somebody asked for who died before it came up
/// comes first: then it is done once more.
pub fn known_good(attached: &Attached, log: &Path) -> Result<Up, Fault> {
    let one_time = &attached.machine.one_time;
    let boot = attached.machine.boot.as_ref();
    off(attached)?;
    if !boot.needs_system() {
        boot.cancel(attached.exec.as_ref(), None)?;
        return on(attached, log);
    }
    let pending = one_time.pending()?;
    let up = match on(attached, log) {
        Ok(up) if pending.as_ref() != Some(&up.release) => up,
        Err(fault) if pending.is_none() => return Err(fault),
        // If it does not come up, it is gone with this boot as well.
        tried => {
            if tried.is_ok() {
                boot.cancel(attached.exec.as_ref(), pending.as_deref())?;
            }
            off(attached)?;
            on(attached, log)?
        }
    };
    if pending.as_ref() == Some(&up.release) {
        let what = format!(
            "{} was to be booted once, and comes up each time: make the known-good kernel the default of \
             the boot loader, or remove state/{}/boot-once.json if that is it now",
            up.release, attached.machine.name
        );
        return Err(Fault::new(Why::WrongKernel, what));
    }
    one_time.known_good(&up.release)?;
    Ok(up)
}

/// Whoever boots the machine next gets its known-good kernel, if that can still be seen to.
pub fn cancel(attached: &Attached) -> Result<(), Fault> {
    let (boot, one_time) = (attached.machine.boot.as_ref(), &attached.machine.one_time);
    if !boot.needs_system() {
        boot.cancel(attached.exec.as_ref(), None)?;
    } else if let Some(pending) = one_time.pending()?
        && probe(attached).is_some()
        && boot.cancel(attached.exec.as_ref(), Some(&pending))?
    {
        one_time.settled()?;
    }
    Ok(())
}

/// Switches a machine off.
pub fn off(attached: &Attached) -> Result<(), Fault> {
    attached.still_ours()?;
    let power = attached.machine.power.as_ref();
    let within = Duration::from_secs(attached.machine.file.patience.power);
    let ended = if attached.machine.boot.needs_system() {
        power::shut_down(power, SOFT, within)
    } else {
        power::ensure(power, PowerState::Off, within)
    };
    attached.exec.reset();
    ended.map_err(|error| Fault::new(Why::Power, error.to_string()))
}

/// Switches a machine on and waits until its system answers.
fn on(attached: &Attached, log: &Path) -> Result<Up, Fault> {
    attached.still_ours()?;
    let since = begins(attached, log)?;
    let within = Duration::from_secs(attached.machine.file.patience.power);
    power::ensure(attached.machine.power.as_ref(), PowerState::On, within)
        .map_err(|error| Fault::new(Why::Power, error.to_string()))?;
    answers(attached, since, None)
}

/// A boot begins. What its console tells comes after that many sightings.
fn begins(attached: &Attached, log: &Path) -> Result<usize, Fault> {
    Ok(match &attached.console {
        Some(console) => console.begin_boot(log)?,
        None => 0,
    })
}

/// Waits until a system answers, which may not be the boot that it was started from.
fn answers(attached: &Attached, since: usize, from: Option<&str>) -> Result<Up, Fault> {
    let patience = &attached.machine.file.patience;
    let (silence, total) =
        (Duration::from_secs(patience.silence), Duration::from_secs(patience.boot));
    let began = Instant::now();
    loop {
        attached.still_ours()?;
        if let Some(fault) = Fault::seen(&attached.sightings(since)) {
            return Err(fault);
        }
        let up = probe(attached);
        let old = up.as_ref().is_some_and(|up| from == Some(up.boot_id.as_str()));
        match up {
            Some(up) if !old => return Ok(up),
            // That connection goes with the system.
            Some(_) => attached.exec.reset(),
            None => {}
        }
        if attached.silence().is_some_and(|quiet| quiet > silence) {
            let what = format!("nothing on the console for {} s of a boot", silence.as_secs());
            return Err(Fault::new(Why::Silent, what));
        }
        if began.elapsed() > total {
            let what = match old {
                true => "the kernel that was to start another one runs still",
                false => "no answer",
            };
            let what = format!("{what} {} s after the boot began", total.as_secs());
            return Err(Fault::new(Why::Unreachable, what));
        }
        if attached.machine.power.state() == Ok(PowerState::Off) {
            return Err(Fault::new(Why::Power, "it went off by itself during a boot"));
        }
        thread::sleep(PAUSE);
    }
}
