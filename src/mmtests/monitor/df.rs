//! How full file systems are: `df -k`, below a line with the time.

use super::Clock;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, number, words};

/// Reads `/dev/vda 264212084 60000000 35000000 60% /` as `/-Used` and `/-Available`. The name of a device, and
/// that of a folder, may hold blanks.
pub(super) fn df(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    for (line, content) in text.lines() {
        if clock.set(content, out)
            || content.trim_ascii().is_empty()
            || content.ends_with(" Mounted on")
        {
            continue;
        }
        let mut row = words(content);
        let mut last = ["", ""];
        let share = row.find(|word| {
            let is_share = *word == "-" || word.ends_with('%');
            if !is_share {
                last = [last[1], word];
            }
            is_share
        });
        let folder = row.rest().trim_ascii();
        let figures = last.map(number);
        match (share, figures) {
            (Some(_), [Some(used), Some(available)]) if !folder.is_empty() => {
                out.add_joined((text, line), &[folder, "-Used"], clock.now, used);
                out.add_joined((text, line), &[folder, "-Available"], clock.now, available);
            }
            // What the kernel does not tell of some file systems of its own.
            (Some(_), _) if content.contains(" - ") => {}
            _ => out.missing_in((text, line), content, "size of a file system"),
        }
    }
}
