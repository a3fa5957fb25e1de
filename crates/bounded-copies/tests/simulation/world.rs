//! The event loop: one thread, true time, and everything in the order that the seed decides.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Debug;

use bounded_copies::MonotonicTime;

use crate::check::{Checker, Violation};
use crate::database::{Document, Leader};
use crate::node::{Client, Node, Operation};
use crate::plan::{Instant, MILLISECOND, Mistake, Plan};
use crate::random::Random;

/// What a node sends to a leader.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request {
    Read(usize),
    Write(usize),
    Heartbeat(usize),
    Listen { number: usize },
    Notify { key: usize, revision: u64 },
}

/// What a node does in one go. It may be stopped before any of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NodeStep {
    Arrive(usize),
    Look {
        operation: usize,
        now: MonotonicTime,
    },
    Send(Request),
    Answer {
        operation: usize,
        session: usize,
        document: Document,
    },
    Committed {
        operation: usize,
        document: Document,
    },
    HeartbeatAnswer(usize),
    Publish {
        key: usize,
        revision: u64,
    },
    Listening {
        number: usize,
        since: Instant,
    },
    ChannelBeat {
        number: usize,
    },
    Hint {
        number: usize,
        key: usize,
        revision: u64,
    },
    ChannelLost,
    Tick,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A node goes on by itself.
    Step(usize, NodeStep),
    /// A message comes to a node, unless it is cut.
    Message(usize, NodeStep),
    /// A message comes to a leader, unless its sender is cut.
    Request {
        node: usize,
        session: usize,
        leader: usize,
        request: Request,
    },
    Replicated {
        leader: usize,
        index: usize,
    },
    Committed {
        leader: usize,
        index: usize,
    },
    Beat {
        leader: usize,
    },
    ClientGoesOn(usize),
    TimedOut(usize),
    Fault,
    Resume(usize),
    Uncut(usize),
    Promote,
    Rejoin {
        leader: usize,
    },
    Demote {
        leader: usize,
    },
}

/// How often what happened, to see that a simulation reaches what it is for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    pub(crate) copied_reads: u64,
    pub(crate) leader_reads: u64,
    pub(crate) refused_reads: u64,
    pub(crate) acknowledged_writes: u64,
    pub(crate) timeouts: u64,
    pub(crate) fills_refused: u64,
    pub(crate) former_leader_reads: u64,
    pub(crate) promotions: u64,
    pub(crate) stops: u64,
    pub(crate) cuts: u64,
    pub(crate) channels_lost: u64,
    pub(crate) hints: u64,
}

impl Tally {
    fn fields(&mut self) -> [(&'static str, &mut u64); 13] {
        [
            ("events", &mut self.events),
            ("copied reads", &mut self.copied_reads),
            ("leader reads", &mut self.leader_reads),
            ("refused reads", &mut self.refused_reads),
            ("acknowledged writes", &mut self.acknowledged_writes),
            ("timeouts", &mut self.timeouts),
            ("fills refused", &mut self.fills_refused),
            ("reads at a former leader", &mut self.former_leader_reads),
            ("promotions", &mut self.promotions),
            ("stops", &mut self.stops),
            ("cuts", &mut self.cuts),
            ("channels lost", &mut self.channels_lost),
            ("hints", &mut self.hints),
        ]
    }

    pub(crate) fn counts(mut self) -> [(&'static str, u64); 13] {
        self.fields().map(|(what, count)| (what, *count))
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for ((_, sum), (_, count)) in self.fields().into_iter().zip(other.counts()) {
            *sum += count;
        }
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) random: Random,
    pub(crate) plan: Plan,
    pub(crate) leaders: Vec<Leader>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) clients: Vec<Client>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) checker: Checker,
    pub(crate) tally: Tally,
    /// The leader is being replaced.
    pub(crate) is_failing_over: bool,
    queue: BinaryHeap<Reverse<(Instant, usize)>>,
    events: Vec<Option<Event>>,
    trace: Option<Vec<String>>,
}

/// What came of a seed.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) violation: Option<Violation>,
    pub(crate) tally: Tally,
    pub(crate) trace: Vec<String>,
}

/// Runs one seed, with or without the trace of its events.
pub(crate) fn run(seed: u64, mistake: Option<Mistake>, is_traced: bool) -> Outcome {
    let mut random = Random::new(seed);
    let plan = Plan::new(&mut random, mistake);
    let nodes = (0..plan.nodes)
        .map(|_| Node::new(&plan, &mut random))
        .collect();
    let mut world = World {
        now: 0,
        leaders: vec![Leader::default()],
        nodes,
        clients: (0..plan.clients).map(|_| Client::default()).collect(),
        operations: Vec::new(),
        checker: Checker::new(),
        tally: Tally::default(),
        is_failing_over: false,
        queue: BinaryHeap::new(),
        events: Vec::new(),
        trace: is_traced.then(Vec::new),
        random,
        plan,
    };
    world.note("plan", &world.plan.clone());
    world.begin();
    world.go_on();
    Outcome {
        violation: world.checker.violation,
        tally: world.tally,
        trace: world.trace.unwrap_or_default(),
    }
}

impl World {
    /// The present leader.
    pub(crate) fn current(&self) -> usize {
        self.leaders.len() - 1
    }

    pub(crate) fn clock(&self, node: usize) -> MonotonicTime {
        self.nodes[node].clock(self.now, self.plan.mistake)
    }

    /// Adds a line to the trace, if there is one.
    pub(crate) fn note(&mut self, what: &str, detail: &dyn Debug) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now:>8} {what} {detail:?}"));
        }
    }

    pub(crate) fn after(&mut self, pause: u64, event: Event) {
        self.queue
            .push(Reverse((self.now + pause, self.events.len())));
        self.events.push(Some(event));
    }

    /// How long a message takes.
    pub(crate) fn delay(&mut self) -> u64 {
        let usual = self.random.between(100, self.plan.delay);
        if self.random.chance(self.plan.slow_percent) {
            usual + self.random.between(0, 200 * MILLISECOND)
        } else {
            usual
        }
    }

    /// A node sends something to whom it takes for the leader.
    pub(crate) fn send(&mut self, node: usize, request: Request) {
        let pause = self.delay();
        let Node {
            leader, session, ..
        } = self.nodes[node];
        self.after(
            pause,
            Event::Request {
                node,
                session,
                leader,
                request,
            },
        );
    }

    /// A leader sends something to a node.
    pub(crate) fn message(&mut self, node: usize, step: NodeStep) {
        let pause = self.delay();
        self.after(pause, Event::Message(node, step));
    }

    fn begin(&mut self) {
        for node in 0..self.plan.nodes {
            self.after(0, Event::Step(node, NodeStep::Tick));
        }
        for client in 0..self.plan.clients {
            let pause = self.random.between(0, 50 * MILLISECOND);
            self.after(pause, Event::ClientGoesOn(client));
        }
        if self.plan.channel_period.is_some() {
            self.after(0, Event::Beat { leader: 0 });
        }
        let pause = self.plan.fault_pause;
        self.after(pause, Event::Fault);
    }

    fn go_on(&mut self) {
        while let Some(Reverse((at, index))) = self.queue.pop() {
            if at > self.plan.length || self.checker.violation.is_some() {
                break;
            }
            self.now = at;
            let Some(event) = self.events[index].take() else {
                continue;
            };
            self.tally.events += 1;
            self.happen(event);
        }
        if self.checker.violation.is_none() {
            let last = self.current();
            self.checker.finish(&self.leaders[last]);
        }
    }

    fn happen(&mut self, event: Event) {
        if self.trace.is_some() {
            self.note("event", &event);
        }
        match event {
            Event::Step(node, step) => self.step_unless_stopped(node, step),
            Event::Message(node, step) => {
                if !self.nodes[node].cut {
                    self.step_unless_stopped(node, step);
                }
            }
            Event::Request {
                node,
                session,
                leader,
                request,
            } => {
                if !self.nodes[node].cut && !self.leaders[leader].down {
                    self.receive(leader, node, session, request);
                }
            }
            Event::Replicated { leader, index } => self.replicated(leader, index),
            Event::Committed { leader, index } => self.committed(leader, index),
            Event::Beat { leader } => self.beat(leader),
            Event::ClientGoesOn(client) => self.client_goes_on(client),
            Event::TimedOut(operation) => {
                if !self.operations[operation].is_over {
                    self.tally.timeouts += 1;
                    self.finish_operation(operation);
                }
            }
            Event::Fault => self.fault(),
            Event::Resume(node) => {
                for step in self.nodes[node].resume(self.now) {
                    // In any order: each connection has its own queue.
                    let pause = self.random.between(0, 20);
                    self.after(pause, Event::Step(node, step));
                }
            }
            Event::Uncut(node) => {
                self.nodes[node].cut = false;
                self.see_who_is_cut_off();
            }
            Event::Promote => self.promote(),
            Event::Rejoin { leader } => self.rejoin(leader),
            Event::Demote { leader } => self.leaders[leader].down = true,
        }
    }

    fn step_unless_stopped(&mut self, node: usize, step: NodeStep) {
        if self.nodes[node].stopped.is_some() {
            self.nodes[node].inbox.push(step);
        } else {
            self.step(node, step);
        }
    }
}
