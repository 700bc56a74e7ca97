#!/usr/bin/env python3
"""The life of a server in the console, by keys alone, from an empty store, and what each screen has to show meanwhile.

    ci/console_tour.py SIGYL [--server SIGYL_SERVER] [--keep FOLDER]

Without --server the console owns a data directory of its own; with it, it is a client of a server that is started here.
The whole tour is walked at 80x24 and at 160x48. It needs tmux. --keep writes each screen that was looked at to a folder.
"""

import argparse
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
# A first build fetches nothing, but compiles a server and what it needs.
BUILD = 300
SOON = 30


class Console:
    """The console in a terminal of its own."""

    def __init__(self, sigyl, folder, size, environment, arguments, keep):
        self.name = f"tour-{os.getpid()}-{size[0]}"
        self.socket = folder / "tmux.sock"
        self.keep, self.shots, self.size = keep, 0, size
        shell = f"exec {sigyl} {' '.join(arguments)} 2>{folder}/stderr"
        variables = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        width, height = size
        self.tmux("new-session", "-d", "-s", self.name, "-x", str(width), "-y", str(height), *variables, shell)
        # What is left when the program has ended stays to be looked at.
        self.tmux("set-option", "-t", self.name, "remain-on-exit", "on")
        self.tmux("set-option", "-s", "escape-time", "0")

    def tmux(self, *arguments):
        words = ["tmux", "-f", "/dev/null", "-S", str(self.socket), *arguments]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", self.name)

    def press(self, *keys):
        for key in keys:
            self.tmux("send-keys", "-t", self.name, key)

    def write(self, text):
        self.tmux("send-keys", "-l", "-t", self.name, text)

    def see(self, *wanted, within=SOON, never=()):
        """Waits until the screen has all of this, and returns it."""
        deadline = time.monotonic() + within
        while True:
            screen = self.screen()
            missing = [text for text in wanted if not re.search(text, screen)]
            unwanted = [text for text in never if re.search(text, screen)]
            if not missing and not unwanted:
                self.shot(screen)
                return screen
            if time.monotonic() > deadline:
                raise SystemExit(f"not on the screen after {within} s: {missing}; there and unwanted: {unwanted}\n{screen}")
            time.sleep(0.05)

    def shot(self, screen):
        if self.keep:
            self.shots += 1
            width, height = self.size
            (self.keep / f"{width}x{height}-{self.shots:02}.txt").write_text(screen)

    def ended(self):
        deadline = time.monotonic() + SOON
        while self.tmux("list-panes", "-t", self.name, "-F", "#{pane_dead}").strip() != "1":
            if time.monotonic() > deadline:
                raise SystemExit(f"it did not end:\n{self.screen()}")
            time.sleep(0.05)

    def close(self):
        subprocess.run(["tmux", "-S", str(self.socket), "kill-server"], capture_output=True, check=False)


def commit(clock, words):
    """What is in the folder, as somebody else's repository has it: what changes there is nobody's own work."""
    if not (clock / ".git").exists():
        subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", clock], check=True)
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", clock, "add", "--all"], check=True)
    subprocess.run(["git", "-C", clock, *who, "commit", "--quiet", "--message", words], check=True)


def change(clock):
    """Another version of the clock, one of whose tools says something else than before."""
    for file in ("src/tools.rs", "mcp.yaml"):
        path = clock / file
        text = path.read_text()
        changed = text.replace("in UTC or in the given UTC offset.", "in UTC or in the given UTC offset. See https://zones.example/list for zones.")
        assert changed != text, file
        path.write_text(changed.replace("version: 0.1.0", "version: 0.2.0"))
    commit(clock, "Say where zones are listed")


def approve_until_done(console):
    """Approves whatever holds the run: what drifted must be among it, with its words."""
    told = False
    while True:
        screen = console.see(r"▲ held|done: ↵ opens the server", within=BUILD)
        if "done: ↵" in screen:
            break
        # That it is held is told first; why stands there once its end is known.
        screen = console.see("▲ held", "It starts nothing until somebody", "a approve")
        told = told or ("zones.example" in screen and "new address" in screen)
        run = re.search(r"▲ held .*?([0-9a-f-]{36})", screen).group(1)
        console.press("a")
        console.see("Let a held run pass", r"\*reason", run)
        console.write("the list of zones is ours")
        console.press("Enter")
        console.see(r"approve", never=("Let a held run pass", "a approve"))
    if not told:
        raise SystemExit(f"nothing told what drifted:\n{console.screen()}")


def tour(console, clock):
    """From an empty store to an empty store."""
    console.see("No servers yet", "d  deploys one", r"\? help", r"q quit", within=SOON)

    # Deploy it page by page: what it is and what was found is seen before anything is sent; then watch the run.
    console.press("d")
    console.see("▸1 source", r"\*source")
    console.write(f"git:{clock.parent}/cloc")
    console.press("Tab")
    console.see(r"git:.*/clock/")
    console.press("Enter")
    console.see("▸2 look", r"name\s+clock 0\.1\.0", r"runtime\s+Rust", r"asks for\s+nothing", "(pass|warn): it may run")
    console.press("Enter")
    console.see("▸3 settings", "needs no settings")
    console.press("Enter")
    console.see("▸4 place", "target", "workspace")
    console.press("C-s")
    console.see("▸5 summary", r"deploy\s+clock 0\.1\.0", "(pass|warn): it may run", "sigyl deploy git:")
    # Back and forth keeps what was typed.
    console.press("Escape")
    console.see("▸4 place")
    console.press("Escape")
    console.see("▸3 settings")
    console.press("Enter")
    console.see("▸4 place")
    console.press("C-s")
    console.see("▸5 summary", "sigyl deploy git:")
    console.press("Enter")
    console.see("deploy", "fetch_source", "scan_source")
    console.see("✓ activate", r"done: ↵ opens the server", within=BUILD)
    console.press("Enter")
    console.see("● clock", "serving", "1 overview", r"verdict")

    # Its tools: open one, call it.
    console.press("2")
    console.see("now", "convert", "wait", "c call")
    console.press("/")
    console.write("convert")
    console.press("Enter")
    console.see('1 of 3 with "convert"')
    console.press("c")
    console.see("Call a tool of a running server", "convert")
    console.press("C-u")
    console.write('{"time": "2026-11-22T21:00:00Z", "offset": "+02:00"}')
    console.press("Enter")
    console.see("2026-11-22T23:00:00", "the whole answer")
    # What comes right behind an escape is taken together with it where the console has much to do.
    console.press("Escape")
    console.see('1 of 3 with "convert"')
    console.press("Escape")
    console.see("now", "convert", "wait", never=("with \"convert\"",))

    # Change it, deploy it again, see what drifted, approve it.
    change(clock)
    console.press("r")
    console.see("Deploy a server again", "another source")
    # A server has only what was sent to it: the repository of this machine is named again.
    console.write(f"git:{clock}")
    console.press("C-s")
    approve_until_done(console)
    console.press("Enter")
    console.see("● clock", r"active\s+0\.2\.0")

    # Back to the version before.
    console.press("4")
    console.see("0.2.0", "0.1.0", "b let it serve again")
    console.press("/")
    console.write("0.1.0")
    console.press("Enter", "b")
    console.see("Let an earlier version serve again", r"version\s+0\.1\.0")
    console.press("C-s")
    console.see("✓ activate", "rollback clock", r"done: ↵ opens the server", within=BUILD)
    console.press("Enter")
    console.see("● clock", r"active\s+0\.1\.0")

    # A secret: set it, and rotate it; its value is never seen.
    console.press("7")
    console.see("given no secrets")
    for version in ("1", "2"):
        console.press("n" if version == "1" else "e")
        console.see("Give a server a secret" if version == "1" else "Rotate a secret of a server")
        if version == "1":
            console.write("API_KEY")
            console.press("Tab")
        console.write("hunter" + version)
        console.press("C-s")
        screen = console.see("API_KEY", rf"API_KEY\s+{version}\b")
        assert "hunter" not in screen, screen

    # What was done is in the audit.
    console.press("g", "u")
    console.see("Audit", "set_secret|set secret|secret", "clock")
    console.press("Escape")
    console.see("▸7 secrets", r"API_KEY\s+2\b")

    # Delete it, by its name.
    console.press("D")
    console.see("Delete a server", "type again")
    console.write("cloc")
    console.press("Enter")
    console.see("type clock to go on")
    console.write("k")
    console.press("Enter")
    console.see("✓ done", "delete clock", within=BUILD)
    console.press("g", "d")
    # As long as the list says that the deletion runs, ending would be asked about.
    console.see("No servers yet", r"✓\s+delete\s+clock\s+done")
    console.press("q")
    console.ended()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def serve(server, folder, environment):
    """Starts a server, and returns its process, its address and the file of its administrator's key."""
    port, data = free_port(), folder / "served"
    words = [server, "--data-dir", data, "--cache-dir", environment["XDG_CACHE_HOME"] + "/sigyl", "--listen", f"127.0.0.1:{port}"]
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    deadline = time.monotonic() + SOON
    while True:
        try:
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=SOON).status == 200:
                return process, f"http://127.0.0.1:{port}", data / "admin.key"
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server is not ready: {error}\n{(folder / 'server.log').read_text()}") from error
            time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sigyl", type=pathlib.Path)
    parser.add_argument("--server", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    if not shutil.which("tmux"):
        raise SystemExit("tmux is missing, and this tour needs it")
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    for size in ((80, 24), (160, 48)):
        walk(arguments, size)


def walk(arguments, size):
    with tempfile.TemporaryDirectory(prefix="sigyl-tour-") as name:
        folder = pathlib.Path(name)
        clock = folder / "clock"
        shutil.copytree(ROOT / "examples/servers/clock", clock, ignore=shutil.ignore_patterns("target"))
        commit(clock, "A clock")
        environment = {
            "HOME": name,
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "tmux-256color",
            "XDG_DATA_HOME": f"{name}/data",
            "XDG_CONFIG_HOME": f"{name}/config",
            # Builds are the same each time: those of the first size serve the second.
            "XDG_CACHE_HOME": os.environ.get("SIGYL_TOUR_CACHE", f"{name}/cache"),
        }
        for name in ("CARGO_HOME", "RUSTUP_HOME"):
            environment[name] = os.environ.get(name, str(pathlib.Path.home() / f".{name.split('_')[0].lower()}"))
        served, words = None, ["--listen", f"127.0.0.1:{free_port()}"]
        if arguments.server:
            served, address, key = serve(arguments.server.resolve(), folder, environment)
            words = ["--server", address, "--key-file", str(key)]
        console = Console(arguments.sigyl.resolve(), folder, size, environment, words, arguments.keep)
        try:
            tour(console, clock)
        finally:
            console.close()
            if served:
                served.terminate()
                served.wait(timeout=SOON)
        print(f"{size[0]}x{size[1]}: the whole tour")


if __name__ == "__main__":
    sys.exit(main())
