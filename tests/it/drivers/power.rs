//! Power by Redfish (sushy-tools' emulator) and by powerman (powermand with its own simulator).

use std::process::Command;

use super::parts::{
    Lab, Part, assert_in_no_command_line, free_port, listens, python, serve, until,
};

const PASSWORD: &str = "kept-to-ourselves";

fn redfish(lab: &Lab, url: &str, key: &str) {
    lab.secret("keys/bmc", PASSWORD);
    lab.machine(&format!(
        "[power]\ndriver = \"redfish\"\nurl = \"{url}\"\nuser = \"admin\"\n\
         password_file = \"keys/bmc\"\n{key}\n[patience]\npower = 30\n"
    ));
}

/// An emulator with a certificate that nobody vouches for.
fn emulator(lab: &Lab, port: u16) -> Part {
    let made = Command::new("sh")
        .args([
            "-c",
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem \
             -days 30 -subj /CN=bmc 2>/dev/null",
        ])
        .current_dir(lab.path(""))
        .status();
    assert!(made.unwrap().success());
    let hash = format!(
        "import bcrypt; print('admin:' + bcrypt.hashpw(b'{PASSWORD}', bcrypt.gensalt(4)).decode())"
    );
    let hashed = Command::new(python("python3")).args(["-c", &hash]).output().unwrap();
    lab.write("htpasswd", &String::from_utf8(hashed.stdout).unwrap());
    let folder = lab.path("");
    let folder = folder.display();
    let configuration = lab.write(
        "sushy.conf",
        &format!(
            "SUSHY_EMULATOR_LISTEN_IP = \"127.0.0.1\"\nSUSHY_EMULATOR_LISTEN_PORT = {port}\n\
             SUSHY_EMULATOR_FAKE_DRIVER = True\nSUSHY_EMULATOR_STATE_DIR = \"{folder}\"\n\
             SUSHY_EMULATOR_AUTH_FILE = \"{folder}/htpasswd\"\n\
             SUSHY_EMULATOR_SSL_CERT = \"{folder}/certificate.pem\"\n\
             SUSHY_EMULATOR_SSL_KEY = \"{folder}/key.pem\"\n\
             SUSHY_EMULATOR_FAKE_SYSTEMS = [{{\"uuid\": \"11111111-1111-1111-1111-111111111111\", \
             \"name\": \"node1\", \"power_state\": \"Off\", \"nics\": []}}]\n"
        ),
    );
    let emulator =
        Part::start(Command::new(python("sushy-emulator")).arg("--config").arg(configuration));
    listens(port);
    emulator
}

/// What an operator pins.
fn hash_of_key(lab: &Lab) -> String {
    let output = Command::new("sh")
        .args([
            "-c",
            "openssl x509 -in certificate.pem -pubkey -noout | openssl pkey -pubin -outform der \
             | openssl dgst -sha256 -binary | base64",
        ])
        .current_dir(lab.path(""))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_machine_is_switched_by_redfish_whose_state_lags() {
    let port = free_port();
    let lab = Lab::new("");
    let _emulator = emulator(&lab, port);
    let url = format!("https://127.0.0.1:{port}");
    let key = hash_of_key(&lab);
    redfish(&lab, &url, &format!("public_key = \"sha256//{key}\""));
    let checked = lab.printed(&["machine", "check", "node1"]);
    assert!(checked.contains("power    ok     it is off"), "{checked}");

    let mut switching = lab.command(&["machine", "power", "node1", "on"]);
    let mut switching = switching.stdout(std::process::Stdio::null()).spawn().unwrap();
    let mut looked = 0;
    assert!(until(|| {
        assert_in_no_command_line(PASSWORD);
        looked += 1;
        switching.try_wait().unwrap().is_some()
    }));
    assert!(switching.wait().unwrap().success() && looked > 1);
    assert_eq!(lab.power("status"), "on\n");
    assert_eq!(lab.power("soft"), "off\n");

    // Another key than the pinned one, none that is known, and a wrong password.
    redfish(&lab, &url, &format!("public_key = \"sha256//{}\"", key.replace(&key[..4], "AAAA")));
    let told = lab.refused(&["machine", "power", "node1", "status"]);
    assert!(told.contains("does not match pinned"), "{told}");
    redfish(&lab, &url, "");
    let told = lab.refused(&["machine", "power", "node1", "status"]);
    assert!(told.contains("certificate"), "{told}");
    redfish(&lab, &url, &format!("public_key = \"sha256//{key}\""));
    lab.secret("keys/bmc", "guessed");
    let told = lab.refused(&["machine", "power", "node1", "status"]);
    assert!(told.contains("status 401") && told.contains("password_file of [power]"), "{told}");
    assert!(!told.contains("guessed"), "{told}");
}

#[test]
fn a_redfish_that_says_ok_and_does_nothing_is_found_out() {
    let server = serve(|request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/redfish/v1/Systems") => {
            (200, r#"{"Members": [{"@odata.id": "/redfish/v1/Systems/1"}]}"#.to_owned())
        }
        ("GET", _) => (200, r#"{"PowerState": "Off"}"#.to_owned()),
        _ => (204, String::new()),
    });
    let lab = Lab::new("");
    redfish(&lab, &server.url(), "");
    lab.patience("power = 2");
    let told = lab.refused(&["machine", "power", "node1", "on"]);
    assert!(told.contains("the driver said OK, but it is off"), "{told}");
}

/// powermand, and vpcd behind it, whose plug 0 is that of node1.
fn powermand(lab: &Lab, devices: &str) -> Part {
    let port = free_port();
    lab.machine(&format!(
        "[power]\ndriver = \"powerman\"\nserver = \"127.0.0.1:{port}\"\nnode = \"node1\"\n\
         [patience]\npower = 5\n"
    ));
    let configuration = lab.write(
        "powerman.conf",
        &format!(
            "include \"{devices}\"\nlisten \"127.0.0.1:{port}\"\n\
             device \"pdu\" \"vpc\" \"/usr/sbin/vpcd |&\"\n\
             node \"node1\" \"pdu\" \"0\"\nnode \"node2\" \"pdu\" \"1\"\n"
        ),
    );
    let daemon =
        Part::start(Command::new("/usr/sbin/powermand").arg("-f").arg("-c").arg(configuration));
    listens(port);
    daemon
}

const DEVICES: &str = "/etc/powerman/vpc.dev";

#[test]
fn a_node_of_powerman_is_switched_and_no_other() {
    let lab = Lab::new("");
    let _daemon = powermand(&lab, DEVICES);
    let checked = lab.printed(&["machine", "check", "node1"]);
    assert!(checked.contains("power    ok     it is off"), "{checked}");
    assert_eq!(lab.power("on"), "on\n");
    assert_eq!(lab.power("cycle"), "on\n");

    let text = lab.read("machines/node1.toml");
    lab.write("machines/node2.toml", &text.replace("node = \"node1\"", "node = \"node2\""));
    assert_eq!(lab.printed(&["machine", "power", "node2", "status"]), "off\n");
    assert_eq!(lab.power("soft"), "off\n");

    // To powerman that would be two machines.
    lab.write("machines/node1.toml", &text.replace("node = \"node1\"", "node = \"node[1-2]\""));
    let told = lab.refused(&["machine", "power", "node1", "on"]);
    assert!(told.contains("no name of a node"), "{told}");
    lab.write("machines/node1.toml", &text.replace("node = \"node1\"", "node = \"node9\""));
    let told = lab.refused(&["machine", "power", "node1", "on"]);
    assert!(told.contains("No such nodes"), "{told}");
}

#[test]
fn a_powerman_that_says_ok_and_does_nothing_is_found_out() {
    let lab = Lab::new("");
    let text = std::fs::read_to_string(DEVICES).unwrap();
    let dead = lab.write("dead.dev", &text.replace("send \"on %s\\n\"", "send \"stat %s\\n\""));
    let _daemon = powermand(&lab, dead.to_str().unwrap());
    let told = lab.refused(&["machine", "power", "node1", "on"]);
    assert!(told.contains("the driver said OK, but it is off"), "{told}");
}
