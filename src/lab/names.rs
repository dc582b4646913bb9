//! Names that become folders, arguments and parts of commands.

/// `true` for a name that can stand in a path and in a command as it is: letters, digits and `._+-`,
/// and no dot or dash at its start.
pub fn plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    !name.is_empty()
        && name.len() <= 100
        && name.chars().all(plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn what_leaves_its_folder_or_looks_like_an_option_is_no_name() {
        assert!(plain_name("ivor") && plain_name("6.12.117+deb13-cloud-amd64"));
        for bad in ["", "..", ".hidden", "-n", "a/b", "a b", "a\nb", "$(x)", "ü"] {
            assert!(!plain_name(bad), "{bad:?}");
        }
        assert!(!plain_name(&"a".repeat(101)));
    }
}
