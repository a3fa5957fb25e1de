//! What a seed decides before anything happens, and the mistakes that can be built in.

use crate::check::Invariant;
use crate::random::Random;

/// Microseconds of true time since the begin of a simulation.
pub(crate) type Instant = u64;

/// Milliseconds as microseconds.
pub(crate) const MILLISECOND: u64 = 1_000;

/// How much later than the bound a superseded revision may still be served: clocks run up to
/// 100 ppm apart.
pub(crate) const EPSILON: u64 = MILLISECOND;

/// The most keys that a simulation has.
pub(crate) const MOST_KEYS: usize = 3;

/// A mistake that the simulation must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// The lease counts from the acknowledgement of the heartbeat.
    LeaseFromAcknowledgement,
    /// The heartbeat is a read and not a committed write.
    HeartbeatByRead,
    /// What was read before an invalidation is kept after it.
    FillsNotRefused,
    /// A copy counts as read when its answer came.
    ReadTimeAfterRead,
    /// A channel that was lost is used on as if nothing had happened.
    CopiesKeptOverLostChannel,
    /// The clock stands still while the process is stopped.
    PauseNotNoticed,
    /// Statements go to another leader, and the copies are not told.
    RouteReplacedSilently,
    /// Answers of the leader are given although the lease does not hold.
    AnswersNotVouchedFor,
    /// The revision that a client carries is not looked at.
    TokenIgnored,
    /// What this server wrote is not told to its copies.
    OwnWritesNotTold,
    /// Copies are kept although every answer has to be the newest.
    CopiesInStrictMode,
    /// Commits are acknowledged before they are on a second disk.
    CommitsNotReplicated,
}

/// Every mistake with an invariant that does not hold because of it.
pub(crate) const MISTAKES: [(Mistake, Invariant); 14] = [
    (
        Mistake::LeaseFromAcknowledgement,
        Invariant::SilentWhenCutOff,
    ),
    (Mistake::HeartbeatByRead, Invariant::Bounded),
    (Mistake::FillsNotRefused, Invariant::HintHeeded),
    (Mistake::FillsNotRefused, Invariant::NoCopyOverLostChannel),
    (Mistake::ReadTimeAfterRead, Invariant::Bounded),
    (
        Mistake::CopiesKeptOverLostChannel,
        Invariant::NoCopyOverLostChannel,
    ),
    (Mistake::PauseNotNoticed, Invariant::Bounded),
    (Mistake::RouteReplacedSilently, Invariant::Bounded),
    (Mistake::AnswersNotVouchedFor, Invariant::Bounded),
    (Mistake::TokenIgnored, Invariant::ReadYourWrites),
    (Mistake::OwnWritesNotTold, Invariant::ReadYourWrites),
    (Mistake::CopiesInStrictMode, Invariant::Linearizable),
    (
        Mistake::CommitsNotReplicated,
        Invariant::OneDocumentPerRevision,
    ),
    (Mistake::CommitsNotReplicated, Invariant::NothingDisappears),
];

/// What is decided beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) mistake: Option<Mistake>,
    /// Every answer has to be the newest.
    pub(crate) strict: bool,
    /// The bound, as the checks take it.
    pub(crate) bound: u64,
    /// No session of a former leader outlives the promotion of the next one. Without bound it is
    /// so always: nothing but this can then keep a read from a former leader.
    pub(crate) guarded: bool,
    /// The period of the channel's heartbeat; `None`: there is no channel.
    pub(crate) channel_period: Option<u64>,
    pub(crate) nodes: usize,
    pub(crate) clients: usize,
    pub(crate) keys: usize,
    /// The longest that a message usually takes.
    pub(crate) delay: u64,
    /// How many messages of a hundred take far longer.
    pub(crate) slow_percent: u64,
    /// How many hints of a hundred are lost.
    pub(crate) lost_hints_percent: u64,
    pub(crate) write_percent: u64,
    /// How many times of a hundred a node sees that there is a new leader when it looks.
    pub(crate) reroute_percent: u64,
    /// The mean time between two faults.
    pub(crate) fault_pause: u64,
    pub(crate) length: u64,
}

impl Plan {
    pub(crate) fn new(random: &mut Random, mistake: Option<Mistake>) -> Self {
        let strict = random.chance(20);
        let bound = random.between(50, 300) * MILLISECOND;
        Self {
            mistake,
            strict,
            bound: if strict { 0 } else { bound },
            guarded: strict || random.chance(40),
            channel_period: random
                .chance(70)
                .then(|| random.between(30, 150) * MILLISECOND),
            nodes: 2 + random.below(2),
            clients: 2 + random.below(2),
            keys: 1 + random.below(MOST_KEYS),
            delay: random.between(1, 20) * MILLISECOND,
            slow_percent: random.between(0, 10),
            lost_hints_percent: if random.chance(50) { 0 } else { 40 },
            write_percent: random.between(10, 40),
            reroute_percent: if random.chance(30) { 5 } else { 20 },
            fault_pause: if random.chance(70) {
                random.between(50, 200)
            } else {
                random.between(200, 1_000)
            } * MILLISECOND,
            length: 1_500 * MILLISECOND,
        }
    }

    pub(crate) fn has(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}
