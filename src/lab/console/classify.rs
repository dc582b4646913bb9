//! What a line of a console means.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A kernel begins.
    Banner,
    /// A kernel begins that nobody asked for: the machine rebooted by itself.
    Reboot,
    /// Somebody may log in.
    Login,
    /// The kernel stopped.
    Panic,
    /// A thread of the kernel went wrong.
    Oops,
    /// A check of the kernel failed.
    Bug,
    /// A processor does nothing else any more.
    Lockup,
    /// A task waits for too long.
    HungTask,
    /// Processes were killed for their memory.
    OutOfMemory,
    /// A disk is full.
    DiskFull,
}

impl Kind {
    /// `true` if nothing that ran before runs now.
    pub fn ends_run(self) -> bool {
        matches!(self, Kind::Panic | Kind::Reboot)
    }

    /// `true` if somebody should know.
    pub fn is_trouble(self) -> bool {
        !matches!(self, Kind::Banner | Kind::Login)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Banner => "a kernel begins",
            Kind::Reboot => "a reboot that nobody asked for",
            Kind::Login => "somebody may log in",
            Kind::Panic => "a kernel panic",
            Kind::Oops => "an oops",
            Kind::Bug => "a BUG of the kernel",
            Kind::Lockup => "a lockup",
            Kind::HungTask => "a hung task",
            Kind::OutOfMemory => "out of memory",
            Kind::DiskFull => "a full disk",
        })
    }
}

/// What tells, the most serious first: a line may hold several.
const SIGNS: &[(&str, Kind)] = &[
    ("Kernel panic - not syncing", Kind::Panic),
    ("watchdog: BUG: soft lockup", Kind::Lockup),
    ("BUG: soft lockup", Kind::Lockup),
    ("hard LOCKUP", Kind::Lockup),
    ("self-detected stall on CPU", Kind::Lockup),
    ("rcu: INFO: rcu_", Kind::Lockup),
    ("Oops: ", Kind::Oops),
    ("general protection fault", Kind::Oops),
    ("Unable to handle kernel", Kind::Oops),
    ("kernel BUG at", Kind::Bug),
    ("BUG: ", Kind::Bug),
    ("invoked oom-killer", Kind::OutOfMemory),
    ("Out of memory: Killed", Kind::OutOfMemory),
    ("No space left on device", Kind::DiskFull),
];

/// Lines of a kernel at its very start.
const BANNERS: &[&str] = &["Linux version ", "Decompressing Linux"];

/// A line that ends so waits for a name.
const LOGIN: &str = "login:";

/// What a line means by itself; a banner is always [`Kind::Banner`].
pub fn classify(line: &str) -> Option<Kind> {
    let text = without_time(line);
    if BANNERS.iter().any(|banner| text.starts_with(banner)) {
        return Some(Kind::Banner);
    }
    if text.contains("INFO: task ") && text.contains(" blocked for more than ") {
        return Some(Kind::HungTask);
    }
    if let Some((_, kind)) = SIGNS.iter().find(|(sign, _)| text.contains(sign)) {
        return Some(*kind);
    }
    text.trim_end().ends_with(LOGIN).then_some(Kind::Login)
}

/// The line without `[    1.234567] `, with which the kernel begins its own, and without a colour.
fn without_time(line: &str) -> &str {
    let text = line.trim_start_matches(|c: char| c.is_control() || c.is_whitespace());
    match text.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((time, rest)) if time.chars().all(|c| c.is_ascii_digit() || ". TC".contains(c)) => {
            // With CONFIG_PRINTK_CALLER a second pair of brackets names the thread.
            let caller = rest.strip_prefix('[').and_then(|rest| rest.split_once("] "));
            caller
                .filter(|(who, _)| who.trim().starts_with(['T', 'C']))
                .map_or(rest, |(_, rest)| rest)
        }
        _ => text,
    }
}

/// Tells a boot that was asked for from one that was not.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    expected: bool,
    /// Another line of the same banner may follow.
    fresh: bool,
}

impl Watch {
    /// A boot was asked for: the next banner is its.
    pub fn expect_boot(&mut self) {
        self.expected = true;
        self.fresh = false;
    }

    /// Takes a line, and says what it means.
    pub fn line(&mut self, line: &str) -> Option<Kind> {
        let kind = classify(line);
        if kind != Some(Kind::Banner) {
            // The decompressor's line and the kernel's own stand next to each other.
            self.fresh = self.fresh && line.trim().is_empty();
            return kind;
        }
        if std::mem::replace(&mut self.fresh, true) {
            return None;
        }
        let expected = std::mem::take(&mut self.expected);
        Some(if expected { Kind::Banner } else { Kind::Reboot })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANNER: &str = "[    0.000000] Linux version 6.12.117+deb13-cloud-amd64 (debian@d.o)";

    #[test]
    fn lines_mean_what_the_kernel_means_by_them() {
        for (line, kind) in [
            (BANNER, Some(Kind::Banner)),
            ("debian login: ", Some(Kind::Login)),
            ("[   12.3] Kernel panic - not syncing: Attempted to kill init!", Some(Kind::Panic)),
            ("[   12.3][  T42] Oops: 0000 [#1] PREEMPT SMP PTI", Some(Kind::Oops)),
            ("BUG: kernel NULL pointer dereference, address: 0000000000000000", Some(Kind::Bug)),
            ("[9.0] kernel BUG at mm/slub.c:448!", Some(Kind::Bug)),
            ("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [dd:99]", Some(Kind::Lockup)),
            ("rcu: INFO: rcu_preempt self-detected stall on CPU", Some(Kind::Lockup)),
            ("INFO: task dd:99 blocked for more than 120 seconds.", Some(Kind::HungTask)),
            ("Out of memory: Killed process 99 (dd) total-vm:1kB", Some(Kind::OutOfMemory)),
            ("tee: benchlog: No space left on device", Some(Kind::DiskFull)),
            ("[    1.0] panic=5 is on the command line", None),
            ("Last login: never", None),
            ("", None),
        ] {
            assert_eq!(classify(line), kind, "{line}");
        }
    }

    #[test]
    fn a_second_banner_is_a_reboot() {
        let mut watch = Watch::default();
        watch.expect_boot();
        let seen: Vec<Option<Kind>> = ["Decompressing Linux...", BANNER, "init", BANNER]
            .into_iter()
            .map(|line| watch.line(line))
            .collect();
        assert_eq!(seen, [Some(Kind::Banner), None, None, Some(Kind::Reboot)]);
        watch.expect_boot();
        assert_eq!(watch.line(BANNER), Some(Kind::Banner));
    }

    #[test]
    fn a_boot_that_nobody_asked_for_is_one_from_the_first_banner_on() {
        assert_eq!(Watch::default().line(BANNER), Some(Kind::Reboot));
    }
}
