//! The tokens of MessagePack, independent of the types of Terraform.

/// The next token in the bytes. For a collection this is only the header, which the elements follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Integer(i128),
    Float(f64),
    String(&'a str),
    Binary(&'a [u8]),
    Array(usize),
    /// A map with this number of pairs.
    Map(usize),
    /// Any extension. Terraform encodes an unknown value as one, with or without refinements.
    Extension,
}

impl Token<'_> {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool(_) => "a bool",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::String(_) => "a string",
            Self::Binary(_) => "binary data",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Extension => "an extension",
        }
    }
}

/// Reads tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

const CUT: &str = "the value ends too early.";

impl<'a> Tokens<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn bytes_left(&self) -> usize {
        self.rest.len()
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(CUT)?;
        self.rest = rest;
        Ok(*head)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(CUT)?;
        self.rest = rest;
        Ok(head)
    }

    /// A length of one, two or four bytes.
    fn length(&mut self, width: u8) -> Result<usize, String> {
        Ok(match width {
            1 => usize::from(u8::from_be_bytes(self.array()?)),
            2 => usize::from(u16::from_be_bytes(self.array()?)),
            _ => usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| CUT)?,
        })
    }

    fn string(&mut self, length: usize) -> Result<Token<'a>, String> {
        let text = str::from_utf8(self.slice(length)?).map_err(|_| "a string is not UTF-8.")?;
        Ok(Token::String(text))
    }

    fn extension(&mut self, length: usize) -> Result<Token<'a>, String> {
        let [_kind] = self.array()?;
        self.slice(length)?;
        Ok(Token::Extension)
    }

    /// The next token.
    ///
    /// This type is not an iterator, because no token can be read after an error.
    #[allow(clippy::should_implement_trait)]
    pub(super) fn next(&mut self) -> Result<Token<'a>, String> {
        let [marker] = self.array()?;
        Ok(match marker {
            0x00..=0x7f => Token::Integer(marker.into()),
            0x80..=0x8f => Token::Map(usize::from(marker & 0x0f)),
            0x90..=0x9f => Token::Array(usize::from(marker & 0x0f)),
            0xa0..=0xbf => self.string(usize::from(marker & 0x1f))?,
            0xc0 => Token::Nil,
            0xc1 => return Err("the byte c1 has no meaning.".to_owned()),
            0xc2 => Token::Bool(false),
            0xc3 => Token::Bool(true),
            0xc4..=0xc6 => {
                let length = self.length(1 << (marker - 0xc4))?;
                Token::Binary(self.slice(length)?)
            }
            0xc7..=0xc9 => {
                let length = self.length(1 << (marker - 0xc7))?;
                self.extension(length)?
            }
            0xca => Token::Float(f32::from_be_bytes(self.array()?).into()),
            0xcb => Token::Float(f64::from_be_bytes(self.array()?)),
            0xcc => Token::Integer(u8::from_be_bytes(self.array()?).into()),
            0xcd => Token::Integer(u16::from_be_bytes(self.array()?).into()),
            0xce => Token::Integer(u32::from_be_bytes(self.array()?).into()),
            0xcf => Token::Integer(u64::from_be_bytes(self.array()?).into()),
            0xd0 => Token::Integer(i8::from_be_bytes(self.array()?).into()),
            0xd1 => Token::Integer(i16::from_be_bytes(self.array()?).into()),
            0xd2 => Token::Integer(i32::from_be_bytes(self.array()?).into()),
            0xd3 => Token::Integer(i64::from_be_bytes(self.array()?).into()),
            0xd4..=0xd8 => self.extension(1 << (marker - 0xd4))?,
            0xd9..=0xdb => {
                let length = self.length(1 << (marker - 0xd9))?;
                self.string(length)?
            }
            0xdc => Token::Array(self.length(2)?),
            0xdd => Token::Array(self.length(4)?),
            0xde => Token::Map(self.length(2)?),
            0xdf => Token::Map(self.length(4)?),
            0xe0..=0xff => Token::Integer(i8::from_be_bytes([marker]).into()),
        })
    }
}

/// Writes the marker for a length. `fix` is used if the length fits into the marker; otherwise the length has one, two or
/// four bytes.
fn head(out: &mut Vec<u8>, length: usize, fix: Option<(u8, usize)>, one: Option<u8>, two: u8, four: u8) {
    match (fix, one) {
        (Some((marker, below)), _) if length < below => out.push(marker | length.to_le_bytes()[0]),
        (_, Some(marker)) if length <= 0xff => out.extend([marker, length.to_le_bytes()[0]]),
        _ => {
            if let Ok(short) = u16::try_from(length) {
                out.push(two);
                out.extend(short.to_be_bytes());
            } else {
                // A length of more than four bytes exceeds the maximum size of a message.
                out.push(four);
                out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
            }
        }
    }
}

pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    head(out, text.len(), Some((0xa0, 32)), Some(0xd9), 0xda, 0xdb);
    out.extend(text.as_bytes());
}

pub(super) fn binary(out: &mut Vec<u8>, bytes: &[u8]) {
    head(out, bytes.len(), None, Some(0xc4), 0xc5, 0xc6);
    out.extend(bytes);
}

/// Writes the header of an array.
pub(super) fn array(out: &mut Vec<u8>, count: usize) {
    head(out, count, Some((0x90, 16)), None, 0xdc, 0xdd);
}

/// Writes the header of a map.
pub(super) fn map(out: &mut Vec<u8>, count: usize) {
    head(out, count, Some((0x80, 16)), None, 0xde, 0xdf);
}

pub(super) fn float(out: &mut Vec<u8>, float: f64) {
    out.push(0xcb);
    out.extend(float.to_be_bytes());
}

/// Writes an integer in as few bytes as possible.
pub(super) fn integer(out: &mut Vec<u8>, integer: i64) {
    if let Ok(small) = i8::try_from(integer)
        && small >= -32
    {
        out.extend(small.to_be_bytes());
    } else if let Ok(small) = u8::try_from(integer) {
        out.push(0xcc);
        out.extend(small.to_be_bytes());
    } else if let Ok(small) = u16::try_from(integer) {
        out.push(0xcd);
        out.extend(small.to_be_bytes());
    } else if let Ok(small) = u32::try_from(integer) {
        out.push(0xce);
        out.extend(small.to_be_bytes());
    } else if let Ok(small) = i8::try_from(integer) {
        out.push(0xd0);
        out.extend(small.to_be_bytes());
    } else if let Ok(small) = i16::try_from(integer) {
        out.push(0xd1);
        out.extend(small.to_be_bytes());
    } else if let Ok(small) = i32::try_from(integer) {
        out.push(0xd2);
        out.extend(small.to_be_bytes());
    } else {
        out.push(0xd3);
        out.extend(integer.to_be_bytes());
    }
}
