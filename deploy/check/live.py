"""The metrics of a running role, and the dashboard drawn from them."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .place import Place
from .programs import Refused, output

# A panel needs two scrapes of something that has happened meanwhile.
PATIENCE = 60
LOOK = 0.2

SCRAPING = """\
global: {{ scrape_interval: 1s }}
scrape_configs:
  - job_name: reelwork
    static_configs: [{{ targets: ["127.0.0.1:{admin}"] }}]
"""
JOB = '{"operation":"images/generations","request":{"prompt":"A cat"}}\n'


def page_and_dashboard(place: Place) -> Iterator[str]:
    admin, prometheus = free_ports(2)
    with contextlib.ExitStack() as running:
        scratch = Path(running.enter_context(tempfile.TemporaryDirectory()))
        # Everything in one process, on one file, against a simulated provider.
        environment = {
            "HOME": str(scratch),
            "REELWORK_EMBEDDED__PATH": str(scratch / "live.db"),
            "REELWORK_ADMIN__LISTEN": f"127.0.0.1:{admin}",
        }
        running.enter_context(started([place.program, "up", "--simulate"], environment))
        until("the role is ready", lambda: page(admin, "/readyz"))
        running.enter_context(started(scraping(scratch, admin, prometheus)))
        until("Prometheus is ready", lambda: page(prometheus, "/-/ready"))
        jobs = scratch / "jobs.jsonl"
        jobs.write_text(JOB * 10)
        for _ in range(2):
            output(place.program, "submit", "--file", jobs, "--wait", environment=environment)
        yield from remarks(page(admin, "/metrics"))
        until("every panel has data", lambda: draw(place, scratch, prometheus))


def scraping(scratch: Path, admin: int, prometheus: int) -> list[str]:
    configuration = scratch / "prometheus.yml"
    configuration.write_text(SCRAPING.format(admin=admin))
    return [
        "prometheus",
        f"--config.file={configuration}",
        f"--storage.tsdb.path={scratch / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{prometheus}",
    ]


@contextlib.contextmanager
def started(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> Iterator[None]:
    null = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdin=null, stdout=null, stderr=null) as process:
        try:
            yield
        finally:
            # Its data is thrown away.
            process.kill()


def remarks(metrics: str) -> Iterator[str]:
    """What promtool says of the page; it ends with 0 when it only has remarks."""
    check = ["promtool", "check", "metrics"]
    judged = subprocess.run(check, input=metrics, capture_output=True, text=True)
    if judged.returncode != 0 or judged.stderr.strip():
        yield f"/metrics: {judged.stderr.strip()}"


def draw(place: Place, scratch: Path, prometheus: int) -> None:
    """The page with all panels of the last minute."""
    render = place.root / "deploy/monitoring/render.py"
    said = output(sys.executable, render, f"http://127.0.0.1:{prometheus}", scratch / "page.html", "1")
    if not said.rstrip().endswith("no data: none"):
        raise Refused(said.strip())


def until(what: str, look: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            look()
            return
        except (OSError, Refused) as why:
            if time.monotonic() > deadline:
                raise Refused(f"not {what}: {why}") from None
        time.sleep(LOOK)


def page(port: int, path: str) -> str:
    """What is answered with 200."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        return str(answer.read(), "utf-8")


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [it.getsockname()[1] for it in sockets]
