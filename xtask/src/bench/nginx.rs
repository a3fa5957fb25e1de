//! nginx as a contender: one worker that serves one static file.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use anyhow::Context as _;

use crate::bench::contender::Contender;
use crate::bench::process::{self, ServerProcess};
use crate::programs;

/// How nginx gets at the file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Files {
    /// Opened for every request and sent by the kernel: what a distribution configures.
    Opened,
    /// Kept open and copied, without `sendfile`: the fastest for a file this small.
    KeptOpen,
}

impl Files {
    fn contender(self) -> &'static str {
        match self {
            Self::Opened => "nginx",
            Self::KeptOpen => "nginx-kept-open",
        }
    }

    fn directives(self) -> &'static str {
        match self {
            Self::Opened => "sendfile on; tcp_nopush on;",
            Self::KeptOpen => "sendfile off; open_file_cache max=16;",
        }
    }
}

/// Starts nginx on `core`, answering `target` with `content`; all its files go to `directory`.
pub(crate) fn start(
    files: Files,
    directory: &Path,
    core: usize,
    target: &str,
    content: &[u8],
) -> anyhow::Result<Contender> {
    let directory = directory.join(files.contender());
    let site = directory.join("site");
    let file = site.join(target.trim_start_matches('/'));
    let configuration = directory.join("nginx.conf");
    let address = process::free_address()?;
    write(&file, content)?;
    let text = configure(files, &directory, address);
    write(&configuration, text.as_bytes())?;

    let mut command = process::pinned(core, &programs::find("nginx")?);
    command.arg("-p").arg(&directory);
    command.arg("-c").arg(&configuration);
    // The compiled-in log of errors is not writable for everybody.
    command.args(["-e", "stderr"]);
    let mut process = ServerProcess::start(&mut command, directory.join("log"))?;
    process
        .wait_until(|| TcpStream::connect(address).is_ok())
        .context("nginx did not start")?;
    Ok(Contender {
        name: files.contender(),
        address,
        process,
    })
}

fn configure(files: Files, directory: &Path, address: SocketAddr) -> String {
    // The worker of a master that is root would drop to a user that may not read the site.
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    let directory = directory.display();
    let directives = files.directives();
    format!(
        r#"daemon off;
{user}
worker_processes 1;
pid "{directory}/nginx.pid";
error_log stderr warn;
events {{
    worker_connections 4096;
}}
http {{
    access_log off;
    {directives}
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    types {{ }}
    default_type "application/json";
    client_body_temp_path "{directory}/client_body";
    proxy_temp_path "{directory}/proxy";
    fastcgi_temp_path "{directory}/fastcgi";
    uwsgi_temp_path "{directory}/uwsgi";
    scgi_temp_path "{directory}/scgi";
    server {{
        listen {address};
        root "{directory}/site";
    }}
}}
"#
    )
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let write = || {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
