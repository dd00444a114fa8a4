use std::fmt;

use servers::probe;

/// The differences between the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rabbitmq,
    Redis,
}

impl Kind {
    /// The variable with the URL of a server for the tests.
    pub(crate) fn url_variable(self) -> &'static str {
        match self {
            Self::Rabbitmq => "REELWORK_TEST_AMQP_URL",
            Self::Redis => "REELWORK_TEST_REDIS_URL",
        }
    }

    /// The variable with the program from which tests start their own servers.
    pub(crate) fn server_variable(self) -> &'static str {
        match self {
            Self::Rabbitmq => servers::RABBITMQ_VARIABLE,
            Self::Redis => servers::REDIS_VARIABLE,
        }
    }

    pub(crate) fn standard_port(self) -> u16 {
        match self {
            Self::Rabbitmq => 5672,
            Self::Redis => 6379,
        }
    }

    pub(crate) fn local_url(self, port: u16) -> String {
        match self {
            Self::Rabbitmq => format!("amqp://guest:guest@127.0.0.1:{port}"),
            Self::Redis => format!("redis://127.0.0.1:{port}"),
        }
    }

    /// Whether a server on this local port accepts the default login.
    pub(crate) fn answers(self, port: u16) -> bool {
        match self {
            Self::Rabbitmq => probe::rabbitmq(port).is_some(),
            Self::Redis => probe::redis(port),
        }
    }

    /// The name of the Debian package and of the program.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Rabbitmq => "rabbitmq-server",
            Self::Redis => "redis-server",
        }
    }

    /// Preferred to the program on `PATH`, which on Debian is a wrapper around RabbitMQ's own
    /// script that changes the user.
    pub(crate) fn place(self) -> &'static str {
        match self {
            Self::Rabbitmq => "/usr/lib/rabbitmq/bin/rabbitmq-server",
            Self::Redis => "/usr/bin/redis-server",
        }
    }

    pub(crate) fn image(self) -> &'static str {
        match self {
            Self::Rabbitmq => "docker.io/library/rabbitmq:3.13",
            Self::Redis => "docker.io/library/redis:7.2",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rabbitmq => "RabbitMQ",
            Self::Redis => "Redis",
        })
    }
}
