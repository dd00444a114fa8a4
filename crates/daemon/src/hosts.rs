//! A URL that names several hosts, such as the nodes of a cluster.

/// The URL once for each host: `amqp://user@a:1,b/v` becomes `amqp://user@a:1/v` and
/// `amqp://user@b/v`. A text that is no URL stays as it is.
pub(crate) fn each(text: &str) -> Vec<String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return vec![text.to_owned()];
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // A password may contain commas.
    let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    hosts.split(',').map(|host| format!("{scheme}://{user}{host}{tail}")).collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn user_and_tail_are_those_of_every_host() {
        assert_eq!(each("localhost"), ["localhost"]);
        assert_eq!(each("amqp://h"), ["amqp://h"]);
        assert_eq!(
            each("amqp://u:a,b@h:1,[::1]:2/v?q=1,2#f"),
            ["amqp://u:a,b@h:1/v?q=1,2#f", "amqp://u:a,b@[::1]:2/v?q=1,2#f",]
        );
        assert_eq!(each("amqp://h1,,h2"), ["amqp://h1", "amqp://", "amqp://h2"]);
    }
}
