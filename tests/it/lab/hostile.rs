//! What a machine sends back may be anything.

use tar::{Builder, EntryType, Header};

use super::world::World;

/// The crate refuses to write such names, so that they go into the header by hand.
fn entry(archive: &mut Builder<Vec<u8>>, name: &str, kind: EntryType, content: &[u8]) {
    let mut header = Header::new_old();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o777);
    if kind == EntryType::Symlink {
        header.set_link_name("/etc").unwrap();
    }
    header.set_cksum();
    archive.append(&header, content).unwrap();
}

#[test]
fn lab_a_machine_cannot_write_outside_of_its_run() {
    let world = World::new();
    let mut evil = Builder::new(Vec::new());
    entry(&mut evil, "../../../../../../escaped", EntryType::Regular, b"x");
    entry(&mut evil, "/tmp/melbot-escaped", EntryType::Regular, b"x");
    entry(&mut evil, "link", EntryType::Symlink, b"");
    entry(&mut evil, "iter-0/kernel.version", EntryType::Regular, b"Linux vm1 6.12");
    entry(&mut evil, "iter-0/pipe", EntryType::Fifo, b"");
    std::fs::write(world.path("mmtests/evil.tar"), evil.into_inner().unwrap()).unwrap();
    // What packs the logs belongs to the machine: here a login shell that packs something else.
    world.one_job(
        1,
        r#"cat > /root/shell <<'END'
#!/bin/sh
case "$2" in
    *' -cf - .'*) exec cat /root/mmtests/evil.tar ;;
    *) exec /bin/sh "$@" ;;
esac
END
chmod +x /root/shell
echo /root/shell >> /etc/shells
sed -i 's|:/bin/sh$|:/root/shell|' /etc/passwd
# A connection that is open keeps the shell that it has.
killall dropbear
dropbear -s -r /etc/dropbear/host_key
printf '\033]0;evil\007\n' > /dev/console"#,
    );
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("leads out of its folder"), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\u{1b}'));
    for entry in walkdir::WalkDir::new(world.path("")) {
        let entry = entry.unwrap();
        assert!(!entry.file_name().to_string_lossy().contains("escaped"), "{entry:?}");
        let of_run = entry.path().starts_with(world.path("results"));
        assert!(!of_run || entry.file_type().is_file() || entry.file_type().is_dir(), "{entry:?}");
    }
    assert!(!std::path::Path::new("/tmp/melbot-escaped").exists());
    let console = world.printed(&["machine", "console", "vm1", "--no-follow"]);
    assert!(console.contains("]0;evil") && !console.contains('\u{1b}'));
}
