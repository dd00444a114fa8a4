import tempfile
import unittest
from pathlib import Path

from containers.mistakes import MISTAKES, replaced
from containers.plan import STEPS


class Mistakes(unittest.TestCase):
    def test_each_names_steps_and_words(self) -> None:
        for mistake in MISTAKES:
            self.assertLessEqual(set(mistake.steps), set(STEPS), mistake.what)
            self.assertTrue(mistake.said, mistake.what)

    def test_one_that_cannot_be_made_is_stale(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            Path(scratch, "a").write_text("abab")
            replaced("a", "b", "x")(Path(scratch))
            self.assertEqual(Path(scratch, "a").read_text(), "axax")
            self.assertRaisesRegex(ValueError, "stale", replaced("a", "b", "x"), Path(scratch))
