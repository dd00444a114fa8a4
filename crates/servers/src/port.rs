use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;

/// Below the ports that the system gives to outgoing connections: none of them can take the port
/// of a server that is down.
const FIRST: u16 = 20_000;
const COUNT: u16 = 11_000;

/// A port on which nothing listens.
pub fn free_port() -> u16 {
    let [port] = free_ports();
    port
}

/// Ports on which nothing listens, all different. Panics if there are too few.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let free = candidates().filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    let held: Vec<TcpListener> = free.take(N).collect();
    std::array::from_fn(|index| {
        let listener = held.get(index).expect("too few free ports");
        listener.local_addr().expect("an address").port()
    })
}

/// From a random one on, because several processes look for ports at the same time.
fn candidates() -> impl Iterator<Item = u16> {
    let random = RandomState::new().build_hasher().finish();
    let start = u16::try_from(random % u64::from(COUNT)).unwrap_or(0);
    (0..COUNT).map(move |step| FIRST + (start + step) % COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_different() {
        let ports: [u16; 8] = free_ports();
        for (n, port) in ports.iter().enumerate() {
            assert!(!ports[..n].contains(port), "{ports:?}");
            assert!(TcpListener::bind(("127.0.0.1", *port)).is_ok());
        }
    }
}
