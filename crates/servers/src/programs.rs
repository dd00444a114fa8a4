use std::path::{Path, PathBuf};

/// The variable with the program that starts a RabbitMQ node. `rabbitmqctl` and `epmd` of the same
/// version are beside it.
pub const RABBITMQ_VARIABLE: &str = "REELWORK_TEST_RABBITMQ_SERVER";

/// The variable with the program that starts Redis or Valkey.
pub const REDIS_VARIABLE: &str = "REELWORK_TEST_REDIS_SERVER";

/// Debian's place for RabbitMQ's own script. The one on `PATH` is a wrapper that changes the user.
const DEBIAN: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const DEBIAN_PORT_MAPPER: &str = "/usr/lib/erlang/bin/epmd";

/// The programs from which servers are started.
#[derive(Clone, Debug)]
pub struct Programs {
    pub rabbitmq: PathBuf,
    pub redis: PathBuf,
}

impl Programs {
    /// Those that the variables name, or the installed ones.
    pub fn selected() -> Self {
        let named = |variable, usual: &Path| {
            std::env::var_os(variable).map_or_else(|| usual.to_owned(), PathBuf::from)
        };
        let installed = Some(Path::new(DEBIAN)).filter(|path| path.exists());
        Self {
            rabbitmq: named(RABBITMQ_VARIABLE, installed.unwrap_or(Path::new("rabbitmq-server"))),
            redis: named(REDIS_VARIABLE, Path::new("redis-server")),
        }
    }

    pub(crate) fn rabbitmq_control(&self) -> PathBuf {
        beside(&self.rabbitmq, "rabbitmqctl").unwrap_or_else(|| "rabbitmqctl".into())
    }

    /// Erlang's port mapper.
    pub(crate) fn port_mapper(&self) -> PathBuf {
        let debian = || Some(PathBuf::from(DEBIAN_PORT_MAPPER)).filter(|path| path.exists());
        beside(&self.rabbitmq, "epmd").or_else(debian).unwrap_or_else(|| "epmd".into())
    }
}

fn beside(program: &Path, name: &str) -> Option<PathBuf> {
    Some(program.with_file_name(name)).filter(|path| path.exists())
}
