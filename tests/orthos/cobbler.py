"""cobbler.py PORT FOLDER: what Orthos 2 wants of Cobbler's XML-RPC, and the switch behind it.

The file FOLDER/FQDN.power says how a machine is ("off" where there is none). Where FOLDER/deaf is, the switch says OK
and does nothing; FOLDER/slow has the seconds that it takes."""

import sys
import time
from pathlib import Path
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

port, folder = int(sys.argv[1]), Path(sys.argv[2])
logs = {}
began = {}


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
            state.write_text("on")
        now = state.read_text() if state.exists() else "off"
        task = f"power-{len(logs)}"
        began[task] = time.monotonic()
        logs[task] = f"status: {now}" if action == "status" else "### TASK COMPLETE ###"
        return task

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
