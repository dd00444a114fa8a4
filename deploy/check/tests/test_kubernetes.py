import unittest

from check.kubernetes import against_schema, operators_schemas


class Kinds(unittest.TestCase):
    def test_only_the_operators_kinds_have_a_schema_of_ours(self) -> None:
        wanted = {
            ("keda.sh/v1alpha1", "ScaledObject"),
            ("keda.sh/v1alpha1", "TriggerAuthentication"),
            ("monitoring.coreos.com/v1", "PodMonitor"),
            ("monitoring.coreos.com/v1", "PrometheusRule"),
            ("rabbitmq.com/v1beta1", "RabbitmqCluster"),
        }
        self.assertEqual(set(operators_schemas()), wanted)

    def test_a_kind_that_nobody_knows_is_wrong(self) -> None:
        wrong = against_schema('{"apiVersion": "keda.sh/v1", "kind": "ScaledObject"}')
        self.assertIn("Couldn't find schema for kind ScaledObject", wrong[0])
