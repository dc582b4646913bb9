//! How CPUs and disks were set up: frequency, sleep, I/O scheduler.

use crate::mmtests::logs::Text;
use crate::model::natural_cmp;

/// Driver, governor and boost, of what `cpupower frequency-info` printed.
pub(super) fn frequency(cpupower: &Text) -> Option<String> {
    let (mut driver, mut governor, mut boost) = (None, None, None);
    let mut after_boost = false;
    for (_, line) in cpupower.lines() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("driver: ") {
            driver = Some(name.to_owned());
        } else if let Some((_, rest)) = line.split_once("The governor \"") {
            governor = rest.split('"').next().map(|name| format!("governor {name}"));
        } else if line.starts_with("boost state support") {
            after_boost = true;
        } else if let Some(active) = line.strip_prefix("Active: ").filter(|_| after_boost) {
            boost = Some(if active == "yes" { "boost" } else { "no boost" }.to_owned());
        }
    }
    let known: Vec<String> = [driver, governor, boost].into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join("; "))
}

/// States of sleep and the microseconds it takes to wake up, of
/// `/sys/devices/system/cpu/cpu0/cpuidle/state1/latency:2`.
pub(super) fn sleep(latencies: &Text) -> Option<String> {
    let states: Vec<String> = latencies
        .lines()
        .filter_map(|(_, line)| {
            let (path, latency) = line.split_once(':')?;
            let state = path.rsplit('/').nth(1)?.strip_prefix("state")?;
            Some(format!("{state}: {} µs", latency.trim()))
        })
        .collect();
    (!states.is_empty()).then(|| states.join("; "))
}

/// The I/O scheduler of each disk, of `/sys/block/vda/queue/scheduler:none [mq-deadline] kyber`.
pub(super) fn io_schedulers(queues: &Text) -> Option<String> {
    let mut disks: Vec<String> = queues
        .lines_with("/queue/scheduler:")
        .filter_map(|(_, line)| {
            let (path, schedulers) = line.split_once("/queue/scheduler:")?;
            let disk = path.rsplit('/').next()?;
            // RAM disks and loops have none that matters.
            let is_real = !["loop", "ram", "zram"].iter().any(|start| disk.starts_with(start));
            is_real.then(|| format!("{disk}: {}", chosen(schedulers)))
        })
        .collect();
    disks.sort_by(|a, b| natural_cmp(a, b));
    disks.dedup();
    disks.truncate(40);
    (!disks.is_empty()).then(|| disks.join("; "))
}

/// The one in brackets, else all of it.
pub(super) fn chosen(choices: &str) -> &str {
    let inside = |(open, close)| {
        let (_, after) = choices.split_once(open)?;
        Some(after.split_once(close)?.0)
    };
    inside(('[', ']')).or_else(|| inside(('(', ')'))).unwrap_or(choices).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &str) -> Text {
        Text::new("x", content.as_bytes().to_vec())
    }

    /// Shaped by cpufreq-info.c of the kernel's tools (6.12); virtual machines have no such thing.
    #[test]
    fn governor_driver_and_boost() {
        let log = "analyzing CPU 3:\n  driver: intel_pstate\n  CPUs which run at the same hardware frequency: 3\n\
            \x20 current policy: frequency should be within 800 MHz and 4.00 GHz.\n\
            \x20                 The governor \"powersave\" may decide which speed to use\n\
            \x20 boost state support:\n    Supported: yes\n    Active: no\n";
        let told = frequency(&text(log));
        assert_eq!(told.as_deref(), Some("intel_pstate; governor powersave; no boost"));
        assert_eq!(frequency(&text("cpupower: not found\n")), None);
    }

    #[test]
    fn states_and_schedulers_by_name() {
        let states = "/sys/devices/system/cpu/cpu0/cpuidle/state0/latency:0\n\
            /sys/devices/system/cpu/cpu0/cpuidle/state1/latency:2\nx\n";
        assert_eq!(sleep(&text(states)).as_deref(), Some("0: 0 µs; 1: 2 µs"));
        let queues = "/sys/block/sdb/queue/scheduler:none [mq-deadline] kyber\n\
            /sys/block/sda/queue/nr_requests:64\n/sys/block/sda/queue/scheduler:[none] mq-deadline\n\
            /sys/block/loop0/queue/scheduler:[none]\n";
        assert_eq!(io_schedulers(&text(queues)).as_deref(), Some("sda: none; sdb: mq-deadline"));
        assert_eq!(chosen("none (voluntary) full \n"), "voluntary");
    }
}
