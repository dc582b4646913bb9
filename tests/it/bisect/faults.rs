//! What becomes of a search when what it stands on gives way, or is given the other way around.

use std::process::Command;

use super::*;

/// Kills a search after so many lines of its journal.
fn killed(tree: &Tree, lines: usize) {
    let mut child = tree.run_command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while count(&tree.journal()) < lines && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "no progress");
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn commits_that_a_forced_push_took_away_are_searched_as_long_as_git_has_them() {
    let tree = Tree::new(12, 7, &[]);
    tree.start();
    killed(&tree, 3);
    let branch = tree.branch();
    tree.git(&["checkout", "--quiet", "--orphan", "rewritten"]);
    tree.git(&["commit", "--quiet", "-m", "All of it, rewritten"]);
    tree.git(&["branch", "--quiet", "-D", &branch]);
    // A mirror has no logs of where its branches were, and its garbage is thrown away.
    tree.git(&["reflog", "expire", "--expire=now", "HEAD", "refs/heads/rewritten"]);
    tree.git(&["gc", "--quiet", "--prune=now"]);
    let account = tree.run();
    assert_eq!(account["state"], "found", "{account}");
    assert_eq!(account["likeliest"][0]["commit"], tree.commits[7].as_str());

    let search = tree.dir.path().join("another");
    let (source, bad) = (tree.source(), tree.git(&["rev-parse", "HEAD"]));
    fs::rename(tree.search(), &search).unwrap();
    tree.git(&["worktree", "prune"]);
    tree.git(&["reflog", "expire", "--expire=now", "--all"]);
    tree.git(&["gc", "--quiet", "--prune=now"]);
    let output = melbot(&["run", text(&search), "--measure", "echo 1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let gone = format!("{}: there is no commit {} any more", text(&source), tree.commits[0]);
    assert!(said.contains(&gone) && said.contains("fetch it there again"), "{said}");
    assert_eq!(tree.git(&["rev-parse", "HEAD"]), bad);
}

#[test]
fn a_search_on_a_full_disk_ends_and_goes_on_when_there_is_room() {
    let tree = Tree::new(12, 7, &[]);
    let search = tree.search();
    fs::create_dir(&search).unwrap();
    let script = "mount -t tmpfs -o size=2m none \"$SEARCH\" || exit 77
        \"$MELBOT\" bisect between \"$SEARCH\" --tree \"$TREE\" --good \"$GOOD\" --bad \"$BAD\" >&2 || exit 3
        \"$MELBOT\" bisect run \"$SEARCH\" --measure \"test -e filled || head -c 4m /dev/zero > '$SEARCH/fill'; cat speed\" >&2
        echo \"first: $?\" >&2
        rm \"$SEARCH/fill\"
        \"$MELBOT\" bisect run \"$SEARCH\" --json --build 'sh build.sh' --measure \"$MEASURE\"";
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .env("MELBOT", env!("CARGO_BIN_EXE_melbot"))
        .env("SEARCH", &search)
        .env("TREE", tree.source())
        .env("GOOD", &tree.commits[0])
        .env("BAD", &tree.commits[11])
        .env("MEASURE", tree.measure())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) || said.starts_with("unshare") {
        println!("skipped, this user may not mount: {said}");
        return;
    }
    assert!(said.contains("first: 2\n") && said.contains("No space left"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let account: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
    assert_eq!(account["state"], "found", "{account}");
    assert_eq!(account["likeliest"][0]["commit"], tree.commits[7].as_str());
}

#[test]
fn a_machine_that_is_down_for_a_while_leaves_no_commit_out() {
    let tree = Tree::new(12, 7, &[]);
    tree.start();
    let (search, down) = (tree.search(), tree.dir.path().join("down"));
    let measure = format!("[ ! -e {} ] || exit 255; {}", text(&down), tree.measure());
    let run = |extra: &str| {
        let measure = format!("{extra}{measure}");
        melbot(&["run", text(&search), "--json", "--measure", &measure])
    };
    // It goes down when both ends are measured.
    let counted = tree.dir.path().join("count");
    let falls = format!("[ \"$(cat {0})\" != 14 ] || touch {1}; ", text(&counted), text(&down));
    let stopped = run(&falls);
    assert_eq!(stopped.status.code(), Some(2), "{stopped:?}");
    assert!(String::from_utf8_lossy(&stopped.stderr).contains("cannot be measured"));
    assert!(!fs::read_to_string(tree.journal()).unwrap().contains("skip"));
    fs::remove_file(&down).unwrap();
    let account: Value = serde_json::from_slice(&run("").stdout).unwrap();
    assert_eq!(account["likeliest"][0]["commit"], tree.commits[7].as_str(), "{account}");
    assert_eq!((&account["state"], &account["skipped"]), (&"found".into(), &0.into()));
}

#[test]
fn ends_the_other_way_around_are_a_search_for_what_repaired_it() {
    let tree = Tree::new(12, 7, &[]);
    let (source, search) = (tree.source(), tree.search());
    let (old, new) = (&tree.commits[0], &tree.commits[11]);
    let ends = ["--tree", text(&source), "--good", new, "--bad", old];
    let output = melbot(&[&["between", text(&search)][..], &ends].concat());
    let (said, told) =
        (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(said.contains("the commit that repaired it is looked for"), "{said}");
    assert!(told.contains(&format!("{old:.12} (bad) and {new:.12} (good)")), "{told}");
    let account = tree.run();
    assert_eq!(account["state"], "found", "{account}");
    assert_eq!(account["likeliest"][0]["commit"], tree.commits[7].as_str());
    assert_eq!(account["ends"], serde_json::json!(["bad", "good"]));
}
