"""python load.py STUB [SECONDS] [DATABASE]: W1 and W2 on DBOS, closed loop, one thread for each client.

DATABASE is a SQLAlchemy address, e.g. `postgresql://user@host/name`; without one it is SQLite in a fresh file here.
DBOS is a library: there is no server in between, so no HTTP request before the first step.
"""

import http.client
import json
import sys
import tempfile
import threading
import time

from dbos import DBOS, DBOSConfig

STUB = sys.argv[1]
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
FOLDER = tempfile.TemporaryDirectory(dir=".")
DATABASE = sys.argv[3] if len(sys.argv) > 3 else f"sqlite:///{FOLDER.name}/bench.sqlite"

kept = threading.local()


@DBOS.step()
def step() -> dict:
    """A call over HTTP on a kept connection; DBOS records what it gives."""
    if not hasattr(kept, "connection"):
        kept.connection = http.client.HTTPConnection(STUB)
    kept.connection.request("GET", "/step")
    return json.loads(kept.connection.getresponse().read())


@DBOS.workflow()
def steps(count: int) -> dict:
    """So many of them, one after another."""
    last: dict = {}
    for _ in range(count):
        last = step()
    return last


def load(clients: int, count: int, seconds: float) -> str:
    """Runs workflows by so many threads, and says how many and how fast."""
    took: list[float] = []
    began = time.perf_counter()

    def client() -> None:
        while time.perf_counter() - began < seconds:
            sent = time.perf_counter()
            steps(count)
            took.append((time.perf_counter() - sent) * 1000)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(took) / (time.perf_counter() - began)
    took.sort()
    part = lambda share: took[min(len(took) - 1, int(len(took) * share))]
    return f"{rate:.0f} workflows/s, p50 {part(0.5):.2f} ms, p99 {part(0.99):.2f} ms"


def main() -> None:
    """Both scenarios."""
    DBOS(config=DBOSConfig(name="bench", system_database_url=DATABASE, log_level="ERROR", run_admin_server=False))
    DBOS.launch()
    for name, count in [("W1 one step", 1), ("W2 ten steps", 10)]:
        for clients in [1, 32]:
            load(clients, count, 1.0)
            print(f"{name}, {clients} clients: {load(clients, count, SECONDS)}", flush=True)
    DBOS.destroy()


main()
