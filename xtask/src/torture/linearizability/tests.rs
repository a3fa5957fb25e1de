//! The checker against histories made by hand, and against all orders tried one by one.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;
use crate::torture::settings::{HoursSeen, Seen, Settings, Update};

/// A write of hours alone: its number is the value.
fn write_of(mark: u32, if_match: Option<u64>) -> Request {
    Request::Write {
        update: Update {
            switches: None,
            hours: Some(mark),
        },
        if_match,
    }
}

fn seen(mark: u32) -> Seen {
    Seen {
        hours: if mark > 0 {
            HoursSeen::Of(mark)
        } else {
            HoursSeen::None
        },
        ..Seen::default()
    }
}

fn done(revision: u64, mark: u32) -> Outcome {
    Outcome::Done {
        revision,
        seen: seen(mark),
    }
}

fn operation(begin: u64, end: u64, request: Request, outcome: Outcome) -> Operation {
    Operation {
        client: 0,
        request,
        outcome,
        begin,
        end: Some(end),
    }
}

fn write(begin: u64, end: u64, mark: u32, revision: u64) -> Operation {
    operation(begin, end, write_of(mark, None), done(revision, mark))
}

fn read(begin: u64, end: u64, mark: u32, revision: u64) -> Operation {
    operation(begin, end, Request::Read, done(revision, mark))
}

fn open_write(begin: u64, end: Option<u64>, mark: u32) -> Operation {
    Operation {
        end,
        ..operation(begin, begin, write_of(mark, None), Outcome::Unknown)
    }
}

fn accepts(operations: &[Operation]) -> bool {
    let mut checker = Checker::new(State::NEVER_CONFIGURED);
    checker.check(operations.to_vec()).is_ok()
}

#[test]
fn what_happens_one_after_the_other_is_accepted() {
    assert!(accepts(&[]));
    assert!(accepts(&[
        read(0, 1, 0, 0),
        write(2, 3, 1, 1),
        read(4, 5, 1, 1),
        write(6, 7, 2, 2),
        read(8, 9, 2, 2),
    ]));
}

#[test]
fn a_stale_read_is_refused() {
    let first = write(0, 1, 1, 1);
    assert!(!accepts(&[first, read(2, 3, 0, 0)]));
    assert!(accepts(&[first, read(1, 3, 1, 1)]), "the new one is fine");
    assert!(
        accepts(&[write(0, 5, 1, 1), read(2, 3, 0, 0)]),
        "both were under way"
    );
    // Once anybody has seen the new value, nobody may see the old one.
    let new_then_old = [write(0, 9, 1, 1), read(2, 3, 1, 1), read(4, 5, 0, 0)];
    assert!(!accepts(&new_then_old));
    // Also if the revision is right and only the value is old, or the other way round.
    assert!(!accepts(&[first, write(2, 3, 2, 2), read(4, 5, 1, 2)]));
    assert!(!accepts(&[first, write(2, 3, 2, 2), read(4, 5, 2, 1)]));
}

#[test]
fn a_lost_write_is_refused() {
    // Acknowledged, and then the restarted server knows nothing of it.
    assert!(!accepts(&[
        write(0, 1, 1, 1),
        write(2, 3, 2, 2),
        read(9, 10, 1, 1)
    ]));
    // The next write takes the lost one's revision.
    assert!(!accepts(&[write(0, 1, 1, 1), write(2, 3, 2, 1)]));
}

#[test]
fn reordered_writes_are_refused() {
    assert!(!accepts(&[write(0, 1, 1, 2), write(2, 3, 2, 1)]));
    assert!(
        accepts(&[write(0, 3, 1, 2), write(0, 3, 2, 1)]),
        "concurrent ones may be"
    );
    assert!(!accepts(&[
        write(0, 1, 1, 1),
        write(2, 3, 2, 2),
        read(4, 5, 1, 2)
    ]));
}

#[test]
fn a_value_that_nobody_wrote_is_refused() {
    assert!(!accepts(&[read(0, 1, 7, 1)]));
    assert!(!accepts(&[write(0, 1, 1, 1), read(2, 3, 1, 2)]));
}

#[test]
fn open_writes_may_take_effect_at_once_later_or_never() {
    let open = open_write(0, None, 1);
    assert!(accepts(&[open]));
    assert!(accepts(&[open, read(2, 3, 0, 0)]));
    assert!(accepts(&[open, read(2, 3, 1, 1)]));
    assert!(accepts(&[open, read(2, 3, 0, 0), read(4, 5, 1, 1)]), "late");
    assert!(
        !accepts(&[open, read(2, 3, 1, 1), read(4, 5, 0, 0)]),
        "never back"
    );
    assert!(
        !accepts(&[open, read(2, 3, 1, 1), write(4, 5, 2, 2), read(6, 7, 1, 3)]),
        "never twice"
    );
    assert!(
        !accepts(&[open_write(5, None, 1), read(2, 3, 1, 1)]),
        "never before"
    );
}

#[test]
fn an_open_write_whose_server_is_gone_takes_effect_before_that_or_never() {
    let cut = open_write(0, Some(4), 1);
    assert!(accepts(&[cut, read(5, 6, 0, 0)]));
    assert!(accepts(&[cut, read(5, 6, 1, 1)]));
    assert!(!accepts(&[cut, read(5, 6, 0, 0), read(7, 8, 1, 1)]));
    let two = [cut, open_write(0, Some(4), 2)];
    assert!(accepts(
        &[&two[..], &[read(5, 6, 2, 2), read(7, 8, 2, 2)]].concat()
    ));
    assert!(!accepts(
        &[&two[..], &[read(5, 6, 2, 1), read(7, 8, 2, 2)]].concat()
    ));
}

#[test]
fn if_match_is_compare_and_set() {
    let conditional =
        |begin, end, revision, outcome| operation(begin, end, write_of(9, Some(revision)), outcome);
    let first = write(0, 1, 1, 1);
    assert!(accepts(&[first, conditional(2, 3, 1, done(2, 9))]));
    assert!(
        !accepts(&[first, conditional(2, 3, 0, done(2, 9))]),
        "it did not match"
    );
    assert!(accepts(&[
        first,
        conditional(2, 3, 0, Outcome::Mismatch { found: 1 })
    ]));
    assert!(!accepts(&[
        first,
        conditional(2, 3, 1, Outcome::Mismatch { found: 1 })
    ]));
    // Of two that depend on the same revision, one has to fail.
    let rival = |client| Operation {
        client,
        ..conditional(2, 5, 1, done(2, 9))
    };
    assert!(!accepts(&[first, rival(1), rival(2)]));
}

#[test]
fn pieces_are_checked_like_the_whole() {
    let mut checker = Checker::new(State::NEVER_CONFIGURED);
    checker
        .check(vec![open_write(0, None, 1), write(0, 2, 2, 1)])
        .unwrap();
    checker.check(vec![read(3, 4, 2, 1)]).unwrap();
    checker.check(vec![read(5, 6, 1, 2)]).unwrap();
    assert_eq!(checker.states().len(), 1);
    assert!(checker.check(vec![read(7, 8, 2, 1)]).is_err());
}

#[test]
fn the_story_of_a_violation_names_what_was_seen() {
    let mut checker = Checker::new(State::NEVER_CONFIGURED);
    let stale = vec![write(0, 1, 1, 1), read(2, 3, 0, 0)];
    let story = checker.check(stale).unwrap_err().story;
    assert!(story.contains("no order explains"), "{story}");
    assert!(story.contains("hours of write 1"), "{story}");
}

/// Whether some order of all answered and any of the open operations explains the history: every
/// one is tried.
fn oracle(operations: &[Operation], state: State, taken: u32) -> bool {
    let is_taken = |place: usize| taken & (1 << place) != 0;
    let left = |place: &usize| !is_taken(*place);
    let places = || (0..operations.len()).filter(left);
    if places().all(|place| operations[place].outcome == Outcome::Unknown) {
        return true;
    }
    places().any(|place| {
        let candidate = &operations[place];
        // Nothing that is left and must happen may have ended before this one begins.
        let comes_first = places().all(|other| {
            operations[other].outcome == Outcome::Unknown
                || operations[other]
                    .end
                    .is_none_or(|end| end >= candidate.begin)
        });
        // Nothing that was taken before it may begin after its end.
        let comes_last = (0..operations.len())
            .filter(|other| is_taken(*other))
            .all(|other| {
                candidate
                    .end
                    .is_none_or(|end| operations[other].begin <= end)
            });
        comes_first
            && comes_last
            && candidate
                .applied_to(state)
                .is_some_and(|next| oracle(operations, next, taken | (1 << place)))
    })
}

/// A history of a register that works: moments are drawn, and the answers follow from them.
fn lawful(random: &mut StdRng) -> Vec<Operation> {
    let mut drawn: Vec<(u64, u64, u64)> = (0..random.random_range(1..=6))
        .map(|_| {
            let begin = random.random_range(0..14);
            let moment = begin + random.random_range(0..6);
            (moment, begin, moment + random.random_range(0..6))
        })
        .collect();
    drawn.sort_unstable();
    let mut state = State::NEVER_CONFIGURED;
    let mut operations = Vec::new();
    for (_moment, begin, end) in drawn {
        let request = match random.random_range(0..4) {
            0 => Request::Read,
            1 => write_of(random.random_range(1..4), Some(random.random_range(0..3))),
            _ => write_of(random.random_range(1..4), None),
        };
        let unknown = operation(begin, end, request, Outcome::Unknown);
        if random.random_bool(0.2) && request != Request::Read {
            if random.random_bool(0.5) {
                state = unknown.applied_to(state).unwrap();
            }
            let end = random.random_bool(0.5).then_some(end);
            operations.push(Operation { end, ..unknown });
            continue;
        }
        let outcome = match request {
            Request::Write {
                if_match: Some(revision),
                ..
            } if revision != state.revision => Outcome::Mismatch {
                found: state.revision,
            },
            _ => {
                state = unknown.applied_to(state).unwrap();
                done(state.revision, state.settings.hours.unwrap_or(0))
            }
        };
        operations.push(Operation { outcome, ..unknown });
    }
    operations
}

/// Changes one answer or one time.
fn spoiled(operations: &mut [Operation], random: &mut StdRng) {
    let place = random.random_range(0..operations.len());
    let operation = &mut operations[place];
    match (&mut operation.outcome, random.random_range(0..4)) {
        (Outcome::Done { revision, .. }, 0) => *revision = random.random_range(0..4),
        (Outcome::Done { seen: shown, .. }, 1) => *shown = seen(random.random_range(0..4)),
        (Outcome::Mismatch { found }, 0 | 1) => *found = random.random_range(0..4),
        (_, 2) => operation.begin = random.random_range(0..=operation.end.unwrap_or(20)),
        _ => {
            if let Some(end) = &mut operation.end {
                *end = random.random_range(operation.begin..=*end);
            }
        }
    }
}

#[test]
fn it_agrees_with_all_orders_tried_one_by_one() {
    let mut random = StdRng::seed_from_u64(20);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..60_000 {
        let mut operations = lawful(&mut random);
        assert!(accepts(&operations), "round {round}: {operations:#?}");
        for _ in 0..random.random_range(1..3) {
            spoiled(&mut operations, &mut random);
        }
        let expected = oracle(&operations, State::NEVER_CONFIGURED, 0);
        assert_eq!(
            accepts(&operations),
            expected,
            "round {round}: {operations:#?}"
        );
        if expected {
            accepted += 1;
        } else {
            refused += 1;
        }
    }
    assert!(
        accepted > 10_000 && refused > 10_000,
        "{accepted} {refused}"
    );
}

#[test]
fn settings_are_compared_as_a_whole() {
    let full = |mark| Request::Write {
        update: Update::full(mark),
        if_match: None,
    };
    let after = Update::full(5).applied_to(Settings::NEVER_CONFIGURED);
    let whole = Seen {
        audio: Some(after.switches.audio),
        icon: Some(after.switches.icon),
        video: Some(after.switches.video),
        partners: Some(after.switches.partners),
        hours: HoursSeen::Of(5),
    };
    let half = Seen {
        icon: Some(!after.switches.icon),
        ..whole
    };
    let acknowledged = operation(0, 1, full(5), done(1, 5));
    let seen_as = |seen| operation(2, 3, Request::Read, Outcome::Done { revision: 1, seen });
    assert!(accepts(&[acknowledged, seen_as(whole)]));
    assert!(!accepts(&[acknowledged, seen_as(half)]));
}
