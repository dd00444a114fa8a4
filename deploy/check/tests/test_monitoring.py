import unittest

from check.metrics import served
from check.monitoring import firing, panels


class Monitoring(unittest.TestCase):
    def test_panels_are_found_by_their_quotation_marks(self) -> None:
        page = '- say "no"\n- the panels "A" and "B c": all?\n- the panel "D"'
        self.assertEqual(list(panels(page)), ["A", "B c", "D"])

    def test_an_alert_that_is_only_expected_to_be_silent_does_not_fire(self) -> None:
        cases = [
            {"alertname": "Loud", "exp_alerts": [{"exp_labels": {}}]},
            {"alertname": "Silent", "exp_alerts": []},
            {"alertname": "Forgotten"},
        ]
        self.assertEqual(firing({"tests": [{"alert_rule_test": cases}, {"promql_expr_test": []}]}), {"Loud"})

    def test_a_histogram_is_found_under_three_names_and_not_under_its_own(self) -> None:
        names = served("# comment\nreelwork_wait_seconds histogram\nreelwork_up gauge\n")
        wait = {f"reelwork_wait_seconds_{ending}" for ending in ("bucket", "sum", "count")}
        self.assertEqual(names, {"reelwork_up"} | wait)
        for line in "reelwork_up thing", "reelwork_up":
            self.assertRaises(ValueError, served, line)
