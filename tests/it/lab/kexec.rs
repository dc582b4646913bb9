//! Kernels that the running one starts by kexec: each boot begins with power and the known-good kernel, and nothing
//! that boots the machine hears of the other one.

use std::fs;

use super::grub::{boots_by, job};
use super::guest;
use super::packages::{archive, content, deb, rpm};
use super::played::Machine;
use super::world::World;

/// What decides on the kernel that power brings.
const BOOTED_BY: &str = "cd /boot && find . -type f ! -name '*.mod' ! -name 'config-*' | sort | xargs sha256sum; \
                         sha256sum /etc/default/grub; dpkg -l 'linux-image*'";

/// Real kexec-tools, in a real Debian.
#[test]
fn lab_kexec_starts_packages_of_every_kind_and_the_boot_loader_never_hears_of_it() {
    if !guest::wanted() {
        return;
    }
    let world = World::new();
    boots_by(&world, "driver = \"kexec\"\nappend = \"melbot.test=1\"");
    // Both jobs and all that is looked at are on one disk.
    world.printed(&["machine", "deploy", "vm1"]);
    world.edit("machines/vm1.toml", |text| {
        let (before, after) = text.split_once("[deploy]").unwrap();
        let (_, after) = after.split_once("\n[").unwrap();
        format!("{before}[{after}")
    });
    world.edit("mmtests/configs/config-demo-syscalls", |text| {
        text.lines()
            .filter(|line| !line.contains("/root/left"))
            .map(|line| format!("{line}\n"))
            .collect()
    });
    let content = content(world.path("content"));
    deb(&content.folder, &world.path("kernels/linux.deb"));
    rpm(&content, &world.path("rpmbuild"), &world.path("kernels/linux.rpm"));
    archive(&content, &world.path("kernels/linux.tar.gz"));
    world.switched_on();
    let exec = |words: &[&str]| world.printed(&[&["machine", "exec", "vm1", "--"], words].concat());
    let told = world.printed(&["machine", "check", "vm1"]);
    assert!(told.contains("boot     ok     kexec-tools "), "{told}");
    let good = exec(&["uname", "-r"]);
    let before = exec(&["sh", "-c", BOOTED_BY]);
    for kind in ["deb", "rpm", "tar.gz"] {
        job(&world, kind, &format!("kernels/linux.{kind}"));
    }
    world.edit("jobs/deb.toml", |text| format!("iterations = 2\n{text}"));

    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    world.assert_given_back("vm1");
    for (run, boots) in [("deb", 2), ("rpm", 1), ("tar.gz", 1)] {
        let folder = format!("results/vm1/config-demo-syscalls/{run}");
        let record: toml::Table = world.read(&format!("{folder}/run.toml")).parse().unwrap();
        assert_eq!(record["kernel"]["release"].as_str(), Some(content.release.as_str()));
        assert_eq!(record["kernel"]["kconfig"].as_str().map(str::len), Some(16));
        let line = record["kernel"]["command_line"].as_str().unwrap();
        assert!(line.contains("root=") && line.contains(" melbot.test=1"), "{line}");
        for number in 0..boots {
            let version = world.read(&format!("{folder}/iter-{number}/kernel.version"));
            assert!(version.starts_with(&format!("Linux guest {} ", content.release)), "{version}");
        }
    }
    world.switched_on();
    assert_eq!(exec(&["uname", "-r"]), good);
    assert_eq!(exec(&["sh", "-c", BOOTED_BY]), before);
}

/// The programs that the script runs on a machine that this one plays.
const KEXEC: &str = r#"#!/bin/sh
here=$(dirname "$0")/..
case $1 in
-a)
    echo "$*" >> "$here/loads"
    echo 1 > "$here/kexec_loaded"
    ;;
-e)
    echo 0 > "$here/kexec_loaded"
    [ ! -e "$here/stuck" ] || exit 0
    # For a while it is the old one that answers.
    (sleep 1
    if [ -e "$here/other" ]; then echo good; else echo test; fi > "$here/running"
    sed 's/^/kexec /' "$here/running" >> "$here/boots"
    cat /proc/sys/kernel/random/uuid > "$here/boot_id") > /dev/null 2>&1 < /dev/null &
    ;;
esac
"#;

fn played() -> Machine {
    let machine = Machine::new("");
    let lab = &machine.lab;
    lab.script("machine/bin/kexec", KEXEC);
    for program in ["depmod", "chown", "mkinitramfs"] {
        lab.script(&format!("machine/bin/{program}"), "#!/bin/sh\n");
    }
    lab.write("machine/kexec_load_disabled", "0\n");
    let text = lab.read("machines/node1.toml");
    let (before, after) = text.split_once("[boot]").unwrap();
    let (_, after) = after.split_once("\n[").unwrap();
    lab.write(
        "machines/node1.toml",
        &format!("{before}[boot]\ndriver = \"kexec\"\nappend = \"it's $(id)\"\n[{after}"),
    );
    let image = lab.write("kernels/test/boot/vmlinuz-test", "a kernel");
    assert!(image.is_file());
    let job = lab.read("jobs/a.toml").replace("kernels/test.pkg", "kernels/test");
    lab.write("jobs/a.toml", &job);
    machine
}

#[test]
fn lab_each_boot_by_kexec_begins_with_power() {
    let machine = played();
    let (status, boots, told) = machine.client();
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(boots, ["good", "good", "kexec test", "good", "kexec test"], "{told}");
    let loads = machine.lab.read("machine/loads");
    let load = "modules/test/vmlinuz --reuse-cmdline --append=it's $(id)\n";
    assert!(loads.lines().count() == 2 && loads.ends_with(load), "{loads}");
}

#[test]
fn lab_a_kexec_that_does_nothing_or_starts_another_kernel_is_found_out() {
    for (how, told_so) in [
        ("stuck", "the kernel that was to start another one runs still 2 s after the boot began"),
        ("other", "test was to be booted, and good runs"),
    ] {
        let machine = played();
        machine.lab.write(&format!("machine/{how}"), "");
        let (status, _, told) = machine.client();
        assert!(status == Some(1) && told.contains(told_so), "{how}: {told}");
        assert_eq!(fs::read_to_string(machine.lab.path("machine/power")).unwrap(), "off\n");
    }
}
