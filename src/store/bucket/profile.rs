//! Profiles of the AWS tools: keys and region from `~/.aws/credentials` and `~/.aws/config`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::location::Environment;
use crate::store::Error;

/// The settings of a profile. Not `Debug`, because it contains secrets.
#[derive(Default)]
pub(super) struct Profile {
    pub(super) keys: Option<Keys>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
}

pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

type Section = BTreeMap<String, String>;

/// Settings of profiles whose keys come from another source, and the word for that source.
const ELSEWHERE: [(&str, &str); 6] = [
    ("sso_session", "single sign-on"),
    ("sso_start_url", "single sign-on"),
    ("role_arn", "a role to assume"),
    ("credential_process", "a program that prints credentials"),
    ("web_identity_token_file", "a web identity"),
    ("login_session", "a login of the console"),
];

impl Profile {
    /// The `chosen` profile, or else the one of the environment, or else the default one if there is any.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a chosen profile does not exist, or needs more than reading two files.
    pub(super) fn read(environment: &Environment, chosen: Option<&str>) -> Result<Self, Error> {
        let chosen = chosen.or_else(|| environment.get("AWS_PROFILE"));
        let name = chosen.unwrap_or("default");
        let credentials = file(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
        let config = file(environment, "AWS_CONFIG_FILE", "config");
        let in_credentials = section(credentials.as_deref(), |title| title == name)?;
        let in_config = section(config.as_deref(), |title| {
            title.strip_prefix("profile ").map(str::trim) == Some(name) || (title == "default" && name == "default")
        })?;
        if in_credentials.is_none() && in_config.is_none() {
            return match chosen {
                None => Ok(Self::default()),
                Some(name) => Err(Error::Unavailable(format!(
                    "there is no AWS profile {name:?} in {} or {}",
                    shown(credentials.as_deref()),
                    shown(config.as_deref())
                ))),
            };
        }
        // When both files have a setting, the one in the credentials file counts.
        let mut settings = in_config.unwrap_or_default();
        settings.extend(in_credentials.unwrap_or_default());
        Self::from_settings(settings, name)
    }

    fn from_settings(mut settings: Section, name: &str) -> Result<Self, Error> {
        let keys = match (settings.remove("aws_access_key_id"), settings.remove("aws_secret_access_key")) {
            (Some(id), Some(secret)) => Some(Keys { id, secret, token: settings.remove("aws_session_token") }),
            (None, None) => None,
            _ => {
                return Err(Error::Unavailable(format!(
                    "the AWS profile {name:?} has one of aws_access_key_id and aws_secret_access_key, and needs both"
                )));
            }
        };
        let elsewhere = ELSEWHERE.iter().find(|(setting, _)| settings.contains_key(*setting));
        if let (None, Some((_, how))) = (&keys, elsewhere) {
            return Err(Error::Unavailable(format!(
                "the AWS profile {name:?} uses {how}, which only the AWS tools support. To put the keys into the \
                 environment, run: eval \"$(aws configure export-credentials --profile {name} --format env)\""
            )));
        }
        Ok(Self { keys, region: settings.remove("region"), endpoint: settings.remove("endpoint_url") })
    }
}

fn file(environment: &Environment, variable: &str, name: &str) -> Option<PathBuf> {
    let home = || environment.get("HOME").or_else(|| environment.get("USERPROFILE"));
    let named = environment.get(variable).map(|path| match (path.strip_prefix("~/"), home()) {
        (Some(rest), Some(home)) => Path::new(home).join(rest),
        _ => PathBuf::from(path),
    });
    named.or_else(|| Some(Path::new(home()?).join(".aws").join(name)))
}

fn shown(path: Option<&Path>) -> String {
    path.map_or_else(|| "the home directory".to_owned(), |path| path.display().to_string())
}

/// The settings below the first title that is `wanted`; `None` without such a file or title.
fn section(path: Option<&Path>, wanted: impl Fn(&str) -> bool) -> Result<Option<Section>, Error> {
    let Some(path) = path else { return Ok(None) };
    match fs::read_to_string(path) {
        Ok(text) => Ok(find_section(&text, wanted)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::Unavailable(format!("{} cannot be read: {error}", path.display()))),
    }
}

fn find_section(text: &str, wanted: impl Fn(&str) -> bool) -> Option<Section> {
    let mut found: Option<Section> = None;
    let mut inside = false;
    for line in text.lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(title) = content.strip_prefix('[') {
            inside = wanted(title.split(']').next().unwrap_or("").trim());
            if inside {
                found.get_or_insert_default();
            }
            continue;
        }
        // Settings of services are indented below the name of the service.
        let is_nested = line.starts_with([' ', '\t']);
        if let (true, false, Some((name, value)), Some(section)) =
            (inside, is_nested, content.split_once('='), found.as_mut())
        {
            let value = value.split(" #").next().unwrap_or("").trim();
            if !value.is_empty() {
                section.insert(name.trim().to_ascii_lowercase(), value.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(config: &str, credentials: &str, chosen: Option<&str>) -> Result<Profile, Error> {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        fs::write(path("config"), config).unwrap();
        fs::write(path("credentials"), credentials).unwrap();
        let variables = [("AWS_CONFIG_FILE", path("config")), ("AWS_SHARED_CREDENTIALS_FILE", path("credentials"))];
        let environment = Environment::new(variables.map(|(name, value)| (name.to_owned(), value)));
        Profile::read(&environment, chosen)
    }

    fn refusal(config: &str, credentials: &str, chosen: Option<&str>) -> String {
        match profile(config, credentials, chosen) {
            Err(Error::Unavailable(text)) => text,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("the profile was taken"),
        }
    }

    #[test]
    fn a_profile_has_keys_in_one_file_and_a_region_in_the_other() {
        let config =
            "# ours\n[default]\nregion = us-west-2\n\n[profile team]\nregion=eu-central-1\ns3 =\n  region = no\n";
        let credentials = "[default]\naws_access_key_id = A\naws_secret_access_key = B\n[team]\n\
                           aws_access_key_id=C\naws_secret_access_key=D=/+\naws_session_token = E\n";
        let found = profile(config, credentials, Some("team")).unwrap();
        let keys = found.keys.unwrap();
        assert_eq!((keys.id.as_str(), keys.secret.as_str(), keys.token.as_deref()), ("C", "D=/+", Some("E")));
        assert_eq!(found.region.as_deref(), Some("eu-central-1"));
        let found = profile(config, credentials, None).unwrap();
        assert_eq!((found.keys.unwrap().id.as_str(), found.region.as_deref()), ("A", Some("us-west-2")));
    }

    #[test]
    fn without_files_there_is_no_default_profile_and_no_error() {
        assert!(Profile::read(&Environment::default(), None).unwrap().keys.is_none());
        assert!(profile("", "", None).unwrap().region.is_none());
    }

    #[test]
    fn profiles_that_need_more_than_two_files_say_what_to_do_instead() {
        assert!(refusal("", "", Some("team")).contains("there is no AWS profile \"team\" in "));
        for (setting, how) in [("sso_session = x", "single sign-on"), ("credential_process = s3cret", "a program")] {
            let text = refusal(&format!("[profile team]\n{setting}\n"), "", Some("team"));
            assert!(text.contains(how) && text.contains("export-credentials --profile team"), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
        let text = refusal("", "[default]\naws_secret_access_key = s3cret\n", None);
        assert!(text.contains("needs both") && !text.contains("s3cret"), "{text}");
    }
}
