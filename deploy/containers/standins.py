"""Images under the names that the files use, with what the files rely on, from Debian's packages.

They show how the files and the program behave. They do not show that the original images exist.
"""

from collections.abc import Callable
from pathlib import Path

from check.programs import output

from . import debian
from .engine import Engine

PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# With its own user, who owns data and configuration; logs go to the console.
RABBITMQ_HOOK = r"""
cd "$1"; rm -rf var/lib/rabbitmq/* etc/rabbitmq/*
mkdir -p etc/rabbitmq/conf.d; ln -s "/$(echo usr/lib/rabbitmq/lib/rabbitmq_server-*)" opt/rabbitmq
printf 'log.console = true\nloopback_users.guest = false\n' > etc/rabbitmq/conf.d/10-defaults.conf
printf '#!/bin/sh\nexec "$@"\n' > usr/local/bin/entrypoint; chmod 755 usr/local/bin/entrypoint
chroot . chown -R rabbitmq:rabbitmq var/lib/rabbitmq etc/rabbitmq var/log/rabbitmq
"""
# The original is compiled without the protected mode, which refuses other hosts.
REDIS_HOOK = r"""
cd "$1"; mkdir data; chroot . chown redis:redis data
printf '#!/bin/sh\n[ "$1" != redis-server ] || set -- "$@" --protected-mode no\nexec "$@"\n' \
  > usr/local/bin/entrypoint; chmod 755 usr/local/bin/entrypoint
"""
PASSWD = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"


def rabbitmq(tar: Path) -> list[str]:
    debian.installed(tar, "rabbitmq-server,procps,hostname", RABBITMQ_HOOK)
    return [
        f"ENV PATH=/opt/rabbitmq/sbin:{PATHS}",
        "ENV HOME=/var/lib/rabbitmq",
        "ENV LANG=C.UTF-8",
        # Otherwise its scripts want to change users.
        "ENV RUNNING_UNDER_SYSTEMD=true",
        "VOLUME /var/lib/rabbitmq",
        'ENTRYPOINT ["entrypoint"]',
        'CMD ["rabbitmq-server"]',
    ]


def redis(tar: Path) -> list[str]:
    debian.installed(tar, "redis-server,redis-tools", REDIS_HOOK)
    return ["VOLUME /data", "WORKDIR /data", 'ENTRYPOINT ["entrypoint"]', 'CMD ["redis-server"]']


def distroless(tar: Path) -> list[str]:
    """Authorities, time zones and names; no shell and no library."""
    root = tar.with_suffix("")
    debian.unpacked(root, "base-files", "netbase", "tzdata", "ca-certificates")
    for directory in "tmp", "root", "home/nonroot", "etc/ssl/certs":
        (root / directory).mkdir(parents=True, exist_ok=True)
    authorities = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    bundle = "".join(it.read_text() for it in authorities)
    (root / "etc/ssl/certs/ca-certificates.crt").write_text(bundle)
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/nsswitch.conf").write_text("hosts: files dns\n")
    (root / "tmp").chmod(0o1777)
    output("tar", "-C", root, "--owner=0", "--group=0", "-cf", tar, ".")
    return [f"ENV PATH={PATHS}", "ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", "USER 65532"]


# By the names that compose file, Dockerfile and overlays use.
IMAGES: dict[str, Callable[[Path], list[str]]] = {
    "rabbitmq:4.2-management": rabbitmq,
    "redis:7.4": redis,
    "gcr.io/distroless/static-debian12:nonroot": distroless,
}
# The same content under another name.
ALSO = {"rabbitmq:4.2": "rabbitmq:4.2-management"}


def made(directory: Path) -> dict[str, tuple[Path, list[str]]]:
    """Each with its file system and its configuration. Needs the network."""
    directory.mkdir(parents=True, exist_ok=True)
    tars = {name: directory / f"{make.__name__}.tar" for name, make in IMAGES.items()}
    return {name: (tar, IMAGES[name](tar)) for name, tar in tars.items()}


def imported(engine: Engine, images: dict[str, tuple[Path, list[str]]]) -> None:
    for name, (tar, changes) in images.items():
        words = [word for change in changes for word in ("--change", change)]
        engine.output("import", *words, str(tar), name)
    for name, original in ALSO.items():
        engine.output("tag", original, name)
