//! Private servers from installed programs.

use std::path::{Path, PathBuf};

use servers::rabbitmq::{Configuration, Node};
use servers::{Programs, redis};

use super::{Kind, Running, Service};
use crate::failure::Failure;
use crate::process::{is_program, on_path, say};

/// The program: from the environment variable, from Debian's path, or on `PATH`.
pub(super) fn server(kind: Kind) -> Option<PathBuf> {
    let named = std::env::var_os(kind.server_variable()).map(PathBuf::from);
    let place = || Some(PathBuf::from(kind.place())).filter(|file| is_program(file));
    named.or_else(place).or_else(|| on_path(kind.package()))
}

pub(super) async fn start(kind: Kind, server: &Path) -> Result<Service, Failure> {
    say(format!("{kind}: a private one, from {}", server.display()));
    let mut programs = Programs::selected();
    let started = match kind {
        Kind::Rabbitmq => {
            server.clone_into(&mut programs.rabbitmq);
            let node = Node::configured(&programs, &Configuration::default()).await;
            node.map(|node| (node.url(), Running::Rabbitmq(Box::new(node))))
        }
        Kind::Redis => {
            server.clone_into(&mut programs.redis);
            let server = redis::Server::of(&programs, &[]).await;
            server.map(|server| (server.url(), Running::Redis(server)))
        }
    };
    let (url, running) = started.map_err(|error| Failure::stuck(server.display(), error))?;
    Ok(Service { kind, url, running })
}
