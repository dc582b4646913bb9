//! What `top -b` saw: the load, how busy the CPUs were, and the CPU time of programs, those of one name
//! together. MMTests writes down only programs that used any, and by default only kswapd.

use super::snapshots::Snapshots;
use super::{Clock, stem};
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, after, number, words};

/// The names of loads, by the minutes that they are means of.
const LOADS: [&str; 3] = ["load-1min", "load-5min", "load-15min"];

/// Reads it. The first look tells of programs since they were started, and is left out.
pub(super) fn top(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut looks = 0_u64;
    let mut programs = Snapshots::default();
    // Where the columns of CPU time and of the name stand.
    let mut columns: Option<(usize, usize)> = None;
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            (looks, columns) = (looks + 1, None);
            if looks > 1 {
                programs.look(line, clock.now);
            }
        } else if looks < 2 {
            // Since boot, or not yet begun.
        } else if let Some((cpu, command)) = columns {
            let mut words = words(content);
            let Some(cpu) = words.nth(cpu) else { continue };
            // What stands between the two are numbers.
            let name = words.nth(command).unwrap_or_default();
            match number(cpu) {
                Some(cpu) if !name.is_empty() => programs.add(&[stem(name), "-%CPU"], cpu),
                _ => out.missing_in((text, line), content, "CPU time"),
            }
        } else if let Some(rest) = after(content, "top - ") {
            let loads = rest.split_once("load average:").map_or("", |(_, loads)| loads);
            for (name, load) in LOADS.iter().zip(loads.split(", ")) {
                if let Some(load) = number(load.trim_ascii()) {
                    out.add((text, line), name, clock.now, load);
                }
            }
        } else if let Some((_, shares)) = content.split_once("Cpu(s):") {
            for share in shares.split(',') {
                let mut words = share.split(['%', ' ']).filter(|word| !word.is_empty());
                let (value, name) = (words.next().and_then(number), words.next());
                if let (Some(value), Some(name)) = (value, name) {
                    out.add_joined((text, line), &["cpu-", name], clock.now, value);
                }
            }
        } else if content.contains("%CPU") {
            let place = |wanted: &str| words(content).position(|w| w == wanted);
            let (cpu, command) = (place("%CPU"), place("COMMAND"));
            columns = cpu.zip(command).and_then(|(cpu, at)| Some((cpu, at.checked_sub(cpu + 1)?)));
        }
    }
    programs.finish(text, out);
}
