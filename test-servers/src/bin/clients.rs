//! Builds clients that tests run on beside the one at hand, and prints where they are: those that the arguments name, or
//! all.

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (name, program) in
        [("opentofu", test_servers::opentofu as fn() -> _), ("terraform-1.5", test_servers::terraform_1_5)]
    {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            println!("{}", program().display());
        }
    }
}
