import unittest

from check.settings import given


class Settings(unittest.TestCase):
    def test_settings_are_found_wherever_they_stand(self) -> None:
        text = "- REELWORK_POLL__PACE=2\nREELWORK_BROKER__URL: ${REELWORK_BROKER__URL:-x} MY_REELWORK_X"
        self.assertEqual(given(text), {"REELWORK_BROKER__URL", "REELWORK_POLL__PACE"})
