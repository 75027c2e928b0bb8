"""The worker under measure, in a process of its own: `python -m tests.bench.outbox_worker DATABASE`."""

import sys

from tests.bench.outbox import run_worker

if __name__ == "__main__":
    run_worker(sys.argv[1])
