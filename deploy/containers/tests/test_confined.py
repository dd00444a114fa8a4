import unittest
from typing import Any

from containers.confined import shown_wrongly, told_wrongly

PROMISED = {"mem_limit": "1024", "pids_limit": 9}
HOST = {
    "ReadonlyRootfs": True,
    "CapDrop": ["ALL"],
    "CapAdd": None,
    "Privileged": False,
    "SecurityOpt": ["no-new-privileges:true"],
    "Memory": 1024,
    "PidsLimit": 9,
}
STATUS = {
    "Uid": "999\t999\t999\t999",
    "CapEff": "0" * 16,
    "CapPrm": "0" * 16,
    "CapBnd": "0" * 16,
    "NoNewPrivs": "1",
}
MOUNTS = "none / rootfs rw 0 0\noverlay / overlay ro,relatime 0 0\ntmpfs /tmp tmpfs rw 0 0\n"


def told(user: str = "rabbitmq", host: dict[str, Any] | None = None) -> list[str]:
    return list(told_wrongly({"Config": {"User": user}, "HostConfig": HOST | (host or {})}, PROMISED))


class Confined(unittest.TestCase):
    def test_a_container_as_promised_passes(self) -> None:
        self.assertEqual(told(), [])
        self.assertEqual(list(shown_wrongly(STATUS, MOUNTS)), [])

    def test_each_freedom_is_named(self) -> None:
        for user in "", "0", "0:0", "root":
            self.assertEqual(told(user), ["it starts as root"])
        for name, value in ("ReadonlyRootfs", False), ("CapDrop", None), ("SecurityOpt", None), ("Memory", 0):
            self.assertEqual(len(told(host={name: value})), 1, name)

    def test_what_the_kernel_shows_counts_too(self) -> None:
        for name, value in {"Uid": "999 0 999 999", "CapBnd": "1".zfill(16), "NoNewPrivs": "0"}.items():
            self.assertEqual(len(list(shown_wrongly(STATUS | {name: value}, MOUNTS))), 1, name)
        [wrong] = shown_wrongly(STATUS, "overlay / overlay rw,relatime 0 0\n")
        self.assertIn("root file system", wrong)
