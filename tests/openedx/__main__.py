"""Serve: bind a free port, make the database in the given folder, say the address, end when standard input does."""

import os
import sys
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

HOST = "127.0.0.1"


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request: to launch is to call the tool, which calls back."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log_message(self, *args):
        """Nothing."""


def main(folder: str) -> None:
    """Serve until standard input ends."""
    server = Server((HOST, 0), Quiet)
    url = f"http://{HOST}:{server.server_port}"
    os.environ.update(
        {"OPENEDX_URL": url, "OPENEDX_FOLDER": folder, "DJANGO_SETTINGS_MODULE": "tests.openedx.settings"}
    )
    import django
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(url, flush=True)
    sys.stdin.read()


main(sys.argv[1])
