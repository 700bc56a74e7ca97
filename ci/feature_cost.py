"""What each feature of sigyl-core costs to build, cold: crates, seconds of wall and processor time, for docs/performance.md.

    python3 ci/feature_cost.py [FEATURE...]     with the crates downloaded, on a machine that does nothing else

Every build has a target folder of its own, which is removed afterwards. Nothing is downloaded.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time

# In the order in which each adds to the one before.
FEATURES = ["", "scan", "runtime", "sled", "gateway", "sled,gateway"]


def selection(features):
    return ["-p", "sigyl-core", "--no-default-features", "--features", features]


def crates(features):
    tree = subprocess.run(
        ["cargo", "tree", "--offline", "--locked", *selection(features), "-e", "normal", "--prefix", "none"],
        check=True, capture_output=True, text=True,
    ).stdout
    names = {line.removesuffix(" (*)") for line in tree.splitlines()}
    return sum(not name.startswith("sigyl") for name in names)


def build(features):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sigyl-cost-") as target:
        subprocess.run(
            ["cargo", "build", "--release", "--quiet", "--offline", "--locked", *selection(features)],
            check=True, env={**os.environ, "CARGO_TARGET_DIR": target, "CARGO_INCREMENTAL": "0"},
        )
        wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    print("| features | crates | wall | processor |\n|---|---|---|---|")
    for features in sys.argv[1:] or FEATURES:
        wall, processor = build(features)
        name = f"`{features}`" if features else "none"
        print(f"| {name} | {crates(features)} | {wall:.0f} s | {processor:.0f} s |", flush=True)


main()
