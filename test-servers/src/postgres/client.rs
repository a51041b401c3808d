//! Runs SQL as superuser.

use std::thread;
use std::time::Duration;

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};
use url::Url;

/// Longest time for a statement of a test.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs `sql`, one or more statements. Each row becomes a line, with `|` between the columns and an empty text for
/// NULL.
///
/// # Errors
/// Fails with the message of the server, or the reason why it cannot be reached.
pub(crate) fn run(server: &Url, database: &str, sql: &str) -> Result<String, String> {
    let config = config(server, database)?;
    // The work runs in another thread, because the caller may be in an async runtime already.
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let answer = tokio::time::timeout(LIMIT, ask(&config, sql)).await;
            answer.unwrap_or_else(|_| Err(format!("no answer within {LIMIT:?}")))
        })
    };
    thread::scope(|scope| scope.spawn(work).join().unwrap_or_else(|_| Err("the client panicked".to_owned())))
}

fn config(server: &Url, database: &str) -> Result<Config, String> {
    let decoded = |text: &str| {
        let pair = format!("x={}", text.replace('+', "%2B"));
        url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let mut config = Config::new();
    config.host(server.host_str().ok_or("the URL names no host")?).port(server.port().unwrap_or(5432));
    config.user(decoded(server.username())).password(decoded(server.password().unwrap_or_default()));
    config.dbname(database).connect_timeout(Duration::from_secs(10));
    Ok(config)
}

async fn ask(config: &Config, sql: &str) -> Result<String, String> {
    let (client, connection) = config.connect(NoTls).await.map_err(|error| words(&error))?;
    let connection = tokio::spawn(connection);
    let answer = rows(&client, sql).await;
    drop(client);
    // The answer has the reason why a connection ended.
    connection.await.ok();
    answer
}

async fn rows(client: &Client, sql: &str) -> Result<String, String> {
    let messages = client.simple_query(sql).await.map_err(|error| words(&error))?;
    let lines = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|column| row.get(column).unwrap_or("")).collect::<Vec<_>>().join("|"))
        }
        _ => None,
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn words(error: &tokio_postgres::Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    format!("{error}: {source}")
}
