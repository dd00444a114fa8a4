import unittest

from containers.secrets import may_read, paths
from containers.stack import Container


class Secrets(unittest.TestCase):
    def test_the_first_class_decides(self) -> None:
        self.assertTrue(may_read(0o644, 0, 0, 65532, 65532))
        self.assertFalse(may_read(0o600, 0, 0, 65532, 65532))
        self.assertTrue(may_read(0o440, 0, 65532, 65532, 65532))
        self.assertFalse(may_read(0o044, 65532, 0, 65532, 0))

    def test_secrets_are_found_by_variable_and_by_mount(self) -> None:
        environment = ["REELWORK_KLING__API_KEY_FILE=/run/secrets/key", "HOME_FILE=/etc/x", "PATH=/bin"]
        mounts = [
            {"Source": "/tree/deploy/compose/secrets/user.conf", "Destination": "/etc/user.conf"},
            {"Source": "/tree/deploy/compose/rabbitmq.conf", "Destination": "/etc/rabbitmq.conf"},
        ]
        container = Container({"Config": {"Env": environment}, "Mounts": mounts})
        self.assertEqual(list(paths(container)), ["/run/secrets/key", "/etc/user.conf"])
