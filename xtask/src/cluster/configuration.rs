//! The configurations of etcd, Patroni and HAProxy.
//!
//! Times are those of a fast failover: a leader that is not heard of for ten seconds is replaced.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use temporary_postgres::PROGRAM_FOLDER;

use crate::cluster::plan::{Plan, Replication, etcd_name, node_name, pagebell_name};

/// How long a leader that is not heard of stays the leader.
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// The user that may do anything in the database.
pub(crate) const ADMINISTRATOR: &str = "postgres";

/// How HAProxy looks whether a server is up.
const CHECKS: &str = "default-server inter 500ms fastinter 250ms downinter 500ms fall 2 rise 1";

/// The arguments of one member of etcd; on a data directory that is in use already, they continue.
pub(crate) fn etcd(plan: &Plan, member: usize) -> Vec<String> {
    let url = |address: SocketAddr| format!("http://{address}");
    let (client, peer) = (plan.etcd_clients[member], plan.etcd_peers[member]);
    let all: Vec<String> = (0..)
        .zip(plan.etcd_peers)
        .map(|(member, peer)| format!("{}={}", etcd_name(member), url(peer)))
        .collect();
    [
        ("--name", etcd_name(member)),
        ("--data-dir", plan.etcd_data(member).display().to_string()),
        ("--listen-client-urls", url(client)),
        ("--advertise-client-urls", url(client)),
        ("--listen-peer-urls", url(peer)),
        ("--initial-advertise-peer-urls", url(peer)),
        ("--initial-cluster", all.join(",")),
        ("--initial-cluster-state", "new".to_owned()),
        ("--initial-cluster-token", "pagebell".to_owned()),
        ("--heartbeat-interval", "100".to_owned()),
        ("--election-timeout", "1000".to_owned()),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.to_owned(), value])
    .chain(["--enable-v2=true".to_owned()])
    .collect()
}

/// The configuration of one Patroni; JSON is YAML too.
pub(crate) fn patroni(plan: &Plan, node: usize) -> String {
    let user = |name: &str| json!({ "username": name, "password": plan.password });
    let is_strict = plan.replication == Replication::Strict;
    let hosts = plan.to_etcd[node].map(|address| address.to_string());
    let configuration = json!({
        "scope": "pagebell",
        "name": node_name(node),
        "restapi": {
            "listen": plan.patroni[node].to_string(),
            "connect_address": plan.to_patroni[node].to_string(),
        },
        // Whatever else etcd says of its members: these are the ways to them.
        // Not etcd3: with that, Patroni 3.0.2 takes the leader's lock from another node without looking,
        // when it has stood still for longer than its lease.
        "etcd": { "hosts": hosts, "use_proxies": plan.to_etcd[node] != plan.etcd_clients },
        "bootstrap": {
            "dcs": {
                "ttl": LEASE.as_secs(),
                "loop_wait": 1,
                "retry_timeout": 3,
                "maximum_lag_on_failover": 1_048_576,
                "check_timeline": true,
                "synchronous_mode": is_strict,
                "synchronous_mode_strict": is_strict,
                "synchronous_node_count": 1,
                "postgresql": {
                    "use_pg_rewind": true,
                    "use_slots": true,
                    "remove_data_directory_on_rewind_failure": true,
                    "remove_data_directory_on_diverged_timelines": true,
                    "parameters": {
                        // A standby that receives what it cannot replay would lose it when it leads.
                        "synchronous_commit": if is_strict { "remote_apply" } else { "on" },
                        "fsync": "on",
                        "full_page_writes": "on",
                        "wal_log_hints": "on",
                        "max_connections": 60,
                        "shared_buffers": "64MB",
                        "max_wal_senders": 8,
                        "max_replication_slots": 8,
                        "wal_keep_size": "256MB",
                        "hot_standby_feedback": "on",
                        "wal_retrieve_retry_interval": "500ms",
                    },
                },
            },
            "initdb": [
                { "encoding": "UTF8" }, { "locale": "C" }, "data-checksums",
                { "auth-host": "trust" }, { "auth-local": "trust" },
            ],
            "pg_hba": [
                "local all all trust",
                "host replication replicator 127.0.0.1/32 scram-sha-256",
                "host all all 127.0.0.1/32 scram-sha-256",
            ],
        },
        "postgresql": {
            "listen": plan.postgres[node].to_string(),
            "connect_address": plan.to_postgres[node].to_string(),
            "data_dir": plan.data(node),
            "bin_dir": PROGRAM_FOLDER,
            // A node that has to be made anew does not wait for the leader's next checkpoint.
            "basebackup": [{ "checkpoint": "fast" }],
            "pgpass": plan.node_folder(node).join("pgpass"),
            "authentication": {
                "superuser": user(ADMINISTRATOR),
                "replication": user("replicator"),
                "rewind": user("rewinder"),
            },
            // Relative to the data directory: the whole path of a socket has to be short.
            "parameters": { "unix_socket_directories": "." },
        },
        "watchdog": { "mode": "off" },
    });
    format!("{configuration:#}\n")
}

/// The configuration of HAProxy: the way to the leader, and the way to any Pagebell.
pub(crate) fn haproxy(plan: &Plan) -> String {
    let mut text = format!(
        "global
    maxconn 1000

defaults
    timeout connect 2s
    timeout client 1h
    timeout server 1h
    timeout check 1s

# A connection to a former leader must not go on.
listen leader
    mode tcp
    bind {}
    option httpchk OPTIONS /primary
    http-check expect status 200
    {CHECKS} on-marked-down shutdown-sessions
",
        plan.leader
    );
    let (postgres, patroni) = match plan.replication {
        Replication::Strict => (&plan.to_postgres, &plan.to_patroni),
        Replication::Loose => (&plan.postgres, &plan.patroni),
    };
    for (node, (postgres, patroni)) in postgres.iter().zip(patroni).enumerate() {
        let _a_string_takes_all = writeln!(
            text,
            "    server {} {postgres} check port {}",
            node_name(node),
            patroni.port()
        );
    }
    let _a_string_takes_all = write!(
        text,
        "
listen front
    mode http
    bind {}
    option httpchk GET /readyz
    http-check expect status 200
    {CHECKS}
",
        plan.front
    );
    for (node, pagebell) in plan.pagebell.iter().enumerate() {
        let name = pagebell_name(node);
        let _a_string_takes_all = writeln!(text, "    server {name} {pagebell} check");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::cluster::plan::tests::example;

    #[test]
    fn a_member_of_etcd_knows_all_members() {
        let arguments = etcd(&example(), 1).join(" ");
        assert!(arguments.contains("--name etcd2 --data-dir /folder/etcd2 "));
        assert!(arguments.contains("--listen-client-urls http://127.0.0.1:10002 "));
        assert!(arguments.contains(
            "--initial-cluster etcd1=http://127.0.0.1:10004,etcd2=http://127.0.0.1:10005,\
             etcd3=http://127.0.0.1:10006 "
        ));
    }

    #[test]
    fn patroni_acknowledges_only_what_two_nodes_have() {
        let configuration: Value = serde_json::from_str(&patroni(&example(), 2)).unwrap();
        assert_eq!(configuration["name"], "node3");
        let shared = &configuration["bootstrap"]["dcs"];
        for name in ["synchronous_mode", "synchronous_mode_strict"] {
            assert_eq!(shared[name], true, "{name}");
        }
        for (name, value) in [("synchronous_commit", "remote_apply"), ("fsync", "on")] {
            assert_eq!(shared["postgresql"]["parameters"][name], value, "{name}");
        }
        assert_eq!(configuration["postgresql"]["listen"], "127.0.0.1:10009");
        assert_eq!(configuration["restapi"]["listen"], "127.0.0.1:10012");
    }

    #[test]
    fn everybody_goes_by_the_links() {
        let mut plan = example();
        let link = "127.0.0.1:9".parse().unwrap();
        plan.to_postgres[0] = link;
        plan.to_patroni[0] = link;
        plan.to_etcd[0] = [link; 3];
        let linked: Value = serde_json::from_str(&patroni(&plan, 0)).unwrap();
        assert_eq!(linked["postgresql"]["listen"], "127.0.0.1:10007");
        assert_eq!(linked["postgresql"]["connect_address"], "127.0.0.1:9");
        assert_eq!(linked["restapi"]["connect_address"], "127.0.0.1:9");
        assert_eq!(linked["etcd"]["hosts"][2], "127.0.0.1:9");
        assert_eq!(linked["etcd"]["use_proxies"], true);
        assert!(haproxy(&plan).contains("server node1 127.0.0.1:9 check port 9\n"));
        let straight: Value = serde_json::from_str(&patroni(&plan, 1)).unwrap();
        assert_eq!(straight["etcd"]["use_proxies"], false);
    }

    #[test]
    fn haproxy_asks_patroni_who_leads() {
        let text = haproxy(&example());
        assert!(text.contains("bind 127.0.0.1:10016\n    option httpchk OPTIONS /primary\n"));
        assert!(text.contains("server node1 127.0.0.1:10007 check port 10010\n"));
        assert!(text.contains("bind 127.0.0.1:10017\n    option httpchk GET /readyz\n"));
        assert!(text.contains("server pagebell3 127.0.0.1:10015 check\n"));
        let cutting: Vec<&str> = text.split("listen ").collect();
        assert!(cutting[1].starts_with("leader") && cutting[1].contains("shutdown-sessions"));
        assert!(cutting[2].starts_with("front") && !cutting[2].contains("shutdown-sessions"));
    }
}
