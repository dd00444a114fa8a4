import unittest
from typing import Any

from containers.pods import configuration, figure, playable

ROLE: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {"name": "worker"},
    "spec": {
        "replicas": 2,
        "template": {
            "spec": {
                "containers": [{"name": "reelwork", "args": ["worker"], "livenessProbe": {"httpGet": {}}}],
                "volumes": [{"name": "secrets", "secret": {"secretName": "reelwork", "defaultMode": 288}}],
            }
        },
    },
}


class Pods(unittest.TestCase):
    def test_only_what_podman_cannot_do_is_changed(self) -> None:
        pod = playable(ROLE)["spec"]["template"]["spec"]
        self.assertEqual(pod["containers"], [{"name": "reelwork", "args": ["worker"]}])
        self.assertEqual(pod["volumes"][0]["secret"], {"secretName": "reelwork", "defaultMode": 0o444})
        self.assertIn("livenessProbe", ROLE["spec"]["template"]["spec"]["containers"][0])

    def test_a_secret_of_the_overlay_is_not_replaced(self) -> None:
        own = {"kind": "Secret", "metadata": {"name": "reelwork"}, "data": {}}
        names = [it["metadata"]["name"] for it in configuration([own, ROLE])]
        self.assertEqual(names, ["reelwork", "reelwork-rabbitmq-default-user"])

    def test_a_documented_secret_leads_to_the_stores_that_run(self) -> None:
        texts = configuration([])[0]["stringData"]
        self.assertEqual(texts["broker_url"], "amqp://guest:guest@rabbitmq:5672")
        self.assertIn("kling_api_key", texts)

    def test_what_is_not_started_is_named(self) -> None:
        others = [{"kind": kind, "metadata": {"name": "x"}} for kind in ("Service", "ConfigMap", "Service")]
        self.assertEqual(figure([ROLE, *others]), "started worker, not started Service")
