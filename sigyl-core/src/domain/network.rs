//! Ranges of addresses that a key may be used from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// A range of addresses in CIDR form: `10.1.0.0/16`, `2001:db8::/32`, or one address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    first: IpAddr,
    /// How many leading bits are fixed.
    bits: u8,
}

/// Text that is not a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a network: {why}")]
pub struct NetworkError {
    text: String,
    why: &'static str,
}

impl Network {
    /// Reads a range. An address with bits set beyond the prefix is refused: it is not clear what was meant.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let wrong = |why| NetworkError { text: text.chars().take(64).collect(), why };
        let (address, bits) = text.split_once('/').map_or((text, None), |(first, bits)| (first, Some(bits)));
        let first: IpAddr =
            address.parse().map_err(|_| wrong("write an address, or ADDRESS/BITS as 10.1.0.0/16"))?;
        if first.to_canonical() != first {
            return Err(wrong("write an IPv4 address as such, not within IPv6"));
        }
        let most = width(first);
        let bits = match bits {
            None => most,
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                let bits = text.parse().ok().filter(|bits| *bits <= most);
                bits.ok_or_else(|| wrong("the number of bits is 0 to 32 for IPv4, 0 to 128 for IPv6"))?
            }
            Some(_) => return Err(wrong("the number of bits is written in digits")),
        };
        if masked(first, bits) != first {
            return Err(wrong("the address has bits set beyond the prefix"));
        }
        Ok(Self { first, bits })
    }

    /// Tells whether an address lies in the range; an IPv4 address within IPv6 counts as itself.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.bits) == self.first
    }

    /// Tells whether every address of `other` lies in this range.
    pub fn covers(&self, other: &Self) -> bool {
        self.bits <= other.bits && self.contains(other.first)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Clears all but the first `bits` bits.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    let rest = u32::from(width(address).saturating_sub(bits));
    match address {
        IpAddr::V4(it) => Ipv4Addr::from(it.to_bits() & u32::MAX.checked_shl(rest).unwrap_or(0)).into(),
        IpAddr::V6(it) => Ipv6Addr::from(it.to_bits() & u128::MAX.checked_shl(rest).unwrap_or(0)).into(),
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.bits == width(self.first) {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}/{}", self.first, self.bits)
        }
    }
}

impl std::str::FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_holds_what_it_says() {
        for (range, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("10.1.0.0/16", "::ffff:10.1.2.3", "::10.1.2.3"),
            ("0.0.0.0/0", "255.1.1.1", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
        ] {
            let network = Network::parse(range).unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{range} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{range} {outside}");
        }
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        let many = ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::1/129", "x/8", "10.1/16"];
        for text in many.into_iter().chain(["::ffff:10.0.0.0/104", "010.0.0.1", "10.0.0.0/8/8"]) {
            assert!(Network::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_range_made_of_an_address_holds_it_and_reads_back(address: [u8; 16], six: bool, bits in 0..=32_u8) {
            let [a, b, c, d, ..] = address;
            let address: IpAddr = if six { address.into() } else { [a, b, c, d].into() };
            prop_assume!(address.to_canonical() == address);
            let network = Network { first: masked(address, bits), bits };
            prop_assume!(network.first.to_canonical() == network.first);
            prop_assert!(network.contains(address));
            prop_assert_eq!(Network::parse(&network.to_string()), Ok(network));
            let wider = Network { first: masked(address, bits / 2), bits: bits / 2 };
            prop_assert!(wider.covers(&network));
        }
    }
}
