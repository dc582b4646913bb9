//! A root file system that comes as a tar archive: the disk of a machine is an overlay of what is made of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::guest;
use super::world::World;

const IMAGE: &str = "image = \"images/demo.ext4\"";

/// A folder as root's, whoever makes it.
fn tar(folder: &Path) -> Vec<u8> {
    let mut tar = Command::new("tar");
    tar.args(["--numeric-owner", "--owner=0", "--group=0", "-cf", "-", "-C"]).arg(folder).arg(".");
    let output = tar.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The guests of the demo have it instead of their image.
fn with_image(world: &World, machine: &str, keys: &str) {
    world.edit(&format!("machines/{machine}.toml"), |text| {
        assert!(text.contains(IMAGE), "{text}");
        text.replace(IMAGE, keys)
    });
}

/// The system of the demo, unpacked.
fn demo_system(world: &World) -> PathBuf {
    let root = world.path("root");
    fs::create_dir(&root).unwrap();
    let request = format!("rdump / {}", root.display());
    let mut command = melbot::lab::process::for_root("debugfs");
    let output = command.args(["-R", &request]).arg(world.path("images/demo.ext4")).output();
    assert!(output.unwrap().status.success() && root.join("etc/inittab").is_file());
    root
}

#[test]
fn lab_an_archive_of_a_system_is_booted_and_each_deployment_is_clean_again() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let world = World::new();
    let root = demo_system(&world);
    fs::write(root.join("set-user-id"), "").unwrap();
    let mode = fs::Permissions::from_mode(0o4711);
    fs::set_permissions(root.join("set-user-id"), mode).unwrap();
    let packed = zstd::encode_all(tar(&root).as_slice(), 1).unwrap();
    fs::write(world.path("images/demo.tar.zst"), packed).unwrap();
    for machine in ["vm1", "vm2"] {
        with_image(&world, machine, "image = \"images/demo.tar.zst\"");
    }
    let checked = world.printed(&["machine", "check", "vm1"]);
    assert!(checked.contains("images/demo.tar.zst is there: an archive"), "{checked}");
    let on = |words: &[&str]| world.printed(&[&["machine", "exec", "vm1", "--"], words].concat());
    for _ in 0..2 {
        world.printed(&["machine", "deploy", "vm1"]);
        world.switched_on();
        assert_eq!(on(&["stat", "-c", "%u:%g %a", "/set-user-id"]), "0:0 4711\n");
        on(&["sh", "-c", "test ! -e /left && echo left > /left && sync"]);
        world.printed(&["machine", "power", "vm1", "off"]);
    }
    // The other one has the same image, and neither has written to it.
    world.printed(&["machine", "deploy", "vm2"]);
    let images = world.list("state/images");
    assert_eq!(images.len(), 2, "an image and a lock: {images:?}");
    let image = images.iter().find(|name| name.ends_with(".ext4")).unwrap();
    let image = world.path("state/images").join(image);
    assert_eq!(fs::metadata(&image).unwrap().nlink(), 3);
    let mut check = melbot::lab::process::for_root("e2fsck");
    assert!(check.arg("-fn").arg(&image).output().unwrap().status.success());

    // Another content is another image; the older one goes when nobody has it.
    fs::write(root.join("newer"), "").unwrap();
    fs::write(world.path("images/demo.tar.zst"), tar(&root)).unwrap();
    for machine in ["vm1", "vm2"] {
        world.printed(&["machine", "deploy", machine]);
        let bases = world.list(&format!("state/{machine}"));
        assert_eq!(bases.iter().filter(|name| name.starts_with("base-")).count(), 1, "{bases:?}");
    }
    fs::write(root.join("newest"), "").unwrap();
    fs::write(world.path("images/demo.tar.zst"), tar(&root)).unwrap();
    world.printed(&["machine", "deploy", "vm1"]);
    assert!(!image.exists());
    assert_eq!(world.list("state/images").len(), 3);
}

/// An archive of hardly anything.
fn tiny(world: &World) -> PathBuf {
    let root = world.path("tiny");
    fs::create_dir_all(root.join("sbin")).unwrap();
    fs::write(root.join("sbin/init"), "").unwrap();
    fs::write(world.path("images/tiny.tar"), tar(&root)).unwrap();
    root
}

#[test]
fn lab_a_machine_that_cannot_boot_an_archive_is_told_what_it_needs() {
    const BOOT: &str = "[boot]\ndriver = \"qemu\"\nknown_good";
    let world = World::new();
    tiny(&world);
    fs::write(world.path("images/disk.xz"), b"\xfd7zXZ\0 and no more").unwrap();
    let archive = "image = \"images/tiny.tar\"";
    let original = world.read("machines/vm1.toml");
    for (image, boot, told) in [
        ("image = \"images/demo.ext4\"\nsize = 100", BOOT, "it is no tar archive, and has a size"),
        ("image = \"images/tiny.tar\"\nsize = 0", BOOT, "0 MiB are too few"),
        ("image = \"images/disk.xz\"", BOOT, "it is compressed, and no tar archive"),
        (archive, "[boot]\ndriver = \"grub\"\n#", "an archive has no boot loader, and vm1 boots"),
        (archive, "root=/dev/vda1 ", "vm1 says root=/dev/vda1; say root=/dev/vda in command_line"),
    ] {
        world.write("machines/vm1.toml", &original);
        with_image(&world, "vm1", image);
        world.edit("machines/vm1.toml", |text| match boot.strip_prefix("root=") {
            Some(_) => text.replace("console=ttyS0", &format!("{boot}console=ttyS0")),
            None if boot == BOOT => text.to_owned(),
            None => text.replace(BOOT, boot).replace("command_line", "# command_line"),
        });
        let ended = world.run(&["machine", "deploy", "vm1"]);
        assert_eq!(ended.status, Some(2), "{told}: {}", ended.stdout);
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
        assert!(!world.path("state/vm1/disk.img").exists(), "{told}");
    }
}

#[test]
fn lab_a_full_disk_leaves_no_half_of_an_image() {
    let world = World::new();
    let root = tiny(&world);
    with_image(&world, "vm1", "image = \"images/tiny.tar\"");
    let script = "mount -t tmpfs -o size=$SIZE none state/images || exit 77
        \"$MELBOT\" machine deploy vm1
        echo \"full: $?\" >&2
        ls state/images >&2
        mount -o remount,size=400m none state/images
        \"$MELBOT\" machine deploy vm1 && ls state/images/*.ext4";
    // Where the files do not fit, and where the file system that is made of them does not.
    for (size, content) in [("2m", 3 << 20), ("1m", 0)] {
        fs::write(root.join("content"), vec![1; content]).unwrap();
        fs::write(world.path("images/tiny.tar"), tar(&root)).unwrap();
        fs::create_dir_all(world.path("state/images")).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]).current_dir(world.path("")).env("SIZE", size);
        let output = command.env("MELBOT", env!("CARGO_BIN_EXE_melbot")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.code() == Some(77) || said.starts_with("unshare") {
            println!("skipped, this user may not mount: {said}");
            return;
        }
        let (before, after) = said.split_once("full: 2\n").unwrap_or_else(|| panic!("{said}"));
        assert!(before.contains("make room"), "{size}: {said}");
        assert_eq!(after, "lock\n", "{size}: {said}");
        assert!(output.status.success(), "{size}: {said}");
    }
}

/// What mmdebstrap makes is what people have.
#[test]
fn lab_a_debian_that_comes_as_an_archive_does_jobs() {
    if !guest::wanted() {
        return;
    }
    let world = World::new();
    let (network, archive) = (world.path("eth0.network"), world.path("images/debian.tar.xz"));
    let host_key = world.path("host_key.pub");
    let text = "[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n";
    fs::write(&network, text).unwrap();
    let mirror = std::env::var("MELBOT_MIRROR");
    let mut make = Command::new("mmdebstrap");
    make.args(["--quiet", "--variant=minbase"])
        .arg("--include=systemd-sysv,udev,dbus,iproute2,openssh-server,time,iputils-ping")
        .arg("--customize-hook=mkdir -p -m 700 \"$1/root/.ssh\"")
        .arg(format!(
            "--customize-hook=upload {} /root/.ssh/authorized_keys",
            world.path("keys/demo.pub").display()
        ))
        .arg(format!(
            "--customize-hook=upload {} /etc/systemd/network/eth0.network",
            network.display()
        ))
        .arg("--customize-hook=chroot \"$1\" systemctl --quiet enable ssh systemd-networkd")
        .arg(format!(
            "--customize-hook=download /etc/ssh/ssh_host_ed25519_key.pub {}",
            host_key.display()
        ))
        .arg("bookworm")
        .arg(&archive)
        .arg(mirror.as_deref().unwrap_or("http://deb.debian.org/debian"));
    assert!(make.status().expect("tests/run installs mmdebstrap").success());

    let key = fs::read_to_string(&host_key).unwrap();
    let key: Vec<&str> = key.split(' ').take(2).collect();
    with_image(&world, "vm1", "image = \"images/debian.tar.xz\"\nsize = 3000");
    world.edit("machines/vm1.toml", |text| {
        let line = text.lines().find(|line| line.starts_with("host_key = ")).unwrap();
        text.replace(line, &format!("host_key = {:?}", key.join(" ")))
            .replace("memory = 512", "memory = 1024")
            .replace("accel = \"tcg\"", &format!("accel = {:?}", guest::accelerator()))
    });
    world.patience("boot = 600\nsilence = 400");
    world.edit("mmtests/configs/config-demo-syscalls", |text| {
        // What an earlier job left would be found.
        format!(
            "{}test ! -e /root/left || exit 3\ntouch /root/left\n\
             getent passwd _apt > /dev/null && ping -c 1 10.0.2.2 || exit 4\n\
             test \"$(stat -c %a /usr/bin/passwd)\" = 4755 || exit 5\n\
             test \"$(df -m --output=size / | tail -n 1)\" -gt 2500 || exit 6\n",
            text.replace("=200000", "=2000")
        )
    });
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    world.assert_given_back("vm1");
    assert_eq!(world.list("results/vm1/config-demo-syscalls").len(), 2);
    let image = world.list("state/images").into_iter().find(|name| name.ends_with(".ext4"));
    let mut attributes = melbot::lab::process::for_root("debugfs");
    attributes
        .args(["-R", "ea_list /usr/bin/ping"])
        .arg(world.path("state/images").join(image.unwrap()));
    let told = String::from_utf8(attributes.output().unwrap().stdout).unwrap();
    assert!(told.contains("security.capability"), "{told}");
}
