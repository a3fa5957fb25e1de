//! Whether what clients were told can have happened in one order.
//!
//! A history is linearizable if each operation can be given one moment between its begin and its
//! end so that, taken in the order of these moments, every answer is the one that the sequential
//! specification ([`register`](crate::torture::register)) gives. Pages share nothing, so each has a
//! checker of its own, and all of them together are right if each one is.
//!
//! The search is Wing and Gong's in the form of Lowe ("Testing for linearizability", 2017): the
//! begins and ends are gone through in the order of time, and a set of *configurations* is kept, each
//! a state the register may be in with the pending operations that have taken effect in it. Only when
//! an operation ends must it have taken effect; then each configuration is carried on by every
//! sequence of pending operations that ends with it, and equal ones become one (the memo). When none
//! is left, there is no such order. Nothing is cut and nothing is taken from the server's word:
//! revisions are part of the answers that the specification has to give.
//!
//! Two rules keep the set small, and neither drops an order that matters: an operation that fits the
//! present state and leaves it as it is takes effect at once, as that is in nobody's way; and a
//! state whose revision is above one that is still to be answered leads nowhere, as revisions never
//! fall.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use crate::torture::register::{Operation, Outcome, State};

/// The number of an operation within a checker.
type Number = usize;

/// More configurations than this at one moment are an error, not a wait without end.
const MOST_CONFIGURATIONS: usize = 200_000;

/// How many earlier operations a violation quotes.
const QUOTED: usize = 24;

/// A state that the register may be in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Configuration {
    state: State,
    /// The pending operations that have taken effect already.
    done: BTreeSet<Number>,
}

/// An answer that no order explains, with what was going on around it.
#[derive(Debug)]
pub(crate) struct NotLinearizable {
    /// The history around it, for people.
    pub(crate) story: String,
}

/// Checks the history of one Page, piece after piece.
#[derive(Debug)]
pub(crate) struct Checker {
    operations: Vec<Operation>,
    pending: BTreeSet<Number>,
    configurations: HashSet<Configuration>,
}

impl Checker {
    /// A checker of a register that begins in this state.
    pub(crate) fn new(state: State) -> Self {
        let configuration = Configuration {
            state,
            done: BTreeSet::new(),
        };
        Self {
            operations: Vec::new(),
            pending: BTreeSet::new(),
            configurations: HashSet::from([configuration]),
        }
    }

    /// Takes the next operations, all of which begin after every earlier one that ends has ended.
    pub(crate) fn check(&mut self, operations: Vec<Operation>) -> Result<(), NotLinearizable> {
        // Only what may still take effect is kept of earlier pieces; as numbers are places, those
        // operations move to the front.
        let kept: Vec<Number> = self.pending.iter().copied().collect();
        let place = |number: &Number| kept.binary_search(number).unwrap_or_default();
        self.configurations = std::mem::take(&mut self.configurations)
            .into_iter()
            .map(|configuration| Configuration {
                state: configuration.state,
                done: configuration.done.iter().map(place).collect(),
            })
            .collect();
        let first = kept.len();
        self.operations = kept
            .iter()
            .map(|number| self.operations[*number])
            .chain(operations)
            .collect();
        self.pending = (0..first).collect();
        for event in events(&self.operations[first..], first) {
            match event.what {
                What::Begin => {
                    self.pending.insert(event.number);
                }
                What::End => self.end(event.number, event.least_ahead)?,
            }
        }
        Ok(())
    }

    /// The only states the register may be in, whatever is still pending.
    #[cfg(test)]
    fn states(&self) -> HashSet<State> {
        let states = self.configurations.iter();
        states.map(|configuration| configuration.state).collect()
    }

    fn end(&mut self, number: Number, least_ahead: u64) -> Result<(), NotLinearizable> {
        let mut next = self.carried_on(number, least_ahead)?;
        if next.is_empty() {
            // A later answer rules all of them out: go on without looking ahead, so that the story
            // is of that answer.
            next = self.carried_on(number, u64::MAX)?;
        }
        if next.is_empty() {
            return Err(self.violation(number, "no order explains the answer"));
        }
        self.pending.remove(&number);
        self.configurations = next;
        Ok(())
    }

    /// The configurations after the end of an operation.
    fn carried_on(
        &self,
        number: Number,
        least_ahead: u64,
    ) -> Result<HashSet<Configuration>, NotLinearizable> {
        let answered = self.operations[number].outcome != Outcome::Unknown;
        let mut next = HashSet::new();
        // Configurations that were met already, whichever one led to them.
        let mut met: HashSet<Configuration> = HashSet::new();
        let mut open: Vec<Configuration> = Vec::new();
        for mut configuration in self.configurations.iter().cloned() {
            self.settle(&mut configuration);
            if configuration.done.remove(&number) {
                next.insert(configuration);
                continue;
            }
            if !answered {
                // It may never have taken effect.
                next.insert(configuration.clone());
            }
            if met.insert(configuration.clone()) {
                open.push(configuration);
            }
        }
        while let Some(configuration) = open.pop() {
            for candidate in self.pending.difference(&configuration.done) {
                let operation = &self.operations[*candidate];
                let Some(state) = operation.applied_to(configuration.state) else {
                    continue;
                };
                if state == configuration.state && *candidate != number {
                    continue;
                }
                let mut reached = Configuration {
                    state,
                    done: configuration.done.clone(),
                };
                reached.done.insert(*candidate);
                self.settle(&mut reached);
                if !self.leads_on(&reached, least_ahead) {
                    continue;
                }
                if reached.done.remove(&number) {
                    next.insert(reached);
                } else if met.insert(reached.clone()) {
                    open.push(reached);
                }
            }
            if met.len() + next.len() > MOST_CONFIGURATIONS {
                return Err(self.violation(number, "there are too many possibilities to decide"));
            }
        }
        Ok(next)
    }

    /// Lets those take effect that fit the state and leave it as it is.
    fn settle(&self, configuration: &mut Configuration) {
        for number in &self.pending {
            let operation = &self.operations[*number];
            if operation.outcome != Outcome::Unknown
                && operation.applied_to(configuration.state) == Some(configuration.state)
            {
                configuration.done.insert(*number);
            }
        }
    }

    /// Whether every answer that is still to be explained can be, as far as revisions say.
    fn leads_on(&self, configuration: &Configuration, least_ahead: u64) -> bool {
        self.pending
            .difference(&configuration.done)
            .map(|number| self.operations[*number].latest_revision())
            .fold(least_ahead, u64::min)
            >= configuration.state.revision
    }

    fn violation(&self, number: Number, what: &str) -> NotLinearizable {
        let operation = &self.operations[number];
        let mut story = format!("{what}:\n  {operation}\n");
        let _ = writeln!(story, "before it, the Page can only have been in one of:");
        for configuration in self.configurations.iter().take(8) {
            let _ = writeln!(story, "  {configuration:?}");
        }
        let _ = writeln!(story, "operations under way at its end:");
        for number in &self.pending {
            let _ = writeln!(story, "  {number}: {}", self.operations[*number]);
        }
        let mut earlier: Vec<&Operation> = self.operations.iter().collect();
        earlier.retain(|earlier| earlier.end.is_some_and(|end| Some(end) < operation.end));
        earlier.sort_by_key(|earlier| earlier.end);
        let _ = writeln!(story, "the last operations that had ended:");
        for earlier in &earlier[earlier.len().saturating_sub(QUOTED)..] {
            let _ = writeln!(story, "  {earlier}");
        }
        NotLinearizable { story }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    // At one moment, begins come first: touching operations count as concurrent.
    Begin,
    End,
}

#[derive(Debug)]
struct Event {
    what: What,
    number: Number,
    /// The lowest revision of all answers to operations that begin later.
    least_ahead: u64,
}

fn events(operations: &[Operation], first: Number) -> Vec<Event> {
    let mut moments: Vec<(u64, What, Number)> = Vec::with_capacity(operations.len() * 2);
    for (place, operation) in operations.iter().enumerate() {
        moments.push((operation.begin, What::Begin, first + place));
        if let Some(end) = operation.end {
            moments.push((end, What::End, first + place));
        }
    }
    moments.sort_unstable();
    let mut least_ahead = u64::MAX;
    let mut events: Vec<Event> = moments
        .into_iter()
        .rev()
        .map(|(_moment, what, number)| {
            let event = Event {
                what,
                number,
                least_ahead,
            };
            if what == What::Begin {
                least_ahead = least_ahead.min(operations[number - first].latest_revision());
            }
            event
        })
        .collect();
    events.reverse();
    events
}

#[cfg(test)]
mod tests;
