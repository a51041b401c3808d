//! Zips, the manifest and the sums, with the names that the registries expect.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{NAME, Platform, read};
use crate::Outcome;

/// What the registries read about the provider. Without it, they assume protocol 5.
const MANIFEST: &str = "{\n  \"version\": 1,\n  \"metadata\": {\n    \"protocol_versions\": [\"6.0\"]\n  }\n}\n";

/// The files of one version in one directory.
pub(super) struct Package<'a> {
    pub(super) version: &'a str,
    pub(super) directory: &'a Path,
}

impl Package<'_> {
    fn name(&self, end: &str) -> String {
        format!("{NAME}_{}_{end}", self.version)
    }

    /// The path of the file whose name ends like this.
    pub(super) fn path(&self, end: &str) -> PathBuf {
        self.directory.join(self.name(end))
    }

    pub(super) fn write(&self, end: &str, text: &str) -> Outcome<()> {
        let path = self.path(end);
        fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
    }

    /// Writes the zip of a platform with the program and these texts, and returns the end of its name. The order, the
    /// times and the rights of the files do not depend on the machine.
    pub(super) fn zip(&self, platform: &Platform, program: &Path, texts: &[(String, Vec<u8>)]) -> Outcome<String> {
        let end = format!("{platform}.zip");
        let path = self.path(&end);
        let cannot = |error: String| format!("{} cannot be written: {error}", path.display());
        let file = File::create(&path).map_err(|error| cannot(error.to_string()))?;
        let mut zip = ZipWriter::new(BufWriter::new(file));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default());
        for (name, text) in texts {
            zip.start_file(name, options.unix_permissions(0o644)).map_err(|error| cannot(error.to_string()))?;
            zip.write_all(text).map_err(|error| cannot(error.to_string()))?;
        }
        let inside = format!("{NAME}_v{}{}", self.version, platform.program_suffix());
        let bytes = read(program)?;
        zip.start_file(inside, options.unix_permissions(0o755)).map_err(|error| cannot(error.to_string()))?;
        zip.write_all(&bytes).map_err(|error| cannot(error.to_string()))?;
        let mut written = zip.finish().map_err(|error| cannot(error.to_string()))?;
        written.flush().map_err(|error| cannot(error.to_string()))?;
        Ok(end)
    }

    pub(super) fn manifest(&self) -> Outcome<()> {
        self.write("manifest.json", MANIFEST)
    }

    /// Writes the sums of all files that are there.
    pub(super) fn sums(&self) -> Outcome<()> {
        let mut text = String::new();
        for path in self.files()? {
            let name = path.file_name().unwrap_or_default().display();
            text += &format!("{}  {name}\n", sum(&path)?);
        }
        self.write("SHA256SUMS", &text)
    }

    /// All files, by name.
    pub(super) fn files(&self) -> Outcome<Vec<PathBuf>> {
        let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", self.directory.display());
        let entries: Result<Vec<_>, _> = fs::read_dir(self.directory).map_err(cannot)?.collect();
        let mut files: Vec<PathBuf> = entries.map_err(cannot)?.into_iter().map(|entry| entry.path()).collect();
        files.sort();
        Ok(files)
    }

    /// The zips with their platforms.
    pub(super) fn zips(&self) -> Outcome<Vec<(String, PathBuf)>> {
        let start = self.name("");
        let platform = |path: PathBuf| {
            let name = path.file_name()?.to_str()?.to_owned();
            Some((name.strip_prefix(&start)?.strip_suffix(".zip")?.to_owned(), path))
        };
        Ok(self.files()?.into_iter().filter_map(platform).collect())
    }
}

/// SHA-256 of a file, in hexadecimal digits.
pub(super) fn sum(path: &Path) -> Outcome<String> {
    let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut file = BufReader::new(File::open(path).map_err(cannot)?);
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut chunk).map_err(cannot)? {
            0 => return Ok(hex(&hash.finalize())),
            length => hash.update(&chunk[..length]),
        }
    }
}

/// SHA-256 of bytes, in hexadecimal digits.
pub(super) fn sum_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
