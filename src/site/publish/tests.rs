use std::os::unix::fs::MetadataExt as _;

use super::*;

fn publish(out: &Path, stamp: &str, files: &[(&str, &str)]) -> Result<Published, SiteError> {
    let publication = Publication::begin(out, stamp, || {})?;
    for (path, text) in files {
        publication.write(path, text.as_bytes())?;
    }
    publication.finish(true)
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let out = dir.path().join("site");
    (dir, out)
}

fn beside_site(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a folder").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn unchanged_files_are_kept_and_vanished_ones_go() -> Result<(), Box<dyn std::error::Error>> {
    let (dir, out) = scratch();
    publish(&out, "1", &[("a/same", "x"), ("changed", "x"), ("gone", "x")])?;
    let before = fs::metadata(out.join("a/same"))?;
    let published = publish(&out, "2", &[("a/same", "x"), ("changed", "y")])?;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let (written, removed) = (names(&["changed"]), names(&["gone"]));
    assert_eq!(published, Published { written, reused: 1, removed });
    let after = fs::metadata(out.join("a/same"))?;
    assert_eq!((before.ino(), before.modified()?), (after.ino(), after.modified()?));
    assert_eq!(fs::read_to_string(out.join("changed"))?, "y");
    assert!(!out.join("gone").exists());
    assert_eq!(beside_site(dir.path()), [".site.lock", "site"]);
    Ok(())
}

#[test]
fn the_stamp_tells_whether_there_is_work() -> Result<(), SiteError> {
    let (_dir, out) = scratch();
    assert!(!is_current(&out, "1"));
    publish(&out, "1", &[])?;
    assert!(is_current(&out, "1") && !is_current(&out, "2"));
    Ok(())
}

#[test]
fn foreign_folders_are_refused_with_a_remedy() -> Result<(), Box<dyn std::error::Error>> {
    let (_dir, out) = scratch();
    fs::create_dir(&out)?;
    publish(&out, "1", &[("index.html", "x")])?;
    fs::remove_file(out.join(MARKER))?;
    let error = publish(&out, "2", &[]).expect_err("not ours").to_string();
    assert!(
        error.contains("/site: ") && error.contains("name an empty or a new folder"),
        "{error}"
    );
    assert!(out.join("index.html").exists());
    Ok(())
}

#[test]
fn a_file_in_the_way_is_refused() -> Result<(), Box<dyn std::error::Error>> {
    let (_dir, out) = scratch();
    fs::write(&out, "precious")?;
    assert!(publish(&out, "1", &[]).is_err());
    assert_eq!(fs::read_to_string(&out)?, "precious");
    Ok(())
}

#[test]
fn leftovers_of_killed_processes_are_removed() -> Result<(), Box<dyn std::error::Error>> {
    let (dir, out) = scratch();
    publish(&out, "1", &[("a", "x")])?;
    fs::create_dir_all(dir.path().join(".site.new-123/deep"))?;
    fs::create_dir_all(dir.path().join(".site.old-99"))?;
    fs::create_dir_all(dir.path().join(".site.new-mine"))?;
    publish(&out, "2", &[("a", "x")])?;
    assert_eq!(beside_site(dir.path()), [".site.lock", ".site.new-mine", "site"]);
    Ok(())
}

#[test]
fn a_site_that_was_set_aside_is_put_back() -> Result<(), Box<dyn std::error::Error>> {
    let (dir, out) = scratch();
    publish(&out, "1", &[("a", "x")])?;
    fs::rename(&out, dir.path().join(".site.old-123"))?;
    let unfinished = Publication::begin(&out, "2", || {})?;
    unfinished.write("a", b"never seen")?;
    drop(unfinished);
    assert_eq!(fs::read_to_string(out.join("a"))?, "x");
    assert!(!is_current(&out, "1"), "what a killed process left is made again");
    assert_eq!(beside_site(dir.path()), [".site.lock", "site"]);
    Ok(())
}

#[test]
fn nothing_is_written_outside() -> Result<(), SiteError> {
    let (dir, out) = scratch();
    let publication = Publication::begin(&out, "1", || {})?;
    for path in ["../escaped", "/escaped", "a/../../escaped"] {
        assert!(publication.write(path, b"x").is_err());
    }
    assert!(!dir.path().join("escaped").exists());
    Ok(())
}

#[test]
fn a_link_to_the_folder_stays_a_link() -> Result<(), Box<dyn std::error::Error>> {
    let (dir, out) = scratch();
    let link = dir.path().join("link");
    publish(&out, "1", &[("a", "x")])?;
    std::os::unix::fs::symlink(&out, &link)?;
    publish(&link, "2", &[("a", "y")])?;
    assert!(fs::symlink_metadata(&link)?.is_symlink());
    assert_eq!(fs::read_to_string(out.join("a"))?, "y");
    Ok(())
}

#[test]
fn a_second_process_waits() -> Result<(), SiteError> {
    let (_dir, out) = scratch();
    let first = Publication::begin(&out, "1", || {})?;
    let waited = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            Publication::begin(&out, "2", || {
                waited.store(1, Ordering::SeqCst);
            })?
            .finish(true)
        });
        while waited.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        first.finish(true)?;
        second.join().expect("no panic")?;
        Ok::<(), SiteError>(())
    })?;
    assert!(is_current(&out, "2"));
    Ok(())
}

#[test]
fn a_swap_in_two_steps_does_the_same() -> Result<(), Box<dyn std::error::Error>> {
    let (dir, out) = scratch();
    publish(&out, "1", &[("a", "x")])?;
    let publication = Publication::begin(&out, "2", || {})?;
    publication.write("a", b"y")?;
    publication.swap_in_two_steps()?;
    drop(publication);
    assert_eq!(fs::read_to_string(out.join("a"))?, "y");
    assert_eq!(beside_site(dir.path()), [".site.lock", "site"]);
    Ok(())
}

#[test]
fn folders_of_the_same_input_are_taken_over() -> Result<(), Box<dyn std::error::Error>> {
    let (_dir, out) = scratch();
    let publish = |stamp: &str, key: &str, text: &str, trust: bool| {
        let mut publication = Publication::begin(&out, stamp, || {})?;
        if !trust {
            publication = publication.without_trust();
        }
        let kept = publication.keep("m/c", key);
        if !kept {
            publication.write("m/c/deep/page", text.as_bytes())?;
        }
        publication.finish(true).map(|published| (kept, published.reused))
    };
    let page = || fs::read_to_string(out.join("m/c/deep/page"));
    assert_eq!(publish("1", "k", "old", true)?, (false, 0));
    assert_eq!(publish("2", "k", "never made", true)?, (true, 1));
    assert_eq!(page()?, "old");
    assert_eq!(publish("3", "k", "made", false)?, (false, 0));
    assert_eq!(page()?, "made");
    assert_eq!(publish("4", "other", "new", true)?, (false, 0));
    assert_eq!(page()?, "new");
    // The folder is gone, or the machine was booted since: nothing is taken over.
    fs::remove_dir_all(out.join("m"))?;
    assert_eq!(publish("5", "other", "again", true)?, (false, 0));
    fs::write(out.with_file_name(".site.lock"), "another boot")?;
    assert_eq!(publish("6", "other", "booted", true)?, (false, 0));
    assert!(is_current(&out, "6"));
    Ok(())
}

#[test]
fn a_page_of_the_same_input_is_taken_over_also_after_its_folder_was() -> Result<(), SiteError> {
    let (_dir, out) = scratch();
    let publish = |stamp: &str, folder: &str, page: &str| {
        let publication = Publication::begin(&out, stamp, || {})?;
        let whole = publication.keep("m/c", folder);
        let kept = whole || publication.keep("m/c/page", page);
        if !kept {
            publication.write("m/c/page", page.as_bytes())?;
        }
        publication.finish(true).map(|published| (whole, kept, published.written.len()))
    };
    assert_eq!(publish("1", "f", "p")?, (false, false, 1));
    assert_eq!(publish("2", "f", "p")?, (true, true, 0));
    assert_eq!(publish("3", "another", "p")?, (false, true, 0));
    assert_eq!(publish("4", "a third", "q")?, (false, false, 1));
    Ok(())
}
