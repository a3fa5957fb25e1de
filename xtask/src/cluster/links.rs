//! The links of the database nodes, which can be cut.
//!
//! What a node sends to etcd, and what others send to its PostgreSQL and its Patroni, passes by here.
//! While a link is cut, nothing passes and nothing is refused either: connections stay open and
//! silent, new ones are never answered, and what was under way arrives when the link is whole again.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::cluster::plan::{NODES, Plan};

/// Large enough for whatever a node sends at a time.
const BUFFER: usize = 64 * 1024;

/// The links of all nodes; dropping them cuts them for good.
#[derive(Debug)]
pub(crate) struct Links {
    /// Whether each is whole.
    nodes: [watch::Sender<bool>; NODES],
    _runtime: Runtime,
}

impl Links {
    /// Puts links between the nodes of a plan, which then goes by them.
    pub(crate) fn between(plan: &mut Plan) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let nodes: [watch::Sender<bool>; NODES] = std::array::from_fn(|_| watch::Sender::new(true));
        for (node, is_whole) in nodes.iter().enumerate() {
            let etcd = plan.to_etcd[node].iter_mut();
            let ways = etcd.chain([&mut plan.to_postgres[node], &mut plan.to_patroni[node]]);
            for way in ways {
                let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
                let from = listener.local_addr()?;
                runtime.spawn(serve(listener, *way, is_whole.subscribe()));
                *way = from;
            }
        }
        Ok(Self {
            nodes,
            _runtime: runtime,
        })
    }

    /// Cuts the links of a node.
    pub(crate) fn cut(&self, node: usize) {
        self.nodes[node].send_replace(false);
    }

    /// Lets everything pass again.
    pub(crate) fn mend(&self, node: usize) {
        self.nodes[node].send_replace(true);
    }
}

/// Carries every connection to `target`.
async fn serve(listener: TcpListener, target: SocketAddr, is_whole: watch::Receiver<bool>) {
    while let Ok((from, _)) = listener.accept().await {
        // One that breaks is for its two ends to notice.
        tokio::spawn(carry(from, target, is_whole.clone()));
    }
}

async fn carry(
    from: TcpStream,
    target: SocketAddr,
    mut is_whole: watch::Receiver<bool>,
) -> io::Result<()> {
    until_whole(&mut is_whole).await?;
    let to = TcpStream::connect(target).await?;
    from.set_nodelay(true)?;
    to.set_nodelay(true)?;
    let (from_reader, from_writer) = from.into_split();
    let (to_reader, to_writer) = to.into_split();
    tokio::try_join!(
        pass(from_reader, to_writer, is_whole.clone()),
        pass(to_reader, from_writer, is_whole),
    )?;
    Ok(())
}

/// Passes on what comes, and that nothing more comes.
async fn pass(
    mut reader: OwnedReadHalf,
    mut writer: OwnedWriteHalf,
    mut is_whole: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let received = reader.read(&mut buffer).await;
        until_whole(&mut is_whole).await?;
        match received? {
            0 => return writer.shutdown().await,
            count => writer.write_all(&buffer[..count]).await?,
        }
    }
}

async fn until_whole(is_whole: &mut watch::Receiver<bool>) -> io::Result<()> {
    let whole = is_whole.wait_for(|is_whole| *is_whole).await;
    whole.map(|_| ()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_sent_while_a_link_is_cut_arrives_afterwards() {
        let server = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut plan = crate::cluster::plan::tests::example();
        plan.to_postgres[1] = server.local_addr().unwrap();
        let links = Links::between(&mut plan).unwrap();

        let mut client = std::net::TcpStream::connect(plan.to_postgres[1]).unwrap();
        client.write_all(b"a").unwrap();
        let (mut accepted, _) = server.accept().unwrap();
        let mut byte = [0];
        accepted.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"a");

        links.cut(1);
        client.write_all(b"b").unwrap();
        accepted
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        assert!(accepted.read(&mut byte).is_err(), "the link is cut");
        links.mend(1);
        accepted.set_read_timeout(None).unwrap();
        accepted.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"b");
        drop(client);
        assert_eq!(accepted.read(&mut byte).unwrap(), 0, "the end arrives too");
    }
}
