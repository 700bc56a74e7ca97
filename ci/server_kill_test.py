#!/usr/bin/env python3
"""Kills `sigyl-server` by `kill -9` while several clients write to it over HTTP, starts it again on what is left, and looks
each time: every write that was acknowledged is there and in the audit, the audit is whole and holds the end that was kept
before, and lists, search and single records say the same.

    ci/server_kill_test.py SIGYL_SERVER [KILLS]      50 kills unless said otherwise
"""

import http.client
import json
import os
import pathlib
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from place import Wrong, expect  # noqa: E402

WRITERS = 4
READY_WITHIN = 20
SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
NAME = "com.example/"


class Gone(Exception):
    """The server did not answer to the end: what was asked may have been done, or not."""


class Link:
    """One connection that is kept open, and opened again when it is gone."""

    def __init__(self, port, key):
        self.port, self.key, self.line = port, key, None

    def ask(self, method, path, body=None, key=None):
        """Returns the status and the document; raises Gone when the server does not answer to the end."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            if self.line is None:
                self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            self.line.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.line.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.line = None
            raise Gone(str(error)) from None
        return answer.status, json.loads(text) if text else None

    def must(self, method, path, body=None, status=200):
        found, document = self.ask(method, path, body)
        expect(found == status, f"{method} {path}: {found} instead of {status}: {document}")
        return document


class Acknowledged:
    """What the server said that it had done."""

    def __init__(self):
        self.statuses, self.accounts, self.revoked, self.members = {}, set(), [], {}
        self.lock = threading.Lock()
        self.count = 0

    def keep(self, place, name, value):
        with self.lock:
            self.count += 1
            if place is self.statuses or place is self.members:
                place[name] = value
            elif place is self.accounts:
                place.add(name)
            else:
                place.append(value)


class Writer(threading.Thread):
    """Writes until the server is gone."""

    def __init__(self, link, done, mark, chance):
        super().__init__(daemon=True)
        self.link, self.done, self.mark, self.chance, self.wrong = link, done, mark, chance, None

    def run(self):
        at = 0
        try:
            while True:
                at += 1
                self.chance.choice([self.publish, self.publish, self.enter, self.revoke])(f"{self.mark}-{at}")
        except Gone:
            pass
        except Wrong as wrong:
            self.wrong = wrong

    def publish(self, mark):
        name = NAME + mark
        document = {"$schema": SCHEMA, "name": name, "description": f"Tells {mark}.", "version": "1.0.0"}
        self.link.must("POST", "/v0.1/publish", document)
        self.done.keep(self.done.statuses, name, "active")
        if self.chance.random() < 0.5:
            path = f"/v0.1/servers/{urllib.parse.quote(name, safe='')}/versions/1.0.0/status"
            # From here on nobody knows how it stands, until there is an answer.
            with self.done.lock:
                del self.done.statuses[name]
            self.link.must("PATCH", path, {"status": "deprecated", "statusMessage": "old"})
            self.done.keep(self.done.statuses, name, "deprecated")

    def enter(self, mark):
        self.link.must("POST", "/api/v1/accounts", {"login": mark}, 201)
        self.done.keep(self.done.accounts, mark, None)
        self.link.must("PUT", f"/api/v1/workspaces/default/members/{mark}", {"role": "viewer"}, 204)
        self.done.keep(self.done.members, mark, "viewer")

    def revoke(self, mark):
        made = self.link.must("POST", "/api/v1/keys", {"label": mark}, 201)
        self.link.must("DELETE", f"/api/v1/keys/{made['key']['id']}", None, 204)
        self.done.keep(self.done.revoked, None, made["plain"])


class Trial:
    def __init__(self, binary):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sigyl-ci-"))
        self.binary, self.done, self.head, self.starts = binary, Acknowledged(), None, []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("SIGYL_")}
        # Nobody asks too often here.
        for rate in ("READ", "WRITE", "DEPLOY", "LOGIN"):
            self.env[f"SIGYL_RATES_{rate}"] = "10000000"
        self.child = None

    def start(self):
        command = [self.binary, "--data-dir", self.root / "data", "--cache-dir", self.root / "cache"]
        command += ["--listen", f"127.0.0.1:{self.port}"]
        log = open(self.root / "log", "ab")
        started = time.monotonic()
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)
        log.close()
        link = Link(self.port, "none")
        while True:
            try:
                if link.ask("GET", "/ready")[0] == 200:
                    break
            except Gone:
                pass
            expect(self.child.poll() is None, f"it ended with {self.child.returncode}:\n{self.log()}")
            expect(time.monotonic() - started < READY_WITHIN, f"it is not ready:\n{self.log()}")
            time.sleep(0.005)
        self.starts.append(time.monotonic() - started)
        return Link(self.port, (self.root / "data" / "admin.key").read_text().strip())

    def log(self):
        return (self.root / "log").read_text(errors="replace")[-3000:]

    def kill(self):
        self.child.kill()
        self.child.wait()

    def round(self, at, chance):
        """Writes, kills, starts again and looks."""
        link = self.start()
        self.look(link, f"start {at}")
        before, key = self.done.count, link.key
        writers = [
            Writer(Link(self.port, key), self.done, f"r{at}w{one}", random.Random(chance.random()))
            for one in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        until = time.monotonic() + READY_WITHIN
        while self.done.count == before:
            expect(time.monotonic() < until, f"nothing was acknowledged:\n{self.log()}")
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.25))
        self.kill()
        for writer in writers:
            writer.join(timeout=30)
            expect(not writer.is_alive(), "a writer did not end")
            if writer.wrong:
                raise writer.wrong

    def look(self, link, when):
        done = self.done
        listed = {entry["server"]["name"]: entry for entry in self.pages(link)}
        for name, status in done.statuses.items():
            expect(name in listed, f"{when}: {name} was acknowledged and is gone")
            stands = listed[name]["_meta"]["io.modelcontextprotocol.registry/official"]["status"]
            expect(stands == status, f"{when}: {name} is {stands}, and {status} was acknowledged")
        accounts = {account["login"] for account in link.must("GET", "/api/v1/accounts")["accounts"]}
        expect(done.accounts <= accounts, f"{when}: accounts are gone: {done.accounts - accounts}")
        members = link.must("GET", "/api/v1/workspaces/default/members")["members"]
        roles = {member["login"]: member["role"] for member in members}
        for login, role in done.members.items():
            expect(roles.get(login) == role, f"{when}: {login} is {roles.get(login)}, and {role} was acknowledged")
        for key in done.revoked[-20:]:
            status, _ = link.ask("GET", "/api/v1/whoami", key=key)
            expect(status == 401, f"{when}: a revoked key is answered with {status}")
        self.look_at_indexes(link, listed, when)
        self.look_at_audit(link, when)

    def look_at_indexes(self, link, listed, when):
        """Search and single records know what the list knows."""
        found = link.must("GET", "/v0.1/x/internal.sigyl/search?q=tells&limit=1")["total"] if listed else 0
        expect(found == len(listed), f"{when}: search knows {found} names, and the list {len(listed)}")
        for name in list(listed)[-20:]:
            path = f"/v0.1/servers/{urllib.parse.quote(name, safe='')}/versions/latest"
            expect(link.must("GET", path) == listed[name], f"{when}: {name} by itself is not what the list says")

    def look_at_audit(self, link, when):
        kept = f"?kept={self.head['number']}:{self.head['hash']}" if self.head else ""
        self.head = link.must("POST", f"/api/v1/audit/verification{kept}")["head"]
        entries = self.audit(link)
        expect(len(entries) >= self.head["number"] - 1, f"{when}: {len(entries)} entries, and it ends at {self.head}")
        said = {entry["fact"]["on"] for entry in entries if entry["fact"]["outcome"] == "done"}
        for name in [*self.done.statuses, *self.done.accounts]:
            expect(
                any(form in said for form in (name, f"{name}@1.0.0", f"{name} 1.0.0")),
                f"{when}: {name} was acknowledged and is not in the audit",
            )

    def audit(self, link):
        entries, after = [], 0
        while page := link.must("GET", f"/api/v1/audit?after={after}&limit=5000")["entries"]:
            entries += page
            after = page[-1]["number"]
        return entries

    def pages(self, link):
        entries, cursor = [], ""
        while True:
            page = link.must("GET", f"/v0.1/servers?limit=100{cursor}")
            entries += page["servers"]
            after = page["metadata"].get("nextCursor")
            if not after:
                return entries
            cursor = f"&cursor={urllib.parse.quote(after, safe='')}"

    def over(self):
        if self.child and self.child.poll() is None:
            self.kill()
        shutil.rmtree(self.root, ignore_errors=True)


def main(binary, kills):
    seed = secrets.randbits(32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    trial = Trial(binary)
    try:
        for at in range(kills):
            trial.round(at, chance)
        link = trial.start()
        trial.look(link, "at the end")
    finally:
        trial.over()
    starts = sorted(trial.starts)
    print(
        f"killed {kills} times under load; {trial.done.count} writes were acknowledged, and none is gone; "
        f"the audit has {trial.head['number']} entries; ready after {starts[len(starts) // 2]:.2f} s (median)"
    )
    expect(trial.done.count > 3 * kills, "too few writes got through to prove anything")
    print(f"{kills + 1} passed, 0 failed")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 50)
    except Wrong as wrong:
        sys.exit(f"server kill test: {wrong}")
