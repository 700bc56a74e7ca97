#!/usr/bin/env python3
"""Deploys `examples/servers/clock` where there is no network but loopback: in a namespace of its own. The crates must
have been downloaded (`cargo fetch`). Prints how long the first and the next deploy take.

    ci/loopback_only.py SIGYL
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mcp_client import Http, Session  # noqa: E402
from place import Place, Wrong, expect  # noqa: E402

CLOCK = pathlib.Path(__file__).parent.parent / "examples/servers/clock"
# Measured on a busy machine too: the promise is 60 s and 5 s on two quiet cores.
FIRST_WITHIN, NEXT_WITHIN = 300, 30


def enter():
    """Starts this program again inside a new network namespace with loopback up."""
    command = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    inside = 'ip link set lo up && exec "$@"'
    words = [sys.executable, __file__, "--inside", *sys.argv[1:]]
    done = subprocess.run([*command, "sh", "-c", inside, "sh", *words])
    sys.exit(done.returncode)


def deploy(place, within, *words):
    started = time.monotonic()
    running = place.start(*words, "deploy", CLOCK)
    url = running.url(within)
    took = time.monotonic() - started
    session = Session(Http(url))
    names = [tool["name"] for tool in session.tools()]
    expect(names == ["now", "convert", "wait"], f"tools: {names}")
    said = session.call("convert", {"time": "2026-11-22T21:00:00Z", "offset": "+02:00"})["content"][0]["text"]
    expect(said == "2026-11-22T23:00:00+02:00", f"convert said {said}")
    session.close()
    listed = place.ask("list")["servers"]
    expect(len(listed) == 1 and listed[0]["url"] == url, f"list: {listed}")
    running.interrupt()
    place.expect_nobody("after Ctrl-C")
    return took


def main(binary):
    interfaces = sorted(path.name for path in pathlib.Path("/sys/class/net").iterdir())
    up = pathlib.Path("/proc/net/route").read_text().splitlines()[1:]
    expect(not up, f"there is a route out of here: {up}")
    place = Place(binary)
    try:
        first = deploy(place, FIRST_WITHIN)
        shutil.rmtree(place.data)
        following = deploy(place, NEXT_WITHIN, "--offline")
        print(f"clock without a network ({', '.join(interfaces)}): first deploy {first:.1f} s, next {following:.1f} s")
        print("2 passed, 0 failed")
    finally:
        for pid in place.processes():
            os.kill(pid, 9)
        place.remove()


if __name__ == "__main__":
    if len(sys.argv) == 2:
        enter()
    if len(sys.argv) != 3 or sys.argv[1] != "--inside":
        sys.exit(__doc__)
    try:
        main(sys.argv[2])
    except Wrong as wrong:
        sys.exit(f"loopback only: {wrong}")
