"""A place to try `sigyl` in: its own program file, data and cache directories, so that every process it starts can be
told from all others. Standard library only."""

import base64
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time

STOP_WITHIN = 5
ORPHANS_GONE_WITHIN = 3


class Wrong(Exception):
    """A promise was broken."""


def expect(condition, message):
    if not condition:
        raise Wrong(message)


class Running:
    """One `sigyl` in the foreground; its lines are kept as they come."""

    def __init__(self, command, env):
        self.child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
        )
        self.out, self.err = [], []
        self.news = queue.Queue()
        self.readers = [
            threading.Thread(target=self._read, args=(pipe, kept), daemon=True)
            for pipe, kept in ((self.child.stdout, self.out), (self.child.stderr, self.err))
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, pipe, kept):
        for line in pipe:
            kept.append(line.rstrip("\n"))
            self.news.put((kept, kept[-1]))
        self.news.put((kept, None))

    def wait_for(self, wanted, within):
        """Returns the first line that `wanted(is_stdout, line)` takes; None when the process ended without one."""
        until, open_pipes = time.monotonic() + within, 2
        while open_pipes:
            try:
                kept, line = self.news.get(timeout=max(0, until - time.monotonic()))
            except queue.Empty:
                raise Wrong(f"nothing within {within} s; stderr:\n{self.told()}") from None
            if line is None:
                open_pipes -= 1
            elif wanted(kept is self.out, line):
                return line
        return None

    def url(self, within):
        """Returns the address that stands alone on a line of standard output."""
        line = self.wait_for(lambda is_out, line: is_out, within)
        if line is None:
            raise Wrong(f"it ended (exit {self.child.wait()}) without an address; stderr:\n{self.told()}")
        expect(line.startswith("http://127.0.0.1:"), f"no address: {line!r}")
        return line

    def told(self):
        return "\n".join(self.err)

    def interrupt(self):
        """Ctrl-C: everything ends in time, with exit 0."""
        started = time.monotonic()
        self.child.send_signal(signal.SIGINT)
        try:
            code = self.child.wait(timeout=STOP_WITHIN + 1)
        except subprocess.TimeoutExpired:
            raise Wrong(f"Ctrl-C: still there after {STOP_WITHIN + 1} s; stderr:\n{self.told()}") from None
        expect(code == 0, f"Ctrl-C: exit {code}; stderr:\n{self.told()}")
        expect(len(self.out) == 1, f"standard output holds more than the address: {self.out}")
        return time.monotonic() - started

    def kill(self):
        self.child.kill()
        self.child.wait()
        for reader in self.readers:
            reader.join(timeout=5)


class Place:
    def __init__(self, binary, cache=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sigyl-ci-"))
        self.binary = self.root / "sigyl"
        shutil.copy2(binary, self.binary)
        self.data, self.cache = self.root / "data", pathlib.Path(cache or self.root / "cache")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("SIGYL_")}
        self.said = []

    def command(self, *words):
        return [str(self.binary), "--data-dir", str(self.data), "--cache-dir", str(self.cache), *map(str, words)]

    def start(self, *words):
        return Running(self.command(*words), self.env)

    def run(self, *words, within=120):
        """Runs a command to its end; returns exit code, standard output and standard error."""
        done = subprocess.run(
            self.command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.env, timeout=within
        )
        self.said += [done.stdout, done.stderr]
        return done.returncode, done.stdout, done.stderr

    def ask(self, *words):
        """Runs a command and returns its document."""
        code, out, err = self.run("--format", "json", *words)
        expect(code == 0, f"sigyl {' '.join(words)}: exit {code}\n{out}{err}")
        return json.loads(out)

    def processes(self):
        """Every process that belongs here: its program, folder, environment or arguments name this place."""
        found, root = {}, str(self.root).encode()
        for folder in pathlib.Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            try:
                if (folder / "stat").read_text().rsplit(") ", 1)[1].startswith("Z"):
                    continue
                places = [os.fsencode(os.readlink(folder / "exe")), os.fsencode(os.readlink(folder / "cwd"))]
                places += [(folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()]
            except OSError:
                continue
            if any(root in place for place in places):
                found[int(folder.name)] = places[3].replace(b"\0", b" ").decode(errors="replace").strip()
        return found

    def expect_nobody(self, when):
        until = time.monotonic() + ORPHANS_GONE_WITHIN
        while left := self.processes():
            expect(time.monotonic() < until, f"{when}: left running: {left}")
            time.sleep(0.05)

    def expect_unsaid(self, secret, *more):
        """Holds that a secret stands nowhere in the open: files, names, and whatever was printed."""
        raw = secret.encode()
        forms = [raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"=")]
        for path in (path for top in (self.data, self.cache) for path in top.rglob("*") if path.is_file()):
            held = path.read_bytes()
            expect(not any(form in held for form in forms), f"the secret stands unsealed in {path}")
        said = "\n".join([*self.said, *more]).encode()
        expect(not any(form in said for form in forms), "the secret was printed")

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
