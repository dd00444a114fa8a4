//! Ports for our own servers.

use std::net::TcpListener;
use std::ops::Range;

/// Below the ports of outgoing connections: one of those could take the port between our check and
/// the server's start.
const RANGE: Range<u16> = 20_000..32_000;

/// This many free ports, all different.
pub(crate) fn free<const N: usize>() -> std::io::Result<[u16; N]> {
    let mut held = Vec::with_capacity(N);
    let length = u32::from(RANGE.end - RANGE.start);
    // Concurrent runs begin at other ports.
    let start = std::process::id().wrapping_mul(7_919) % length;
    for step in 0..length {
        if held.len() == N {
            break;
        }
        let port = RANGE.start + ((start + step) % length) as u16;
        held.extend(TcpListener::bind(("127.0.0.1", port)).ok());
    }
    let mut ports = [0; N];
    for (index, port) in ports.iter_mut().enumerate() {
        let listener = held.get(index).ok_or(std::io::ErrorKind::AddrInUse)?;
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_different_and_in_range() {
        let [one, two, three] = free().unwrap();
        assert!(one != two && two != three && one != three);
        assert!([one, two, three].iter().all(|port| RANGE.contains(port)));
        TcpListener::bind(("127.0.0.1", two)).unwrap();
    }

    #[test]
    fn a_taken_port_is_not_given() {
        let [first] = free().unwrap();
        let _taken = TcpListener::bind(("127.0.0.1", first)).unwrap();
        let [second] = free().unwrap();
        assert_ne!(first, second);
    }
}
