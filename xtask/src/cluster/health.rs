//! When nothing of a cluster is left to recover, and what is done about a node that does not recover.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::cluster::deployment::{Deployment, Follower};
use crate::cluster::plan::{NODES, node_name};
use crate::cluster::rest::{self, View};

/// How long the cluster may take to be whole, and whole again.
const LIMIT: Duration = Duration::from_mins(3);
/// How long a node may follow no leader before it is made anew.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(300);

/// What is missing.
#[derive(Debug)]
struct Illness {
    text: String,
    /// The nodes that run, or should, and do not show what the leader has written.
    stuck: Vec<usize>,
}

/// Waits until there is one leader that all other nodes follow; how many nodes had to be made anew.
///
/// Patroni can leave a node behind that it calls running and that follows nobody, or that receives what
/// the leader writes and cannot show it. An operator has to see that and to make the node anew, and
/// so does this.
pub(crate) fn wait(cluster: &mut Deployment) -> anyhow::Result<usize> {
    let mut begun = Instant::now();
    let mut stuck_since = [None; NODES];
    let mut mark = None;
    let mut renewed = 0;
    loop {
        let Some(illness) = illness(cluster, &mut mark) else {
            return Ok(renewed);
        };
        if begun.elapsed() > LIMIT {
            bail!("the cluster does not recover: {}", illness.text);
        }
        for (node, since) in stuck_since.iter_mut().enumerate() {
            if !illness.stuck.contains(&node) {
                *since = None;
                continue;
            }
            if since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                println!(
                    "{} does not follow its leader and is made anew: {}",
                    node_name(node),
                    illness.text
                );
                cluster.renew_node(node)?;
                *since = None;
                renewed += 1;
                begun = Instant::now();
            }
        }
        thread::sleep(POLL);
    }
}

/// What is missing; `mark` is what a leader had written when it was first asked.
fn illness(cluster: &Deployment, mark: &mut Option<String>) -> Option<Illness> {
    match try_illness(cluster, mark) {
        Ok(illness) => illness,
        Err(error) => Some(Illness {
            text: format!("{error:#}"),
            stuck: Vec::new(),
        }),
    }
}

fn try_illness(cluster: &Deployment, mark: &mut Option<String>) -> anyhow::Result<Option<Illness>> {
    let view = cluster.view()?;
    let leads = |node: &usize| rest::status(cluster.plan.patroni[*node], "/primary") == Some(200);
    let leaders: Vec<usize> = (0..NODES).filter(leads).collect();
    let [leader] = leaders[..] else {
        bail!("{leaders:?} lead; {view:?}");
    };
    let written = match mark {
        Some(written) => written,
        None => mark.insert(cluster.written(leader)?),
    };
    let followers = cluster.followers(leader, written)?;
    Ok(diagnose(&view, leader, &followers, cluster.is_strict()))
}

fn diagnose(
    view: &View,
    leader: usize,
    followers: &[Follower],
    is_strict: bool,
) -> Option<Illness> {
    let follows =
        |node: &usize| *node == leader || followers.iter().any(|it| it.name == node_name(*node));
    // Patroni says who ought to be waited for; PostgreSQL, who is.
    let is_waited_for = followers.iter().any(|follower| follower.is_synchronous);
    let stuck: Vec<usize> = (0..NODES)
        .filter(|node| !follows(node) && !view.is_being_made(&node_name(*node)))
        .collect();
    if view.is_healthy(is_strict)
        && (is_waited_for || !is_strict)
        && (0..NODES).all(|node| follows(&node))
    {
        return None;
    }
    let text = format!("followed by {followers:?}; {view:?}");
    Some(Illness { text, stuck })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::rest::tests::{HEALTHY, view};

    fn stuck(view: &View, followers: &[&str]) -> Option<Vec<usize>> {
        let follower = |(place, name): (usize, &&str)| Follower {
            name: (*name).to_owned(),
            is_synchronous: place == 0,
        };
        let followers: Vec<Follower> = followers.iter().enumerate().map(follower).collect();
        Some(diagnose(view, 1, &followers, true)?.stuck)
    }

    #[test]
    fn a_leader_that_waits_for_nobody_is_not_healthy() {
        let lone = |name: &str| Follower {
            name: name.to_owned(),
            is_synchronous: false,
        };
        let followers = [lone("node1"), lone("node3")];
        assert!(diagnose(&view(HEALTHY), 1, &followers, false).is_none());
        let illness = diagnose(&view(HEALTHY), 1, &followers, true).unwrap();
        assert_eq!(illness.stuck, Vec::<usize>::new());
    }

    #[test]
    fn a_node_that_runs_and_follows_nobody_is_stuck() {
        let healthy = view(HEALTHY);
        assert_eq!(stuck(&healthy, &["node1", "node3"]), None);
        assert_eq!(stuck(&healthy, &["node1"]), Some(vec![2]));
    }

    #[test]
    fn a_node_that_is_being_made_is_not() {
        let text = HEALTHY.replace(
            "\"state\": \"running\", \"host\": \"127.0.0.1\", \"port\": 3",
            "\"state\": \"creating replica\", \"port\": 3",
        );
        assert_eq!(stuck(&view(&text), &["node1"]), Some(vec![]));
        let stopped = text.replace("creating replica", "stopped");
        assert_eq!(stuck(&view(&stopped), &["node1"]), Some(vec![2]));
    }
}
