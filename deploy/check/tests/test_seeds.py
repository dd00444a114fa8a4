import unittest

from check.seeds import SEEDS
from check.steps import STEPS


class Seeds(unittest.TestCase):
    def test_every_seed_names_a_step_and_is_the_only_one_of_its_name(self) -> None:
        self.assertLessEqual({seed.step for seed in SEEDS}, set(STEPS))
        self.assertEqual(len({seed.what for seed in SEEDS}), len(SEEDS))

    def test_every_seed_expects_words(self) -> None:
        self.assertTrue(all(seed.said for seed in SEEDS))
