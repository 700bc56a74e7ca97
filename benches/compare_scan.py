#!/usr/bin/env python3
"""Runs the patterns of Sigyl's rules beside ripgrep and yara on the same files, in one run, and prints ratios.

    cargo bench -p sigyl-benches --bench scan --no-run      # prints the path of the program
    benches/compare_scan.py PROGRAM FOLDER

Needs PyYAML; takes ripgrep (`rg`) and yara-python when they are there. Every program runs on one core and over every
file of the folder; what counts is bytes for each second of processor time, reading included. Only expressions that
all of them accept take part. The programs do not do the same: Sigyl takes each file apart first, reads comments and
strings as they read, and judges each match by what stands around it; the others only look for matches.
"""

import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

import yaml

try:
    import yara
except ImportError:
    yara = None

CONTEXTS = "[tool, string, config, docs, comment, code, settings]"
LARGEST = 24 << 20


def expressions(folder):
    for path in sorted(folder.glob("*.yaml")):
        for rule in yaml.safe_load_all(path.read_text()):
            yield from rule["patterns"]


def of_yara(expression):
    """Spells an expression as yara does: no groups without a number, no blanks that mean nothing."""
    bare = re.sub(r"(?<!\\)\s+", "", expression).replace("(?:", "(")
    return "/" + bare.replace("/", "\\/").replace("\\\\/", "\\/") + "/is"


def is_taken_by_yara(expression):
    try:
        yara.compile(source="rule a { strings: $a = %s condition: $a }" % of_yara(expression))
        return True
    except yara.Error:
        return False


def is_taken_by_ripgrep(expression):
    done = subprocess.run(["rg", "-U", "-e", f"(?ix-u:{expression}\n)", os.devnull], capture_output=True)
    return done.returncode < 2


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(*command):
    begun = children()
    done = subprocess.run(["taskset", "-c", "0", *command], capture_output=True, text=True)
    if done.returncode > 1:
        sys.exit(f"{command[0]}: {done.stderr}")
    return children() - begun, done.stdout


def rules(texts):
    """Writes rules that look for expressions everywhere, a few in each."""
    for number, at in enumerate(range(0, len(texts), 50)):
        rule = {"id": f"rule-{number}", "title": "T", "category": "form", "severity": "info", "confidence": "low"}
        rule.update(patterns=texts[at : at + 50], why="w", fix="f", taxa=[], references=[])
        yield "---\n" + yaml.safe_dump(rule, width=1 << 20) + f"looks_at: {CONTEXTS}\n"


def by_yara(texts, files):
    strings = "\n".join(f"$a{at} = {of_yara(text)}" for at, text in enumerate(texts))
    compiled = yara.compile(source="rule a { strings: %s condition: any of them }" % strings)
    begun = sum(os.times()[:2])
    hits = sum(bool(compiled.match(data=path.read_bytes(), timeout=600)) for path in files)
    return sum(os.times()[:2]) - begun, f"{hits} files"


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    files = [path for path in files if path.stat().st_size <= LARGEST]
    size = sum(path.stat().st_size for path in files)
    here = pathlib.Path(__file__).resolve().parent.parent
    texts = list(expressions(here / "sigyl-core/src/scan/patterns"))
    everything = len(texts)
    if shutil.which("rg"):
        texts = [text for text in texts if is_taken_by_ripgrep(text)]
    if yara:
        texts = [text for text in texts if is_taken_by_yara(text)]
    print(f"{len(texts)} of {everything} expressions, {len(files)} files, {size / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as work:
        own = pathlib.Path(work, "rules.yaml")
        own.write_text("".join(rules(texts)))
        shown = {}
        if yara:
            shown["yara"] = by_yara(texts, files)
        if shutil.which("rg"):
            spelled = [part for text in texts for part in ("-e", f"(?ix-u:{text}\n)")]
            command = ["rg", "-j1", "-uuu", "-a", "-U", "-c", "--no-config", *spelled, str(folder)]
            seconds, out = timed(*command)
            shown["ripgrep"] = seconds, f"{len(out.splitlines())} files"
        _, out = timed(program, str(folder), "--rules", str(own))
        rate = float(out.split()[0])
        print(f"{'sigyl':<8} {rate:8.1f} MB/s  {out.split(', ')[1].strip()}")
        for name, (seconds, what) in shown.items():
            other = size / 1e6 / seconds
            print(f"{name:<8} {other:8.1f} MB/s  {what}; sigyl is {rate / other:.2f} x as fast")


main()
