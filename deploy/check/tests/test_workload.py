import unittest
from pathlib import Path

from check.workload import Workload


def worker(**variables: str) -> Workload:
    return Workload("w", ("worker",), variables, {})


class Workloads(unittest.TestCase):
    def test_what_a_role_needs_may_be_a_file_but_not_empty(self) -> None:
        given = {"REELWORK_BROKER__URL_FILE": "/b", "REELWORK_LEDGER__URL": "redis://r"}
        self.assertEqual(list(worker(**given, REELWORK_KLING__API_KEY="k").missing()), [])
        wrong = worker(**given, REELWORK_KLING__API_KEY="").missing()
        self.assertEqual(list(wrong), ["worker is not given REELWORK_KLING__API_KEY"])

    def test_a_file_that_nobody_mounts_is_named(self) -> None:
        wrong = worker(REELWORK_BROKER__URL_FILE="/b").wrong(Path("no-program"))
        self.assertIn("REELWORK_BROKER__URL_FILE: nothing is mounted at /b", list(wrong))
