//! What nodes do for their clients.

use bounded_copies::{Fill, MonotonicTime};
use settings_store::Revision;

use crate::check::{AnsweredRead, CopyServed};
use crate::database::Document;
use crate::node::{Operation, Value};
use crate::plan::{MILLISECOND, Mistake};
use crate::world::{Event, NodeStep, Request, World};

impl World {
    /// A client begins its next operation.
    pub(crate) fn client_goes_on(&mut self, client: usize) {
        if self.random.chance(30) {
            self.clients[client].node = self.random.below(self.plan.nodes);
        }
        let node = self.clients[client].node;
        let key = self.random.below(self.plan.keys);
        let is_write = self.random.chance(self.plan.write_percent);
        let carries = self.random.chance(50);
        let (wrote, wrote_at) = self.clients[client].wrote[key];
        let operation = self.operations.len();
        self.operations.push(Operation {
            client,
            node,
            key,
            is_write,
            floor: self.checker.completed(key),
            own: if self.plan.strict || carries || wrote_at == node {
                wrote
            } else {
                0
            },
            token: if carries && !self.plan.has(Mistake::TokenIgnored) {
                wrote
            } else {
                0
            },
            asked: self.now,
            ticket: None,
            sent: self.now,
            sent_clock: MonotonicTime::default(),
            invalidations: 0,
            is_over: false,
        });
        self.after(200 * MILLISECOND, Event::TimedOut(operation));
        self.after(0, Event::Step(node, NodeStep::Arrive(operation)));
    }

    /// The client of an operation has its answer, or waits no longer.
    pub(crate) fn finish_operation(&mut self, operation: usize) {
        self.operations[operation].is_over = true;
        let client = self.operations[operation].client;
        let pause = self.random.between(1, 40) * MILLISECOND;
        self.after(pause, Event::ClientGoesOn(client));
    }

    /// A step of a node: at once or, so that it can be stopped before, a moment later.
    pub(crate) fn soon(&mut self, node: usize, step: NodeStep) {
        if self.random.chance(25) {
            let pause = self.random.between(0, 2 * MILLISECOND);
            self.after(pause, Event::Step(node, step));
        } else {
            self.step(node, step);
        }
    }

    pub(crate) fn step(&mut self, node: usize, step: NodeStep) {
        match step {
            NodeStep::Arrive(operation) => self.arrive(node, operation),
            NodeStep::Look { operation, now } => self.look(node, operation, now),
            NodeStep::Send(request) => self.send(node, request),
            NodeStep::Answer {
                operation,
                session,
                document,
            } => self.read_answered(node, operation, session, document),
            NodeStep::Committed {
                operation,
                document,
            } => self.write_committed(node, operation, document),
            NodeStep::Publish { key, revision } => {
                self.send(node, Request::Notify { key, revision });
            }
            NodeStep::HeartbeatAnswer(heartbeat) => self.heartbeat_answered(node, heartbeat),
            NodeStep::Listening { number, since } => self.listening(node, number, since),
            NodeStep::ChannelBeat { number } => self.channel_beat(node, number),
            NodeStep::Hint {
                number,
                key,
                revision,
            } => self.hint(node, number, key, revision),
            NodeStep::ChannelLost => self.listen(node),
            NodeStep::Tick => self.tick(node),
        }
    }

    fn arrive(&mut self, node: usize, operation: usize) {
        let now = self.clock(node);
        self.operations[operation].asked = self.now;
        if self.operations[operation].is_write {
            self.begin_statement(node, operation, Request::Write(operation));
        } else {
            self.soon(node, NodeStep::Look { operation, now });
        }
    }

    /// Looks for a copy, with the time that was taken a step before.
    fn look(&mut self, node: usize, operation: usize, now: MonotonicTime) {
        let Operation { key, token, .. } = self.operations[operation];
        let copies = &self.nodes[node].copies;
        let Some(kept) = copies.at_least(&key, Revision::new(token), now) else {
            self.begin_statement(node, operation, Request::Read(operation));
            return;
        };
        let Value { document, sent } = kept.value;
        assert_eq!(kept.revision.get(), document.revision);
        self.note("copy served", &(operation, document, sent));
        if self.operations[operation].is_over {
            return;
        }
        self.tally.copied_reads += 1;
        let node = &self.nodes[node];
        let copy = CopyServed {
            sent,
            cut_off: node.cut_off,
            hinted: node.hinted[key],
            channel: node.channel,
        };
        let read = self.answered_read(operation, document);
        self.checker.copied(&self.plan, read, copy);
        self.checker.answered(&self.plan, read);
        self.finish_operation(operation);
    }

    /// Takes a ticket, and only then sends the statement.
    fn begin_statement(&mut self, node: usize, operation: usize, request: Request) {
        let now = self.clock(node);
        let begun = &mut self.operations[operation];
        let ticket = self.nodes[node].copies.begin_fill(begun.key, now);
        begun.ticket = Some(ticket);
        begun.sent = self.now;
        begun.sent_clock = now;
        begun.invalidations = self.nodes[node].invalidations;
        self.soon(node, NodeStep::Send(request));
    }

    fn answered_read(&self, operation: usize, document: Document) -> AnsweredRead {
        let read = &self.operations[operation];
        AnsweredRead {
            key: read.key,
            document,
            asked: read.asked,
            floor: read.floor,
            own: read.own,
        }
    }

    fn read_answered(&mut self, node: usize, operation: usize, session: usize, document: Document) {
        let now = self.clock(node);
        let read = &mut self.operations[operation];
        let copies = &self.nodes[node].copies;
        let Some(ticket) = read.ticket.take() else {
            return;
        };
        // Where sessions of a former leader are shut in time, an answer counts as long as its
        // session does. Elsewhere only the lease tells whether the leader still was one.
        let is_vouched_for = if self.plan.guarded {
            session == self.nodes[node].session
        } else {
            copies.vouches_for(&ticket, now) || self.plan.has(Mistake::AnswersNotVouchedFor)
        };
        let was_not_overtaken = read.invalidations == self.nodes[node].invalidations;
        let ticket = match self.plan.mistake {
            Some(Mistake::FillsNotRefused) => copies.begin_fill(read.key, read.sent_clock),
            Some(Mistake::ReadTimeAfterRead) if was_not_overtaken => {
                copies.begin_fill(read.key, now)
            }
            _ => ticket,
        };
        let value = Value {
            document,
            sent: read.sent,
        };
        let fill = copies.complete_fill(ticket, Revision::new(document.revision), value);
        if fill == Fill::Invalidated {
            self.tally.fills_refused += 1;
        }
        let read = &self.operations[operation];
        if read.is_over {
            return;
        }
        if is_vouched_for && document.revision >= read.token {
            self.tally.leader_reads += 1;
            let read = self.answered_read(operation, document);
            self.checker.answered(&self.plan, read);
        } else {
            self.tally.refused_reads += 1;
        }
        self.finish_operation(operation);
    }

    fn write_committed(&mut self, node: usize, operation: usize, document: Document) {
        let write = &mut self.operations[operation];
        let revision = Revision::new(document.revision);
        let value = Value {
            document,
            sent: write.sent,
        };
        if let Some(ticket) = write.ticket.take()
            && !self.plan.has(Mistake::OwnWritesNotTold)
        {
            let _whether_kept = self.nodes[node].copies.written(ticket, revision, value);
        }
        self.nodes[node].invalidations += 1;
        let write = &self.operations[operation];
        let (key, client, floor) = (write.key, write.client, write.floor);
        if self.plan.channel_period.is_some() {
            let pause = self.random.between(1, 10) * MILLISECOND;
            let revision = document.revision;
            let publish = NodeStep::Publish { key, revision };
            self.after(pause, Event::Step(node, publish));
        }
        if !self.operations[operation].is_over {
            self.tally.acknowledged_writes += 1;
            self.checker.acknowledged(key, document, floor);
            self.clients[client].wrote[key] = (document.revision, node);
            self.finish_operation(operation);
        }
    }
}
