//! `pagebell serve`

use std::io::{ErrorKind, Write, stdout};
use std::sync::Arc;

use graph_api::GraphVersion;
use pagebell_server::http::{Server, Stopped, TlsFiles};
use pagebell_server::{Configuration, Limits, Pagebell, Profile};
use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};

use crate::command_line::{ProfileName, ServeOptions};
use crate::demonstration::Demonstration;
use crate::failure::Failure;
use crate::lifetime::Lifetime;
use crate::shared_options::hours_limits;
use crate::{configuration_file, demonstration, logging, system};

pub(crate) fn run(options: ServeOptions) -> Result<(), Failure> {
    let options = configuration_file::with_file(options)?;
    logging::start(
        options.log_format.unwrap_or_default(),
        options.log_level.unwrap_or_default(),
    )
    .map_err(Failure::Start)?;
    runtime().map_err(Failure::Start)?.block_on(serve(options))
}

/// One thread for each core that this process may use. Alone on one, a thread needs none of what
/// several take to share work.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match std::thread::available_parallelism() {
        Ok(cores) if cores.get() == 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.enable_all().build()
}

async fn serve(options: ServeOptions) -> Result<(), Failure> {
    let dev = options.dev.unwrap_or(false);
    let mut configuration = configuration(&options)?;
    if let Err(possible) = system::allow_connections(configuration.limits.connections) {
        tracing::warn!(
            possible,
            "the limit of open files allows fewer connections than max_connections"
        );
    }
    let profile = configuration.profile;
    let version = configuration.version_of_unversioned();
    let location = options.store.clone().unwrap_or_default();
    let address = options.listen.unwrap_or_default().0;
    // Signals are heard from here on, so that none is lost between the start and the wait.
    let stop = stop_signal()?;
    ignore_other_signals()?;

    let mut surroundings = system::surroundings();
    if dev {
        surroundings = surroundings.with_steerable_clock();
    }
    let cache_bound = options.cache_bound.map(Lifetime::duration);
    let store = location
        .open_for_server(cache_bound.filter(|bound| !bound.is_zero()))
        .await?;
    let demonstration = if dev {
        let made = demonstration::prepare(&*store, &surroundings).await?;
        // The published page knows `me` for the one Page of a token only.
        configuration.page_of_token =
            (profile == Profile::Graph).then_some((made.token_id, demonstration::PAGE));
        Some(made)
    } else {
        if let Some(token_id) = demonstration::open_token(&*store).await? {
            tracing::warn!(
                %token_id,
                "the token of serve --dev opens this store; pagebell token revoke ends that"
            );
        }
        None
    };
    let pagebell = Pagebell::new(configuration, Arc::clone(&store), surroundings);
    logging::count_dropped_lines_in(pagebell.dropped_log_lines());
    let mut server =
        Server::bind(address, Arc::new(pagebell)).map_err(|error| Failure::Listen {
            address: address.to_string(),
            reason: match error.kind() {
                ErrorKind::AddrInUse => {
                    "the port is taken; stop what uses it, or choose another with --listen"
                        .to_owned()
                }
                ErrorKind::PermissionDenied => {
                    "this user may not use the port; choose one above 1023 with --listen".to_owned()
                }
                _ => format!("{error}; choose another address with --listen"),
            },
        })?;
    let scheme = match tls_files(&options)? {
        None => "http",
        Some(files) => {
            server = server.with_tls(files)?;
            "https"
        }
    };
    let base = format!("{scheme}://{}", server.address()?);
    announce(&base, version, profile, demonstration.as_ref()).map_err(Failure::Announce)?;
    tracing::info!(store = %location, "serving");
    match server.run(stop).await {
        Stopped::Finished => {
            tracing::info!("stopped");
            Ok(())
        }
        Stopped::TimeUp => {
            tracing::warn!("stopped with requests still under way");
            Ok(())
        }
        Stopped::StoreFailed(reason) => Err(Failure::StoreFailed(reason)),
    }
}

/// The lines on stdout that scripts read.
fn announce(
    base: &str,
    version: GraphVersion,
    profile: Profile,
    demonstration: Option<&Demonstration>,
) -> std::io::Result<()> {
    let mut output = stdout().lock();
    writeln!(output, "listening on {base}")?;
    if let Some(made) = demonstration {
        let (page, token) = (demonstration::PAGE, &made.token);
        let url = format!("{base}/{version}/{page}/messenger_call_settings");
        let query = match profile {
            Profile::Graph => String::new(),
            Profile::Reference => format!("?access_token={token}&oauth_token={token}"),
        };
        writeln!(output, "page {page}")?;
        writeln!(output, "token {token}")?;
        writeln!(
            output,
            "curl -H 'Authorization: Bearer {token}' '{url}{query}'"
        )?;
        writeln!(output, "console {base}/console")?;
        writeln!(output, "app_id {}", made.app_id)?;
        writeln!(output, "app_secret {}", made.app_secret.expose_secret())?;
    }
    output.flush()
}

fn configuration(options: &ServeOptions) -> Result<Configuration, Failure> {
    let dev = options.dev.unwrap_or(false);
    let limits = Limits::default();
    check_limits(options)?;
    Ok(Configuration {
        profile: match options.profile {
            None | Some(ProfileName::Graph) => Profile::Graph,
            Some(ProfileName::Reference) => Profile::Reference,
        },
        create_pages: dev,
        page_of_token: None,
        default_version: options.default_version,
        default_settings: options.default_settings.settings(),
        hours_limits: hours_limits(options.call_hours_max_entries_per_day)?,
        limits: Limits {
            body_bytes: options.max_body_bytes.unwrap_or(limits.body_bytes),
            batch_body_bytes: options
                .max_batch_body_bytes
                .unwrap_or(limits.batch_body_bytes),
            header_count: options.max_headers.unwrap_or(limits.header_count),
            header_bytes: options.max_header_bytes.unwrap_or(limits.header_bytes),
            header_time: options
                .header_time
                .map_or(limits.header_time, Lifetime::duration),
            request_time: options
                .request_time
                .map_or(limits.request_time, Lifetime::duration),
            drain_time: options
                .drain_time
                .map_or(limits.drain_time, Lifetime::duration),
            connections: options.max_connections.unwrap_or(limits.connections),
            cache_bytes: options
                .cache_mebibytes
                .map_or(limits.cache_bytes, |mebibytes| {
                    mebibytes.saturating_mul(1024 * 1024)
                }),
            ..limits
        },
        access_log: options.access_log.unwrap_or(dev),
    })
}

/// Refuses limits under which no request could be answered.
fn check_limits(options: &ServeOptions) -> Result<(), Failure> {
    const LEAST_HEADERS: usize = 8;
    const LEAST_BYTES: usize = 1024;
    for (name, value, least) in [
        ("max_headers", options.max_headers, LEAST_HEADERS),
        ("max_header_bytes", options.max_header_bytes, LEAST_BYTES),
        ("max_body_bytes", options.max_body_bytes, LEAST_BYTES),
        (
            "max_batch_body_bytes",
            options.max_batch_body_bytes,
            LEAST_BYTES,
        ),
        ("max_connections", options.max_connections, 1),
    ] {
        if let Some(value) = value.filter(|value| *value < least) {
            return Err(Failure::Options(format!(
                "{name} is {value}, but no request could be answered with less than {least}"
            )));
        }
    }
    for (name, value) in [
        ("header_time", options.header_time),
        ("request_time", options.request_time),
    ] {
        if value.is_some_and(|time| time.duration().is_zero()) {
            return Err(Failure::Options(format!("{name} must be longer than 0s")));
        }
    }
    // Heartbeats to the leader come several times within the bound.
    if let Some(bound) = options.cache_bound
        && bound.duration().subsec_nanos() > 0
    {
        return Err(Failure::Options(format!(
            "cache_bound is {bound}, but it must be a whole number of seconds"
        )));
    }
    Ok(())
}

fn tls_files(options: &ServeOptions) -> Result<Option<TlsFiles>, Failure> {
    match (&options.tls_certificate, &options.tls_key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
            certificate: certificate.clone(),
            key: key.clone(),
        })),
        _ => Err(Failure::Options(
            "TLS needs both --tls-certificate and --tls-key".to_owned(),
        )),
    }
}

/// Has signals that would end the process by default, and that are sent out of habit, do nothing:
/// SIGHUP comes with a terminal that closes, and from tools that rotate logs or reload.
fn ignore_other_signals() -> Result<(), Failure> {
    for (kind, name) in [
        (SignalKind::hangup(), "SIGHUP"),
        (SignalKind::user_defined1(), "SIGUSR1"),
        (SignalKind::user_defined2(), "SIGUSR2"),
    ] {
        let mut received = signal(kind).map_err(Failure::Start)?;
        tokio::spawn(async move {
            while received.recv().await.is_some() {
                tracing::info!("{name} changes nothing; SIGTERM stops the server");
            }
        });
    }
    Ok(())
}

/// Ends when the process is asked to stop.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| signal(kind).map_err(Failure::Start);
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to stop: finishing what is under way");
    })
}
