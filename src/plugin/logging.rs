//! The log in the format that go-plugin reads: one JSON object per line on standard error.
//!
//! Nothing is written unless the log variables of Terraform are set. Secrets never reach the log, because no event
//! contains a value of the configuration or the state.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::io::{self, Write};

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Variables that set the level, the most specific one first.
const LEVEL_VARIABLES: [&str; 3] = ["TF_LOG_PROVIDER_IPAM", "TF_LOG_PROVIDER", "TF_LOG"];

/// Maximum number of bytes of one text in a line. A line of more than 64 KiB would be split.
const TEXT_BYTES_MAX: usize = 8 << 10;
const LINE_BYTES_MAX: usize = 60 << 10;

/// Starts the log of this process if a variable sets a level.
pub(super) fn start() {
    let wanted = LEVEL_VARIABLES.iter().find_map(|name| env::var(name).ok().filter(|level| !level.is_empty()));
    let level = wanted.as_deref().map_or(LevelFilter::OFF, level);
    if level == LevelFilter::OFF {
        return;
    }
    // Events of the libraries are useful only if they are warnings or errors.
    let filter = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level).with_default(level.min(LevelFilter::WARN));
    let _ = tracing_subscriber::registry().with(JsonLines::new(io::stderr).with_filter(filter)).try_init();
}

/// A level with the name that Terraform uses. Any other text means all levels, as in Terraform.
fn level(text: &str) -> LevelFilter {
    match text.to_ascii_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// Writes events as lines of JSON.
struct JsonLines<W> {
    out: W,
}

impl<O: Write, W: Fn() -> O> JsonLines<W> {
    const fn new(out: W) -> Self {
        Self { out }
    }
}

/// Fields of a span, stored with the span.
struct SpanFields(BTreeMap<String, Json>);

impl<S, O, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    O: Write,
    W: Fn() -> O + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields.0));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(kept) = span.extensions_mut().get_mut::<SpanFields>()
        {
            kept.0.extend(fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(kept) = span.extensions().get::<SpanFields>() {
                fields.0.extend(kept.0.clone());
            }
        }
        event.record(&mut fields);
        let mut line = line(event.metadata(), fields.0, &now());
        line.push('\n');
        // One write per line, so that lines of several threads do not mix. A failed write is not an error, because
        // standard error may be closed.
        let _ = (self.out)().write_all(line.as_bytes());
    }
}

fn line(metadata: &Metadata<'_>, mut fields: BTreeMap<String, Json>, timestamp: &str) -> String {
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    // The client requires that these four are texts.
    let message = match fields.remove("message") {
        Some(Json::String(message)) => message,
        Some(other) => other.to_string(),
        None => metadata.name().to_owned(),
    };
    let head = [
        ("@level", level.to_owned()),
        ("@message", message),
        ("@module", module(metadata.target())),
        ("@timestamp", timestamp.to_owned()),
    ];
    let head: Map<String, Json> = head.into_iter().map(|(key, text)| (key.to_owned(), Json::String(text))).collect();
    let mut whole = head.clone();
    whole.extend(fields.into_iter().filter(|(key, _)| !key.starts_with('@')));
    let line = Json::Object(whole).to_string();
    if line.len() <= LINE_BYTES_MAX { line } else { Json::Object(head).to_string() }
}

/// `ipam`, followed by the module that the event comes from.
fn module(target: &str) -> String {
    let own = target.strip_prefix(env!("CARGO_CRATE_NAME")).map(|rest| format!("ipam{rest}"));
    own.unwrap_or_else(|| target.to_owned()).replace("::", ".")
}

/// The current time in UTC, with exactly six digits after the second.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// Collects fields as JSON.
#[derive(Default)]
struct Fields(BTreeMap<String, Json>);

impl Fields {
    fn text(&mut self, field: &Field, text: &str) {
        let mut end = text.len().min(TEXT_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let cut = if end < text.len() { format!("{}…", &text[..end]) } else { text.to_owned() };
        self.insert(field, cut);
    }

    fn insert(&mut self, field: &Field, value: impl Into<Json>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(events: impl FnOnce()) -> Vec<Json> {
        let sink = Sink::default();
        let out = sink.clone();
        let subscriber = tracing_subscriber::registry().with(JsonLines::new(move || out.clone()));
        tracing::subscriber::with_default(subscriber, events);
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn an_event_is_a_line_in_the_format_of_the_client() {
        let lines = logged(|| tracing::info!(count = 3, name = "a\nb", "Found {}", "it"));
        let line = &lines[0];
        assert_eq!(line["@level"], "info");
        assert_eq!(line["@message"], "Found it");
        assert_eq!(line["@module"], "ipam.plugin.logging.tests");
        assert_eq!((&line["count"], &line["name"]), (&3.into(), &"a\nb".into()));
        let timestamp = line["@timestamp"].as_str().unwrap();
        assert_eq!(timestamp.len(), "2006-01-02T15:04:05.000000Z".len(), "{timestamp}");
        assert!(timestamp.parse::<jiff::Timestamp>().is_ok(), "{timestamp}");
    }

    #[test]
    fn the_fields_of_a_span_are_on_every_event_inside_it() {
        let lines = logged(|| {
            let span = tracing::error_span!("call", tf_rpc = "ReadResource", n = 1);
            span.in_scope(|| tracing::debug!(n = 2, "Inside"));
            tracing::debug!("Outside");
        });
        assert_eq!((&lines[0]["tf_rpc"], &lines[0]["n"]), (&"ReadResource".into(), &2.into()));
        assert_eq!(lines[1].get("tf_rpc"), None);
    }

    #[test]
    fn no_line_is_longer_than_the_client_reads() {
        let long = "ä".repeat(100_000);
        let lines = logged(|| {
            tracing::warn!(a = long, "{long}");
            tracing::warn!(
                a = long,
                b = long,
                c = long,
                d = long,
                e = long,
                f = long,
                g = long,
                h = long,
                "Many long fields"
            );
        });
        assert!(lines.iter().all(|line| line.to_string().len() <= LINE_BYTES_MAX));
        assert_eq!(lines[1]["@message"], "Many long fields");
    }

    #[test]
    fn levels_are_those_of_terraform() {
        let table = [
            ("off", LevelFilter::OFF),
            ("ERROR", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("INFO", LevelFilter::INFO),
            ("DEBUG", LevelFilter::DEBUG),
            ("JSON", LevelFilter::TRACE),
            ("1", LevelFilter::TRACE),
        ];
        for (text, expected) in table {
            assert_eq!(level(text), expected, "{text}");
        }
    }
}
