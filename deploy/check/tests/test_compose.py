import unittest

from check.compose import IMAGE, is_pinned, outlives_drain, seconds


class Compose(unittest.TestCase):
    def test_durations_are_read_as_compose_writes_them(self) -> None:
        self.assertEqual(seconds("1m30s"), 90)
        self.assertEqual(seconds("1h0m5s"), 3605)
        self.assertIsNone(seconds("70"))
        self.assertIsNone(seconds("70ms"))

    def test_a_role_that_is_killed_while_it_drains_is_found(self) -> None:
        role = {"image": IMAGE, "environment": {"REELWORK_WORKER__DRAIN": "70s"}}
        self.assertTrue(outlives_drain(role | {"stop_grace_period": "1m30s"}))
        self.assertFalse(outlives_drain(role | {"stop_grace_period": "1m10s"}))
        self.assertFalse(outlives_drain(role))

    def test_an_image_without_a_tag_is_found(self) -> None:
        self.assertTrue(is_pinned({"image": "redis:7.4"}))
        for image in "redis", "redis:latest", "mirror:5000/redis":
            self.assertFalse(is_pinned({"image": image}), image)
