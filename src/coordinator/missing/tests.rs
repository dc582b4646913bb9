use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::coordinator::desk::Desk;
use crate::coordinator::memory::Memory;
use crate::kernel::Point;
use crate::lab::Lab;
use crate::queue::{Clock, Filter, Kind, Queue, State, Taken, Worker};

const SETTINGS: &str = r#"
[trees.t]
url = "tree"
[kconfigs.k]
base = "kconfig"
[[policies]]
name = "all"
trees = ["t"]
kconfig = "k"
machines = ["ivor", "ivy"]
configs = ["c"]
mmtests = { source = "m" }
"#;

/// A lab whose tree was read, and in which nothing was ordered.
struct World {
    folder: tempfile::TempDir,
    time: Arc<AtomicI64>,
    desk: Desk,
    queue: Queue,
}

impl World {
    fn new(settings: &str, tags: &[&str], passed_over: bool) -> World {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("coordinator.toml"), settings).expect("writable");
        fs::write(folder.path().join("kconfig"), "CONFIG_X=y\n").expect("writable");
        fs::create_dir(folder.path().join("machines")).expect("writable");
        for machine in ["ivor", "ivy"] {
            fs::write(folder.path().join(format!("machines/{machine}.toml")), "")
                .expect("writable");
        }
        let mut desk = Desk::at(&Lab::at(folder.path()).expect("there")).expect("valid");
        let time = Arc::new(AtomicI64::new(1_800_000_000_000));
        let now = Arc::clone(&time);
        desk.clock = Clock::new(move || now.load(Ordering::SeqCst));
        let queue = desk.queue().expect("new");
        let world = World { folder, time, desk, queue };
        world.saw(tags, passed_over);
        world
    }

    fn saw(&self, tags: &[&str], passed_over: bool) {
        let points: Vec<Point> = tags.iter().map(|tag| point(tag)).collect();
        let mut memory = Memory::open(&self.desk.state("memory.json")).expect("readable");
        memory.saw("t", &points, passed_over).expect("writable");
    }

    /// `ivor 6.2: never queued`
    fn told(&self) -> Vec<String> {
        let missing = look(&self.desk, &self.queue).expect("readable").missing;
        missing
            .iter()
            .map(|run| format!("{} {}: {}", run.machine, run.kernel, run.sentence()))
            .collect()
    }

    /// Queues what is missing of a kernel.
    fn fill(&mut self, kernel: &str) -> usize {
        let missing = look(&self.desk, &self.queue).expect("readable").missing;
        let chosen: Vec<&Missing> = missing.iter().filter(|run| run.kernel == kernel).collect();
        fill(&self.desk, &mut self.queue, &chosen).expect("queued").len()
    }

    fn take(&mut self, kind: Kind, machine: Option<&str>) -> Taken {
        self.time.fetch_add(7_200_000, Ordering::SeqCst);
        let (name, machine) = ("somebody".to_owned(), machine.map(str::to_owned));
        let worker = Worker { name, kinds: vec![kind], machine, lease: Duration::from_secs(60) };
        self.queue.take(&worker).expect("it can be asked").expect("there is one")
    }

    fn built(&mut self) {
        let taken = self.take(Kind::Build, None);
        fs::create_dir_all(self.folder.path().join("kernels")).expect("writable");
        fs::write(self.folder.path().join("kernels/k.deb"), "k").expect("writable");
        let build = r#"{"outcome":"built","commit":"c","kconfig":"k","began":"","seconds":1,"log":"l",
            "package":"kernels/k.deb"}"#;
        self.queue.finish(&taken.lease, build).expect("ours");
    }

    fn measured(&mut self, machine: &str, kernel: &str) {
        let taken = self.take(Kind::Run, Some(machine));
        fs::create_dir_all(self.run(machine, kernel)).expect("writable");
        self.queue.finish(&taken.lease, "{}").expect("ours");
    }

    fn run(&self, machine: &str, kernel: &str) -> std::path::PathBuf {
        self.folder.path().join("results").join(machine).join("c").join(kernel)
    }
}

fn point(tag: &str) -> Point {
    let hash = blake3::hash(tag.as_bytes()).to_hex();
    Point {
        name: tag.to_owned(),
        commit: hash[..40].to_owned(),
        time: 0,
        track: crate::model::Release::track_of(tag),
        branch: false,
        signed: false,
    }
}

#[test]
fn what_nobody_ordered_is_missing_until_it_is_queued() {
    let mut world = World::new(SETTINGS, &["v6.1", "v6.2", "v6.1.5", "v6.1.9"], false);
    // The newest of each track.
    let never = |run: &str| format!("{run}: never queued");
    let all = ["ivor 6.2", "ivor 6.1.9", "ivy 6.2", "ivy 6.1.9"].map(never);
    assert_eq!(world.told(), all);
    assert_eq!(world.fill("6.2"), 2);
    assert_eq!(world.told(), [never("ivor 6.1.9"), never("ivy 6.1.9")]);
    // What somebody else measured is not missing, in whichever order folders are.
    fs::create_dir_all(world.run("c", "ivor").with_file_name("x")).expect("writable");
    fs::create_dir_all(world.folder.path().join("results/c/ivor/6.1.9")).expect("writable");
    assert_eq!(world.told(), [never("ivy 6.1.9")]);
}

#[test]
fn a_run_is_missing_for_the_reason_that_its_jobs_had_and_can_be_queued_again() {
    let mut world = World::new(SETTINGS, &["v6.2"], false);
    assert_eq!(world.fill("6.2"), 2);
    world.built();
    for _ in 0..2 {
        let taken = world.take(Kind::Run, Some("ivor"));
        world.queue.fail(&taken.lease, "no answer\nfrom it").expect("ours");
    }
    let ivy = world.take(Kind::Run, Some("ivy")).job.id;
    world.queue.cancel(ivy, "somebody cancelled it").expect("running");
    let sentence = "2 runs that policies want are missing: 1 failed, 1 cancelled";
    assert_eq!(
        look(&world.desk, &world.queue).expect("readable").sentence().as_deref(),
        Some(sentence)
    );
    assert_eq!(
        world.told(),
        [
            "ivor 6.2: failed: twice, at last: no answer",
            "ivy 6.2: cancelled: somebody cancelled it"
        ]
    );
    // What is left of a failure is no measurement.
    let failed = world.run("ivor", "6.2");
    fs::create_dir_all(&failed).expect("writable");
    let record = "machine = \"ivor\"\nconfig = \"c\"\njob = \"j\"\noutcome = \"failed\"\n\
                  [kernel]\nrelease = \"6.2\"\npackage = \"k\"\n[mmtests]\n";
    fs::write(failed.join("run.toml"), record).expect("writable");
    assert_eq!(world.told().len(), 2);

    assert_eq!(world.fill("6.2"), 2);
    assert_eq!(world.told(), Vec::<String>::new());
    world.measured("ivy", "6.2");
    let taken = world.take(Kind::Run, Some("ivor"));
    fs::create_dir_all(world.run("ivor", "6.2-2")).expect("writable");
    world.queue.finish(&taken.lease, "{}").expect("ours");
    assert_eq!(world.told(), Vec::<String>::new());

    // Somebody removes it, and its kernel was taken away meanwhile: it is built and run anew, and told of.
    fs::remove_dir_all(world.run("ivy", "6.2")).expect("there");
    fs::remove_file(world.folder.path().join("kernels/k.deb")).expect("there");
    assert_eq!(
        world.told(),
        [format!("ivy 6.2: no longer among the results: job {ivy} measured it")]
    );
    assert_eq!(world.fill("6.2"), 1);
    assert_eq!(world.told(), Vec::<String>::new());
    world.built();
    world.measured("ivy", "6.2");
    assert_eq!(world.told(), Vec::<String>::new());
    let all = world.queue.jobs(&Filter { states: vec![State::Waiting], ..Filter::default() });
    let all = all.expect("readable");
    assert!(all.iter().all(|job| job.kind == Kind::Analyse && job.blocked == 0), "{all:?}");
    assert_eq!(all.iter().filter(|job| job.key.starts_with("tell ivy ")).count(), 2, "{all:?}");
}

#[test]
fn a_kernel_that_does_not_build_is_missing_on_every_machine_also_on_a_new_one() {
    let settings = SETTINGS.replace("[\"ivor\", \"ivy\"]", "[\"ivor\"]");
    let mut world = World::new(&settings, &["v6.2"], false);
    world.fill("6.2");
    let taken = world.take(Kind::Build, None);
    world.queue.give_up(&taken.lease, "does not build: x.c:1: no x").expect("ours");
    fs::write(world.folder.path().join("coordinator.toml"), SETTINGS).expect("writable");
    world.desk.settings =
        Desk::at(&Lab::at(world.folder.path()).expect("there")).expect("valid").settings;
    let why = |machine: &str| format!("{machine} 6.2: does not build: x.c:1: no x");
    assert_eq!(world.told(), [why("ivor"), why("ivy")]);
    assert_eq!(world.fill("6.2"), 2);
    assert_eq!(world.told(), Vec::<String>::new());
    // A newer kernel hides none that was ordered.
    let taken = world.take(Kind::Build, None);
    world.queue.give_up(&taken.lease, "does not build: x.c:1: no x").expect("ours");
    world.saw(&["v6.2", "v6.3"], false);
    assert_eq!(world.told().len(), 4);
}

#[test]
fn what_is_not_due_is_told_apart_and_what_was_passed_over_is_not_missing() {
    let times = "name = \"all\"\ntimes = { cron = \"0 6 17 * *\" }";
    let world = World::new(&SETTINGS.replace("name = \"all\"", times), &["v6.2"], false);
    assert_eq!(world.told()[0], "ivor 6.2: not due: all queues it on 2027-01-17T06:00:00Z");
    assert_eq!(look(&world.desk, &world.queue).expect("readable").sentence(), None);

    let world = World::new(SETTINGS, &["v6.2"], true);
    assert_eq!(world.told(), Vec::<String>::new());
    world.saw(&["v6.2", "v6.3"], false);
    assert_eq!(world.told(), ["ivor 6.3: never queued", "ivy 6.3: never queued"]);
    let every = SETTINGS.replace("kconfig = \"k\"", "kconfig = \"k\"\nkernels = { every = 5 }");
    let world = World::new(&every, &["v6.1.5", "v6.1.7"], false);
    assert_eq!(world.told(), ["ivor 6.1.5: never queued", "ivy 6.1.5: never queued"]);
}

#[test]
fn what_cannot_be_known_is_said() {
    let world = World::new(SETTINGS, &["v6.2"], false);
    fs::remove_file(world.folder.path().join("kconfig")).expect("there");
    let unknown = look(&world.desk, &world.queue).expect("readable").unknown;
    assert!(unknown.len() == 1 && unknown[0].contains("kconfig: No such file"), "{unknown:?}");
    fs::remove_file(world.desk.state("memory.json")).expect("there");
    fs::remove_file(world.folder.path().join("machines/ivy.toml")).expect("there");
    let unknown = look(&world.desk, &world.queue).expect("readable").unknown;
    let told = [
        "who ivy is: machines/ivy.toml is not there, and all names it",
        "what all wants of t: it was not read yet",
    ];
    assert_eq!(unknown, told);
}
