//! The kernel and the machine while a run went on, from the files that MMTests leaves in the
//! folder of an iteration.

mod power;
mod settings;
mod trouble;

use super::logs::{Logs, Text};
use super::printable::quote;
use crate::model::{Environment, Problem, facts};

/// No fact needs more characters; the command line of a kernel has at most 2048.
const LONGEST_FACT: usize = 4000;
/// The log of a kernel in trouble may be long, all other files are a few lines.
const MAX_DMESG_BYTES: u64 = 32 << 20;
const MAX_FACT_BYTES: u64 = 1 << 20;
/// The revision of MMTests stands at the start of a file that may be long.
const SYSSTATE_START: u64 = 16 << 10;

/// Reads the environment of one iteration. Files that are missing leave their facts out. The config
/// file lies in the folder of the run or of the iteration, if whoever ran MMTests put it there.
pub fn read(run: Option<&Logs>, iteration: &Logs, problems: &mut Vec<Problem>) -> Environment {
    of_texts(|name| {
        let iteration = run.filter(|run| name == "config" && run.has(name)).unwrap_or(iteration);
        // Its name has the release in it.
        let kconfig = || iteration.between("kconfig-", ".txt").next().map(|(name, _)| name);
        let file = if name == "kconfig" { kconfig()? } else { name };
        let limit = match name {
            "dmesg" => MAX_DMESG_BYTES,
            "tests-sysstate" => SYSSTATE_START,
            _ => MAX_FACT_BYTES,
        };
        let (text, problem) = iteration.read_start(file, limit)?;
        // Of the state of the system the start is all that is asked for: that it goes on is no fault.
        problems.extend(problem.filter(|_| limit != SYSSTATE_START));
        Some(text)
    })
}

/// The environment that these files tell of.
pub(crate) fn of_texts(mut text: impl FnMut(&str) -> Option<Text>) -> Environment {
    let mut found = Vec::new();
    let mut fact = |name: &str, value: Option<String>| {
        let value = value.map(|value| quote(&value, LONGEST_FACT));
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            found.push((name.to_owned(), value));
        }
    };
    let dmesg = text("dmesg");
    let lscpu = text("lscpu.txt");
    let cpu = |key: &str| value_after(lscpu.as_ref()?, key);
    let whole = |text: Text| text.as_str().to_owned();
    fact(facts::KERNEL, text("kernel.version").map(|version| without_host(version.as_str())));
    fact(facts::COMMAND_LINE, dmesg.as_ref().and_then(command_line));
    fact(facts::COMPILER, dmesg.as_ref().and_then(compiler));
    let preemption = |text: Text| power::chosen(text.as_str()).to_owned();
    fact(facts::PREEMPTION, text("preempt-dynamic").map(preemption));
    fact(facts::SECURITY_MODULES, text("security-lsm").map(whole));
    fact(facts::CPU, cpu("Model name:"));
    fact(facts::CPUS, cpu("CPU(s):"));
    fact(facts::NUMA_NODES, cpu("NUMA node(s):"));
    fact(facts::FREQUENCY, text("cpupower.txt").and_then(|text| power::frequency(&text)));
    fact(facts::SLEEP, text("cpuidle-latencies.txt").and_then(|text| power::sleep(&text)));
    let queues = text("storageioqueue-all.txt").or_else(|| text("storageioqueue.txt"));
    fact(facts::IO_SCHEDULERS, queues.and_then(|text| power::io_schedulers(&text)));
    fact(facts::TUNED, text("tuned-active-profile.txt").and_then(|text| profile(&text)));
    fact(facts::MICROCODE, dmesg.as_ref().and_then(microcode));
    fact(facts::DISTRIBUTION, text("os-release").and_then(|text| distribution(&text)));
    fact(facts::MMTESTS, text("tests-sysstate").and_then(|text| revision(&text)));
    fact(facts::CONFIG_FILE, text("config").and_then(|text| fingerprint(&text)));
    let vulnerabilities = text("cpu-vulnerabilities.txt");
    fact(facts::VULNERABILITIES, vulnerabilities.and_then(|text| vulnerable(&text)));
    let kernel_warnings = dmesg.map_or(Vec::new(), |log| trouble::warnings(&log));
    Environment { facts: found, settings: settings::read(text), kernel_warnings }
}

/// The output of `uname -a` without the name of the host.
fn without_host(version: &str) -> String {
    let words: Vec<&str> = version.split_whitespace().collect();
    match words.as_slice() {
        [system, _, rest @ ..] => format!("{system} {}", rest.join(" ")),
        _ => version.to_owned(),
    }
}

fn command_line(dmesg: &Text) -> Option<String> {
    dmesg.lines().find_map(|(_, line)| Some(line.split_once("Command line: ")?.1.to_owned()))
}

/// What the kernel says it was built with: `gcc-14 (Debian 14.2.0-19) 14.2.0`.
fn compiler(dmesg: &Text) -> Option<String> {
    let (_, line) = dmesg.lines().find(|(_, line)| line.contains("Linux version "))?;
    // Linux version RELEASE (BUILDER) (COMPILER, LINKER) #1 …; brackets may be nested.
    let after = line.split_once("Linux version ")?.1;
    let second = bracketed(after).nth(1)?;
    let compiler = second.split(", ").next().unwrap_or(second).trim();
    let known = ["gcc", "clang", "LLVM"].iter().any(|name| compiler.contains(name));
    known.then(|| compiler.strip_prefix("x86_64-linux-gnu-").unwrap_or(compiler).to_owned())
}

/// The texts in the outermost brackets.
fn bracketed(text: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut start) = (0_u32, 0);
    text.char_indices().filter_map(move |(at, c)| match c {
        '(' => {
            depth += 1;
            if depth == 1 {
                start = at + 1;
            }
            None
        }
        ')' => {
            depth = depth.saturating_sub(1);
            (depth == 0 && start > 0).then(|| text.get(start..at)).flatten()
        }
        _ => None,
    })
}

/// The revision that runs, in the words of old and new kernels: `microcode: Current revision: 0xf0`,
/// `Updated early from: 0xde` (which comes with the former), `microcode updated early to revision
/// 0xf0, date = …`, `microcode: sig=0x806ec, pf=0x80, revision=0xf0`, `CPU0: patch_level=0x8701021`.
/// The last one counts: it may have been updated late.
fn microcode(dmesg: &Text) -> Option<String> {
    const MARKS: &[&str] =
        &["Current revision: ", "updated early to revision ", "revision=", "patch_level="];
    let of_line = |line: &str| {
        let said = &line[line.find("microcode")?..];
        let value = MARKS.iter().find_map(|mark| Some(said.split_once(mark)?.1))?;
        let end = value.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(value.len());
        Some(value[..end].to_owned()).filter(|value| value.starts_with("0x"))
    };
    dmesg.lines_with("microcode").filter_map(|(_, line)| of_line(line)).last()
}

/// Revision of MMTests, as it noted it itself: a name and revision of git. Without git it notes `unknown:` and
/// the day of the run, which is none.
fn revision(sysstate: &Text) -> Option<String> {
    // It stands in one of the first lines, before whole files of the kernel.
    let mut first = sysstate.lines().take(20);
    let version =
        first.find_map(|(_, line)| Some(line.strip_prefix("version :: ")?.trim().to_owned()));
    version.filter(|version| !version.starts_with("unknown:"))
}

/// Fingerprint of a config file: of its lines without comments, and without the blanks around.
/// Absent where nothing is left.
fn fingerprint(config: &Text) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    let mut any = false;
    for line in settings::config_lines(config) {
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
        any = true;
    }
    any.then(|| hasher.finalize().to_hex()[..12].to_owned())
}

fn value_after(text: &Text, key: &str) -> Option<String> {
    text.lines().find_map(|(_, line)| Some(line.strip_prefix(key)?.trim().to_owned()))
}

fn distribution(os_release: &Text) -> Option<String> {
    value_after(os_release, "PRETTY_NAME=").map(|name| name.trim_matches('"').to_owned())
}

/// The vulnerabilities that the kernel says this CPU has, without those it is not affected by.
fn vulnerable(text: &Text) -> Option<String> {
    let affected: Vec<String> = text
        .lines()
        .filter_map(|(_, line)| {
            let (path, state) = line.split_once(':')?;
            let name = path.rsplit('/').next()?;
            (state.trim() != "Not affected").then(|| format!("{name}: {}", state.trim()))
        })
        .collect();
    Some(if affected.is_empty() { "not affected by any".to_owned() } else { affected.join("; ") })
}

/// `Current active profile: throughput-performance`
fn profile(tuned: &Text) -> Option<String> {
    value_after(tuned, "Current active profile:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> Text {
        Text::new("dmesg", text.as_bytes().to_vec())
    }

    #[test]
    fn the_compiler_is_told_by_the_kernel() {
        let of = |line: &str| compiler(&log(line));
        let debian = "[    0.000000] Linux version 6.18.15+deb13-cloud-amd64 (debian-kernel@lists.\
            debian.org) (x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld (GNU Binutils \
            for Debian) 2.44) #1 SMP PREEMPT_DYNAMIC Debian 6.18.15-1~bpo13+1 (2026-03-12)";
        assert_eq!(of(debian).as_deref(), Some("gcc-14 (Debian 14.2.0-19) 14.2.0"));
        let old = "Linux version 3.12.0 (root@ivor) (gcc version 4.7.2 (Debian 4.7.2-5) ) #1 SMP";
        assert_eq!(of(old).as_deref(), Some("gcc version 4.7.2 (Debian 4.7.2-5)"));
        let clang = "Linux version 6.9 (a@b) (clang version 18.1.3, LLD 18.1.3) #2";
        assert_eq!(of(clang).as_deref(), Some("clang version 18.1.3"));
        for garbage in ["", "Linux version ", "Linux version 6 (a", "Linux version ) ( ) (x)"] {
            assert_eq!(of(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn the_microcode_is_what_was_loaded_last() {
        let of = |text: &str| microcode(&log(text));
        let new = "[ 1] microcode: Current revision: 0x000000f0\n[ 1] microcode: Updated early from: 0xde\n";
        assert_eq!(of(new).as_deref(), Some("0x000000f0"));
        let middle = "[ 0] microcode: microcode updated early to revision 0xea, date = 2021-01-25\n\
            [ 1] microcode: sig=0x906ea, pf=0x2, revision=0xea\n[ 9] microcode: updated to revision=0xf4\n";
        assert_eq!(of(middle).as_deref(), Some("0xf4"));
        assert_eq!(
            of("[ 1] microcode: CPU0: patch_level=0x08701021").as_deref(),
            Some("0x08701021")
        );
        assert_eq!(of("microcode: revision=\nrevision=0x1"), None);
    }

    #[test]
    fn comments_and_blanks_do_not_make_another_config() {
        let of = |text: &str| fingerprint(&log(text));
        let plain = of("export MMTESTS=kernbench\n");
        assert_eq!(plain, of("# a comment\n\n  export MMTESTS=kernbench  \n"));
        assert_ne!(plain, of("export MMTESTS=stream\n"));
        assert_eq!(of("# nothing\n"), None);
    }

    #[test]
    fn mmtests_notes_its_own_revision() {
        let text = log("start :: 1795356471\nversion :: unknown:20261122\narch :: x86_64\n");
        assert_eq!(revision(&text), None, "the day of the run");
    }

    #[test]
    fn the_host_name_stays_out() {
        assert_eq!(without_host("Linux ivor 6.1.0 #1 SMP x86_64"), "Linux 6.1.0 #1 SMP x86_64");
    }
}
