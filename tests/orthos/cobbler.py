"""cobbler.py PORT FOLDER: what Orthos 2 wants of Cobbler's XML-RPC, and the switch behind it.

The file FOLDER/FQDN.power says how a machine is ("off" where there is none). Where FOLDER/deaf is, the switch says OK
and does nothing; FOLDER/slow has the seconds that it takes. A machine that is to boot from the network and is
rebooted has FOLDER/FQDN.installed from then on, with the profile in it; with FOLDER/diskfirst, it keeps what it had."""

import sys
import time
from pathlib import Path
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

port, folder = int(sys.argv[1]), Path(sys.argv[2])
logs = {}
began = {}
systems = {}
changed = {}
PROFILES = ["x86_64:openSUSE-Leap-15.6:install", "x86_64:Debian-12:install-auto", "arm64:Debian-12:install-auto"]


class Handler(SimpleXMLRPCRequestHandler):
    rpc_paths = ("/cobbler_api",)


class Cobbler:
    def ping(self):
        return True

    def login(self, user, password):
        return "token"

    def token_check(self, token):
        return token == "token"

    def background_power_system(self, options, token):
        (name,) = options["systems"]
        state = folder / f"{name}.power"
        action = options["power"]
        if action in ("on", "off") and not (folder / "deaf").exists():
            state.write_text(action)
        if action == "reboot":
            system = systems.get(name, {})
            if system.pop("netboot_enabled", False) and not (folder / "diskfirst").exists():
                (folder / f"{name}.installed").write_text(system["profile"])
            state.write_text("on")
        now = state.read_text() if state.exists() else "off"
        task = f"power-{len(logs)}"
        began[task] = time.monotonic()
        logs[task] = f"status: {now}" if action == "status" else "### TASK COMPLETE ###"
        return task

    def find_profile(self, criteria, expand, token):
        prefix = criteria["name"].rstrip("*")
        return [name for name in PROFILES if name.startswith(prefix)]

    def get_system_handle(self, name, token):
        return name

    def modify_system(self, handle, key, value, token):
        changed.setdefault(handle, {})[key] = value
        return True

    def save_system(self, handle, token, mode):
        systems.setdefault(handle, {}).update(changed.pop(handle, {}))
        return True

    def get_task_status(self, task):
        slow = folder / "slow"
        seconds = float(slow.read_text()) if slow.exists() else 0
        done = time.monotonic() - began[task] >= seconds
        return [time.time(), "Power management", "complete" if done else "running", []]

    def get_event_log(self, task):
        return logs[task]


server = SimpleXMLRPCServer(("127.0.0.1", port), Handler, allow_none=True, logRequests=False)
server.register_instance(Cobbler())
server.serve_forever()
