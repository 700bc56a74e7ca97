#!/usr/bin/env python3
"""Starts a real server of standard input and output by the bridge of images for Cloud Run, as the recipe in the
repository starts it there, and compares what it answers with what the same server answers when it is started directly.

    ci/bridge.py
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mcp_client import Failure, Http, Session, Stdio  # noqa: E402
from place import Wrong, expect  # noqa: E402
from real_packages import answers, install  # noqa: E402

IMAGE = pathlib.Path(__file__).parent.parent / "sigyl-core/src/deploy/image"
RECIPE = IMAGE / "snapshots/sigyl_core__deploy__image__dockerfile__tests__node_bridged.snap"
SOURCE, PROGRAM = "npm:@modelcontextprotocol/server-everything", "mcp-server-everything"
SECRET = "what-a-client-said"
WITHIN = 30


def lines(word):
    return [line for line in RECIPE.read_text().splitlines() if line.startswith(f"{word} ")]


def installed(folder):
    """Runs the line of the recipe that installs the bridge, in a folder of the same files."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(IMAGE / "bridge" / name, folder)
    command = json.loads(lines("RUN")[0].removeprefix("RUN "))
    expect(command[:2] == ["npm", "ci"], f"the first line that runs something is {command}")
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def command(folder, program, port):
    """Returns the last line of the recipe, with the places of this machine."""
    words = json.loads(lines("CMD")[-1].removeprefix("CMD "))
    place = {"/usr/local/bin/node": shutil.which("node"), "8080": str(port)}
    words = [place.get(word, word.replace("/opt/sigyl-bridge", folder)) for word in words]
    expect(words[-1].startswith("exec 'node' 'a.js' "), f"the recipe starts {words[-1]}")
    words[-1] = words[-1].replace("'node' 'a.js'", f"'{program}' 'stdio'")
    return words


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def opened(url, bridge):
    until = time.monotonic() + WITHIN
    while True:
        try:
            return Session(Http(url))
        except (Failure, OSError) as why:
            expect(bridge.poll() is None, f"the bridge ended with {bridge.returncode}")
            if time.monotonic() > until:
                raise Wrong(f"the bridge answers nothing within {WITHIN} s: {why}") from None
            time.sleep(0.1)


def children(pid):
    """Returns the processes that a process started, and those that these did."""
    found, ask = [], [pid]
    while ask:
        one = ask.pop()
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            more = [int(child) for child in task.read_text().split()]
            found += more
            ask += more
    return found


def gone(pids):
    until = time.monotonic() + WITHIN
    while any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids):
        expect(time.monotonic() < until, f"processes are left {WITHIN} s after they were to end: {pids}")
        time.sleep(0.1)


def main():
    with tempfile.TemporaryDirectory(prefix="sigyl-bridge-") as folder:
        bridge_folder, server_folder = f"{folder}/bridge", f"{folder}/server"
        os.mkdir(bridge_folder)
        installed(bridge_folder)
        program = f"{install(SOURCE, server_folder)}/{PROGRAM}"
        call = ("echo", {"message": SECRET})
        direct = answers(Session(Stdio([program, "stdio"], os.environ | {"HOME": folder})), call)

        port = free_port()
        with open(f"{folder}/said", "w+") as said:
            bridge = subprocess.Popen(command(bridge_folder, program, port), stdout=said, stderr=said)
            try:
                url = f"http://127.0.0.1:{port}/mcp"
                first = opened(url, bridge)
                one = children(bridge.pid)
                second = opened(url, bridge)
                both = children(bridge.pid)
                expect(len(both) == 2 * len(one) > 0, f"two sessions have the processes {both}, one has {one}")
                expect(answers(first, call) == direct, "the bridge answers something else than the server")
                gone(one)
                second.call(*call)
                bridge.send_signal(signal.SIGTERM)
                bridge.wait(WITHIN)
                gone(both)
            finally:
                bridge.kill()
                bridge.wait()
            said.seek(0)
            log = said.read()
        expect(SECRET not in log, "what a client said is in the log")
        expect("Child stderr: Starting" in log, f"what the server says is not in the log: {log!r}")
        print(f"bridge: {len(direct['tools'])} tools, calls, two sessions apart, and an end that leaves nothing")


if __name__ == "__main__":
    try:
        main()
    except (Wrong, Failure) as why:
        sys.exit(f"bridge: {why}")
