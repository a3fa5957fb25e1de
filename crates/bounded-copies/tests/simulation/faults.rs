//! What goes wrong.

use crate::plan::MILLISECOND;
use crate::world::{Event, NodeStep, World};

impl World {
    /// Something goes wrong, and after a while something else.
    pub(crate) fn fault(&mut self) {
        let pause = self.random.between(1, 2 * self.plan.fault_pause);
        self.after(pause, Event::Fault);
        let node = self.random.below(self.plan.nodes);
        match self.random.below(6) {
            0 => self.stop(node),
            1 => self.cut(node),
            2 => self.lose_channel(node),
            3 | 4 => self.isolate_leader(),
            _ => self.crash_leader(),
        }
    }

    fn stop(&mut self, node: usize) {
        if self.nodes[node].stopped.is_none() {
            self.tally.stops += 1;
            self.nodes[node].stopped = Some(self.now);
            let pause = self.random.between(1, 600) * MILLISECOND;
            self.note("stopped", &node);
            self.after(pause, Event::Resume(node));
        }
    }

    fn cut(&mut self, node: usize) {
        if !self.nodes[node].cut {
            self.tally.cuts += 1;
            self.nodes[node].cut = true;
            let pause = self.random.between(10, 700) * MILLISECOND;
            self.note("cut", &node);
            self.after(pause, Event::Uncut(node));
            self.see_who_is_cut_off();
        }
    }

    /// Half of the times nobody is told.
    fn lose_channel(&mut self, node: usize) {
        if self.plan.channel_period.is_none() {
            return;
        }
        self.note("channel lost", &node);
        for leader in &mut self.leaders {
            leader.listeners.retain(|&(listener, _)| listener != node);
        }
        if self.random.chance(50) {
            self.after(0, Event::Step(node, NodeStep::ChannelLost));
        }
    }

    fn isolate_leader(&mut self) {
        if self.is_failing_over {
            return;
        }
        self.is_failing_over = true;
        let leader = self.current();
        self.leaders[leader].isolated = true;
        self.note("isolated", &leader);
        let pause = self.random.between(10, 150) * MILLISECOND;
        let event = if self.random.chance(75) {
            Event::Promote
        } else {
            Event::Rejoin { leader }
        };
        self.after(pause, event);
        self.see_who_is_cut_off();
    }

    fn crash_leader(&mut self) {
        if self.is_failing_over {
            return;
        }
        self.is_failing_over = true;
        let leader = self.current();
        self.leaders[leader].down = true;
        self.note("crashed", &leader);
        let pause = self.random.between(10, 150) * MILLISECOND;
        self.after(pause, Event::Promote);
        self.see_who_is_cut_off();
    }
}
