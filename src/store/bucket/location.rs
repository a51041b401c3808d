//! The location of the objects: the URL and the environment, without contacting the store.

use std::collections::BTreeMap;
use std::path::PathBuf;

use object_store::path::Path;
use url::{Host, Url, form_urlencoded};

use crate::store::{Error, StoreUrl};

/// The kind of API that a bucket offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    S3,
    Gs,
    Az,
    File,
}

impl Kind {
    /// The scheme of its URLs.
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gs => "gs",
            Self::Az => "az",
            Self::File => "file",
        }
    }

    /// The parameters that its URLs may have.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::S3 => &["region", "endpoint", "profile", "virtual_hosted_style", "sse", "sse_kms_key_id"],
            Self::Gs => &["endpoint"],
            Self::Az => &["account", "endpoint"],
            Self::File => &[],
        }
    }
}

/// The content of a URL.
#[derive(Clone)]
pub(super) struct StoreLocation {
    pub(super) kind: Kind,
    /// Bucket or container; empty for a directory.
    pub(super) bucket: String,
    /// The prefix of the names of all objects; for a directory, the directory.
    pub(super) prefix: Path,
    /// The directory itself, for `file`.
    pub(super) directory: Option<PathBuf>,
    options: BTreeMap<String, String>,
}

impl StoreLocation {
    /// # Errors
    /// [`Error::Url`] with the mistake; never with the value of a parameter, or a name that is not known.
    pub(super) fn parse(url: &StoreUrl) -> Result<Self, Error> {
        let refuse = |why: String| Error::Url(format!("The store URL {url} {why}"));
        let kind = match url.scheme().as_deref() {
            Some("s3") => Kind::S3,
            Some("gs") => Kind::Gs,
            Some("az") => Kind::Az,
            _ => Kind::File,
        };
        let text = format!("{}:{}", kind.scheme(), url.rest());
        let parsed = Url::parse(&text).ok().filter(|_| url.rest().starts_with("//"));
        let parsed = parsed.ok_or_else(|| refuse(format!("is not {}.", Self::example(kind))))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refuse(
                "contains credentials. Set them in the environment, where no log shows them.".to_owned(),
            ));
        }
        if parsed.fragment().is_some() {
            return Err(refuse("has a part after \"#\", which is not supported.".to_owned()));
        }
        let options = options(kind, &parsed).map_err(refuse)?;
        if kind == Kind::File {
            return Self::directory(&parsed, url, options);
        }
        let bucket = parsed.host().map(|host: Host<&str>| host.to_string()).unwrap_or_default();
        if bucket.is_empty() || parsed.port().is_some() {
            return Err(refuse(format!("does not name a bucket: write {}.", Self::example(kind))));
        }
        let prefix = Path::from_url_path(parsed.path().trim_matches('/'))
            .map_err(|_| refuse("has a prefix with an empty part, \".\" or \"..\".".to_owned()))?;
        Ok(Self { kind, bucket, prefix, directory: None, options })
    }

    fn directory(parsed: &Url, url: &StoreUrl, options: BTreeMap<String, String>) -> Result<Self, Error> {
        let refuse = |why: &str| Error::Url(format!("The store URL {url} {why}"));
        if parsed.host().is_some() {
            return Err(refuse("names a host. For a directory of this machine write \"file:///path/of/directory\"."));
        }
        let directory = parsed.to_file_path().map_err(|()| refuse("does not name a directory of this machine."))?;
        let prefix = Path::from_absolute_path(&directory)
            .map_err(|_| refuse("names a directory with characters that objects cannot have."))?;
        if prefix.as_ref().is_empty() {
            return Err(refuse("names the root directory: choose a directory for the store."));
        }
        Ok(Self { kind: Kind::File, bucket: String::new(), prefix, directory: Some(directory), options })
    }

    fn example(kind: Kind) -> &'static str {
        match kind {
            Kind::S3 => "\"s3://bucket/prefix\"",
            Kind::Gs => "\"gs://bucket/prefix\"",
            Kind::Az => "\"az://container/prefix\"",
            Kind::File => "\"file:///path/of/directory\"",
        }
    }

    /// A parameter of the URL.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// The location in words, without secrets: parameters are left out.
    pub(super) fn describe(&self) -> String {
        match &self.directory {
            Some(directory) => format!("directory {}", directory.display()),
            None if self.prefix.as_ref().is_empty() => format!("{}://{}", self.kind.scheme(), self.bucket),
            None => format!("{}://{}/{}", self.kind.scheme(), self.bucket, self.prefix),
        }
    }
}

fn options(kind: Kind, parsed: &Url) -> Result<BTreeMap<String, String>, String> {
    let mut options = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(parsed.query().unwrap_or_default().as_bytes()) {
        let known = kind.options();
        if !known.contains(&name.as_ref()) {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(format!("has a parameter that {} stores do not have ({known}).", kind.scheme()));
        }
        if value.is_empty() {
            return Err(format!("has the parameter {name:?} without a value."));
        }
        if name == "sse" && !["AES256", "aws:kms"].contains(&value.as_ref()) {
            return Err("has a parameter \"sse\" that is neither AES256 nor aws:kms.".to_owned());
        }
        if name == "virtual_hosted_style" && !["true", "false"].contains(&value.as_ref()) {
            return Err("has a parameter \"virtual_hosted_style\" that is neither true nor false.".to_owned());
        }
        if name == "endpoint" && !is_endpoint(&value) {
            return Err(
                "has an endpoint that does not start with https:// or http://, or contains more than that and a host."
                    .to_owned(),
            );
        }
        if options.insert(name.to_string(), value.into_owned()).is_some() {
            return Err(format!("has the parameter {name:?} twice."));
        }
    }
    if options.contains_key("sse_kms_key_id") && options.get("sse").is_none_or(|sse| sse != "aws:kms") {
        return Err("has the parameter \"sse_kms_key_id\", which needs sse=aws:kms.".to_owned());
    }
    Ok(options)
}

/// Whether `value` is the URL of a server, without credentials or parameters.
fn is_endpoint(value: &str) -> bool {
    Url::parse(value).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme())
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
    })
}

/// The environment variables for the location and the credentials. Not `Debug`, because some are secrets.
#[derive(Clone, Default)]
pub(super) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The present variables of this process.
    pub(super) fn of_process() -> Self {
        let texts =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::new(texts)
    }

    pub(super) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The variables whose names begin with `prefix`.
    pub(super) fn with_prefix(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let named = self.0.iter().filter(move |(name, _)| name.starts_with(prefix));
        named.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(url: &str) -> StoreLocation {
        StoreLocation::parse(&StoreUrl::new(url)).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn urls_name_a_bucket_and_a_prefix() {
        let found = location("s3://net-plan/teams/core/?region=eu-central-1&sse=aws:kms&sse_kms_key_id=alias%2Fipam");
        assert_eq!((found.kind, found.bucket.as_str(), found.prefix.as_ref()), (Kind::S3, "net-plan", "teams/core"));
        assert_eq!(found.option("sse_kms_key_id"), Some("alias/ipam"));
        assert_eq!(found.describe(), "s3://net-plan/teams/core");
        assert_eq!(location("gs://plan").describe(), "gs://plan");
        assert_eq!(location("az://plan/x?account=net").option("account"), Some("net"));
        let found = location("file:///var/lib/my%20plan");
        assert_eq!(found.describe(), "directory /var/lib/my plan");
        assert_eq!(found.prefix.as_ref(), "var/lib/my plan");
    }

    #[test]
    fn wrong_urls_are_refused_with_the_reason_and_without_values() {
        for (url, words) in [
            ("s3:bucket", "is not \"s3://bucket/prefix\""),
            ("s3:///prefix", "does not name a bucket"),
            ("s3://me:s3cret@bucket/prefix", "contains credentials"),
            ("s3://bucket/a//b", "an empty part"),
            ("s3://bucket/#s3cret", "after \"#\""),
            ("s3://bucket?secret_key=s3cret", "a parameter that s3 stores do not have (region,"),
            ("s3://bucket?s3cret=1", "a parameter that s3 stores do not have"),
            ("s3://bucket?sse=s3cret", "neither AES256 nor aws:kms"),
            ("s3://bucket?sse_kms_key_id=s3cret", "needs sse=aws:kms"),
            ("s3://bucket?region=", "without a value"),
            ("s3://bucket?region=a&region=s3cret", "twice"),
            ("s3://bucket?endpoint=s3cret", "an endpoint that does not start with"),
            ("s3://bucket?endpoint=http://me:s3cret@host", "an endpoint that"),
            ("s3://bucket?virtual_hosted_style=s3cret", "neither true nor false"),
            ("gs://bucket?region=s3cret", "that gs stores do not have (endpoint)"),
            ("file://host/path", "names a host"),
            ("file:///", "the root directory"),
            ("file:///a?sync=s3cret", "that file stores do not have (none)"),
            ("file:relative", "is not \"file:///path/of/directory\""),
        ] {
            let Err(Error::Url(text)) = StoreLocation::parse(&StoreUrl::new(url)) else { panic!("{url} was taken") };
            assert!(text.contains(words), "{url}: {text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
}
