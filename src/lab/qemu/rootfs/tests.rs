use std::fs;
use std::io::Write as _;

use tar::{Builder, EntryType, Header};

use super::*;
use crate::lab::process;

/// A member: name, kind, mode, owner and group; what follows is its content, or where it leads.
type Row<'a> = (&'a str, EntryType, u32, (u64, u64), &'a str);

const INIT: Row = ("sbin/init", EntryType::Regular, 0o755, (0, 0), "#!/bin/sh\n");

/// The library refuses to write some of these names, so that they go into the header by hand.
fn add(archive: &mut Builder<Vec<u8>>, (name, kind, mode, (uid, gid), what): Row) {
    let mut header = Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(uid);
    header.set_gid(gid);
    header.set_mtime(1_577_836_800);
    let mut content = &b""[..];
    match kind {
        EntryType::Link | EntryType::Symlink => {
            header.as_mut_bytes()[157..157 + what.len()].copy_from_slice(what.as_bytes());
        }
        EntryType::Char | EntryType::Block => {
            header.set_device_major(254).expect("ustar");
            header.set_device_minor(17).expect("ustar");
        }
        _ => content = what.as_bytes(),
    }
    header.set_size(content.len() as u64);
    header.set_cksum();
    archive.append(&header, content).expect("into memory");
}

fn archive(rows: &[Row]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    rows.iter().for_each(|row| add(&mut archive, *row));
    archive.into_inner().expect("into memory")
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a temporary folder"))
    }

    fn put(&self, archive: &[u8], size: Option<u64>) -> Result<PathBuf, LabError> {
        let path = self.0.path().join("a.tar");
        fs::write(&path, archive).expect("writable");
        let images = self.0.path().join("images");
        Rootfs { archive: &path, size, images: &images }.put(self.0.path())
    }

    /// Names of the images that are there, or half of them.
    fn images(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path().join("images")).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name != "lock").collect()
    }
}

fn debugfs(image: &Path, request: &str) -> String {
    let mut command = process::for_root("debugfs");
    let output = command.args(["-R", request]).arg(image).output().expect("e2fsprogs is there");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn assert_well(image: &Path) {
    let output = process::for_root("e2fsck").arg("-fn").arg(image).output();
    let output = output.expect("e2fsprogs is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn owners_modes_links_devices_and_attributes_survive_and_nobody_has_to_be_root() {
    use EntryType::{Block, Char, Directory, Fifo, Link, Regular, Symlink};
    let mut tar = Builder::new(Vec::new());
    for row in [
        ("./", Directory, 0o751, (0, 3), ""),
        INIT,
        ("./tmp/", Directory, 0o1777, (0, 0), ""),
        ("./closed/", Directory, 0, (70_000, 5), ""),
        ("./closed/in it", Regular, 0o400, (70_000, 70_001), "secret"),
        ("./bin/su", Regular, 0o4711, (0, 0), "su"),
        ("./bin/also \"su\"", Link, 0o4711, (0, 0), "./bin/su"),
        ("./bin/sh", Symlink, 0o777, (0, 0), "/no/where"),
        ("./dev/null", Char, 0o666, (0, 0), ""),
        ("./dev/disk", Block, 0o660, (0, 6), ""),
        ("./dev/the same disk", Link, 0o660, (0, 6), "dev/disk"),
        ("./dev/pipe", Fifo, 0o600, (9, 9), ""),
        ("./untold/x", Regular, 0o644, (0, 0), ""),
        ("./twice", Regular, 0o600, (1, 1), "the older one, which is longer"),
        ("./twice", Regular, 0o644, (0, 0), "newer"),
        ("/begins/with/a/slash", Regular, 0o644, (0, 0), ""),
    ] {
        add(&mut tar, row);
    }
    let capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    tar.append_pax_extensions([
        ("SCHILY.xattr.security.capability", &capability[..]),
        ("SCHILY.xattr.user.note", b"it is \"so\""),
    ])
    .expect("into memory");
    add(&mut tar, ("./bin/ping", Regular, 0o755, (0, 0), "ping"));
    let place = Place::new();
    let image = place.put(&tar.into_inner().expect("into memory"), None).expect("an image");
    assert_well(&image);

    for (path, told) in [
        ("/", "directory Mode: 0751 User: 0 Group: 3"),
        ("/tmp", "directory Mode: 01777 User: 0 Group: 0"),
        ("/closed", "directory Mode: 0000 User: 70000 Group: 5"),
        ("\"/closed/in it\"", "regular Mode: 0400 User: 70000 Group: 70001"),
        ("/bin/su", "regular Mode: 04711 User: 0 Group: 0"),
        ("/bin/sh", "symlink Mode: 0777 User: 0 Group: 0"),
        ("/dev/null", "character special Mode: 0666 User: 0 Group: 0"),
        ("/dev/disk", "block special Mode: 0660 User: 0 Group: 6"),
        ("\"/dev/the same disk\"", "block special Mode: 0660 User: 0 Group: 6"),
        ("/dev/pipe", "FIFO Mode: 0600 User: 9 Group: 9"),
        ("/untold", "directory Mode: 0755 User: 0 Group: 0"),
        ("/twice", "regular Mode: 0644 User: 0 Group: 0"),
        ("/begins/with/a/slash", "regular Mode: 0644 User: 0 Group: 0"),
    ] {
        let stat = debugfs(&image, &format!("stat {path}"));
        let words: Vec<&str> = stat.split_whitespace().collect();
        let words = words.join(" ").replace("Type: ", "");
        let said: Vec<&str> = told.split(" User").collect();
        assert!(words.contains(said[0]), "{path}: {told}: {stat}");
        assert!(words.contains(&format!("User{}", said[1])), "{path}: {told}: {stat}");
    }
    let inode = |path: &str| {
        let stat = debugfs(&image, &format!("stat {path}"));
        let words: Vec<String> = stat.split_whitespace().map(str::to_owned).collect();
        (words[1].clone(), stat.contains("Links: 2"))
    };
    assert_eq!(inode("/bin/su"), inode("\"/bin/also \"\"su\"\"\""));
    assert!(inode("/bin/su").1, "one file with two names");
    assert!(debugfs(&image, "stat /bin/sh").contains("Fast link dest: \"/no/where\""));
    assert!(debugfs(&image, "stat /dev/disk").contains("number: 254:17"));
    assert!(debugfs(&image, "stat /bin/su").contains("2020"), "its time");
    assert_eq!(debugfs(&image, "cat /twice"), "newer");
    let attributes = debugfs(&image, "ea_list /bin/ping");
    let capability = "security.capability (20) = 01 00 00 02 00 20 00 00 00";
    assert!(attributes.contains(capability), "{attributes}");
    assert!(attributes.contains("user.note (10) = \"it is \\\"so\\\"\""), "{attributes}");
}

#[test]
fn an_image_is_made_once_of_any_compression_and_has_room() {
    use flate2::{Compression, write::GzEncoder};
    let plain = archive(&[INIT]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&plain).expect("into memory");
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 0);
    xz.write_all(&plain).expect("into memory");
    let zst = zstd::encode_all(plain.as_slice(), 1).expect("into memory");
    let place = Place::new();
    for packed in [plain, gzip.finish().expect("gz"), xz.finish().expect("xz"), zst] {
        let image = place.put(&packed, None).expect("an image");
        assert!(debugfs(&image, "cat /sbin/init").starts_with("#!/bin/sh"));
        let metadata = fs::metadata(&image).expect("there");
        assert!(metadata.len() >= 4 << 30 && metadata.blocks() * 512 < 300 << 20, "{metadata:?}");
        let made = metadata.modified().expect("a time");
        let again = place.put(&packed, None).expect("an image");
        assert_eq!(again, image);
        assert_eq!(fs::metadata(&again).expect("there").modified().expect("a time"), made);
        // Even where the machine was given another one meanwhile.
        Rootfs::forget(place.0.path(), None).expect("it goes");
        assert!(!image.exists());
        place.put(&packed, None).expect("an image");
        assert_eq!(fs::metadata(&image).expect("there").modified().expect("a time"), made);
        assert_eq!(place.images().len(), 1, "nobody has those of before");
        Rootfs::forget(place.0.path(), None).expect("it goes");
    }
    let image = place.put(&archive(&[INIT]), Some(64)).expect("an image");
    assert_eq!(fs::metadata(&image).expect("there").len(), 64 << 20);
}

#[test]
fn what_is_left_of_somebody_who_was_killed_is_in_nobodys_way() {
    let place = Place::new();
    let image = place.put(&archive(&[INIT]), Some(64)).expect("an image");
    Rootfs::forget(place.0.path(), None).expect("it goes");
    let name = place.images().remove(0);
    let made = place.0.path().join("images").join(&name);
    fs::remove_file(&made).expect("it goes");
    let making = made.with_extension("making").join("root");
    fs::create_dir_all(&making).expect("writable");
    fs::write(making.join("half"), "").expect("writable");
    fs::write(image.with_extension("new"), "half").expect("writable");
    place.put(&archive(&[INIT]), Some(64)).expect("an image");
    assert_eq!(place.images(), [name]);
    assert_well(&image);
}

#[test]
fn what_is_no_archive_of_a_system_is_told_and_leaves_nothing() {
    use EntryType::{Link, Regular, Symlink};
    let noise: String = (0..200_000_u32).map(|number| format!("{number} ")).collect();
    let long = archive(&[("x", Regular, 0o644, (0, 0), &noise), INIT]);
    let zst = zstd::encode_all(long.as_slice(), 1).expect("into memory");
    let large = archive(&[INIT, ("x", Regular, 0o644, (0, 0), &"x".repeat(64 << 20))]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&long).expect("into memory");
    let gzip = gzip.finish().expect("into memory");
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 0);
    xz.write_all(&long).expect("into memory");
    let xz = xz.finish().expect("into memory");
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let leads = |name| archive(&[INIT, (name, Regular, 0o644, (0, 0), "x")]);
    let through = |row| archive(&[INIT, ("a", Symlink, 0o777, (0, 0), "/tmp"), row]);
    let mut pax = Builder::new(Vec::new());
    pax.append_pax_extensions([("SCHILY.xattr.user.x", &b"a\nb"[..])]).expect("into memory");
    add(&mut pax, INIT);
    for (what, archive, size, told) in [
        ("half of it", half(&long), None, "no whole archive"),
        ("half of it, gz", half(&gzip), None, "no whole archive"),
        ("half of it, xz", half(&xz), None, "no whole archive"),
        ("half of it, zst", half(&zst), None, "no whole archive"),
        ("above", leads("../x"), None, "../x leads out of the archive"),
        ("and above", leads("a/../../x"), None, "a/../../x leads out of the archive"),
        ("a line", leads("a\nb"), None, "a\\nb has a line break"),
        ("a link", through(("a/x", Regular, 0o644, (0, 0), "x")), None, "a/x: Not a directory"),
        (
            "a name through a link",
            through(("b", Link, 0o644, (0, 0), "a/x")),
            None,
            "b is a link to a/x, which is not in it",
        ),
        (
            "a name above",
            archive(&[INIT, ("b", Link, 0o644, (0, 0), "../../etc/passwd")]),
            None,
            "b is a link to ../../etc/passwd, which leads out",
        ),
        ("an attribute", pax.into_inner().expect("into memory"), None, "with a line break"),
        (
            "another folder",
            archive(&[("rootfs/sbin/init", Regular, 0o755, (0, 0), "")]),
            None,
            "there is no /sbin/init in it",
        ),
        ("too small", long.clone(), Some(1), "1 MiB are too few"),
        ("hardly large enough", large, Some(66), "say a larger size"),
    ] {
        let place = Place::new();
        let error = place.put(&archive, size).expect_err(what);
        assert!(error.to_string().contains(told), "{what}: {error}");
        assert_eq!(place.images(), [""; 0], "{what}");
        assert!(!Path::new("/tmp/x").exists(), "{what}");
    }
}

#[test]
fn archives_are_known_by_what_is_in_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("image");
    let zst = |bytes: &[u8]| zstd::encode_all(bytes, 1).expect("into memory");
    let tar = archive(&[INIT]);
    let disk = vec![7; 4096];
    for (bytes, is) in [
        (tar.clone(), Some(true)),
        (zst(&tar), Some(true)),
        (disk.clone(), Some(false)),
        (vec![0; 4096], Some(false)),
        (Vec::new(), Some(false)),
        (zst(&disk), None),
    ] {
        fs::write(&path, &bytes).expect("writable");
        match (is_archive(&path), is) {
            (Ok(said), Some(is)) => assert_eq!(said, is),
            (Err(error), None) => assert!(error.what.contains("it is compressed"), "{error}"),
            (said, _) => panic!("{said:?} of {} bytes", bytes.len()),
        }
    }
}
