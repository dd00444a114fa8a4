import unittest

from check.promql import names, substituted, under, variables


class PromQL(unittest.TestCase):
    def test_names_are_found_outside_of_quotes_and_once(self) -> None:
        expr = """sum by (lane) (rate(reelwork_jobs_total{why="reelwork_no"}[5m]))
            / sum(rate(reelwork_jobs_total[5m])) > process_open_fds + up"""
        self.assertEqual(names(expr), {"reelwork_jobs_total", "process_open_fds"})

    def test_a_range_of_a_subquery_is_no_recorded_rule(self) -> None:
        self.assertEqual(names("max_over_time(reelwork:lag:p99[1h:1m]) > 3"), {"reelwork:lag:p99"})

    def test_expressions_are_found_at_every_depth(self) -> None:
        row = {"panels": [{"targets": [{"expr": "c"}]}]}
        dashboard = {"panels": [{"targets": [{"expr": "a"}, {"expr": "b", "legend": "x"}]}, row]}
        self.assertEqual(list(under("expr", dashboard)), ["a", "b", "c"])

    def test_a_variable_gets_what_its_place_wants(self) -> None:
        expr = 'topk($n, rate(x{ns=~"${ns:regex}",a!="$"}[$__rate_interval]))'
        self.assertEqual(substituted(expr), 'topk(1, rate(x{ns=~"any",a!="$"}[5m]))')
        self.assertEqual(variables(expr), {"n", "ns", "__rate_interval"})
