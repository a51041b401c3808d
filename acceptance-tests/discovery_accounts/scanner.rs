//! The scanner of the provider, and the samples that it returns.

use terraform_provider_ipam::aws::{Ec2Scout, Keys, Settings};
use terraform_provider_ipam::backend::scout::{Scout, Step};
use terraform_provider_ipam::ipam::Result;
use terraform_provider_ipam::ipam::discovery::types::{Failure, Sample, Survey};

/// Settings for a server at `url`.
pub(crate) fn settings(url: &str) -> Settings {
    let keys = Keys { access_key: "home".into(), secret_key: "secret".into(), token: None };
    Settings {
        keys: Some(keys),
        ec2_endpoint: Some(url.to_owned()),
        sts_endpoint: Some(url.to_owned()),
        max_retries: Some(3),
        ..Settings::default()
    }
}

/// Scans everything: the samples, by account and Region.
pub(crate) fn try_scan(settings: Settings, survey: &Survey) -> Result<Vec<Sample>> {
    let (mut announced, mut samples) = (None, Vec::new());
    Ec2Scout::new(settings).scan(survey, &mut |step| {
        match step {
            Step::Targets(count) => assert_eq!(announced.replace(count), None, "targets are announced once"),
            Step::Done(sample) => {
                assert!(announced.is_some(), "targets are announced first");
                samples.push(sample);
            }
        }
        Ok(())
    })?;
    assert_eq!(announced, Some(samples.len()), "as many samples as announced targets");
    samples.sort_by(|a, b| (&a.account_id, &a.region).cmp(&(&b.account_id, &b.region)));
    Ok(samples)
}

pub(crate) fn scan(url: &str, survey: &Survey) -> Vec<Sample> {
    try_scan(settings(url), survey).unwrap()
}

/// The reason why a place was not seen.
#[track_caller]
pub(crate) fn failure<'a>(samples: &'a [Sample], account: &str, region: &str) -> &'a Failure {
    let sample = samples.iter().find(|sample| sample.account_id == account && sample.region == region);
    sample.expect("the place was scanned").outcome.as_ref().expect_err("the place was refused")
}

/// The places that were seen.
pub(crate) fn seen(samples: &[Sample]) -> Vec<String> {
    let there = samples.iter().filter(|sample| sample.outcome.is_ok());
    there.map(|sample| format!("{} {}", sample.account_id, sample.region)).collect()
}
