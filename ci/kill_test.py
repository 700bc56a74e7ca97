#!/usr/bin/env python3
"""Kills `sigyl deploy` at each of its steps and then at random moments, and looks each time at what is left: no process,
no run that is neither over nor held, and every version that was acknowledged. A planted secret is found nowhere in
the open.

    ci/kill_test.py SIGYL [KILLS]      50 random kills unless said otherwise
"""

import os
import pathlib
import random
import secrets
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mcp_client import Http, Session  # noqa: E402
from place import Place, Wrong, expect  # noqa: E402

STEPS = [
    "fetch_source",
    "read_manifest",
    "scan_source",
    "admit",
    "record_version",
    "build_image",
    "bind_secrets",
    "release",
    "probe",
    "activate",
]
MANIFEST = """\
name: tiny
version: 0.1.{version}
runtime: node
entryPoint: server.js
startCommand:
  type: stdio
secrets:
  - name: PLANTED
    required: true
tools:
  - name: length
    description: Returns the length of the secret.
    inputSchema: {{ type: object, properties: {{}} }}
"""
# Speaks just enough MCP; its secret is in its environment and nowhere else.
SERVER = """\
import { createInterface } from "node:readline";
const tool = { name: "length", description: "Returns the length of the secret.", inputSchema: { type: "object", properties: {} } };
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const answers = {
    initialize: () => ({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "tiny", version: "1" } }),
    "tools/list": () => ({ tools: [tool] }),
    "tools/call": () => ({ content: [{ type: "text", text: String(process.env.PLANTED.length) }] }),
    ping: () => ({}),
  };
  const answer = answers[method];
  const reply = answer ? { result: answer() } : { error: { code: -32601, message: "no such method" } };
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, ...reply }) + "\\n");
}
"""
DEPLOY_WITHIN = 60


class Trial:
    def __init__(self, binary):
        self.place = Place(binary)
        self.secret = secrets.token_urlsafe(32)
        self.source = self.place.root / "source"
        self.source.mkdir()
        (self.source / "server.js").write_text(SERVER)
        # Outside of the place: this file is the operator's, and holds the secret in the open.
        self.secret_file = pathlib.Path(f"{self.place.root}.secret")
        self.secret_file.write_text(self.secret)
        self.version = 0
        self.acknowledged = []
        self.resumed = 0

    def start(self):
        """Starts a deploy of the next version."""
        self.version += 1
        (self.source / "sigyl.yaml").write_text(MANIFEST.format(version=self.version))
        return self.place.start("deploy", self.source, "--secret", f"PLANTED=@{self.secret_file}")

    def whole(self):
        """A deploy that nobody kills: it serves, knows its secret, and ends cleanly."""
        started = time.monotonic()
        running = self.start()
        url = running.url(DEPLOY_WITHIN)
        took = time.monotonic() - started
        session = Session(Http(url))
        said = session.call("length", {})["content"][0]["text"]
        expect(said == str(len(self.secret)), f"the server does not know its secret: {said}")
        session.close()
        for arguments in self.place.processes().values():
            expect(self.secret not in arguments, f"the secret is an argument: {arguments}")
        self.note(running)
        running.interrupt()
        self.place.expect_nobody("after Ctrl-C")
        return took

    def kill_at(self, step, after):
        """Kills when `step` is first heard of, or a while later."""
        running = self.start()
        seen = running.wait_for(lambda _, line: step in line.split(), DEPLOY_WITHIN)
        if seen is None:
            raise Wrong(f"the deploy ended (exit {running.child.wait()}) before {step}; stderr:\n{running.told()}")
        time.sleep(after)
        self.killed(running, f"killed at {step}")

    def kill_after(self, seconds):
        running = self.start()
        time.sleep(seconds)
        self.killed(running, f"killed after {seconds:.3f} s")

    def killed(self, running, when):
        running.kill()
        self.note(running)
        self.place.expect_nobody(when)
        self.look(when)

    def note(self, running):
        """Keeps what was said, and the version if its record was acknowledged: a later step had begun."""
        self.place.said += running.out + running.err
        later = STEPS[STEPS.index("record_version") + 1 :]
        if running.out or any(step in line.split() for step in later for line in running.err):
            self.acknowledged.append(f"0.1.{self.version}")

    def look(self, when):
        """Opens what is left: runs are settled, versions are there."""
        runs = self.place.ask("runs")["runs"]
        open_runs = [run for run in runs if run["state"] in ("running", "queued", "unwinding")]
        expect(not open_runs, f"{when}: runs that nobody drives: {open_runs}")
        servers = self.place.ask("list")["servers"]
        if not servers:
            expect(not self.acknowledged, f"{when}: no server, though {self.acknowledged} were acknowledged")
            return
        versions = {entry["record"]["version"]: entry for entry in self.place.ask("versions", "tiny")["versions"]}
        missing = [version for version in self.acknowledged if version not in versions]
        expect(not missing, f"{when}: acknowledged and missing: {missing}")
        active = servers[0]["server"]["active"]
        expect(active is None or active in versions, f"{when}: the active version {active} is not recorded")

    def over(self):
        self.place.expect_unsaid(self.secret)
        self.secret_file.unlink()
        for pid in self.place.processes():
            os.kill(pid, 9)
        self.place.remove()


def main(binary, kills):
    seed = secrets.randbits(32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    trial = Trial(binary)
    try:
        for step in STEPS:
            trial.kill_at(step, 0)
            trial.kill_at(step, chance.uniform(0, 0.05))
        print(f"killed twice at each of {len(STEPS)} steps; acknowledged versions: {len(trial.acknowledged)}")
        took = trial.whole()
        for _ in range(kills):
            trial.kill_after(chance.uniform(0, took * 1.2))
        print(f"killed {kills} times at random within {took * 1.2:.2f} s; acknowledged: {len(trial.acknowledged)}")
        trial.whole()
    finally:
        trial.over()
    expect(len(trial.acknowledged) > len(STEPS), "too few deploys got far enough to prove anything")
    print(f"{2 * len(STEPS) + kills + 2} passed, 0 failed")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 50)
    except Wrong as wrong:
        sys.exit(f"kill test: {wrong}")
