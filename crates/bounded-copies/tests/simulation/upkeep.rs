//! What nodes do beside serving: heartbeats, the channel, the way to the leader.

use crate::plan::{Instant, MILLISECOND, Mistake};
use crate::world::{Event, NodeStep, Request, World};

impl World {
    /// Looks after everything that is due.
    pub(crate) fn tick(&mut self, node: usize) {
        let pause = self.random.between(15, 35) * MILLISECOND;
        self.after(pause, Event::Step(node, NodeStep::Tick));
        let now = self.clock(node);
        let lease = self.nodes[node].copies.lease();
        if lease.next_heartbeat_at(now).is_some_and(|due| due <= now) {
            let begun = lease.begin(now);
            let heartbeat = self.nodes[node].heartbeats.len();
            self.nodes[node].heartbeats.push(begun);
            self.soon(node, NodeStep::Send(Request::Heartbeat(heartbeat)));
        }
        self.see_to_the_channel(node);
        self.see_to_the_route(node);
    }

    pub(crate) fn heartbeat_answered(&mut self, node: usize, heartbeat: usize) {
        let now = self.clock(node);
        let Some(&begun) = self.nodes[node].heartbeats.get(heartbeat) else {
            return;
        };
        let lease = self.nodes[node].copies.lease();
        let heartbeat = if self.plan.has(Mistake::LeaseFromAcknowledgement) {
            lease.begin(now)
        } else {
            begun
        };
        lease.confirm(heartbeat);
    }

    fn see_to_the_channel(&mut self, node: usize) {
        let now = self.clock(node);
        let waits = self.nodes[node]
            .listen_sent
            .is_some_and(|sent| self.now < sent + 100 * MILLISECOND);
        let listening = &self.nodes[node];
        if self.plan.has(Mistake::CopiesKeptOverLostChannel) && listening.was_restored {
            listening.copies.channel_heard(now);
        }
        if listening.copies.channel_in_doubt(now) && !waits {
            self.listen(node);
        }
    }

    /// The channel is lost: listens over a new one.
    pub(crate) fn listen(&mut self, node: usize) {
        self.tally.channels_lost += 1;
        let kept_over = self.plan.has(Mistake::CopiesKeptOverLostChannel);
        let listening = &mut self.nodes[node];
        if !kept_over {
            listening.copies.channel_lost();
        }
        listening.channel_number += 1;
        listening.listen_sent = Some(self.now);
        if let Some(channel) = &mut listening.channel {
            channel.lost = true;
        }
        let number = listening.channel_number;
        self.send(node, Request::Listen { number });
    }

    pub(crate) fn listening(&mut self, node: usize, number: usize, since: Instant) {
        let now = self.clock(node);
        let listening = &mut self.nodes[node];
        if number != listening.channel_number {
            return;
        }
        if !self.plan.has(Mistake::CopiesKeptOverLostChannel) || !listening.was_restored {
            listening.copies.channel_restored(now);
        }
        listening.was_restored = true;
        listening.listen_sent = None;
        listening.invalidations += 1;
        if let Some(channel) = &mut listening.channel {
            channel.lost = false;
            channel.since = since;
            channel.heard = self.now;
        }
    }

    pub(crate) fn channel_beat(&mut self, node: usize, number: usize) {
        let now = self.clock(node);
        let listening = &mut self.nodes[node];
        if number == listening.channel_number
            && listening.copies.channel_heard(now)
            && let Some(channel) = &mut listening.channel
        {
            channel.heard = self.now;
        }
    }

    pub(crate) fn hint(&mut self, node: usize, number: usize, key: usize, revision: u64) {
        let hinted = &mut self.nodes[node];
        if number != hinted.channel_number {
            return;
        }
        self.tally.hints += 1;
        hinted
            .copies
            .hint(&key, settings_store::Revision::new(revision));
        hinted.invalidations += 1;
        if revision >= hinted.hinted[key].0 {
            hinted.hinted[key] = (revision, self.now);
        }
        self.channel_beat(node, number);
    }

    fn see_to_the_route(&mut self, node: usize) {
        let leader = self.current();
        let is_former = self.nodes[node].leader != leader;
        let usable = !self.nodes[node].cut && !self.leaders[leader].down;
        if is_former && usable && self.random.chance(self.plan.reroute_percent) {
            let routed = &mut self.nodes[node];
            routed.leader = leader;
            routed.session += 1;
            routed.invalidations += 1;
            if !self.plan.has(Mistake::RouteReplacedSilently) {
                routed.copies.route_replaced();
            }
            self.note("route replaced", &(node, leader));
            if self.plan.channel_period.is_some() && self.random.chance(70) {
                self.listen(node);
            }
            self.see_who_is_cut_off();
        }
    }
}
