#!/usr/bin/env python3
"""A small MCP client over the standard library alone, independent of Sigyl's own.

    mcp_client.py list URL|-- COMMAND...            prints serverInfo, capabilities and all tools as JSON
    mcp_client.py call TOOL JSON URL|-- COMMAND...  prints the result of one call as JSON

It speaks the eras that begin with `initialize`, over streamable HTTP or stdio.
"""

import json
import queue
import subprocess
import sys
import threading
import urllib.error
import urllib.request

PROTOCOL = "2025-11-25"
TIMEOUT = 60
MAX_PAGES = 100


class Failure(Exception):
    """What the server did wrong, in words."""


class Stdio:
    """A server started as a child, one JSON message a line."""

    def __init__(self, command, env=None):
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env
        )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def send(self, message):
        self.child.stdin.write(json.dumps(message) + "\n")
        self.child.stdin.flush()

    def answer(self, message):
        self.send(message)
        while True:
            try:
                line = self.lines.get(timeout=TIMEOUT)
            except queue.Empty:
                raise Failure(f"no answer to {message['method']} within {TIMEOUT} s") from None
            if line is None:
                raise Failure(f"the server ended before it answered {message['method']}")
            reply = json.loads(line)
            if reply.get("id") == message["id"] and "method" not in reply:
                return reply

    def close(self):
        self.child.stdin.close()
        try:
            self.child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Http:
    """A server at a streamable HTTP address."""

    def __init__(self, url, headers=None):
        self.url = url
        self.headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        self.headers.update(headers or {})
        # Loopback only: a proxy from the environment must not come between.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def _post(self, message):
        body = json.dumps(message).encode()
        request = urllib.request.Request(self.url, data=body, headers=self.headers, method="POST")
        response = self.opener.open(request, timeout=TIMEOUT)
        session = response.headers.get("Mcp-Session-Id")
        if session:
            self.headers["Mcp-Session-Id"] = session
        return response

    def send(self, message):
        self._post(message).close()

    def answer(self, message):
        try:
            with self._post(message) as response:
                if response.headers.get_content_type() == "text/event-stream":
                    return self._from_events(response, message)
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            raise Failure(f"HTTP {error.code}: {error.read().decode(errors='replace')[:500]}") from error

    @staticmethod
    def _from_events(response, message):
        data = []
        for raw in response:
            line = raw.decode().rstrip("\r\n")
            if line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and data:
                text, data = "\n".join(data), []
                reply = json.loads(text) if text.strip() else {}
                if reply.get("id") == message["id"] and "method" not in reply:
                    return reply
        raise Failure(f"the event stream ended before it answered {message['method']}")

    def close(self):
        if "Mcp-Session-Id" not in self.headers:
            return
        request = urllib.request.Request(self.url, headers=self.headers, method="DELETE")
        try:
            self.opener.open(request, timeout=TIMEOUT).close()
        except urllib.error.HTTPError as error:
            # A server need not let clients end sessions.
            if error.code not in (404, 405):
                raise


class Session:
    """One session: `initialize`, then requests."""

    def __init__(self, transport, protocol=PROTOCOL):
        self.transport = transport
        self.next_id = 0
        self.info = self.request(
            "initialize",
            {
                "protocolVersion": protocol,
                "capabilities": {},
                "clientInfo": {"name": "sigyl-ci", "version": "1"},
            },
        )
        if isinstance(transport, Http):
            transport.headers["MCP-Protocol-Version"] = self.info["protocolVersion"]
        transport.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def request(self, method, params=None):
        self.next_id += 1
        message = {"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params or {}}
        reply = self.transport.answer(message)
        if "error" in reply:
            raise Failure(f"{method}: {json.dumps(reply['error'])}")
        return reply["result"]

    def tools(self):
        tools, cursor = [], None
        for _ in range(MAX_PAGES):
            page = self.request("tools/list", {"cursor": cursor} if cursor else {})
            tools += page["tools"]
            cursor = page.get("nextCursor")
            if not cursor:
                return tools
        raise Failure(f"more than {MAX_PAGES} pages of tools")

    def call(self, tool, arguments):
        return self.request("tools/call", {"name": tool, "arguments": arguments})

    def close(self):
        self.transport.close()


def connect(where, env=None, headers=None):
    """Opens a session with an address, or with a command after `--`."""
    if where[0] == "--":
        return Session(Stdio(where[1:], env))
    return Session(Http(where[0], headers))


def main(argv):
    if len(argv) >= 2 and argv[0] == "list":
        session = connect(argv[1:])
        answer = {
            "serverInfo": session.info["serverInfo"],
            "capabilities": session.info["capabilities"],
            "protocolVersion": session.info["protocolVersion"],
            "tools": session.tools(),
        }
    elif len(argv) >= 4 and argv[0] == "call":
        session = connect(argv[3:])
        answer = session.call(argv[1], json.loads(argv[2]))
    else:
        sys.exit(__doc__)
    session.close()
    print(json.dumps(answer, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failure as failure:
        sys.exit(f"mcp_client: {failure}")
