//! Running MMTests. It runs apart from the connection that started it, so that neither a lost
//! network nor a melbot that is killed ends it; who looks at it later finds it where it is.

use std::thread;
use std::time::{Duration, Instant};

use crate::lab::exec;
use crate::lab::power::PowerState;

use super::attached::Attached;
use super::fault::{Fault, Why};
use super::job::Job;

/// Where runs keep how they are going, on the machine.
const STATE: &str = "/var/tmp/melbot-run";
/// One question.
const ASK: Duration = Duration::from_secs(25);
/// How often it is looked at, in the beginning and later.
const LOOK: [Duration; 6] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];
/// A disk with fewer kilobytes left is full.
const FULL: u64 = 64;

/// Starts it. The words that follow are `sh` (the name of the script), folder of the state, folder of
/// MMTests, name of the run, and the command; nothing of them is read as shell.
const START: &str = r#"set -e
state=$1 folder=$2 run=$3
shift 3
cd "$folder"
rm -rf "$state" "work/log/$run"
mkdir -p "$state"
cat /proc/sys/kernel/random/boot_id > "$state/boot"
(setsid sh -c 'state=$1; shift
"$@" > "$state/output" 2>&1 < /dev/null
echo $? > "$state/status.new"
sync
mv "$state/status.new" "$state/status"' sh "$state" "$@" > /dev/null 2>&1 < /dev/null &)
"#;

/// Tells how it is going: this boot, the boot that it was started in, free kilobytes, and its status.
const LOOK_AT: &str = r#"cat /proc/sys/kernel/random/boot_id
cat "$1/boot" 2> /dev/null || echo -
df -P -k "$2" | awk 'NR == 2 { print $4 }'
cat "$1/status" 2> /dev/null || echo -
"#;

/// How a run is going.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Going {
    boot_id: String,
    started_in: String,
    free: Option<u64>,
    status: Option<i32>,
}

/// How long one run may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Somebody should know.
    pub warn: Duration,
    /// It is given up.
    pub end: Duration,
}

/// Which run it is.
#[derive(Clone, Copy, Debug)]
pub struct This<'a> {
    /// Number of the iteration.
    pub iteration: u32,
    /// The kernel.
    pub release: &'a str,
    /// The boot that it is to run in.
    pub boot_id: &'a str,
}

impl This<'_> {
    /// Where it keeps how it is going, on the machine.
    fn state(&self, job: &Job) -> String {
        format!("{STATE}/{}-{}", job.id, self.iteration)
    }
}

/// Runs MMTests to its end, or goes on with what runs there already. Gives what was odd.
pub fn run(
    attached: &Attached,
    job: &Job,
    this: &This,
    budget: Budget,
    warned: &mut dyn FnMut(String),
) -> Result<Vec<String>, Fault> {
    let patience = Duration::from_secs(attached.machine.file.patience.unreachable);
    let since = attached.seen();
    let began = Instant::now();
    let mut answered = Instant::now();
    let mut looks = 0;
    let mut full = 0;
    let mut late = false;
    loop {
        attached.still_ours()?;
        attached.still_wanted()?;
        let seen = attached.sightings(since);
        if let Some(fault) = Fault::seen(&seen) {
            return Err(fault);
        }
        match look(attached, job, this) {
            Some(going) if going.boot_id != this.boot_id => {
                return Err(Fault::new(Why::Reboot, "it is in another boot than it was"));
            }
            Some(going) => {
                answered = Instant::now();
                if going.started_in != this.boot_id {
                    start(attached, job, this)?;
                }
                match going.status.filter(|_| going.started_in == this.boot_id) {
                    Some(0) => return Ok(odd(attached, since)),
                    Some(status) => {
                        let what = format!("run-mmtests.sh ended with status {status}");
                        return Err(Fault::new(Why::Results, what));
                    }
                    None => {}
                }
                // It may be cleaned up the next moment.
                full = if going.free.is_some_and(|free| free < FULL) { full + 1 } else { 0 };
                if full >= 3 {
                    return Err(Fault::new(Why::DiskFull, "the disk of MMTests is full"));
                }
            }
            None if attached.machine.power.state() == Ok(PowerState::Off) => {
                return Err(Fault::new(Why::Power, "it went off by itself in the middle of a run"));
            }
            None if answered.elapsed() > patience => return Err(gone(attached, patience)),
            None => {}
        }
        if began.elapsed() > budget.end {
            let what = format!("not done after {} minutes", budget.end.as_secs() / 60);
            return Err(Fault::new(Why::TimeLimit, what));
        }
        if began.elapsed() > budget.warn && !late {
            late = true;
            warned(format!("takes longer than {} minutes", budget.warn.as_secs() / 60));
        }
        let pause = LOOK[looks.min(LOOK.len() - 1)];
        looks += usize::from(began.elapsed() > 20 * pause);
        wait(attached, since, pause);
    }
}

/// Waits, but not when the console has told that all is over.
fn wait(attached: &Attached, since: usize, pause: Duration) {
    let began = Instant::now();
    while began.elapsed() < pause && Fault::seen(&attached.sightings(since)).is_none() {
        thread::sleep(Duration::from_millis(250).min(pause));
    }
}

/// It does not answer: does it at least say something?
fn gone(attached: &Attached, patience: Duration) -> Fault {
    let what = format!("no answer for {} s in the middle of a run", patience.as_secs());
    match attached.silence() {
        Some(quiet) if quiet < patience => Fault::new(Why::Unreachable, what),
        Some(_) => Fault::new(Why::Silent, what + ", and nothing on the console"),
        None => Fault::new(Why::Unreachable, what),
    }
}

fn start(attached: &Attached, job: &Job, this: &This) -> Result<(), Fault> {
    let run = job.run_name(this.release);
    let state = this.state(job);
    let config = format!("configs/{}", job.config_file());
    let monitors = if job.file.monitors { "-m" } else { "-n" };
    let folder = job.file.mmtests.folder.as_str();
    let assignments = job.file.mmtests.assignments();
    let mut words = vec!["sh", "-c", START, "sh", &state, folder, run, "env"];
    words.extend(assignments.iter().map(String::as_str));
    words.extend(["./run-mmtests.sh", monitors, "-c", &config, run]);
    exec::text(attached.exec.as_ref(), &words, ASK).map(drop).map_err(Fault::from)
}

fn look(attached: &Attached, job: &Job, this: &This) -> Option<Going> {
    let words = ["sh", "-c", LOOK_AT, "sh", &this.state(job), job.file.mmtests.folder.as_str()];
    told(&exec::text(attached.exec.as_ref(), &words, ASK).ok()?)
}

fn told(text: &str) -> Option<Going> {
    let mut lines = text.lines().map(str::trim);
    let (boot_id, started_in) = (lines.next()?.to_owned(), lines.next()?.to_owned());
    let free = lines.next()?.parse().ok();
    // A full disk leaves an empty file.
    let status = lines.next().and_then(|status| status.parse().ok());
    Some(Going { boot_id, started_in, free, status })
}

/// What else the console told, one of a kind.
fn odd(attached: &Attached, since: usize) -> Vec<String> {
    let mut kinds = Vec::new();
    let mut notes = Vec::new();
    for sighting in attached.sightings(since) {
        if sighting.kind.is_trouble() && !kinds.contains(&sighting.kind) {
            kinds.push(sighting.kind);
            notes.push(format!("{}: {}", sighting.kind, sighting.line));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let going = told("aaa\n-\n1024\n-\n").expect("an answer");
        assert_eq!((going.status, going.free, going.started_in.as_str()), (None, Some(1024), "-"));
        assert_eq!(told("aaa\naaa\n0\n0\n").expect("an answer").status, Some(0));
        assert_eq!(told("aaa\naaa\n0\n").map(|going| going.free), Some(Some(0)));
        assert_eq!(told("nonsense"), None);
    }
}
