//! What a machine has as its file declares it, by the real package managers; a second time changes nothing.

use super::guest;
use super::world::World;

/// A repository of one RPM on the guest, and nothing of Debian left for the eyes of whoever looks which
/// distribution it is.
const REPOSITORY: &str = r#"set -e
mkdir -p /srv/repo /etc/zypp/repos.d /etc/yum.repos.d
cat > /tmp/hello.spec <<'END'
Name: melbot-hello
Version: 1
Release: 1
Summary: says hello
License: MIT
BuildArch: noarch
%description
says hello
%install
mkdir -p %{buildroot}/opt
echo hello > %{buildroot}/opt/hello
%files
/opt/hello
END
rpmbuild -bb --quiet --define '_rpmdir /srv/repo' /tmp/hello.spec
createrepo_c --quiet /srv/repo
cat > /etc/yum.repos.d/local.repo <<'END'
[local]
name=local
baseurl=file:///srv/repo
enabled=1
gpgcheck=0
END
cp /etc/yum.repos.d/local.repo /etc/zypp/repos.d/local.repo
# Debian's rpm keeps its database at home.
mkdir -p /etc/rpm
echo '%_dbpath /var/lib/rpm' > /etc/rpm/macros
mv /etc/debian_version /etc/debian_version.away
"#;

fn declared(packages: &str) -> String {
    format!(
        "[prepare]\npackages = [{packages}]\nusers = {{ bench = [\"ssh-ed25519 AAAA jane@desk\"], root = [\"ssh-ed25519 BBBB joe's\"] }}\n\
         sysctls = {{ \"vm.swappiness\" = \"7\", \"net.ipv4.tcp_rmem\" = \"4096 131072 6291455\" }}\n\
         commands = [[\"touch\", \"/root/commanded\"]]\n\
         [boot]\ndriver = \"grub\"\n[patience]\nboot = 600\nsilence = 400\n"
    )
}

#[test]
fn lab_a_machine_gets_what_is_declared_and_a_second_time_nothing() {
    if !guest::wanted() {
        return;
    }
    let world = World::new();
    let port = super::world::free_port();
    world.debian_at(port, &declared("\"zypper\", \"dnf\", \"createrepo-c\", \"make\""));
    world.printed(&["machine", "deploy", "vm1"]);
    world.switched_on();
    let prepare = ["machine", "prepare", "vm1"];
    let told = world.printed(&prepare);
    for said in [
        "installed zypper\n",
        "installed dnf\n",
        "added user bench\n",
        "added a key of bench\n",
        "added a key of root\n",
        "set net.ipv4.tcp_rmem from ",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(!told.contains("installed make"), "it was there: {told}");
    assert_eq!(world.printed(&prepare), "vm1 is as declared\n");
    let on = |words: &[&str]| world.printed(&[&["machine", "exec", "vm1", "--"], words].concat());
    assert_eq!(on(&["cat", "/home/bench/.ssh/authorized_keys"]), "ssh-ed25519 AAAA jane@desk\n");
    assert_eq!(on(&["stat", "-c", "%U %a", "/home/bench/.ssh"]), "bench 700\n");
    // In the next boot as well.
    world.printed(&["machine", "power", "vm1", "soft"]);
    world.switched_on();
    assert_eq!(on(&["sysctl", "-n", "net.ipv4.tcp_rmem"]), "4096\t131072\t6291455\n");
    assert_eq!(world.printed(&prepare), "vm1 is as declared\n");

    on(&["sh", "-c", REPOSITORY]);
    for manager in ["zypper", "dnf"] {
        world.debian_at(port, &declared("\"melbot-hello\""));
        assert_eq!(world.printed(&prepare), "installed melbot-hello\n", "{manager}");
        assert_eq!(on(&["cat", "/opt/hello"]), "hello\n");
        assert_eq!(world.printed(&prepare), "vm1 is as declared\n");
        world.debian_at(port, &declared("\"melbot-hello\", \"melbot-nothing\""));
        let ended = world.run(&prepare);
        assert_eq!(ended.status, Some(2), "{}", ended.stdout);
        on(&["rpm", "--erase", "melbot-hello"]);
        // Without the first, the second is taken.
        on(&["sh", "-c", "rm -f /usr/bin/zypper"]);
    }
}
