//! A machine without a network: commands are run on its console.

use super::world::World;

#[test]
fn lab_a_job_is_done_over_the_console_alone() {
    let world = World::new();
    world.one_job(1, "");
    world.edit("machines/vm1.toml", |text| {
        let (before, rest) = text.split_once("[exec]").unwrap();
        let (_, after) = rest.split_once("\n\n").unwrap();
        format!("{before}[exec]\ndriver = \"console\"\n\n{after}")
    });
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let run = world.run_folder();
    assert!(world.read(&format!("{run}/iter-0/kernel.version")).starts_with("Linux vm1 "));
    assert!(world.printed(&["check", "results"]).contains("nothing is odd"));

    world.printed(&["machine", "power", "vm1", "on"]);
    let mut tries = 0;
    let words = [
        "machine",
        "exec",
        "vm1",
        "--within",
        "20",
        "--",
        "sh",
        "-c",
        "echo \"it's\"; echo oh >&2; exit 3",
    ];
    let answered = loop {
        let ended = world.run(&words);
        tries += 1;
        if ended.status != Some(2) || tries == 10 {
            break ended;
        }
    };
    assert_eq!(
        (answered.status, answered.stdout.as_str()),
        (Some(1), "it's\n"),
        "{}",
        answered.stderr
    );
    assert!(answered.stderr.contains("oh"), "{}", answered.stderr);
}
