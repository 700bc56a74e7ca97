//! How many connections each address has.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections by address.
#[derive(Debug)]
pub(super) struct Peers {
    most: usize,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    peers: Arc<Peers>,
    address: IpAddr,
}

impl Peers {
    /// Lets each address have `most` connections.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, counts: Mutex::default() })
    }

    /// Counts one more connection of `address`, unless it has too many.
    pub(super) fn seat(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let address = network(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Seat { peers: Arc::clone(self), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.peers.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: whoever has one of IPv6 mostly has all of its network.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_seats_and_gets_them_back() {
        let peers = Peers::new(2);
        let seat = |text: &str| peers.seat(text.parse().unwrap());
        let (one, two) = (seat("10.0.0.1"), seat("10.0.0.1"));
        assert!(one.is_some() && two.is_some() && seat("::ffff:10.0.0.1").is_none());
        assert!(seat("10.0.0.2").is_some());
        drop(one);
        assert!(seat("10.0.0.1").is_some());
        drop(two);
        assert!(peers.counts.lock().unwrap().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let peers = Peers::new(1);
        let _one = peers.seat("2001:db8:0:1::1".parse().unwrap()).unwrap();
        assert!(peers.seat("2001:db8:0:1:ffff::2".parse().unwrap()).is_none());
        assert!(peers.seat("2001:db8:0:2::1".parse().unwrap()).is_some());
    }
}
