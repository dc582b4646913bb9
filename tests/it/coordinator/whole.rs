//! The whole way.

use std::fs;
use std::time::Duration;

use super::bob::{Bob, Served, git};
use crate::lab::world::World;

/// Boots of emulated machines on a busy one take minutes.
const PATIENCE: Duration = Duration::from_secs(900);

#[test]
fn bob_a_tag_is_pushed_and_a_mail_comes_with_no_hand_touching_it() {
    let world = World::new();
    world.edit("mmtests/configs/config-demo-syscalls", |text| text.replace("=200000", "=20000"));
    let tree = world.path("tree");
    let tags = git(&tree, &["tag", "--sort=creatordate"]);
    let tags: Vec<&str> = tags.lines().collect();
    assert_eq!(tags.len(), 2, "{tags:?}");
    let kernels: Vec<&str> = tags.iter().map(|tag| tag.strip_prefix('v').unwrap()).collect();

    let served = Served::new(&world);
    world.edit("coordinator.toml", |text| {
        let text = text.replace("url = \"tree\"", &format!("url = {:?}", served.url));
        let text = text.replace("minutes = 0.1", "minutes = 0.02");
        // One iteration decides little, and that is not what is tried here.
        text.replace("[http]", "[reruns]\nhours_per_week = 0\n[http]")
    });
    world.write("notify.toml", "[hook]\ncommand = [\"tee\", \"-a\", \"MAILS\"]\n");
    world.edit("notify.toml", |text| text.replace("MAILS", world.path("mails").to_str().unwrap()));
    let mails = || fs::read_to_string(world.path("mails")).unwrap_or_default();

    let mut bob = Bob::start(&world);
    // What cannot be built is a result.
    git(&tree, &["checkout", "--quiet", "-b", "broken"]);
    fs::write(tree.join("Makefile"), "olddefconfig:\n\techo 'x.c:1: error: no x'; false\n")
        .unwrap();
    git(&tree, &["commit", "--quiet", "--all", "--message", "Break it"]);
    git(&tree, &["tag", "v5.99"]);
    served.push(&world, "v5.99");
    bob.wait("a mail about what does not build", PATIENCE, || mails().contains("does not build"));
    assert!(mails().contains("Subject: [melbot] 5.99 with demo does not build\n"), "{}", mails());
    assert!(mails().contains("x.c:1: error: no x"), "{}", mails());

    for (tag, kernel) in tags.iter().zip(&kernels) {
        served.push(&world, tag);
        let line = format!("Subject: [melbot] {kernel} on vm1: ");
        bob.wait(&line, PATIENCE, || mails().contains(&line));
        // The kernel that was asked for is the one that ran.
        let folder = format!("results/vm1/config-demo-syscalls/{kernel}");
        let record: toml::Table = world.read(&format!("{folder}/run.toml")).parse().unwrap();
        let commit = git(&tree, &["rev-parse", &format!("{tag}^{{commit}}")]);
        assert_eq!(record["kernel"]["commit"].as_str(), Some(commit.as_str()));
        assert_eq!(record["outcome"].as_str(), Some("finished"));
        let version = world.read(&format!("{folder}/iter-0/kernel.version"));
        assert_eq!(version.split(' ').nth(2), record["kernel"]["release"].as_str());
    }
    let first = format!("{} on vm1: nothing to compare with yet\n", kernels[0]);
    assert!(mails().contains(&first), "{}", mails());
    assert!(!mails().contains(&format!("{} on vm1: nothing", kernels[1])), "{}", mails());
    assert!(mails().contains("\nRuns\n"), "{}", mails());

    // Both are on the site, and nothing is left to be done.
    let page = world.read("site/index.html");
    assert!(kernels.iter().all(|kernel| page.contains(kernel)), "{page}");
    let left = world.printed(&["queue", "list"]);
    let open = left.lines().filter(|line| line.contains("waiting") || line.contains("running"));
    assert_eq!(open.collect::<Vec<_>>(), Vec::<&str>::new(), "{left}");
    // Each kernel is told of once.
    assert_eq!(mails().matches("Subject: ").count(), 3, "{}", mails());
    bob.end();
    world.assert_given_back("vm1");
}
