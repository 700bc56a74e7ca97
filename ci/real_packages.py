#!/usr/bin/env python3
"""Deploys real packages through the machine's npm and pip, and compares what their endpoint answers with what the
same package answers when it is started directly.

    ci/real_packages.py SIGYL
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mcp_client import Http, Session, Stdio  # noqa: E402
from place import Place, Wrong, expect  # noqa: E402

# Source, program of the package, one call whose answer does not depend on the moment.
PACKAGES = [
    ("npm:@modelcontextprotocol/server-everything", "mcp-server-everything", ("echo", {"message": "hello"})),
    ("npm:@modelcontextprotocol/server-memory", "mcp-server-memory", ("read_graph", {})),
    (
        "pypi:mcp-server-time",
        "mcp-server-time",
        ("convert_time", {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}),
    ),
]
FIRST_DEPLOY_WITHIN = 300


def answers(session, call):
    tools = session.tools()
    result = session.call(*call)
    info = {key: session.info.get(key) for key in ("serverInfo", "capabilities", "protocolVersion", "instructions")}
    session.close()
    return {"info": info, "tools": tools, "call": result}


def install(source, folder):
    """Installs a package without Sigyl, for comparison; returns the folder of its programs."""
    kind, name = source.split(":", 1)
    if kind == "npm":
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, name]
        programs = f"{folder}/node_modules/.bin"
    else:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        programs = f"{folder}/bin"
        command = [f"{programs}/python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:", name]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return programs


def directly(source, program, call):
    with tempfile.TemporaryDirectory(prefix="sigyl-direct-") as folder:
        programs = install(source, folder)
        env = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": folder}
        return answers(Session(Stdio([f"{programs}/{program}"], env)), call)


def through_sigyl(binary, source, call):
    place = Place(binary)
    try:
        started = time.monotonic()
        running = place.start("deploy", source)
        url = running.url(FIRST_DEPLOY_WITHIN)
        took = time.monotonic() - started
        got = answers(Session(Http(url)), call)
        stopped = running.interrupt()
        place.expect_nobody("after Ctrl-C")
        print(f"{source}: {url} after {took:.1f} s, {len(got['tools'])} tools, stopped in {stopped:.1f} s")
        return got
    finally:
        for pid in place.processes():
            os.kill(pid, 9)
        place.remove()


def main(binary):
    for source, program, call in PACKAGES:
        direct, ours = directly(source, program, call), through_sigyl(binary, source, call)
        expect(direct["tools"], f"{source}: no tools")
        for part, value in direct.items():
            expect(ours[part] == value, f"{source}: {part} differ\ndirect: {value}\nendpoint: {ours[part]}")
        print(f"{source}: server info, tools and a call equal the direct ones")
    print(f"{len(PACKAGES)} passed, 0 failed")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except Wrong as wrong:
        sys.exit(f"real packages: {wrong}")
