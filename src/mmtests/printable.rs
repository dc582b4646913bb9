//! File names as people see them. Names come from foreign machines: any byte may be in them.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::model::can_be_shown;

/// A name that can be shown anywhere: control characters, characters that turn the direction of
/// writing, and bytes that are no UTF-8 are written as `\x..` or `\u{..}`.
pub fn printable(name: &OsStr) -> String {
    if let Some(plain) =
        name.to_str().filter(|name| name.bytes().all(|byte| matches!(byte, b' '..=b'~')))
    {
        return plain.to_owned();
    }
    let mut shown = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if !can_be_shown(c) {
                shown.extend(c.escape_unicode());
            } else {
                shown.push(c);
            }
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// The start of a line of some log, fit to be quoted: without control characters and such that turn
/// the direction of writing.
pub fn quote(line: &str, longest: usize) -> String {
    let mut kept = line.trim().chars().filter(|c| can_be_shown(*c));
    let mut short: String = kept.by_ref().take(longest).collect();
    if kept.next().is_some() {
        short.push('…');
    }
    short
}

/// As [`printable`], for a path relative to `root`; empty for `root` itself.
pub fn printable_path(root: &Path, path: &Path) -> String {
    printable(path.strip_prefix(root).unwrap_or(path).as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_names_can_be_shown() {
        let show = |bytes: &[u8]| printable(OsStr::from_bytes(bytes));
        assert_eq!(show(b"6.12 <script>'\""), "6.12 <script>'\"");
        assert_eq!(show(b"a\nb\xffc"), "a\\u{a}b\\xffc");
        assert_eq!(show("x\u{202e}y".as_bytes()), "x\\u{202e}y");
    }
}
