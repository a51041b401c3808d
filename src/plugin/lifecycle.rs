//! The end of the process: after Shutdown, on SIGTERM, or when the client is gone. Ctrl-C does not end a plugin, because
//! it reaches plugins together with Terraform: Terraform then calls StopProvider and waits for the operations to end.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use super::connection::Open;

/// Interval at which the process checks that the client is still alive.
const CLIENT_WATCH: Duration = Duration::from_secs(1);

/// The reason why the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The client called Shutdown.
    Shutdown,
    /// SIGTERM, or Ctrl-C on a debug server.
    Signal,
    /// The client ended without calling Shutdown, and no connection is left.
    ClientGone,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shutdown => "shutdown",
            Self::Signal => "signal",
            Self::ClientGone => "client gone",
        })
    }
}

/// Distributes the notice that the process ends. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lifecycle {
    ending: watch::Sender<Option<Ending>>,
    is_plugin: bool,
}

impl Lifecycle {
    /// The lifecycle of a plugin, which ends with its client.
    pub(super) fn of_plugin() -> Self {
        Self { ending: watch::Sender::new(None), is_plugin: true }
    }

    /// The lifecycle of a debug server, which serves any number of clients and ends on Ctrl-C.
    pub(super) fn of_debug_server() -> Self {
        Self { is_plugin: false, ..Self::of_plugin() }
    }

    /// Ends the process of a plugin, because the client called Shutdown.
    pub(super) fn shut_down(&self) {
        // With `Test` in its reattachment, Terraform never calls this on a debug server. Any client that calls it is one
        // of several.
        if self.is_plugin {
            self.end(Ending::Shutdown);
        }
    }

    fn end(&self, ending: Ending) {
        self.ending.send_if_modified(|word| {
            let is_first = word.is_none();
            word.get_or_insert(ending);
            is_first
        });
    }

    /// Waits until the process ends.
    pub(super) async fn ended(&self) -> Ending {
        let mut receiver = self.ending.subscribe();
        match receiver.wait_for(Option::is_some).await {
            Ok(ending) => ending.unwrap_or(Ending::Shutdown),
            Err(_) => Ending::Shutdown,
        }
    }

    /// Handles signals and watches the client. Must be called before the client knows of this process.
    pub(super) fn watch(&self, open: Open) -> Result<(), String> {
        signals::watch(self).map_err(|error| format!("Signals cannot be handled: {error}."))?;
        if self.is_plugin {
            signals::watch_client(self.clone(), open);
        }
        Ok(())
    }
}

#[cfg(unix)]
mod signals {
    use std::io;
    use std::os::unix::process::parent_id;

    use tokio::signal::unix::{SignalKind, signal};

    use super::{CLIENT_WATCH, Ending, Lifecycle, Open};

    pub(super) fn watch(lifecycle: &Lifecycle) -> io::Result<()> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let lifecycle = lifecycle.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {
                        if !lifecycle.is_plugin {
                            lifecycle.end(Ending::Signal);
                        }
                    }
                    _ = terminate.recv() => lifecycle.end(Ending::Signal),
                }
            }
        });
        Ok(())
    }

    /// A client that is killed cannot call Shutdown. Without this check, its plugins would stay forever.
    pub(super) fn watch_client(lifecycle: Lifecycle, open: Open) {
        let client = parent_id();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(CLIENT_WATCH).await;
                if parent_id() != client && open.count() == 0 {
                    return lifecycle.end(Ending::ClientGone);
                }
            }
        });
    }
}

#[cfg(not(unix))]
mod signals {
    use std::io;

    use super::{Ending, Lifecycle, Open};

    pub(super) fn watch(lifecycle: &Lifecycle) -> io::Result<()> {
        let lifecycle = lifecycle.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if !lifecycle.is_plugin {
                    lifecycle.end(Ending::Signal);
                }
            }
        });
        Ok(())
    }

    /// On this platform, a process is not notified of the end of its parent.
    pub(super) fn watch_client(_: Lifecycle, _: Open) {
        let _ = Ending::ClientGone;
    }
}
