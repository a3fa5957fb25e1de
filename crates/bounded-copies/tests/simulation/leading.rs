//! What leaders do, and what becomes of them.

use crate::database::{Entry, Waiting};
use crate::plan::{MILLISECOND, Mistake};
use crate::world::{Event, NodeStep, Request, World};

impl World {
    /// A leader, or one who was it, gets a request.
    pub(crate) fn receive(&mut self, leader: usize, node: usize, session: usize, request: Request) {
        match request {
            Request::Read(operation) => {
                let key = self.operations[operation].key;
                let document = self.leaders[leader].read(key);
                if leader != self.current() {
                    self.tally.former_leader_reads += 1;
                }
                self.message(
                    node,
                    NodeStep::Answer {
                        operation,
                        session,
                        document,
                    },
                );
            }
            Request::Write(operation) => {
                let key = self.operations[operation].key;
                let page = Some((key, operation + 1));
                self.append(leader, Waiting::Operation(operation), page);
            }
            Request::Heartbeat(heartbeat) => {
                if self.plan.has(Mistake::HeartbeatByRead) {
                    self.message(node, NodeStep::HeartbeatAnswer(heartbeat));
                } else {
                    self.append(leader, Waiting::Heartbeat { node, heartbeat }, None);
                }
            }
            Request::Listen { number } => {
                let listeners = &mut self.leaders[leader].listeners;
                listeners.retain(|&(listener, _)| listener != node);
                listeners.push((node, number));
                let since = self.now;
                self.message(node, NodeStep::Listening { number, since });
            }
            Request::Notify { key, revision } => {
                for (listener, number) in self.leaders[leader].listeners.clone() {
                    if !self.random.chance(self.plan.lost_hints_percent) {
                        self.message(
                            listener,
                            NodeStep::Hint {
                                number,
                                key,
                                revision,
                            },
                        );
                    }
                }
            }
        }
    }

    fn append(&mut self, leader: usize, waiting: Waiting, page: Option<(usize, usize)>) {
        let index = self.leaders[leader].append(waiting, page);
        if self.plan.has(Mistake::CommitsNotReplicated) {
            self.commit_up_to(leader, index);
        }
        let pause = self.random.between(100, 4 * MILLISECOND);
        self.after(pause, Event::Replicated { leader, index });
    }

    /// A follower has the log up to this entry.
    pub(crate) fn replicated(&mut self, leader: usize, index: usize) {
        let state = &mut self.leaders[leader];
        if state.isolated || state.down {
            return;
        }
        state.replicated = state.replicated.max(index + 1);
        let pause = self.random.between(100, 4 * MILLISECOND);
        self.after(pause, Event::Committed { leader, index });
    }

    /// The leader knows that the follower has it.
    pub(crate) fn committed(&mut self, leader: usize, index: usize) {
        if !self.leaders[leader].isolated && !self.leaders[leader].down {
            self.commit_up_to(leader, index);
        }
    }

    fn commit_up_to(&mut self, leader: usize, index: usize) {
        while self.leaders[leader].committed <= index {
            let Entry { waiting, page } = self.commit_next(leader);
            match waiting {
                Waiting::Operation(operation) => {
                    let node = self.operations[operation].node;
                    if let Some((_, document)) = page {
                        self.message(
                            node,
                            NodeStep::Committed {
                                operation,
                                document,
                            },
                        );
                    }
                }
                Waiting::Heartbeat { node, heartbeat } => {
                    self.message(node, NodeStep::HeartbeatAnswer(heartbeat));
                }
            }
        }
    }

    fn commit_next(&mut self, leader: usize) -> Entry {
        let entry = self.leaders[leader].commit_next();
        if let Some((key, document)) = entry.page {
            self.note("applied", &(key, document));
            self.checker.committed(key, document, self.now);
        }
        entry
    }

    /// Everyone who listens hears that the channel lives.
    pub(crate) fn beat(&mut self, leader: usize) {
        let (Some(period), false) = (self.plan.channel_period, self.leaders[leader].down) else {
            return;
        };
        for (listener, number) in self.leaders[leader].listeners.clone() {
            self.message(listener, NodeStep::ChannelBeat { number });
        }
        self.after(period, Event::Beat { leader });
    }

    /// A follower becomes the leader; nobody is told what became of writes under way.
    pub(crate) fn promote(&mut self) {
        let former = self.current();
        if self.plan.guarded {
            self.leaders[former].down = true;
        }
        let successor = self.leaders[former].successor();
        let replicated = successor.replicated;
        self.leaders.push(successor);
        let leader = self.current();
        while self.leaders[leader].committed < replicated {
            self.commit_next(leader);
        }
        self.tally.promotions += 1;
        self.is_failing_over = false;
        if self.plan.channel_period.is_some() {
            self.after(0, Event::Beat { leader });
        }
        let pause = self.random.between(20, 900) * MILLISECOND;
        self.after(pause, Event::Demote { leader: former });
        self.see_who_is_cut_off();
    }

    /// The leader finds its followers again before any of them was promoted.
    pub(crate) fn rejoin(&mut self, leader: usize) {
        self.leaders[leader].isolated = false;
        self.is_failing_over = false;
        if let Some(index) = self.leaders[leader].log.len().checked_sub(1) {
            self.after(MILLISECOND, Event::Replicated { leader, index });
        }
        self.see_who_is_cut_off();
    }

    /// Notes since when each node has had no way to the true leader.
    pub(crate) fn see_who_is_cut_off(&mut self) {
        let current = self.current();
        let leads = !self.leaders[current].isolated && !self.leaders[current].down;
        for node in &mut self.nodes {
            if leads && !node.cut && node.leader == current {
                node.cut_off = None;
            } else {
                node.cut_off.get_or_insert(self.now);
            }
        }
    }
}
