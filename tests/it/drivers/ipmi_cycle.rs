//! A whole job on a machine that is reached as a real one is: power and serial port by IPMI, a disk with a boot
//! loader, and ssh.

use std::fs;
use std::process::Command;

use super::ipmi::Controlled;
use super::parts::{Lab, free_port, until};
use crate::lab::packages::{content, deb, succeeds};
use crate::lab::{guest, world};

/// A virtual machine with a disk, a network and a controller.
fn machine(lab: &Lab, ssh: u16, kcs: u16, serial: u16) -> String {
    format!(
        "#!/bin/sh\nexec qemu-system-x86_64 -machine q35,accel={accel} -cpu max -m 1024 -nodefaults \
         -no-user-config -display none -pidfile {pid} \
         -drive file={disk},format=qcow2,if=virtio,cache=unsafe \
         -netdev user,id=net,hostfwd=tcp:127.0.0.1:{ssh}-:22 -device virtio-net-pci,netdev=net \
         -chardev socket,id=ipmi0,host=127.0.0.1,port={kcs},reconnect=1 \
         -device ipmi-bmc-extern,id=bmc0,chardev=ipmi0 -device isa-ipmi-kcs,bmc=bmc0 \
         -chardev socket,id=con,host=127.0.0.1,port={serial},server=on,wait=on \
         -serial chardev:con </dev/null >/dev/null 2>&1\n",
        accel = guest::accelerator(),
        pid = lab.path("pid").display(),
        disk = lab.path("disk.qcow2").display(),
    )
}

fn job(lab: &Lab, name: &str, package: &str, iterations: u32, attempts: u32) {
    lab.write(
        &format!("jobs/{name}.toml"),
        &format!(
            "machines = [\"node1\"]\nconfig = \"config-demo-syscalls\"\nrun = \"{name}\"\n\
             iterations = {iterations}\nattempts = {attempts}\nminutes = 10\n[kernel]\n\
             package = \"kernels/{package}\"\n[mmtests]\nsource = \"mmtests\"\n"
        ),
    );
}

#[test]
fn a_machine_behind_ipmi_does_a_whole_job_and_survives_a_kernel_that_does_not_boot() {
    if !guest::wanted() {
        return;
    }
    let ssh = free_port();
    // The folder is known when the machine's file is written, so that the disk is named later.
    let tables = format!(
        "{exec}[deploy]\ndriver = \"command\"\ncommand = [\"./deploy\"]\n[boot]\ndriver = \"grub\"\n\
         [patience]\npower = 30\nboot = 600\nsilence = 400\n",
        exec = guest::exec(ssh),
    );
    let controlled = Controlled::with(&tables, |lab, kcs, serial| machine(lab, ssh, kcs, serial));
    let lab = &controlled.lab;
    lab.script(
        "deploy",
        &format!(
            "#!/bin/sh\nexec qemu-img create -q -f qcow2 -F qcow2 -b {} {}\n",
            guest::folder().join("debian.qcow2").display(),
            lab.path("disk.qcow2").display(),
        ),
    );
    succeeds(Command::new("cp").arg("-r").arg(world::original().join("mmtests")).arg(lab.path("")));
    fs::create_dir(lab.path("kernels")).unwrap();
    let kernel = content(lab.path("content"));
    deb(&kernel.folder, &lab.path("kernels/linux.deb"));
    job(lab, "good", "linux.deb", 2, 2);
    let ended = lab.run(&["client", "node1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_eq!(lab.power("status"), "off\n");
    let run = "results/node1/config-demo-syscalls/good";
    let record: toml::Table = lab.read(&format!("{run}/run.toml")).parse().unwrap();
    assert_eq!(record["kernel"]["release"].as_str(), Some(kernel.release.as_str()));
    let boots = record["boots"].as_array().unwrap();
    assert_eq!(boots.len(), 2);
    assert_ne!(boots[0]["id"], boots[1]["id"]);
    for iteration in 0..2 {
        let version = lab.read(&format!("{run}/iter-{iteration}/kernel.version"));
        assert!(version.starts_with(&format!("Linux guest {} ", kernel.release)), "{version}");
        // Over the serial port of the controller, from the boot loader on.
        let console = lab.read(&format!("{run}/iter-{iteration}/console.log"));
        assert!(console.contains(&format!("Linux version {}", kernel.release)), "{console}");
    }

    // One without the modules for its disk.
    fs::remove_dir_all(kernel.folder.join("usr/lib/modules")).unwrap();
    let archive = lab.path("kernels/linux.tar");
    succeeds(Command::new("tar").arg("-C").arg(&kernel.folder).arg("-cf").arg(archive).arg("boot"));
    job(lab, "bad", "linux.tar", 1, 1);
    let ended = lab.run(&["client", "node1", "--job", "jobs/bad.toml"]);
    assert_eq!(ended.status, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("failed: boot 0: "), "{}", ended.stderr);
    assert!(lab.printed(&["machine", "release", "node1"]).contains("is free"));
    lab.power("on");
    let words = ["machine", "exec", "node1", "--within", "60", "--", "uname", "-r"];
    assert!(until(|| lab.run(&words).status == Some(0)), "the known-good kernel does not come up");
    assert_ne!(lab.printed(&words).trim(), kernel.release);
    lab.power("off");
}
