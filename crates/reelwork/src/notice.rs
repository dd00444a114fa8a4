//! What a role reports about itself: as a line of text, or as a log event if programs read the log.

use std::net::SocketAddr;

use crate::output::Output;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Notice<'a> {
    BorrowedKey,
    Simulated {
        url: &'a str,
    },
    Callbacks {
        on: SocketAddr,
    },
    KlingApi {
        on: SocketAddr,
    },
    OwnApi {
        on: SocketAddr,
    },
    Console {
        on: SocketAddr,
    },
    /// Another process has the address.
    NoKlingApi {
        on: SocketAddr,
    },
    Health {
        on: SocketAddr,
    },
    Ready {
        role: &'a str,
    },
    Draining,
}

impl Notice<'_> {
    pub(crate) fn print(self, output: &Output) {
        match output.in_log() {
            true => self.log(),
            false => output.message(&self.words()),
        }
    }

    fn words(self) -> String {
        match self {
            Self::BorrowedKey => {
                "kling.api_key is not set: the key is taken from COMETAPI_KEY".into()
            }
            Self::Simulated { url } => format!("simulated provider on {url}"),
            Self::KlingApi { on } => format!("the provider's API on http://{on}/kling/v1/"),
            Self::OwnApi { on } => format!("reelwork's API on http://{on}/api/v1/"),
            Self::Console { on } => format!("the console on http://{on}/console"),
            Self::NoKlingApi { on } => format!(
                "{on} is in use: neither the provider's API nor the console is served; set \
                 gateway.listen to serve them"
            ),
            Self::Callbacks { on } => format!("callbacks on http://{on}"),
            Self::Health { on } => format!("health on http://{on}"),
            Self::Ready { role } => format!("ready: {role}; stop with ctrl-c"),
            Self::Draining => {
                "draining: nothing new is taken, what is under way is finished".into()
            }
        }
    }

    fn log(self) {
        let words = self.words();
        match self {
            Self::BorrowedKey | Self::Draining => tracing::info!("{words}"),
            Self::Simulated { url } => tracing::info!(url, "{words}"),
            Self::NoKlingApi { on } => tracing::warn!(address = %on, "{words}"),
            Self::Callbacks { on }
            | Self::KlingApi { on }
            | Self::OwnApi { on }
            | Self::Console { on }
            | Self::Health { on } => {
                tracing::info!(url = format!("http://{on}"), "{words}");
            }
            Self::Ready { role } => tracing::info!(role, "{words}"),
        }
    }
}
