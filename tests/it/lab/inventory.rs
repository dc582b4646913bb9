//! What is said of files that cannot be used.

use crate::drivers::parts::Lab;

#[test]
fn lab_a_list_has_what_is_good_and_names_what_is_not() {
    let lab = Lab::new("");
    lab.write("machines/node2.toml", &lab.read("machines/node1.toml").replace("= 9", "= 10"));
    assert!(lab.printed(&["machine", "list"]).contains("node2  free"));

    lab.write("machines/broken.toml", "[power]\ndriver = \"smoke\"\n");
    lab.write("machines/with space.toml", "");
    std::fs::create_dir_all(lab.path("state/node2/jobs/a/journal.jsonl")).unwrap();
    for format in [&["machine", "list"][..], &["machine", "list", "--json"]] {
        let ended = lab.run(format);
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        assert!(ended.stdout.contains("node1"), "{}", ended.stdout);
        for told in [
            "machines/broken.toml:2: unknown variant `smoke`",
            "correct it; docs/LAB.md lists",
            "machines/with space.toml: no name of a machine; call it by letters",
            "state/node2/jobs/a/journal.jsonl: ",
        ] {
            assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
        }
    }
}
