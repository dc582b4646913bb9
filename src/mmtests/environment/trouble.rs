//! What the kernel complained about, with the start of the stack where it tells.

use crate::mmtests::logs::Text;
use crate::mmtests::printable::quote;
use crate::model::KernelWarning;

/// A run may have a storm of warnings; more than this are not kept.
const MAX_WARNINGS: usize = 50;
/// Functions of a stack.
const FRAMES: usize = 5;
/// A stack begins at most so many lines after its warning, and has at most so many lines.
const REACH: usize = 80;
/// Characters of a line.
const LONGEST: usize = 400;

/// What starts a line of the kernel log that somebody should look at.
const TROUBLE: &[&str] = &[
    "WARNING:",
    "BUG:",
    "Oops:",
    "kernel BUG at",
    "Kernel panic",
    "general protection fault",
    "watchdog: BUG",
    "soft lockup",
    "hard LOCKUP",
    "blocked for more than",
    "Out of memory:",
    "invoked oom-killer",
    "rcu_sched self-detected stall",
    "rcu: INFO: rcu_",
    "Machine check",
    "mce: [Hardware Error]",
];

fn is_trouble(line: &str) -> bool {
    TROUBLE.iter().any(|mark| line.contains(mark))
}

/// A line of the kernel log without its time.
fn message(line: &str) -> &str {
    line.split_once("] ").map_or(line, |(_, message)| message).trim()
}

/// The warnings of a kernel log, in its order.
pub(super) fn warnings(dmesg: &Text) -> Vec<KernelWarning> {
    let lines: Vec<&str> = dmesg.as_str().lines().collect();
    let found = lines.iter().enumerate().filter(|(_, line)| is_trouble(line));
    found
        .take(MAX_WARNINGS)
        .map(|(at, line)| KernelWarning {
            line: quote(line, LONGEST),
            stack: stack(lines.get(at + 1..).unwrap_or_default()),
        })
        .collect()
}

/// The first functions of the stack that follows: where it was, and who called it. Those that the kernel
/// is not sure of, with a question mark, are left out.
fn stack(after: &[&str]) -> Vec<String> {
    let mut frames = Vec::new();
    let mut in_trace = false;
    for line in after.iter().take(REACH) {
        let message = message(line);
        if is_trouble(line) || message.starts_with("---[ end trace") {
            break;
        }
        if let Some((_, place)) = message.split_once("RIP: 0010:") {
            if frames.is_empty() {
                frames.push(quote(place, LONGEST));
            }
        } else if message == "Call Trace:" || message == "Call trace:" {
            in_trace = true;
        } else if in_trace && message != "<TASK>" && message != "<IRQ>" {
            let Some((_, offset)) = message.split_once("+0x") else { break };
            if !message.starts_with("? ") && offset.contains('/') {
                frames.push(quote(message, LONGEST));
            }
        }
        if frames.len() == FRAMES {
            break;
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(log: &str) -> Vec<(String, Vec<String>)> {
        let warnings = warnings(&Text::new("dmesg", log.as_bytes().to_vec()));
        warnings.into_iter().map(|warning| (warning.line, warning.stack)).collect()
    }

    /// Shaped by `__warn` and `show_trace_log_lvl` of Linux 6.12.
    #[test]
    fn a_warning_has_the_start_of_its_stack() {
        let told = of("[ 1.0] Linux version 6.1\n\
            [    2.0] ------------[ cut here ]------------\n\
            [    2.0] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:4 __alloc_pages+0x2/0x30\n\
            [    2.0] Modules linked in: ext4\n\
            [    2.0] RIP: 0010:__alloc_pages+0x2/0x30\n\
            [    2.0] Code: 00 11\n\
            [    2.0] Call Trace:\n\
            [    2.0]  <TASK>\n\
            [    2.0]  ? __warn+0x81/0x130\n\
            [    2.0]  alloc_slab_page+0x1f/0x80\n\
            [    2.0]  new_slab+0x84/0x2f0\n\
            [    2.0]  </TASK>\n\
            [    2.0] ---[ end trace 0000000000000000 ]---\n\
            [    3.0] ok\n\
            [    4.0] BUG: Bad page state\n");
        let expected =
            ["__alloc_pages+0x2/0x30", "alloc_slab_page+0x1f/0x80", "new_slab+0x84/0x2f0"];
        assert_eq!(told.len(), 2);
        assert!(told[0].0.starts_with("[    2.0] WARNING: CPU: 0"), "{told:?}");
        assert_eq!(told[0].1, expected);
        assert_eq!(told[1].1, Vec::<String>::new());
    }

    #[test]
    fn a_storm_is_bounded() {
        let log = "BUG: x\nCall Trace:\n".to_owned() + &" f+0x1/0x2\n".repeat(1000);
        let told = of(&log.repeat(100));
        assert_eq!((told.len(), told[0].1.len()), (MAX_WARNINGS, FRAMES));
    }
}
