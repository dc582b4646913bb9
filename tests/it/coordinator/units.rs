//! The units for systemd: it takes them as they are, and they are locked in.

use std::fs;
use std::process::Command;

use crate::support::project;

#[test]
fn bobs_units_are_what_systemd_understands_and_are_locked_in() {
    let folder = tempfile::tempdir().unwrap();
    let melbot = env!("CARGO_BIN_EXE_melbot");
    let mut units = Vec::new();
    for file in fs::read_dir(project().join("dist")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "service") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // What a unit starts has to be there, and to understand how it is started.
        assert!(text.contains("ExecStart=/usr/bin/melbot "), "{}", path.display());
        let verb = text.split("/usr/bin/melbot ").nth(1).unwrap().split(' ').next().unwrap();
        assert!(Command::new(melbot).args([verb, "--help"]).output().unwrap().status.success());
        let copy = folder.path().join(path.file_name().unwrap());
        fs::write(&copy, text.replace("/usr/bin/melbot", melbot)).unwrap();
        units.push(copy);
    }
    assert_eq!(units.len(), 3, "{units:?}");
    let checked =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&units).output();
    let checked = checked.expect("there is no systemd-analyze: apt-get install systemd");
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success() && said.is_empty(), "{said}");
    for unit in &units {
        // An exposure of at most 2.0 of 10.
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=yes", "--no-pager", "--threshold=20"]).arg(unit);
        let safe = command.output().unwrap();
        assert!(safe.status.success(), "{}", String::from_utf8_lossy(&safe.stdout));
    }
}
