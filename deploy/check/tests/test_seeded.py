import tempfile
import unittest
from pathlib import Path

from check.seeded import plant
from check.seeds import Removed, Replaced, Seed


class Planting(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        (self.root / "a").write_text("abab")

    def planted(self, mistake: Replaced | Removed) -> None:
        plant(Seed("a mistake", "a", mistake, "image", "no"), self.root)

    def test_a_mistake_is_made_once(self) -> None:
        self.planted(Replaced("b", "x"))
        self.assertEqual((self.root / "a").read_text(), "axab")

    def test_a_file_is_removed(self) -> None:
        self.planted(Removed())
        self.assertFalse((self.root / "a").exists())

    def test_one_that_cannot_be_made_is_stale(self) -> None:
        for mistake in Replaced("c", "x"), Replaced("b", "b"):
            self.assertRaisesRegex(ValueError, "stale", self.planted, mistake)
