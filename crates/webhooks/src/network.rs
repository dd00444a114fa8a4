use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: u128,
    bits: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no network: write it as 10.0.0.0/8, fd00::/8 or a single address")]
pub struct BadNetwork(String);

/// IPv4 addresses are compared as IPv6 maps them, so that both spellings are one address.
const MAPPED_BITS: u32 = 96;

impl Network {
    pub(crate) const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u32) -> Self {
        let first = Ipv4Addr::new(a, b, c, d).to_ipv6_mapped().to_bits();
        Self { first, bits: bits + MAPPED_BITS }
    }

    pub(crate) const fn v6(first: [u16; 3], bits: u32) -> Self {
        let address = Ipv6Addr::new(first[0], first[1], first[2], 0, 0, 0, 0, 0);
        Self { first: address.to_bits(), bits }
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
        number(address) & mask == self.first & mask
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork(text.to_owned());
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let (most, mapped) = match address {
            IpAddr::V4(_) => (32, MAPPED_BITS),
            IpAddr::V6(_) => (128, 0),
        };
        let bits = bits.map_or(Ok(most), |bits| bits.parse::<u32>().map_err(|_| bad()))?;
        match bits <= most {
            true => Ok(Self { first: number(address), bits: bits + mapped }),
            false => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_holds_its_addresses_in_both_spellings() {
        assert!(holds("10.0.0.0/8", "10.255.0.1") && holds("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0") && !holds("10.0.0.0/8", "::1"));
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "2001:4860::1"));
        assert!(holds("fd00::/8", "fdff::1") && !holds("fd00::/8", "fc00::1"));
        assert!(holds("::/0", "8.8.8.8"), "it holds every address");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in
            ["", "10.0.0.0/33", "::/129", "10.0.0/8", "localhost", "10.0.0.0/x", "1.1.1.1/-1"]
        {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
