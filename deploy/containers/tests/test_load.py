import json
import unittest

from containers.load import Count, image, objects, outcomes


class Counting(unittest.TestCase):
    def test_a_repeated_event_is_one_outcome_and_another_id_is_a_second(self) -> None:
        events = [event("a", "succeeded", "1"), event("a", "succeeded", "1"), event("b", "failed", "2")]
        self.assertEqual(outcomes(events), {"a": {"1"}, "b": {"2"}})
        self.assertEqual(outcomes([*events, event("b", "parked", "3")])["b"], {"2", "3"})

    def test_an_event_on_the_way_ends_no_job(self) -> None:
        events = [event("a", word, "1") for word in ("submitted", "overdue", "conflict")]
        self.assertEqual(outcomes(events), {})

    def test_words_between_the_objects_are_left_out(self) -> None:
        self.assertEqual(objects('Container x  Creating\n{"id": "a"}\n\n'), [{"id": "a"}])

    def test_a_job_carries_the_marker_by_which_the_provider_counts(self) -> None:
        self.assertIn("[job:a-1]", json.loads(image("a-1"))["request"]["prompt"])

    def test_anything_but_one_outcome_each_is_wrong(self) -> None:
        self.assertEqual(Count(3, 0, 0, 0).wrong(), [])
        for count in Count(3, 1, 0, 0), Count(3, 0, 1, 0), Count(3, 0, 0, 1):
            self.assertEqual(count.wrong(), [str(count)])


def event(subject: str, word: str, id: str) -> dict[str, str]:
    return {"subject": subject, "id": id, "type": f"dev.reelwork.task.{word}.v1"}
