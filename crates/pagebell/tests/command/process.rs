//! Running the binary and talking to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How long a test waits for an answer before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The binary, without anything that this process has in its environment.
pub(crate) fn pagebell() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pagebell"));
    for (name, _value) in std::env::vars().filter(|(name, _)| name.starts_with("PAGEBELL_")) {
        command.env_remove(name);
    }
    command
}

/// Runs a command with text on its stdin.
pub(crate) fn fed(mut command: Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// A folder with a store in it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("pagebell.db")
    }

    pub(crate) fn store(&self) -> String {
        format!("sqlite:{}", self.database().display())
    }

    /// Runs an administrative command on the store.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        pagebell()
            .args(arguments)
            .args(["--store", &self.store()])
            .output()
            .unwrap()
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A server on the store.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        let mut command = pagebell();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--store", &self.store()])
            .args(arguments);
        Server::start(command)
    }
}

/// A running server. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(command: Command) -> Self {
        Self::start_with_log(command, Stdio::piped())
    }

    /// Starts a server that logs there, and waits until it listens.
    pub(crate) fn start_with_log(mut command: Command, log: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let Some((_scheme, address)) = line.trim().split_once("://") else {
            let mut errors = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                stderr.read_to_string(&mut errors).unwrap();
            }
            panic!("the server did not start: {line:?} {errors}");
        };
        assert!(line.starts_with("listening on http"), "{line}");
        let address = address.parse().unwrap();
        Self {
            child,
            output,
            address,
        }
    }

    /// The next line on stdout, without its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The token that `--dev` prints.
    pub(crate) fn token(&mut self) -> String {
        assert_eq!(self.line(), "page 1234567890");
        self.line().strip_prefix("token ").unwrap().to_owned()
    }

    /// The id of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Takes the reading end of the log. Dropped, it is a pipe without a reader.
    pub(crate) fn take_log(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// Waits for the end without reading the log; the exit code, unless it takes too long.
    pub(crate) fn exit_code_within(&mut self, time: Duration) -> Option<i32> {
        let child = &mut self.child;
        crate::start_and_stop::retry(time, || child.try_wait().unwrap().is_some());
        self.child.try_wait().unwrap()?.code()
    }

    /// Waits for the end and returns the exit code and what was logged.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let mut errors = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), errors)
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address).unwrap()
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, method: &str, address: &str, token: &str, body: &str) -> Reply {
        self.connect().ask(method, address, token, body).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

/// A connection that is kept open.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _value)| known == name)
            .map(|(_name, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    pub(crate) fn ask(
        &mut self,
        method: &str,
        address: &str,
        token: &str,
        body: &str,
    ) -> std::io::Result<Reply> {
        let request = format!(
            "{method} {address} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send(request.as_bytes())?;
        self.read()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Reads one answer.
    pub(crate) fn read(&mut self) -> std::io::Result<Reply> {
        read_reply(&mut self.stream)
    }
}

/// Reads one answer from any stream.
pub(crate) fn read_reply(stream: &mut impl BufRead) -> std::io::Result<Reply> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = head[1..]
        .iter()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _value)| name == "content-length")
        .map_or(0, |(_name, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Reply {
        status,
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}

/// The update with a number: its opening time counts the minutes of a day.
pub(crate) fn update(number: u64) -> String {
    let minute = number % 1_438;
    format!(
        "{{\"call_hours\":{{\"timezone_id\":\"UTC\",\"weekly_operating_hours\":[{{\"day_of_week\":\
         \"MONDAY\",\"open_time\":\"{:02}{:02}\",\"close_time\":\"2359\"}}]}}}}",
        minute / 60,
        minute % 60
    )
}
