#!/usr/bin/env python3
"""Pictures of the console for README.md and docs/console.md, of the real program on what it really did.

    ci/console_pictures.py SIGYL [--into FOLDER]

It deploys examples/servers/clock and ci/pictures/notes, one of whose tools gives orders, calls tools, and writes what stands on the screen as
SVG into docs/images. It needs tmux, Node.js and what the clock is built with.
"""

import argparse
import html
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unicodedata
import urllib.request

from console_tour import BUILD, ROOT, Console, commit, free_port

SIZE = (112, 30)
# Pixels of a cell, and the size of its letters.
WIDE, HIGH, LETTER = 8.4, 18, 14
BACK, TEXT = "#101014", "#e0e0e0"
# Sequences that set colours and weights; nothing else is in what tmux captures.
STYLE = re.compile(r"\x1b\[([0-9;:]*)m")
SIXTEEN = [
    "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#cccccc",
    "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
]


def colour(numbers):
    """Takes a colour off the front of what follows 38 or 48."""
    kind = numbers.pop(0)
    if kind == 2:
        red, green, blue = numbers[:3]
        del numbers[:3]
        return f"#{red:02x}{green:02x}{blue:02x}"
    number = numbers.pop(0)
    if number < 16:
        return SIXTEEN[number]
    if number < 232:
        number -= 16
        steps = [0, 95, 135, 175, 215, 255]
        return f"#{steps[number // 36]:02x}{steps[number // 6 % 6]:02x}{steps[number % 6]:02x}"
    grey = 8 + (number - 232) * 10
    return f"#{grey:02x}{grey:02x}{grey:02x}"


def restyled(style, codes):
    """The style after a sequence."""
    style = dict(style)
    numbers = [int(code or 0) for code in re.split("[;:]", codes)]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            style = {}
        elif code in (1, 2, 3, 7):
            style[code] = True
        elif code == 22:
            style.pop(1, None)
            style.pop(2, None)
        elif code in (23, 27):
            style.pop(code - 20, None)
        elif code in (38, 48):
            style["fill" if code == 38 else "back"] = colour(numbers)
        elif code in (39, 49):
            style.pop("fill" if code == 39 else "back", None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style["fill"] = SIXTEEN[code - 30 if code < 90 else code - 82]
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style["back"] = SIXTEEN[code - 40 if code < 100 else code - 92]
    return style


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def safe(text):
    """Text that is nothing but text in XML: no markup, and no character that XML does not have."""
    kept = "".join(c for c in text if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) not in (0xFFFE, 0xFFFF))
    return html.escape(kept, quote=True)


def svg(screen, size, title):
    """Writes a captured screen as a picture: text stays text, and whatever it says is escaped."""
    width, height = round(size[0] * WIDE + 24), size[1] * HIGH + 24
    # Blanks at the end of a line are not captured: what most of the screen stands on is the ground of the picture.
    grounds = [restyled({}, codes).get("back") for codes in STYLE.findall(screen)]
    grounds = [ground for ground in grounds if ground] or [BACK]
    ground = max(set(grounds), key=grounds.count)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{safe(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{ground}"/>',
        f'<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="{LETTER}" xml:space="preserve">',
    ]
    style = {}
    for row, line in enumerate(screen.split("\n")[: size[1]]):
        column, y = 0, 12 + row * HIGH
        pieces = STYLE.split(line)
        for at, piece in enumerate(pieces):
            if at % 2:
                style = restyled(style, piece)
                continue
            wide = columns(piece)
            if not piece:
                continue
            fill, back = style.get("fill", TEXT), style.get("back")
            if style.get(7):
                fill, back = back or ground, fill
            x = 12 + column * WIDE
            if back and back != ground:
                parts.append(f'<rect x="{x:.1f}" y="{y}" width="{wide * WIDE:.1f}" height="{HIGH}" fill="{back}"/>')
            if piece.strip():
                weight = ' font-weight="bold"' if style.get(1) else ""
                slant = ' font-style="italic"' if style.get(3) else ""
                dim = ' opacity="0.65"' if style.get(2) else ""
                lead = len(piece) - len(piece.lstrip(" "))
                shown = piece.strip(" ")
                x += lead * WIDE
                length = f'textLength="{columns(shown) * WIDE:.1f}" lengthAdjust="spacingAndGlyphs"'
                parts.append(
                    f'<text x="{x:.1f}" y="{y + LETTER}" fill="{fill}"{weight}{slant}{dim} {length}>{safe(shown)}</text>'
                )
            column += wide
    return "\n".join([*parts, "</g>", "</svg>", ""])


def picture(console, into, name, title):
    screen = console.tmux("capture-pane", "-e", "-p", "-t", console.name)
    # Where the folder of these pictures was is nobody's matter; everything stays in its column.
    place = f"{console.socket.parent}/data/sigyl"
    screen = screen.replace(place, "~/.local/share/sigyl".ljust(len(place)))
    screen = screen.replace(f"{console.socket.parent}/", "/srv/".ljust(len(str(console.socket.parent)) + 1, "."))
    (into / f"{name}.svg").write_text(svg(screen, console.size, title))
    print(f"{name}.svg: {title}")


def deploy(console, source, name):
    """Deploys a source page by page, and lets it pass where it is held."""
    console.press("d")
    console.see("▸1 source", r"\*source")
    console.write(str(source))
    console.press("Enter")
    console.see("▸2 look", rf"name\s+{name}", within=BUILD)
    console.press("Enter")
    console.see("▸3 settings")
    console.press("Enter")
    console.see("▸4 place")
    console.press("C-s")
    console.see("▸5 summary")
    console.press("Enter")
    while "▲ held" in console.see(r"▲ held|done: ↵ opens the server", within=BUILD):
        console.see("It starts nothing until somebody", "a approve")
        console.press("a")
        console.see("Let a held run pass", r"\*reason")
        console.write("an order to the model, and a harmless one")
        console.press("Enter")
        console.see("approve", never=("Let a held run pass", "a approve"))


def call(port, server, tool, arguments):
    """Calls a tool through the endpoint, as a client does."""
    address, session = f"http://127.0.0.1:{port}/mcp/{server}", None

    def post(message):
        nonlocal session
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        if session:
            headers["mcp-session-id"] = session
        with urllib.request.urlopen(urllib.request.Request(address, json.dumps(message).encode(), headers), timeout=30) as reply:
            session = reply.headers.get("mcp-session-id", session)
            reply.read()

    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "pictures", "version": "1"}}
    post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client})
    post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    for number, each in enumerate(arguments):
        post({"jsonrpc": "2.0", "id": number + 2, "method": "tools/call", "params": {"name": tool, "arguments": each}})


def pictures(console, into, clock, notes, port):
    console.see("No servers yet")
    deploy(console, f"git:{clock}", "clock")
    picture(console, into, "console-run", "A deploy, step by step")
    console.press("g", "d")
    console.see(r"●\s+clock")
    deploy(console, notes, "notes")
    console.press("g", "d")
    console.see(r"●\s+notes")
    call(port, "clock", "now", [{}] * 40)
    console.press("g", "s")
    console.see("tool-preference", "notes", "evidence")
    picture(console, into, "console-findings", "What was found in servers that run, with the code it stands on")
    console.press("g", "d")
    console.see(r"●\s+clock")
    console.press("/")
    console.write("clock")
    console.press("Enter", "Enter")
    console.see("1 overview")
    console.press("2")
    console.see("convert", "c call")
    picture(console, into, "console-tools", "The tools of a server, and what they take")
    console.press("g", "d")
    console.press("Escape")
    call(port, "clock", "now", [{}] * 25)
    console.see("calls a minute", within=BUILD)
    call(port, "clock", "convert", [{"time": "2026-11-22T21:00:00Z", "offset": "+02:00"}] * 15)
    console.see(r"▁.*█.*calls a minute", within=BUILD)
    picture(console, into, "console-dashboard", "The dashboard: what needs somebody, every server, what ran")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sigyl", type=pathlib.Path)
    parser.add_argument("--into", type=pathlib.Path, default=ROOT / "docs/images")
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sigyl-pictures-") as name:
        folder = pathlib.Path(name)
        clock, notes = folder / "clock", folder / "notes"
        shutil.copytree(ROOT / "examples/servers/clock", clock, ignore=shutil.ignore_patterns("target"))
        shutil.copytree(ROOT / "ci/pictures/notes", notes)
        commit(clock, "A clock")
        environment = {
            "HOME": name,
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "tmux-256color",
            "COLORTERM": "truecolor",
            "XDG_DATA_HOME": f"{name}/data",
            "XDG_CONFIG_HOME": f"{name}/config",
            "XDG_CACHE_HOME": os.environ.get("SIGYL_TOUR_CACHE", f"{name}/cache"),
        }
        for variable in ("CARGO_HOME", "RUSTUP_HOME"):
            environment[variable] = os.environ.get(variable, str(pathlib.Path.home() / f".{variable.split('_')[0].lower()}"))
        port = free_port()
        words = ["--listen", f"127.0.0.1:{port}"]
        console = Console(arguments.sigyl.resolve(), folder, SIZE, environment, words, None)
        try:
            pictures(console, arguments.into, clock, notes, port)
        finally:
            console.close()


if __name__ == "__main__":
    sys.exit(main())
