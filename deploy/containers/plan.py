"""All steps, in their order."""

from . import confined, faults, image, memory, pods, running, secrets
from .steps import Step

STEPS: dict[str, Step] = {
    "image": image.built,
    "healthy": running.healthy,
    "reachable": running.reachable,
    "confined": confined.all_are,
    "secrets": secrets.readable,
    "watermark": memory.watermark,
    "documented": running.documented,
    "faster": running.hurried,
    "worker dies": faults.killed("worker-1"),
    "poller dies": faults.killed("poller-1"),
    "broker dies": faults.killed("rabbitmq-1"),
    "ledger dies": faults.killed("redis-1"),
    "restart": faults.restarted,
    "drain": running.drained,
    "down and up": running.recreated,
    "memory": memory.held,
    "pods": pods.all_play,
}
