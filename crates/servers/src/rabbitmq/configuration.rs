use std::io;
use std::path::Path;

use crate::port::free_ports;

/// What a node is started with, beside what every node of ours has.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// With the management plugin, on a port of its own.
    pub managed: bool,
    /// Further plugins.
    pub plugins: Vec<&'static str>,
    /// Further lines of `rabbitmq.conf`.
    pub lines: Vec<String>,
}

/// The ports of one node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) amqp: u16,
    pub(super) distribution: u16,
    pub(super) management: u16,
}

impl Ports {
    pub(super) fn free() -> Self {
        let [amqp, distribution, management] = free_ports();
        Self { amqp, distribution, management }
    }

    /// Of the node, unique on this machine.
    pub(super) fn name(self) -> String {
        format!("reelwork-{}@localhost", self.amqp)
    }
}

/// Nodes of one cluster share it.
const COOKIE: &str = "reelworktests";

/// Writes the files of a node below `home`; returns the variables that point to them.
pub(super) fn prepare(
    home: &Path,
    ports: Ports,
    port_mapper: u16,
    wanted: &Configuration,
) -> io::Result<Vec<(String, String)>> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir(home.join("home"))?;
    let cookie = home.join("home/.erlang.cookie");
    std::fs::write(&cookie, COOKIE)?;
    std::fs::set_permissions(&cookie, std::fs::Permissions::from_mode(0o400))?;
    let mut plugins = wanted.plugins.clone();
    plugins.extend(wanted.managed.then_some("rabbitmq_management"));
    std::fs::write(home.join("plugins"), format!("[{}].\n", plugins.join(",")))?;
    std::fs::write(home.join("rabbitmq.conf"), text(ports, wanted))?;
    Ok(variables(home, ports, port_mapper))
}

fn text(ports: Ports, wanted: &Configuration) -> String {
    let mut lines = vec![
        format!("listeners.tcp.1 = 127.0.0.1:{}", ports.amqp),
        "disk_free_limit.absolute = 100MB".to_owned(),
    ];
    // A node without the plugin does not know its settings.
    if wanted.managed {
        lines.push("management.tcp.ip = 127.0.0.1".to_owned());
        lines.push(format!("management.tcp.port = {}", ports.management));
    }
    lines.extend(wanted.lines.iter().cloned());
    lines.join("\n") + "\n"
}

/// A node that shares nothing with any other on this machine.
fn variables(home: &Path, ports: Ports, port_mapper: u16) -> Vec<(String, String)> {
    let path = |name: &str| home.join(name).display().to_string();
    let variables = [
        ("HOME", path("home")),
        ("ERL_CRASH_DUMP", path("erl_crash.dump")),
        ("RABBITMQ_MNESIA_BASE", path("data")),
        ("RABBITMQ_LOG_BASE", path("log")),
        ("RABBITMQ_GENERATED_CONFIG_DIR", path("generated")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins")),
        ("RABBITMQ_CONF_ENV_FILE", path("none")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", path("none")),
        ("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf")),
        ("RABBITMQ_PID_FILE", path("pid")),
        ("RABBITMQ_NODENAME", ports.name()),
        ("RABBITMQ_NODE_PORT", ports.amqp.to_string()),
        ("RABBITMQ_DIST_PORT", ports.distribution.to_string()),
        ("ERL_EPMD_PORT", port_mapper.to_string()),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_managed_node_has_settings_of_the_plugin() {
        let ports = Ports { amqp: 20_001, distribution: 20_002, management: 20_003 };
        let none = Configuration::default();
        let plain = text(ports, &none);
        assert!(plain.starts_with("listeners.tcp.1 = 127.0.0.1:20001\n"));
        assert!(!plain.contains("management"));
        let lines = vec!["max_message_size = 1000".to_owned()];
        let managed = text(ports, &Configuration { managed: true, lines, ..none });
        assert!(managed.contains("management.tcp.port = 20003\nmax_message_size = 1000\n"));
    }
}
