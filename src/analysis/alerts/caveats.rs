//! What else changed between the last good and the first bad kernel.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::analysis::differences::{message, words};
use crate::model::{Environment, KernelWarning, facts};

/// Something besides the kernel that may explain a change, or that makes it less certain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "caveat", rename_all = "snake_case")]
pub enum Caveat {
    /// Most benchmarks of the machine moved at once.
    MachineDrift {
        /// Benchmarks that moved.
        moved: usize,
        /// Benchmarks measured on both sides.
        measured: usize,
    },
    /// A fact of the environment changed.
    Changed {
        /// Name of the fact.
        fact: String,
        /// What there was with the last good kernel only.
        before: String,
        /// What there is with the first bad kernel only.
        after: String,
    },
    /// The kernel log of the first bad kernel warns of what that of the last good one does not.
    Warnings {
        /// Number of lines.
        lines: usize,
    },
    /// Both ran the same kernel, on something else.
    SameKernel,
    /// Nothing is known about what one of the two ran on.
    Unknown {
        /// The kernel.
        kernel: String,
    },
}

impl Caveat {
    /// In a few words.
    pub fn words(&self) -> String {
        match self {
            Caveat::MachineDrift { moved, measured } => {
                format!("{moved} of {measured} benchmarks of this machine moved at once")
            }
            Caveat::Changed { fact, before, after } => match (before.as_str(), after.as_str()) {
                ("", after) => format!("{fact} changed too: + {after}"),
                (before, "") => format!("{fact} changed too: − {before}"),
                (before, after) => format!("{fact} changed too: {before} → {after}"),
            },
            Caveat::Warnings { lines: 1 } => "the kernel log has a new warning".to_owned(),
            Caveat::Warnings { lines } => format!("the kernel log has {lines} new warnings"),
            Caveat::SameKernel => "both ran the same kernel: no change of its code".to_owned(),
            Caveat::Unknown { kernel } => {
                format!("what {kernel} ran on is not known: no environment was recorded")
            }
        }
    }
}

/// Facts that may change a result by themselves, with their name in a sentence. The kernel itself
/// changes by intention.
const FACTS: &[(&str, &str)] = &[
    (facts::COMMAND_LINE, "command line"),
    (facts::MICROCODE, "microcode"),
    (facts::COMPILER, "compiler"),
    (facts::MMTESTS, "MMTests revision"),
    (facts::DISTRIBUTION, "distribution"),
    (facts::PREEMPTION, "preemption"),
    (facts::SECURITY_MODULES, "security modules"),
    (facts::CPU, "CPU"),
    (facts::CPUS, "number of CPUs"),
    (facts::NUMA_NODES, "NUMA nodes"),
    (facts::VULNERABILITIES, "mitigations"),
    (facts::FREQUENCY, "CPU frequency"),
    (facts::SLEEP, "C-states"),
    (facts::IO_SCHEDULERS, "I/O scheduler"),
    (facts::TUNED, "tuned profile"),
];

/// What changed between two environments. A fact that is known on one side only is no change.
pub fn changes(good: &Environment, bad: &Environment) -> Vec<Caveat> {
    let mut caveats = Vec::new();
    for (name, shown) in FACTS {
        let (Some(before), Some(after)) = (good.fact(name), bad.fact(name)) else { continue };
        let (before, after) = match *name {
            facts::COMMAND_LINE => difference(words(before), words(after)),
            facts::VULNERABILITIES | facts::SLEEP | facts::IO_SCHEDULERS | facts::FREQUENCY => {
                difference(clauses(before), clauses(after))
            }
            _ => (before.to_owned(), after.to_owned()),
        };
        if before != after {
            caveats.push(Caveat::Changed { fact: (*shown).to_owned(), before, after });
        }
    }
    let new = |warning: &&KernelWarning| {
        !good.kernel_warnings.iter().any(|old| message(old) == message(warning))
    };
    match bad.kernel_warnings.iter().filter(new).count() {
        0 => {}
        lines => caveats.push(Caveat::Warnings { lines }),
    }
    caveats
}

/// Why two runs cannot be compared, if they cannot: their config files say different things.
pub fn configs_differ(good: &Environment, bad: &Environment) -> Option<String> {
    let (before, after) = (good.fact(facts::CONFIG_FILE)?, bad.fact(facts::CONFIG_FILE)?);
    (before != after)
        .then(|| format!("the MMTests config files differ (fingerprints {before} and {after})"))
}

fn clauses(text: &str) -> Vec<String> {
    text.split("; ").map(str::to_owned).collect()
}

/// What only the one and only the other has, each in its order.
fn difference(before: Vec<String>, after: Vec<String>) -> (String, String) {
    let only = |these: &[String], others: &[String]| {
        let others: BTreeSet<&String> = others.iter().collect();
        let kept: Vec<&str> =
            these.iter().filter(|word| !others.contains(word)).map(String::as_str).collect();
        kept.join(" ")
    };
    (only(&before, &after), only(&after, &before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(facts: &[(&str, &str)]) -> Environment {
        let facts = facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment { facts: facts.collect(), ..Environment::default() }
    }

    #[test]
    fn only_what_changed_is_told() {
        let good = environment(&[
            (facts::COMMAND_LINE, "BOOT_IMAGE=/boot/6.8 root=/dev/vda quiet"),
            (facts::MICROCODE, "0xf0"),
            (facts::CPU, "X"),
        ]);
        let bad = environment(&[
            (facts::COMMAND_LINE, "BOOT_IMAGE=/boot/6.9 root=/dev/vda mitigations=off"),
            (facts::MICROCODE, "0xf4"),
            (facts::COMPILER, "gcc 14"),
            (facts::CPU, "X"),
        ]);
        let told: Vec<String> = changes(&good, &bad).iter().map(Caveat::words).collect();
        assert_eq!(
            told,
            [
                "command line changed too: quiet → mitigations=off",
                "microcode changed too: 0xf0 → 0xf4"
            ]
        );
    }

    #[test]
    fn new_warnings_count_once_whatever_their_time() {
        let mut good = environment(&[]);
        let mut bad = environment(&[]);
        let warning = |line: &str| KernelWarning { line: line.to_owned(), stack: Vec::new() };
        good.kernel_warnings = vec![warning("[ 1.0] WARNING: a")];
        bad.kernel_warnings = vec![warning("[ 2.0] WARNING: a"), warning("[ 3.0] BUG: b")];
        assert_eq!(changes(&good, &bad), [Caveat::Warnings { lines: 1 }]);
    }

    #[test]
    fn configs_that_differ_forbid_the_comparison() {
        let with = |hash: &str| environment(&[(facts::CONFIG_FILE, hash)]);
        assert_eq!(configs_differ(&with("a"), &with("a")), None);
        assert_eq!(configs_differ(&with("a"), &environment(&[])), None);
        assert!(configs_differ(&with("a"), &with("b")).is_some());
    }
}
