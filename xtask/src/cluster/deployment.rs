//! A running cluster: brought up in order, its parts ended and started again one by one.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use temporary_postgres as postgres;

use crate::cluster::configuration::{self, ADMINISTRATOR};
use crate::cluster::links::Links;
use crate::cluster::plan::{
    DATABASE, NODES, Plan, Replication, etcd_name, node_name, pagebell_name,
};
use crate::cluster::process::{Identity, Process};
use crate::cluster::rest::{self, View};
use crate::cluster::state::State;
use crate::cluster::warden::Warden;
use crate::cluster::{health, node};
use crate::{command, programs};

/// How long a part may take to start; the machine may be busy.
const START_LIMIT: Duration = Duration::from_mins(1);

/// How long a Pagebell goes on after it was told to end: HAProxy needs a second to see it.
const DRAIN_TIME: Duration = Duration::from_secs(3);
/// How long it may take to end, then.
const END_LIMIT: Duration = Duration::from_secs(20);

/// Whether a cluster outlives the chore that brought it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// It ends with it, however that ends.
    OfChore,
    /// It runs until `cluster down`.
    UntilDown,
}

/// A node that follows a leader, as that leader's PostgreSQL sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Follower {
    pub(crate) name: String,
    /// Whether commits wait for it.
    pub(crate) is_synchronous: bool,
}

/// A `psql` whose transaction ends when this is dropped.
#[derive(Debug)]
pub(crate) struct OpenTransaction(Child);

impl OpenTransaction {
    fn start(psql: &mut Command, sql: &str) -> anyhow::Result<Self> {
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdin = child.stdin.as_mut().context("psql has no input")?;
        // It says so when the statement is done.
        writeln!(stdin, "{sql}\nSELECT 'open';")?;
        let mut line = String::new();
        let stdout = child.stdout.as_mut().context("psql has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        if line.trim() != "open" {
            bail!("psql says {line:?}");
        }
        Ok(Self(child))
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        let _it_may_have_ended = self.0.kill();
        let _it_has_ended = self.0.wait();
    }
}

/// A running cluster; dropping it takes it down, unless it is to be kept.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) plan: Plan,
    /// The token of `serve --dev`.
    pub(crate) token: String,
    binary: PathBuf,
    lifetime: Lifetime,
    etcd: Vec<Process>,
    patroni: Vec<Process>,
    haproxy: Option<Process>,
    pagebell: Vec<Process>,
    is_kept: bool,
    /// They need this process, so a cluster that outlives it has none.
    links: Option<Links>,
    /// Dropped last.
    _warden: Option<Warden>,
}

impl Deployment {
    /// Brings a cluster up in a folder, which is emptied.
    pub(crate) fn bring_up(
        folder: &Path,
        binary: &Path,
        lifetime: Lifetime,
        replication: Replication,
        cache_bound: Option<Duration>,
    ) -> anyhow::Result<Self> {
        prepare_folder(folder)?;
        let mut plan = Plan::choose(&folder.canonicalize()?, replication)?;
        plan.cache_bound = cache_bound;
        let (links, warden) = match lifetime {
            Lifetime::OfChore => {
                let links = Links::between(&mut plan)?;
                (Some(links), Some(Warden::start(&plan)?))
            }
            Lifetime::UntilDown => (None, None),
        };
        let mut deployment = Self {
            plan,
            token: String::new(),
            binary: binary.to_owned(),
            lifetime,
            etcd: Vec::new(),
            patroni: Vec::new(),
            haproxy: None,
            pagebell: Vec::new(),
            is_kept: false,
            links,
            _warden: warden,
        };
        deployment.start_database()?;
        deployment.start_servers()?;
        deployment.write_state()?;
        Ok(deployment)
    }

    fn start_database(&mut self) -> anyhow::Result<()> {
        for member in 0..NODES {
            let process = self.spawn_etcd(member)?;
            self.etcd.push(process);
        }
        for (process, address) in self.etcd.iter_mut().zip(self.plan.etcd_clients) {
            process.wait_until(START_LIMIT, || {
                rest::status(address, "/health") == Some(200)
            })?;
        }
        for node in 0..NODES {
            let folder = self.plan.node_folder(node);
            own(&folder)?;
            let file = folder.join("patroni.yml");
            fs::write(&file, configuration::patroni(&self.plan, node))?;
            give(&file)?;
            let process = self.spawn_patroni(node)?;
            self.patroni.push(process);
        }
        self.write_state()?;
        health::wait(self)?;
        Ok(())
    }

    fn start_servers(&mut self) -> anyhow::Result<()> {
        fs::write(self.proxy_file(), configuration::haproxy(&self.plan))?;
        let mut haproxy = self.spawn_haproxy()?;
        let psql = |sql: &str| command::output(&mut self.psql(self.plan.leader, sql));
        // Until its first checks are done, all nodes pass for the leader; then connections to the
        // others are cut.
        let leads_to_leader = || psql("SELECT pg_sleep(2)").is_ok();
        let ready = haproxy.wait_until(START_LIMIT, leads_to_leader);
        self.haproxy = Some(haproxy);
        ready?;
        let psql = |sql: &str| command::output(&mut self.psql(self.plan.leader, sql));
        psql(&format!(
            "CREATE ROLE {DATABASE} LOGIN PASSWORD '{}'",
            self.plan.password
        ))?;
        psql(&format!("CREATE DATABASE {DATABASE} OWNER {DATABASE}"))?;
        for node in 0..NODES {
            let process = self.spawn_pagebell(node)?;
            self.pagebell.push(process);
            // The first one makes the schema and the token.
            self.wait_for_pagebell(node)?;
        }
        // The proxy in front has its own checks, and hears of the servers a moment later.
        let front = self.plan.front;
        self.pagebell[NODES - 1]
            .wait_until(START_LIMIT, || rest::status(front, "/readyz") == Some(200))?;
        let log = self.pagebell[0].log();
        let token = log.lines().find_map(|line| line.strip_prefix("token "));
        token
            .context("Pagebell prints no token")?
            .clone_into(&mut self.token);
        Ok(())
    }

    /// A statement of the administrator.
    fn psql(&self, address: SocketAddr, sql: &str) -> Command {
        let mut psql = self.psql_in("postgres", address);
        psql.args(["-v", "ON_ERROR_STOP=1", "--command", sql]);
        psql
    }

    /// A session of the administrator in a database.
    fn psql_in(&self, database: &str, address: SocketAddr) -> Command {
        let mut psql = Command::new(Path::new(postgres::PROGRAM_FOLDER).join("psql"));
        psql.env("PGPASSWORD", &self.plan.password);
        psql.env("PGCONNECT_TIMEOUT", "2");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        psql.args(["--host", "127.0.0.1", "--username", ADMINISTRATOR]);
        psql.args(["--port", &address.port().to_string(), "--dbname", database]);
        psql
    }

    /// Runs a statement of the administrator in the database of the servers.
    pub(crate) fn in_database(&self, sql: &str) -> anyhow::Result<String> {
        let mut psql = self.psql_in(DATABASE, self.plan.leader);
        psql.args(["-v", "ON_ERROR_STOP=1", "--command", sql]);
        Ok(command::output(&mut psql)?.trim().to_owned())
    }

    /// How many connections the servers have to the leader, as that counts them.
    pub(crate) fn connections(&self) -> anyhow::Result<usize> {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pagebell'";
        Ok(self.in_database(sql)?.parse()?)
    }

    /// A transaction of another program, which stays open after this statement.
    pub(crate) fn open_transaction(&self, sql: &str) -> anyhow::Result<OpenTransaction> {
        OpenTransaction::start(&mut self.psql_in(DATABASE, self.plan.leader), sql)
    }

    /// The rest of a `setpriv` command line: who ends with the chore, and in which process group.
    fn guarded(&self, mut setpriv: Command) -> Command {
        if self.lifetime == Lifetime::OfChore {
            // After a change of the account, which takes it back.
            setpriv.args(["--pdeathsig", "KILL"]);
        }
        // Keys of the terminal are for the chore, which takes its cluster down in order.
        setpriv.process_group(0).current_dir(&self.plan.folder);
        setpriv.arg("--");
        setpriv
    }

    fn spawn_etcd(&self, member: usize) -> anyhow::Result<Process> {
        let mut command = self.guarded(postgres::setpriv()?);
        command.arg(programs::find("etcd")?);
        command.args(configuration::etcd(&self.plan, member));
        let name = etcd_name(member);
        Process::start(&name, &mut command, self.plan.log(&name))
    }

    fn spawn_patroni(&self, node: usize) -> anyhow::Result<Process> {
        let mut command = self.guarded(postgres::setpriv()?);
        command.arg(programs::find("patroni")?);
        command.arg(self.plan.node_folder(node).join("patroni.yml"));
        let name = node_name(node);
        Process::start(&name, &mut command, self.plan.log(&name))
    }

    fn proxy_file(&self) -> PathBuf {
        self.plan.folder.join("haproxy.cfg")
    }

    fn spawn_haproxy(&self) -> anyhow::Result<Process> {
        let mut command = self.guarded(Command::new("setpriv"));
        command.arg(programs::find("haproxy")?).arg("-db");
        command.arg("-f").arg(self.proxy_file());
        Process::start("haproxy", &mut command, self.plan.log("haproxy"))
    }

    fn spawn_pagebell(&self, node: usize) -> anyhow::Result<Process> {
        let mut command = self.guarded(Command::new("setpriv"));
        command
            .arg(&self.binary)
            .args(["serve", "--dev", "--access-log=false"]);
        command.args(["--listen", &self.plan.pagebell[node].to_string()]);
        // Not on the command line, which everybody can see.
        command.env("PAGEBELL_STORE", self.plan.store());
        command.args(["--drain-time", &format!("{}s", DRAIN_TIME.as_secs())]);
        if let Some(bound) = self.plan.cache_bound {
            command.args(["--cache-bound", &format!("{}s", bound.as_secs())]);
        }
        let name = pagebell_name(node);
        Process::start(&name, &mut command, self.plan.log(&name))
    }

    pub(crate) fn wait_for_pagebell(&mut self, node: usize) -> anyhow::Result<()> {
        let address = self.plan.pagebell[node];
        let ready = || rest::status(address, "/readyz") == Some(200);
        self.pagebell[node].wait_until(START_LIMIT, ready)
    }

    /// Whether an acknowledged write is on two nodes.
    pub(crate) fn is_strict(&self) -> bool {
        self.plan.replication == Replication::Strict
    }

    /// How much this node has written, as PostgreSQL counts it.
    pub(crate) fn written(&self, leader: usize) -> anyhow::Result<String> {
        let sql = "SELECT pg_current_wal_lsn()";
        let text = command::output(&mut self.psql(self.plan.postgres[leader], sql))?;
        Ok(text.trim().to_owned())
    }

    /// The nodes that follow this one and show all that it had written up to there. One that receives
    /// what is written and does not show it would lose it when it leads.
    pub(crate) fn followers(&self, leader: usize, written: &str) -> anyhow::Result<Vec<Follower>> {
        let sql = format!(
            "SELECT application_name, sync_state FROM pg_stat_replication \
             WHERE state = 'streaming' AND replay_lsn >= '{written}'"
        );
        let text = command::output(&mut self.psql(self.plan.postgres[leader], &sql))?;
        let follower = |line: &str| {
            let (name, state) = line.split_once('|')?;
            Some(Follower {
                name: name.to_owned(),
                is_synchronous: state == "sync",
            })
        };
        Ok(text.lines().filter_map(follower).collect())
    }

    /// What Patroni says, asked at whichever node answers.
    pub(crate) fn view(&self) -> anyhow::Result<View> {
        rest::view(&self.plan.patroni)
    }

    /// The process of one Patroni.
    pub(crate) fn patroni(&self, node: usize) -> &Identity {
        self.patroni[node].identity()
    }

    pub(crate) fn kill_patroni(&mut self, node: usize) -> anyhow::Result<()> {
        self.patroni[node].kill()
    }

    pub(crate) fn restart_patroni(&mut self, node: usize) -> anyhow::Result<()> {
        self.patroni[node] = self.spawn_patroni(node)?;
        self.write_state()
    }

    /// Ends what runs of a node, removes what it has, and lets it fetch all from the leader again.
    pub(crate) fn renew_node(&mut self, node: usize) -> anyhow::Result<()> {
        self.kill_patroni(node)?;
        let data = self.plan.data(node);
        node::end_postgres(&data)?;
        if data.exists() {
            fs::remove_dir_all(&data)
                .with_context(|| format!("cannot remove {}", data.display()))?;
        }
        self.restart_patroni(node)
    }

    /// The links of the nodes.
    pub(crate) fn links(&self) -> anyhow::Result<&Links> {
        self.links.as_ref().context("this cluster has no links")
    }

    /// Lets a standby show what it had up to now, or all that it has.
    pub(crate) fn hold_back(&self, node: usize, is_held: bool) -> anyhow::Result<()> {
        let sql = if is_held {
            "SELECT pg_wal_replay_pause()"
        } else {
            "SELECT pg_wal_replay_resume()"
        };
        command::output(&mut self.psql(self.plan.postgres[node], sql))?;
        Ok(())
    }

    pub(crate) fn kill_haproxy(&mut self) -> anyhow::Result<()> {
        self.haproxy.as_mut().map_or(Ok(()), Process::kill)
    }

    pub(crate) fn restart_haproxy(&mut self) -> anyhow::Result<()> {
        self.haproxy = Some(self.spawn_haproxy()?);
        self.write_state()
    }

    pub(crate) fn kill_etcd(&mut self, member: usize) -> anyhow::Result<()> {
        self.etcd[member].kill()
    }

    pub(crate) fn restart_etcd(&mut self, member: usize) -> anyhow::Result<()> {
        self.etcd[member] = self.spawn_etcd(member)?;
        self.write_state()
    }

    pub(crate) fn kill_pagebell(&mut self, node: usize) -> anyhow::Result<()> {
        self.pagebell[node].kill()
    }

    /// Ends a Pagebell in good order and starts another one in its place, as an upgrade does.
    pub(crate) fn replace_pagebell(&mut self, node: usize) -> anyhow::Result<()> {
        self.pagebell[node].end(END_LIMIT)?;
        self.restart_pagebell(node)
    }

    pub(crate) fn restart_pagebell(&mut self, node: usize) -> anyhow::Result<()> {
        self.pagebell[node] = self.spawn_pagebell(node)?;
        self.write_state()?;
        self.wait_for_pagebell(node)
    }

    /// What the Pagebells did that nothing gives them a reason for: end by themselves, or panic.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for pagebell in &self.pagebell {
            let name = &pagebell.name;
            if !pagebell.identity().is_alive() {
                complaints.push(format!("{name} has ended; its log: {}", pagebell.log()));
            }
            let log = pagebell.log();
            let panics = log.lines().filter(|line| line.contains("panicked"));
            complaints.extend(panics.map(|line| format!("{name} writes: {line}")));
        }
        complaints
    }

    fn state(&self) -> State {
        let identities = |processes: &[Process]| {
            processes
                .iter()
                .map(|process| process.identity().clone())
                .collect()
        };
        State {
            pagebell: identities(&self.pagebell),
            patroni: identities(&self.patroni),
            data: (0..NODES).map(|node| self.plan.data(node)).collect(),
            haproxy: identities(self.haproxy.as_slice()),
            etcd: identities(&self.etcd),
        }
    }

    fn write_state(&self) -> anyhow::Result<()> {
        self.state().write(&self.plan.folder)
    }

    /// Lets the cluster outlive this value.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        if let Err(error) = self.state().take_down() {
            eprintln!("the cluster cannot be taken down: {error:#}");
        }
    }
}

/// Makes a folder empty and the account's own; one in which a cluster still runs is refused.
fn prepare_folder(folder: &Path) -> anyhow::Result<()> {
    if State::read(folder)?.is_some_and(|state| state.is_alive()) {
        bail!(
            "a cluster runs in {} already; end it with `cargo xtask cluster down`",
            folder.display()
        );
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    own(folder)?;
    let mut reach = postgres::setpriv()?;
    reach.args(["test", "-w"]).arg(folder);
    if !command::succeeds(&mut reach) {
        bail!(
            "the account {} must be able to reach {}",
            postgres::ACCOUNT,
            folder.display()
        );
    }
    Ok(())
}

/// Makes a folder of the account's own.
fn own(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    give(folder)
}

/// Gives a file or folder to the account.
fn give(path: &Path) -> anyhow::Result<()> {
    if let Some((user, group)) = postgres::account()? {
        chown(path, Some(user), Some(group))?;
    }
    Ok(())
}
