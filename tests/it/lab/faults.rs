//! What goes wrong on a machine: it is noticed, what was measured is rescued, and the machine is given
//! back.

use super::world::World;

#[test]
fn lab_a_run_outlives_panic_reboot_lost_network_and_hang() {
    let world = World::new();
    world.patience("unreachable = 25");
    world.one_job(
        5,
        r#"
tries=$(cat /root/tries 2> /dev/null || echo 0)
echo $((tries + 1)) > /root/tries
mkdir -p "work/log/$run/iter-0/poundsyscall/logs"
echo "attempt $tries" > "work/log/$run/iter-0/poundsyscall/logs/note"
sync
case $tries in
    0) echo c > /proc/sysrq-trigger ;;
    1) echo b > /proc/sysrq-trigger ;;
    2) ip link set eth0 down; while sleep 1; do echo 'still here' > /dev/console; done ;;
    3) ip link set eth0 down; sleep 1000 ;;
esac"#,
    );
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let course = world.course();
    let faults: Vec<&str> = course.iter().filter_map(|step| step.strip_prefix("run 0: ")).collect();
    assert_eq!(faults, ["panic", "reboot", "unreachable", "silent"], "{course:#?}");
    assert_eq!(course.iter().filter(|step| *step == "rescue 0").count(), 4);
    assert_eq!(course.iter().filter(|step| *step == "boot 0").count(), 5);
    world.assert_given_back("vm1");

    // What the attempts left is there, apart from the results.
    let run = world.run_folder();
    for attempt in 0..4 {
        let log = format!("{run}/partial/iteration-0-attempt-{attempt}");
        let note = world.read(&format!("{log}/log/iter-0/poundsyscall/logs/note"));
        assert_eq!(note, format!("attempt {attempt}\n"));
    }
    let console = world.read(&format!("{run}/partial/iteration-0-attempt-0/console.log"));
    assert!(console.contains("Kernel panic - not syncing: sysrq triggered crash"), "{console}");
    assert_eq!(world.record()["faults"].as_array().unwrap().len(), 4);
    assert_eq!(world.record()["outcome"].as_str(), Some("finished"));
    let checked = world.printed(&["check", "results"]);
    assert!(checked.contains("1 run of 1 config on 1 machine"), "{checked}");
}

#[test]
fn lab_a_full_disk_is_noticed_and_made_anew() {
    let world = World::new();
    world.one_job(2, "dd if=/dev/zero of=/root/fill bs=1M 2> /dev/null; sleep 1000");
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(1), "{}", ended.stderr);
    let course = world.course();
    assert_eq!(course.iter().filter(|step| *step == "run 0: disk-full").count(), 2, "{course:#?}");
    assert_eq!(course.iter().filter(|step| *step == "deploy").count(), 2);
    assert!(ended.stderr.contains("failed: run 0: disk full"), "{}", ended.stderr);
    world.assert_given_back("vm1");
}

#[test]
fn lab_kernels_that_do_not_come_up_leave_the_machine_as_it_was() {
    let world = World::new();
    world.one_job(1, "");
    let good = world.list("kernels").remove(1);
    let release = good.split('_').next().unwrap().strip_prefix("linux-image-").unwrap().to_owned();
    let unpacked = world.path("unpacked");
    let unpack = std::process::Command::new("dpkg-deb")
        .arg("--extract")
        .arg(world.path("kernels").join(&good))
        .arg(&unpacked)
        .status();
    assert!(unpack.unwrap().success());
    // One without the modules for its disk, which panics; and one that is not what it is called.
    let image = unpacked.join(format!("boot/vmlinuz-{release}"));
    for (name, called, modules) in
        [("panics", release.as_str(), false), ("lies", "9.9.9-lie", true)]
    {
        let folder = world.path(&format!("kernels/{name}"));
        std::fs::create_dir_all(folder.join("boot")).unwrap();
        std::fs::copy(&image, folder.join(format!("boot/vmlinuz-{called}"))).unwrap();
        if modules {
            let above = ["usr/lib/modules", "lib/modules"].map(|above| unpacked.join(above));
            let from = above.iter().find(|above| above.is_dir()).unwrap().join(&release);
            let to = folder.join("lib/modules");
            std::fs::create_dir_all(&to).unwrap();
            std::fs::rename(from, to.join(called)).unwrap();
        }
        let job = world.list("jobs").pop().unwrap();
        let text = world.read(&format!("jobs/{job}"));
        let package = text.lines().find(|line| line.starts_with("package")).unwrap();
        world.write(
            &format!("jobs/0-{name}.toml"),
            &text.replace(package, &format!("package = \"kernels/{name}\"")),
        );
    }
    for (name, why, says) in
        [("panics", "panic", "Attempted to kill init"), ("lies", "wrong-kernel", release.as_str())]
    {
        let ended = world.run(&["client", "vm1", "--job", &format!("jobs/0-{name}.toml")]);
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        assert!(world.course().contains(&format!("boot 0: {why}")), "{:#?}", world.course());
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
        world.assert_given_back("vm1");
    }
    assert!(world.list("results/vm1/config-demo-syscalls").is_empty(), "nothing was measured");
}

#[test]
fn lab_a_boot_that_says_nothing_is_given_up() {
    let world = World::new();
    world.one_job(2, "");
    world.patience("silence = 3");
    // QEMU begins, the machine does not.
    world.edit("machines/vm1.toml", |text| {
        text.replace("accel = \"tcg\"", "arguments = [\"-S\"]\naccel = \"tcg\"")
    });
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(1));
    let expected = [
        "reserve",
        "deploy",
        "prepare: silent",
        "prepare: silent",
        "publish",
        "power-off",
        "release",
    ];
    assert_eq!(world.course(), expected, "{}", ended.stderr);
    world.assert_given_back("vm1");
}

#[test]
fn lab_a_power_driver_that_only_says_ok_is_not_believed() {
    for (state, step) in [("off", "prepare: power"), ("on", "deploy: power")] {
        let world = World::new();
        world.one_job(1, "");
        world.patience("power = 2");
        world.edit("machines/vm1.toml", |text| {
            let driver = format!(
                "[power]\ndriver = \"command\"\non = [\"true\"]\noff = [\"true\"]\nstatus = [\"echo\", \"{state}\"]"
            );
            text.replace("[power]\ndriver = \"qemu\"", &driver)
        });
        let ended = world.run(&["client", "vm1"]);
        assert_eq!(ended.status, Some(1));
        assert!(world.course().contains(&step.to_owned()), "{:#?}", world.course());
        let says = format!("the driver said OK, but it is {state}");
        assert!(ended.stderr.contains(&says), "{}", ended.stderr);
        assert!(world.course().contains(&"release".to_owned()), "it is given back all the same");
        // For the end of the test.
        world.edit("machines/vm1.toml", |text| {
            text.replace("\"echo\", \"on\"", "\"echo\", \"off\"")
        });
    }
}
