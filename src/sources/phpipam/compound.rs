//! What an `.xls` file has to be like before the library may read it.
//!
//! The library follows chains of sectors without an end if they are a circle, and it makes room for all cells between the
//! first and the last one. A damaged file could take all memory that way, and nothing could catch that.

/// What begins an `.xls` file: the format is a small file system, whose files are chains of sectors.
pub(super) const MAGIC: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// The length of the header, and of a sector.
pub(super) const SECTOR: usize = 512;

/// The length of a sector of short streams.
const SHORT_SECTOR: usize = 64;

/// Streams below this length are in short sectors.
const SHORT_STREAM: usize = 4096;

/// Numbers from this one on are no sectors.
const RESERVED: u32 = 0xffff_fffa;

/// The number of sectors of the table of chains that the header names.
const IN_HEADER: usize = 109;

/// The length of an entry of a directory.
const ENTRY: usize = 128;

/// The names that the stream with the sheets may have.
const STREAMS: [&str; 2] = ["Workbook", "Book"];

/// The maximum number of columns of a sheet.
const COLUMNS: u16 = 256;

/// Records that have one cell, or several of one row: their column is behind their row.
const CELLS: [u16; 10] = [0x0006, 0x00bd, 0x00be, 0x00d6, 0x00fd, 0x0201, 0x0203, 0x0204, 0x0205, 0x027e];

/// Whether all chains of sectors have an end, and all cells are in the columns that a sheet has.
pub(super) fn is_sound(bytes: &[u8]) -> bool {
    File::of(bytes).and_then(|file| file.stream()).is_some_and(|stream| has_sound_cells(&stream))
}

struct File<'a> {
    bytes: &'a [u8],
    /// The sector after each sector.
    next: Vec<u32>,
    /// The short sector after each short sector.
    next_short: Vec<u32>,
}

impl<'a> File<'a> {
    /// The file, unless it has other sectors than phpIPAM and spreadsheet programs write, or a chain without an end.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let is_usual = bytes.starts_with(&MAGIC)
            && bytes.len().is_multiple_of(SECTOR)
            && short(bytes, 30)? == 9
            && short(bytes, 32)? == 6;
        let sectors = (bytes.len() / SECTOR).checked_sub(1)?;
        // The library makes room for as many as the header says.
        let is_small = |at: usize| long(bytes, at).is_some_and(|count| count as usize <= sectors);
        if !is_usual || !is_small(44) || !is_small(64) {
            return None;
        }
        let mut file = Self { bytes, next: Vec::new(), next_short: Vec::new() };
        for sector in file.tables()? {
            file.next.extend(longs(file.sector(sector)?));
        }
        let shorts = file.chain(long(bytes, 60)?)?;
        file.next_short = longs(&shorts).collect();
        (has_ends(&file.next, sectors) && has_ends(&file.next_short, file.next_short.len())).then_some(file)
    }

    /// The sectors that have the table of chains.
    fn tables(&self) -> Option<Vec<u32>> {
        let header = self.bytes.get(SECTOR - 4 * IN_HEADER..SECTOR)?;
        let mut tables: Vec<u32> = longs(header).collect();
        let mut at = long(self.bytes, 68)?;
        while at < RESERVED {
            tables.extend(longs(self.sector(at)?));
            at = tables.pop()?;
            // Each of these sectors names 127 others, so a circle is soon longer than the file.
            if tables.len() > self.bytes.len() {
                return None;
            }
        }
        tables.retain(|sector| *sector < RESERVED);
        Some(tables)
    }

    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let begin = (number as usize).checked_add(1)?.checked_mul(SECTOR)?;
        self.bytes.get(begin..begin + SECTOR)
    }

    /// All bytes of a chain; `None` if it leaves the file or has no end.
    fn chain(&self, first: u32) -> Option<Vec<u8>> {
        let (mut chain, mut at) = (Vec::new(), first);
        while at < RESERVED {
            chain.extend_from_slice(self.sector(at)?);
            if chain.len() > self.bytes.len() {
                return None;
            }
            at = *self.next.get(at as usize)?;
        }
        Some(chain)
    }

    /// The stream with the sheets.
    fn stream(&self) -> Option<Vec<u8>> {
        let directory = self.chain(long(self.bytes, 48)?)?;
        let entries: Vec<&[u8]> = directory.chunks_exact(ENTRY).collect();
        let is_named = |entry: &&&[u8]| {
            let letters = entry[..64].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            let name: Vec<u16> = letters.take_while(|letter| *letter != 0).collect();
            STREAMS.iter().any(|stream| stream.encode_utf16().eq(name.iter().copied()))
        };
        let entry = entries.iter().find(is_named)?;
        let (first, length) = (long(entry, 116)?, long(entry, 120)? as usize);
        let root = entries.first()?;
        let mut stream = if length < SHORT_STREAM {
            self.short_chain(first, &self.chain(long(root, 116)?)?)?
        } else {
            self.chain(first)?
        };
        stream.truncate(length);
        Some(stream)
    }

    fn short_chain(&self, first: u32, container: &[u8]) -> Option<Vec<u8>> {
        let (mut chain, mut at) = (Vec::new(), first);
        while at < RESERVED {
            let begin = (at as usize).checked_mul(SHORT_SECTOR)?;
            chain.extend_from_slice(container.get(begin..begin + SHORT_SECTOR)?);
            at = *self.next_short.get(at as usize)?;
        }
        Some(chain)
    }
}

/// Whether each chain ends, and stays below `count`.
fn has_ends(next: &[u32], count: usize) -> bool {
    // The number of the walk that has been at a sector.
    let mut walks = vec![0_usize; next.len()];
    for start in 0..next.len() {
        let mut at = start;
        while walks[at] == 0 {
            walks[at] = start + 1;
            let following = next[at];
            if following >= RESERVED {
                break;
            }
            at = following as usize;
            if at >= count || at >= next.len() || walks[at] == start + 1 {
                return false;
            }
        }
    }
    true
}

/// Whether each record with cells has a column that a sheet can have.
fn has_sound_cells(stream: &[u8]) -> bool {
    let mut at = 0;
    while let (Some(kind), Some(length)) = (short(stream, at), short(stream, at + 2)) {
        let column = short(stream, at + 6).filter(|_| length >= 4);
        if CELLS.contains(&kind) && column.is_some_and(|column| column >= COLUMNS) {
            return false;
        }
        at += 4 + usize::from(length);
    }
    true
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn longs(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBNETS: &[u8] = include_bytes!("../../../examples/migrations/phpipam/subnets.xls");

    /// The file with another number at a place.
    fn with(at: usize, number: u32) -> Vec<u8> {
        let mut bytes = SUBNETS.to_vec();
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        bytes
    }

    #[test]
    fn chains_without_an_end_and_numbers_that_ask_for_all_memory_are_refused() {
        assert!(is_sound(SUBNETS));
        let table = SECTOR * (1 + long(SUBNETS, 76).unwrap() as usize);
        for (at, number, what) in [
            (table, 0, "a sector is after itself"),
            (table + 4, 0, "two sectors are after each other"),
            (table, 77_777, "a sector is outside of the file"),
            (44, 1 << 31, "the table of chains is large"),
            (64, 1 << 31, "the table of short chains is large"),
            (68, 0, "the tables are a circle"),
            (48, 77_777, "the directory is outside of the file"),
        ] {
            assert!(!is_sound(&with(at, number)), "{what}");
        }
        assert!(!is_sound(&SUBNETS[..SUBNETS.len() - 1]) && !is_sound(b"") && !is_sound(&MAGIC));
    }

    #[test]
    fn a_chain_ends_at_a_reserved_number_and_nowhere_else() {
        assert!(has_ends(&[2, RESERVED, 1], 3) && has_ends(&[], 0));
        for next in [&[1, 0][..], &[0], &[1, 2, 1], &[RESERVED, 3, RESERVED]] {
            assert!(!has_ends(next, next.len()), "{next:?}");
        }
        assert!(!has_ends(&[2, RESERVED, RESERVED], 2), "the third sector is not in the file");
    }

    #[test]
    fn a_cell_in_a_column_that_no_sheet_has_is_refused() {
        let number = SUBNETS.windows(4).position(|four| four == [0x7e, 0x02, 10, 0]).unwrap();
        assert!(is_sound(&with(number + 4, u32::from(COLUMNS - 1) << 16)));
        assert!(!is_sound(&with(number + 4, u32::from(COLUMNS) << 16)));
    }
}
