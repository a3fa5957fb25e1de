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

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use crate::torture::register::{Operation, Outcome, Request, State};
use crate::torture::settings::Mark;

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
    /// The highest revision at which each operation can still take effect.
    latest: Vec<u64>,
    /// Operations that have begun and not ended: those with an answer, and the open ones.
    pending: BTreeSet<Number>,
    open: BTreeSet<Number>,
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
            latest: Vec::new(),
            pending: BTreeSet::new(),
            open: BTreeSet::new(),
            configurations: HashSet::from([configuration]),
        }
    }

    /// Takes the next operations, all of which begin after every earlier one that ends has ended.
    pub(crate) fn check(&mut self, operations: Vec<Operation>) -> Result<(), NotLinearizable> {
        // Every operation with an answer has ended, so only open ones are kept of earlier pieces; as
        // numbers are places, they move to the front.
        let kept: Vec<Number> = self.open.iter().copied().collect();
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
        self.latest = self.latest_revisions();
        self.open = (0..first).collect();
        for event in events(&self.operations[first..], &self.latest[first..], first) {
            let number = event.number;
            match event.what {
                What::Begin if self.is_open(number) => {
                    self.open.insert(number);
                }
                What::Begin => {
                    self.pending.insert(number);
                }
                What::End => self.end(number, event.least_ahead)?,
            }
        }
        Ok(())
    }

    fn is_open(&self, number: Number) -> bool {
        self.operations[number].outcome == Outcome::Unknown
    }

    /// The highest revision at which each operation can still take effect. An update of hours that
    /// nobody else has changes the settings for sure: it starts from the revision before its own.
    fn latest_revisions(&self) -> Vec<u64> {
        let hours = |operation: &Operation| match operation.request {
            Request::Write { update, .. } => update.hours,
            Request::Read => None,
        };
        let mut owners: HashMap<Mark, usize> = HashMap::new();
        let present = self.configurations.iter();
        let present = present.filter_map(|configuration| configuration.state.settings.hours);
        for mark in present.chain(self.operations.iter().filter_map(hours)) {
            *owners.entry(mark).or_default() += 1;
        }
        let changes =
            |operation: &Operation| hours(operation).is_some_and(|mark| owners[&mark] == 1);
        let latest = |operation: &Operation| match operation.outcome {
            Outcome::Done { revision, .. } if changes(operation) => revision.saturating_sub(1),
            Outcome::Done { revision, .. } => revision,
            Outcome::Mismatch { found } => found,
            Outcome::Unknown => u64::MAX,
        };
        self.operations.iter().map(latest).collect()
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
        self.open.remove(&number);
        self.configurations = next;
        Ok(())
    }

    /// The configurations after the end of an operation.
    fn carried_on(
        &self,
        number: Number,
        least_ahead: u64,
    ) -> Result<HashSet<Configuration>, NotLinearizable> {
        let answered = !self.is_open(number);
        let mut next = HashSet::new();
        // Configurations that were met already, whichever one led to them.
        let mut met: HashSet<Configuration> = HashSet::new();
        let mut left: Vec<Configuration> = Vec::new();
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
                left.push(configuration);
            }
        }
        while let Some(configuration) = left.pop() {
            let ceiling = self.ceiling(&configuration.done, least_ahead);
            // An open operation that changes something would lead above the ceiling.
            let open = (configuration.state.revision < ceiling).then_some(&self.open);
            let candidates = self.pending.iter().chain(open.into_iter().flatten());
            for candidate in candidates.filter(|it| !configuration.done.contains(it)) {
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
                if reached.state.revision > self.ceiling(&reached.done, least_ahead) {
                    continue;
                }
                if reached.done.remove(&number) {
                    next.insert(reached);
                } else if met.insert(reached.clone()) {
                    left.push(reached);
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
            let state = configuration.state;
            if self.operations[*number].applied_to(state) == Some(state) {
                configuration.done.insert(*number);
            }
        }
    }

    /// The highest revision from which every answer that is still to be explained can be, as far as
    /// revisions say.
    fn ceiling(&self, done: &BTreeSet<Number>, least_ahead: u64) -> u64 {
        let pending = self.pending.difference(done);
        pending
            .map(|number| self.latest[*number])
            .fold(least_ahead, u64::min)
    }

    fn violation(&self, number: Number, what: &str) -> NotLinearizable {
        let operation = &self.operations[number];
        let mut story = format!("{what}:\n  {operation}\n");
        let _ = writeln!(story, "before it, the Page can only have been in one of:");
        for configuration in self.configurations.iter().take(8) {
            let _ = writeln!(story, "  {configuration:?}");
        }
        let _ = writeln!(story, "operations under way at its end:");
        for number in self.pending.iter().chain(self.open.iter().take(QUOTED)) {
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
    /// The lowest of the latest revisions of all operations that begin later.
    least_ahead: u64,
}

fn events(operations: &[Operation], latest: &[u64], first: Number) -> Vec<Event> {
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
                least_ahead = least_ahead.min(latest[number - first]);
            }
            event
        })
        .collect();
    events.reverse();
    events
}

#[cfg(test)]
mod tests;
