"""Whether RabbitMQ stops publishers before its container is out of memory: it does not see that limit."""

import base64
import json
import os
import threading
import urllib.request
from typing import Any

from .load import Job, ids, line, provider
from .running import GATEWAY
from .steps import Run, Verdict

NODES = "http://127.0.0.1:15672/api/nodes"
# The user of deploy/compose/secrets.
USER = base64.b64encode(b"reelwork:reelwork").decode()
JOBS, BYTES = 400, 3_000_000
LOOK = 1


def watermark(run: Run) -> Verdict:
    """Messages that are being read and written come on top of it."""
    limit = run.stack.container("rabbitmq-1").facts["HostConfig"]["Memory"]
    mark = node()["mem_limit"]
    wrong = [] if mark <= limit / 2 else ["it leaves less than half of the container to what is under way"]
    return Verdict(f"{mark / 2**20:.0f} MiB of {limit / 2**20:.0f} MiB", wrong)


def held(run: Run) -> Verdict:
    """Jobs of megabytes, faster than they can be done."""
    provider(life_ms=200, callbacks=GATEWAY)
    before = run.stack.container("rabbitmq-1")
    watch = Watch()
    with watch:
        run.load.publish(ids("large", JOBS), large())
        run.load.settled()
    after = run.stack.container("rabbitmq-1")
    wrong = [] if after.is_healthy else [f"RabbitMQ is not healthy: {after.state['Status']}"]
    if after.state["OOMKilled"] or after.state["StartedAt"] != before.state["StartedAt"]:
        wrong.append("RabbitMQ was killed")
    count = run.load.count()
    seen = f"{watch.most / 2**20:.0f} MiB at most, alarm {'seen' if watch.alarmed else 'not needed'}"
    return Verdict(f"{JOBS} jobs of {BYTES / 1e6:.0f} MB: {seen}; {count}", wrong + count.wrong())


def large() -> Job:
    # Random: nothing on the way can make it smaller.
    picture = base64.b64encode(os.urandom(BYTES * 3 // 4)).decode()
    request = {"model_name": "kling-v2-master", "image": picture}
    return lambda id: line(id, "videos/image2video", request)


class Watch:
    """What RabbitMQ says of its memory meanwhile."""

    def __init__(self) -> None:
        self.most, self.alarmed = 0, False
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def look(self) -> None:
        while not self.ended.wait(LOOK):
            try:
                found = node()
            except OSError:
                continue
            self.most = max(self.most, found["mem_used"])
            self.alarmed |= found["mem_alarm"]


def node() -> dict[str, Any]:
    request = urllib.request.Request(NODES, headers={"Authorization": f"Basic {USER}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        nodes: list[dict[str, Any]] = json.loads(answer.read())
    return nodes[0]
