//! Programs that drivers run: never through a shell, with a deadline and a limit of output.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::error::LabError;

/// More of what a program complains of is not kept.
const MAX_COMPLAINT: u64 = 64 << 10;

/// Between looks whether somebody still waits for a program.
const ASK: Duration = Duration::from_secs(1);

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its status; `None` if a signal ended it.
    pub status: Option<i32>,
    /// What it wrote to standard error.
    pub complaint: String,
}

impl Exit {
    /// `true` if it succeeded.
    pub fn success(&self) -> bool {
        self.status == Some(0)
    }
}

/// Asked now and then by what takes long: `true` if nobody waits for it any more, and it is to end.
pub type Stopped<'a> = &'a (dyn Fn() -> bool + Sync);

/// Runs a program with `input`, and hands at most `limit` bytes of its output to `output`. After
/// `within`, or with more output, it is killed with all that it started.
pub fn run(
    command: &mut Command,
    input: &mut (dyn Read + Send),
    output: &mut dyn Write,
    limit: u64,
    within: Duration,
) -> Result<Exit, LabError> {
    run_unless(&|| false, command, input, output, limit, within)
}

/// The same; it is killed as well where `stopped` becomes true.
fn run_unless(
    stopped: Stopped,
    command: &mut Command,
    input: &mut (dyn Read + Send),
    output: &mut dyn Write,
    limit: u64,
    within: Duration,
) -> Result<Exit, LabError> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        LabError::new(format!("{name} cannot be run: {error}"), "install it, or correct its name")
    })?;
    let group = Pid::from_child(&child);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (done, ended) = mpsc::channel::<()>();
    let (copied, complaint, exit, killed) = thread::scope(|scope| {
        scope.spawn(move || {
            // A program that does not want its input closes it, which is no fault.
            let _ = stdin.map(|mut stdin| io::copy(input, &mut stdin));
        });
        let complaint = scope.spawn(move || complaint(stderr));
        let watch = scope.spawn(move || {
            let began = Instant::now();
            loop {
                let left = within.saturating_sub(began.elapsed());
                if ended.recv_timeout(left.min(ASK)) != Err(RecvTimeoutError::Timeout) {
                    return None;
                }
                let late = began.elapsed() >= within;
                if late || stopped() {
                    kill(group);
                    return Some(late);
                }
            }
        });
        let copied = match stdout {
            Some(stdout) => copy(stdout, output, limit),
            None => Ok(true),
        };
        if !matches!(copied, Ok(true)) {
            kill(group);
        }
        let exit = wait(&mut child);
        // What it started may still hold the pipes; the watch ends that as well.
        let complaint = complaint.join().unwrap_or_default();
        drop(done);
        (copied, complaint, exit, watch.join().unwrap_or(None))
    });
    if let Some(late) = killed {
        return Err(match late {
            true => LabError::new(
                format!("{name} did not end within {} s", within.as_secs()),
                "see whether the machine or the network hangs",
            ),
            false => was_stopped(&name),
        });
    }
    match copied {
        Ok(true) => Ok(Exit { status: exit, complaint }),
        Ok(false) => Err(LabError::new(
            format!("{name} printed more than {limit} bytes"),
            "see what it printed, and have it print less",
        )),
        Err(error) => Err(LabError::new(
            format!("output of {name}: {error}"),
            "see that the disk is not full",
        )),
    }
}

/// What is said where somebody stopped.
pub fn was_stopped(name: &str) -> LabError {
    LabError::new(format!("{name} was stopped: nobody waits for it any more"), "see why in the log")
}

/// What a program prints, if it succeeds.
pub fn text(command: &mut Command, within: Duration) -> Result<String, LabError> {
    text_unless(&|| false, command, within)
}

/// The same; it is killed where `stopped` becomes true.
pub fn text_unless(
    stopped: Stopped,
    command: &mut Command,
    within: Duration,
) -> Result<String, LabError> {
    let mut output = Vec::new();
    let exit = run_unless(stopped, command, &mut io::empty(), &mut output, 1 << 20, within)?;
    let name = command.get_program().to_string_lossy();
    if !exit.success() {
        return Err(LabError::new(
            format!("{name} failed: {}", last_line(&exit.complaint)),
            "run it by hand to see more",
        ));
    }
    Ok(String::from_utf8_lossy(&output).into_owned())
}

/// The command of a template, its placeholders filled in. Each word stays one word whatever is in it.
pub fn filled(template: &[String], values: &[(&str, &str)]) -> Vec<String> {
    let fill = |word: &String| {
        let mut rest = word.as_str();
        let mut filled = String::new();
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let known = values.iter().find_map(|(name, value)| {
                let after = rest[1..].strip_prefix(name)?.strip_prefix('}')?;
                Some((*value, after))
            });
            match known {
                Some((value, after)) => {
                    filled.push_str(value);
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled + rest
    };
    template.iter().map(fill).collect()
}

/// A command of words; the first is the program.
pub fn command(words: &[String]) -> Command {
    let (program, arguments) = match words {
        [program, arguments @ ..] => (program.as_str(), arguments),
        [] => ("", &[][..]),
    };
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// A program that is where only root looks.
pub fn for_root(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin");
    command
}

/// The last line that says something, cut to a readable length and without control characters.
pub fn last_line(text: &str) -> String {
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    line.trim().chars().filter(|c| !c.is_control()).take(200).collect()
}

fn complaint(stderr: Option<impl Read>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut kept = Vec::new();
    let _ = stderr.by_ref().take(MAX_COMPLAINT).read_to_end(&mut kept);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&kept).into_owned()
}

/// `false` if there was more.
fn copy(mut from: impl Read, to: &mut dyn Write, limit: u64) -> io::Result<bool> {
    let copied = io::copy(&mut from.by_ref().take(limit), to)?;
    Ok(copied < limit || from.read(&mut [0])? == 0)
}

fn wait(child: &mut Child) -> Option<i32> {
    child.wait().ok().and_then(|status| status.code())
}

fn kill(group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn input_goes_in_output_and_status_come_out() {
        let mut output = Vec::new();
        let exit = run(
            Command::new("sh").args(["-c", "cat; echo oh >&2; exit 3"]),
            &mut &b"in"[..],
            &mut output,
            100,
            Duration::from_secs(20),
        )
        .expect("it ends");
        assert_eq!((output.as_slice(), exit.status), (&b"in"[..], Some(3)));
        assert_eq!(exit.complaint, "oh\n");
    }

    #[test]
    fn what_hangs_is_killed_with_all_that_it_started() {
        let began = Instant::now();
        let mut hanging = Command::new("sh");
        hanging.args(["-c", "sleep 60 & sleep 60"]);
        let error = text(&mut hanging, Duration::from_millis(200)).expect_err("it hangs");
        assert!(error.what.contains("did not end"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_killed() {
        let began = Instant::now();
        let stopped = || began.elapsed() > Duration::from_millis(100);
        let mut hanging = Command::new("sleep");
        let error = text_unless(&stopped, hanging.arg("60"), Duration::from_secs(60));
        assert!(error.expect_err("it is killed").what.contains("sleep was stopped"));
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn endless_output_is_cut_off() {
        let mut kept = Vec::new();
        let error = run(
            &mut Command::new("yes"),
            &mut io::empty(),
            &mut kept,
            1000,
            Duration::from_secs(60),
        )
        .expect_err("too much");
        assert!(error.what.contains("more than 1000 bytes") && kept.len() == 1000);
    }

    #[test]
    fn a_value_is_never_more_than_its_word() {
        let template = words(&["pdu", "--of={machine}", "{port}", "{{machine}"]);
        let filled = filled(&template, &[("machine", "a; {port} 'b'")]);
        assert_eq!(filled, ["pdu", "--of=a; {port} 'b'", "{port}", "{a; {port} 'b'"]);
    }
}
