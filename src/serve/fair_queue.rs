//! A queue in which clients take turns, so that one with many jobs does not delay the others.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::client_network::ClientNetwork;

/// Items that wait. Subscribers take turns; the items of one subscriber keep their order.
pub struct FairQueue<T> {
    limits: QueueLimits,
    /// Subscribers that have items, in the order of their turns.
    turns: VecDeque<ClientNetwork>,
    waiting: HashMap<ClientNetwork, VecDeque<(ClientNetwork, T)>>,
    length: usize,
}

/// How many items may wait.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// For each link.
    pub link: usize,
    /// For each subscriber.
    pub subscriber: usize,
    pub total: usize,
}

impl<T> FairQueue<T> {
    pub fn new(limits: QueueLimits) -> Self {
        Self { limits, turns: VecDeque::new(), waiting: HashMap::new(), length: 0 }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    /// Adds an item. Returns the item that has no room: this one if its client has too many, or if
    /// the whole queue is full, the last one of the subscriber that has most.
    pub fn push(&mut self, client: IpAddr, item: T) -> Option<T> {
        let (link, subscriber) = (ClientNetwork::link(client), ClientNetwork::subscriber(client));
        let own = self.waiting.get(&subscriber);
        let of_subscriber = own.map_or(0, VecDeque::len);
        let of_link = own.map_or(0, |own| own.iter().filter(|(other, _)| *other == link).count());
        if of_link >= self.limits.link || of_subscriber >= self.limits.subscriber {
            return Some(item);
        }
        let mut dropped = None;
        if self.length >= self.limits.total {
            let longest = self.waiting.iter().max_by_key(|(_, items)| items.len());
            let longest = longest.map(|(client, items)| (*client, items.len()));
            match longest {
                Some((client, length)) if length > of_subscriber + 1 => {
                    dropped = self.drop_last(client);
                }
                _ => return Some(item),
            }
        }
        let own = self.waiting.entry(subscriber).or_default();
        if own.is_empty() {
            self.turns.push_back(subscriber);
        }
        own.push_back((link, item));
        self.length += 1;
        dropped
    }

    /// The next item: the first one of the subscriber whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        let client = self.turns.pop_front()?;
        let own = self.waiting.get_mut(&client)?;
        let (_, item) = own.pop_front()?;
        self.length -= 1;
        match own.is_empty() {
            true => drop(self.waiting.remove(&client)),
            false => self.turns.push_back(client),
        }
        Some(item)
    }

    /// Removes the last item of a subscriber that has several.
    fn drop_last(&mut self, client: ClientNetwork) -> Option<T> {
        let (_, item) = self.waiting.get_mut(&client)?.pop_back()?;
        self.length -= 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(link: usize, subscriber: usize, total: usize) -> FairQueue<(u8, u8)> {
        FairQueue::new(QueueLimits { link, subscriber, total })
    }

    fn client(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    #[test]
    fn clients_take_turns_however_many_items_one_has() {
        let mut queue = queue(100, 100, 100);
        for item in 0..5 {
            assert_eq!(queue.push(client(1), (1, item)), None);
        }
        queue.push(client(2), (2, 0));
        queue.push(client(3), (3, 0));
        queue.push(client(2), (2, 1));
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2), (1, 3), (1, 4)]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn a_client_has_a_share_and_does_not_take_that_of_others() {
        let mut queue = queue(2, 3, 100);
        assert_eq!(queue.push(client(1), (1, 0)), None);
        assert_eq!(queue.push(client(1), (1, 1)), None);
        assert_eq!(queue.push(client(1), (1, 2)), Some((1, 2)));
        assert_eq!(queue.push(client(2), (2, 0)), None);
        let v6 = |subnet: u16| IpAddr::from([0x2001, 0xdb8, 0, subnet, 0, 0, 0, 1]);
        for (subnet, is_taken) in [(1, true), (1, true), (1, false), (2, true), (3, false)] {
            assert_eq!(queue.push(v6(subnet), (6, 0)).is_none(), is_taken, "{subnet}");
        }
    }

    #[test]
    fn a_full_queue_drops_the_last_item_of_the_client_that_has_most() {
        let mut queue = queue(4, 4, 6);
        for item in 0..4 {
            queue.push(client(1), (1, item));
        }
        queue.push(client(2), (2, 0));
        queue.push(client(2), (2, 1));
        assert_eq!(queue.push(client(3), (3, 0)), Some((1, 3)));
        assert_eq!(queue.push(client(3), (3, 1)), Some((1, 2)));
        // Nobody has more than the client would have.
        assert_eq!(queue.push(client(3), (3, 2)), Some((3, 2)));
        assert_eq!(queue.len(), 6);
    }
}
