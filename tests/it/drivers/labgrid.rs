//! labgrid's coordinator and exporter, and `labgrid-client` in between; the power port is a small
//! server, as labgrid's `rest` model wants one.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melbot::lab::grid::GridError;

use super::parts::{Lab, Part, Server, free_port, listens, python, serve, until};

struct Grid {
    lab: Lab,
    coordinator: String,
    /// Whether the power port obeys, and how it is.
    port: Arc<Mutex<(bool, String)>>,
    _parts: (Part, Part, Server),
}

impl Grid {
    fn new() -> Grid {
        let lab = Lab::new("");
        let coordinator_port = free_port();
        let coordinator = format!("127.0.0.1:{coordinator_port}");
        // It keeps its state in the folder that it was started in.
        let first = Part::start(
            Command::new(python("labgrid-coordinator"))
                .args(["-l", &coordinator])
                .current_dir(lab.path("")),
        );
        listens(coordinator_port);
        let port = Arc::new(Mutex::new((true, "0".to_owned())));
        let of_server = Arc::clone(&port);
        let pdu = serve(move |request| {
            let mut port = of_server.lock().unwrap();
            if request.method == "PUT" && port.0 {
                port.1.clone_from(&request.body);
            }
            (200, port.1.clone())
        });
        let resources = lab.write(
            "exporter.yaml",
            &format!(
                "node1:\n  location: here\n  NetworkPowerPort:\n    model: rest\n    \
                 host: '{}/{{index}}'\n    index: 1\n",
                pdu.url()
            ),
        );
        let second = Part::start(
            Command::new(python("labgrid-exporter"))
                .args(["-c", &coordinator, "-n", "here"])
                .arg(resources),
        );
        lab.machine(&format!(
            "[grid]\ndriver = \"labgrid\"\ncoordinator = \"{coordinator}\"\nplace = \"node1\"\n\
             client = \"{}\"\n[power]\ndriver = \"labgrid\"\n[patience]\npower = 4\n",
            python("labgrid-client").display()
        ));
        let grid = Grid { lab, coordinator, port, _parts: (first, second, pdu) };
        grid.bob(&["create"]);
        grid.bob(&["add-match", "*/node1/*"]);
        let exported = || grid.bob(&["show"]).contains("NetworkPowerPort");
        assert!(until(exported), "the exporter did not come");
        grid
    }

    /// Somebody else at the same grid.
    fn bob(&self, arguments: &[&str]) -> String {
        let output = Command::new(python("labgrid-client"))
            .args(["-x", &self.coordinator, "-p", "node1"])
            .args(arguments)
            .envs([("LG_HOSTNAME", "desk"), ("LG_USERNAME", "bob")])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn reserve(&self) -> Result<String, String> {
        let ended = self.lab.run(&["machine", "reserve", "node1", "--reason", "tests"]);
        if ended.status == Some(0) { Ok(ended.stdout) } else { Err(ended.stderr) }
    }
}

#[test]
fn a_place_of_labgrid_is_waited_for_switched_and_given_back() {
    let grid = Grid::new();
    let lab = &grid.lab;
    let told = lab.refused(&["machine", "power", "node1", "on"]);
    assert!(told.contains("is not acquired"), "{told}");
    grid.bob(&["acquire"]);
    let told = grid.reserve().unwrap_err();
    assert!(told.contains("desk/bob has the machine"), "{told}");
    let told = lab.refused(&["machine", "power", "node1", "off"]);
    assert!(told.contains("reserved by desk/bob"), "{told}");
    // It waits in the queue: what bob gives back is kept for it, not for him.
    let queue = grid.bob(&["reservations"]);
    assert!(queue.contains("owner: melbot/melbot") && queue.contains("state: waiting"), "{queue}");
    grid.bob(&["release"]);
    assert_eq!(grid.bob(&["acquire"]), "", "it is reserved");
    let told = grid.reserve().unwrap();
    assert!(told.contains("node1 is yours"), "{told}");
    assert!(grid.bob(&["show"]).contains("acquired: melbot/melbot"));
    assert_eq!(grid.bob(&["reservations"]), "", "nothing is left in the queue");

    let checked = lab.printed(&["machine", "check", "node1"]);
    assert!(checked.contains("power    ok     it is off"), "{checked}");
    lab.patience("power = 60");
    assert_eq!(lab.power("on"), "on\n");
    assert_eq!(grid.port.lock().unwrap().1, "1");
    grid.port.lock().unwrap().0 = false;
    lab.patience("power = 6");
    let told = lab.refused(&["machine", "power", "node1", "off"]);
    assert!(told.contains("the driver said OK, but it is on"), "{told}");

    lab.printed(&["machine", "release", "node1"]);
    assert!(grid.bob(&["show"]).contains("acquired: None"));
}

#[test]
fn a_place_that_somebody_takes_away_is_not_ours_any_more() {
    let grid = Grid::new();
    // A client renews its lease as long as it works.
    let machine = melbot::lab::Lab::at(&grid.lab.path("")).unwrap().machine("node1").unwrap();
    let time = Duration::from_secs(900);
    machine.grid.reserve("client 1", "tests", time).unwrap();
    machine.grid.renew("client 1", time).unwrap();
    grid.bob(&["release", "--kick"]);
    let lost = machine.grid.renew("client 1", time).unwrap_err();
    assert!(matches!(lost, GridError::Gone { .. }), "{lost}");
    grid.bob(&["acquire"]);
    let lost = machine.grid.renew("client 1", time).unwrap_err();
    assert!(matches!(&lost, GridError::Held(lease) if lease.owner == "desk/bob"), "{lost}");
    machine.grid.release("client 1").unwrap();
    let told = grid.lab.refused(&["machine", "power", "node1", "on"]);
    assert!(told.contains("reserved by desk/bob"), "{told}");
    let told = grid.lab.refused(&["machine", "release", "node1", "--force"]);
    assert!(told.contains("desk/bob has the machine"), "{told}");
    assert!(grid.bob(&["show"]).contains("acquired: desk/bob"));
}
