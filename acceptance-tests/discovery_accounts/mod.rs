//! Discovery in AWS accounts: an EC2 server with an estate that boto3 has made. The results must be equal to what boto3
//! and Python's `ipaddress` find in it.

mod estate;
mod python;
mod scanner;

mod failures;
mod files;
mod findings;
mod journeys;
mod pace;
mod samples;
