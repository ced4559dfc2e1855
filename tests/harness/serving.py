"""Servers in threads of this process."""

import threading


def serve(server):
    """Has a socketserver.BaseServer serve; its thread. `shutdown` ends it within a twentieth of a second,
    where Python's own half a second, in a thousand tests, would be minutes."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    return thread
