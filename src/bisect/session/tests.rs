use super::*;

/// A search among ten commits, of which some was measured.
fn begun(folder: &Path) -> Session {
    let commits: Vec<String> = (0..=10).map(|number| format!("{number:040x}")).collect();
    let described = |at: usize| Described {
        commit: commits[at].clone(),
        parents: if at >= 2 { vec![at - 2] } else { Vec::new() },
        aside: false,
        subject: format!("Change “{at}”"),
        author: "A Developer <developer@example.org>".to_owned(),
    };
    let lines: Vec<String> =
        (0..=10).map(|at| serde_json::to_string(&described(at)).expect("valid")).collect();
    let subject = Subject {
        tree: folder.to_owned(),
        good: commits[0].clone(),
        bad: commits[10].clone(),
        repair: false,
        metric: "usecs".to_owned(),
        alert: None,
    };
    fs::write(folder.join(COMMITS), lines.join("\n")).expect("writable");
    fs::write(folder.join(SUBJECT), toml::to_string(&subject).expect("valid")).expect("writable");
    let mut session = Session::own(folder).expect("it is one");
    session.built(Place::Good, "0123456789abcdef", Some(60.0)).expect("writable");
    session.measured(Place::Good, 100.5, Some(1.25)).expect("writable");
    session.skipped(4, "does not build: “x” is unknown").expect("writable");
    session
}

/// Writes down one more thing.
type Append = fn(&mut Session) -> Result<(), SessionError>;

#[test]
fn a_last_line_that_was_cut_off_at_any_byte_was_not_written_and_is_written_again() {
    let last: [Append; 5] = [
        |session| session.built(Place::Commit(3), "fedcba9876543210", Some(59.5)),
        |session| session.measured(Place::Commit(9), 108.25, Some(1.5)),
        |session| session.skipped(3, "cannot be measured: ein Gerät fehlt – “disk”"),
        |session| session.reverted(6, vec![Check::Value(100.0)], Some(1.0)),
        |session| session.relaid_as(Place::Good, vec![Check::Failed("no".to_owned())], None),
    ];
    for append in last {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path();
        let mut session = begun(folder);
        let before = fs::read(folder.join(JOURNAL)).expect("readable");
        let kept = session.journal().to_vec();
        append(&mut session).expect("writable");
        let whole = fs::read(folder.join(JOURNAL)).expect("readable");
        let added = session.journal().last().expect("just added").clone();
        let step = session.search.step();
        drop(session);
        for cut in before.len()..whole.len() {
            fs::write(folder.join(JOURNAL), &whole[..cut]).expect("writable");
            let mut session = Session::own(folder).expect("it can be read");
            assert_eq!(session.journal(), kept, "cut at {cut}");
            append(&mut session).expect("writable");
            drop(session);
            let session = Session::own(folder).expect("it can be read");
            let again = session.journal().last().expect("just added");
            assert_eq!(Entry { time: added.time.clone(), ..again.clone() }, added);
            assert_eq!(session.journal().len(), kept.len() + 1);
            assert_eq!(session.search.step(), step);
        }
    }
}
