//! Values in MessagePack, as Terraform sends and receives them.
//!
//! The type determines how bytes are read, so only values of that type are ever built. Refinements of unknown values are
//! ignored, as the protocol allows.

use std::collections::BTreeMap;

use crate::tf::{Number, Path, Type, Value};

mod bytes;

use bytes::{Token, Tokens};

/// Maximum depth of a value. Types of schemas are far less deep; only dynamic values can exceed the limit.
const DEPTH_MAX: usize = 100;

/// Maximum number of elements in all collections of one value together: about half a gigabyte in memory.
const ELEMENTS_MAX: usize = 8_000_000;

/// The encoding of an unknown value: an extension of type 0 with one meaningless byte.
const UNKNOWN: [u8; 3] = [0xd4, 0x00, 0x00];

/// The reason why bytes are not a value of a type, or why a value is not of the expected type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The step in the value.
    pub path: Path,
    /// The reason, as a sentence.
    pub sentence: String,
}

impl Error {
    fn new(path: &Path, sentence: impl Into<String>) -> Self {
        Self { path: path.clone(), sentence: sentence.into() }
    }
}

/// Reads a value.
///
/// # Errors
/// Fails if `bytes` are not exactly one value of that type.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, Error> {
    let mut decoder = Decoder { tokens: Tokens::new(bytes), path: Vec::new(), elements_left: ELEMENTS_MAX };
    let value = decoder.value(ty)?;
    if !decoder.tokens.is_at_end() {
        return Err(decoder.error("there are bytes after the value."));
    }
    Ok(value)
}

/// A step on the path to the element that is read. It is cheap, because the path is needed only for an error.
enum PathStep<'a> {
    Attribute(&'a str),
    Key(&'a str),
    Index(usize),
}

struct Decoder<'a> {
    tokens: Tokens<'a>,
    path: Vec<PathStep<'a>>,
    elements_left: usize,
}

impl<'a> Decoder<'a> {
    fn error(&self, sentence: impl Into<String>) -> Error {
        let path = self.path.iter().fold(Path::root(), |path, step| match step {
            PathStep::Attribute(name) => path.then(name),
            PathStep::Key(key) => path.key(key),
            PathStep::Index(index) => path.index(*index),
        });
        Error::new(&path, sentence)
    }

    fn token(&mut self) -> Result<Token<'a>, Error> {
        self.tokens.next().map_err(|sentence| self.error(sentence))
    }

    fn value(&mut self, ty: &Type) -> Result<Value, Error> {
        if self.path.len() > DEPTH_MAX {
            return Err(self.error(format!("the value is more than {DEPTH_MAX} levels deep.")));
        }
        let token = self.token()?;
        match (ty, token) {
            (_, Token::Nil) => Ok(Value::Null),
            (_, Token::Extension) => Ok(Value::Unknown),
            (Type::String, Token::String(text)) => Ok(Value::String(text.to_owned())),
            (Type::Bool, Token::Bool(truth)) => Ok(Value::Bool(truth)),
            (Type::Number, Token::Integer(integer)) => Ok(Value::Number(integer.into())),
            (Type::Number, Token::Float(float)) => Number::from_f64(float)
                .map(Value::Number)
                .ok_or_else(|| self.error("NaN is not a number in Terraform.")),
            (Type::Number, Token::String(text)) => {
                text.parse().map(Value::Number).map_err(|sentence: String| self.error(sentence))
            }
            (Type::List(item), Token::Array(count)) => self.items(item, count).map(Value::List),
            (Type::Set(item), Token::Array(count)) => self.items(item, count).map(Value::set),
            (Type::Tuple(types), Token::Array(count)) => self.tuple(types, count),
            (Type::Map(item), Token::Map(count)) => self.map(item, count),
            (Type::Object(attributes, _), Token::Map(count)) => self.object(attributes, count),
            (Type::Dynamic, Token::Array(2)) => self.dynamic(),
            (ty, token) => Err(self.error(format!("{} was found where {} is needed.", token.name(), ty.to_json()))),
        }
    }

    /// Subtracts the elements of a collection from the number that is left for the value.
    fn take(&mut self, count: usize) -> Result<(), Error> {
        match self.elements_left.checked_sub(count) {
            Some(left) if count <= self.tokens.bytes_left() => {
                self.elements_left = left;
                Ok(())
            }
            Some(_) => Err(self.error(format!("{count} elements are announced and fewer follow."))),
            None => Err(self.error(format!("the value has more than {ELEMENTS_MAX} elements."))),
        }
    }

    fn at<T>(&mut self, step: PathStep<'a>, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.path.push(step);
        let result = read(self);
        self.path.pop();
        result
    }

    fn items(&mut self, item: &Type, count: usize) -> Result<Vec<Value>, Error> {
        self.take(count)?;
        (0..count).map(|index| self.at(PathStep::Index(index), |decoder| decoder.value(item))).collect()
    }

    fn tuple(&mut self, types: &[Type], count: usize) -> Result<Value, Error> {
        if types.len() != count {
            return Err(self.error(format!("{count} elements were found where {} are needed.", types.len())));
        }
        self.take(count)?;
        let items = types.iter().enumerate();
        items
            .map(|(index, ty)| self.at(PathStep::Index(index), |decoder| decoder.value(ty)))
            .collect::<Result<_, _>>()
            .map(Value::List)
    }

    fn key(&mut self) -> Result<&'a str, Error> {
        match self.token()? {
            Token::String(key) => Ok(key),
            token => Err(self.error(format!("{} was found where a key is needed.", token.name()))),
        }
    }

    fn map(&mut self, item: &Type, count: usize) -> Result<Value, Error> {
        self.take(count)?;
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let key = self.key()?;
            let value = self.at(PathStep::Key(key), |decoder| decoder.value(item))?;
            if entries.insert(key.to_owned(), value).is_some() {
                return Err(self.error(format!("the key {key:?} appears twice.")));
            }
        }
        Ok(Value::Map(entries))
    }

    fn object(&mut self, attributes: &BTreeMap<String, Type>, count: usize) -> Result<Value, Error> {
        self.take(count)?;
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let name = self.key()?;
            let ty = attributes.get(name).ok_or_else(|| self.error(format!("there is no attribute {name:?}.")))?;
            let value = self.at(PathStep::Attribute(name), |decoder| decoder.value(ty))?;
            if entries.insert(name.to_owned(), value).is_some() {
                return Err(self.error(format!("the attribute {name:?} appears twice.")));
            }
        }
        match attributes.keys().find(|name| !entries.contains_key(*name)) {
            Some(missing) => Err(self.error(format!("the attribute {missing:?} is missing."))),
            None => Ok(Value::Map(entries)),
        }
    }

    fn dynamic(&mut self) -> Result<Value, Error> {
        let json = match self.token()? {
            Token::String(text) => text.as_bytes(),
            Token::Binary(bytes) => bytes,
            token => return Err(self.error(format!("{} was found where a type is needed.", token.name()))),
        };
        let ty = serde_json::from_slice(json)
            .map_err(|error| error.to_string())
            .and_then(|json| Type::from_json(&json))
            .map_err(|sentence| self.error(format!("the type of a dynamic value is broken: {sentence}")))?;
        let value = self.at(PathStep::Index(1), |decoder| decoder.value(&ty))?;
        Ok(Value::Dynamic(Box::new((ty, value))))
    }
}

/// Writes a value.
///
/// # Errors
/// Fails if `value` is not of that type, which is a bug in the caller.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    write(&mut out, value, ty, &Path::root())?;
    Ok(out)
}

fn write(out: &mut Vec<u8>, value: &Value, ty: &Type, at: &Path) -> Result<(), Error> {
    match (ty, value) {
        (_, Value::Null) => out.push(0xc0),
        (_, Value::Unknown) => out.extend(UNKNOWN),
        (Type::String, Value::String(text)) => bytes::string(out, text),
        (Type::Bool, Value::Bool(truth)) => out.push(if *truth { 0xc3 } else { 0xc2 }),
        (Type::Number, Value::Number(number)) => write_number(out, number),
        (Type::List(item) | Type::Set(item), Value::List(items)) => {
            bytes::array(out, items.len());
            for (index, value) in items.iter().enumerate() {
                write(out, value, item, &at.index(index))?;
            }
        }
        (Type::Tuple(types), Value::List(items)) if types.len() == items.len() => {
            bytes::array(out, items.len());
            for (index, (value, ty)) in items.iter().zip(types).enumerate() {
                write(out, value, ty, &at.index(index))?;
            }
        }
        (Type::Map(item), Value::Map(entries)) => {
            bytes::map(out, entries.len());
            for (key, value) in entries {
                bytes::string(out, key);
                write(out, value, item, &at.key(key))?;
            }
        }
        (Type::Object(attributes, _), Value::Map(entries)) => {
            if let Some(extra) = entries.keys().find(|name| !attributes.contains_key(*name)) {
                return Err(Error::new(at, format!("there is no attribute {extra:?}.")));
            }
            bytes::map(out, attributes.len());
            for (name, ty) in attributes {
                bytes::string(out, name);
                write(out, entries.get(name).unwrap_or(&Value::Null), ty, &at.then(name))?;
            }
        }
        (Type::Dynamic, Value::Dynamic(inner)) => {
            let (ty, value) = &**inner;
            bytes::array(out, 2);
            bytes::binary(out, ty.to_json().to_string().as_bytes());
            write(out, value, ty, at)?;
        }
        (ty, _) => return Err(Error::new(at, format!("the value is not of the type {}.", ty.to_json()))),
    }
    Ok(())
}

/// Writes a number without loss, in the smallest of the formats that Terraform itself uses.
fn write_number(out: &mut Vec<u8>, number: &Number) {
    if let Some(integer) = number.to_i64() {
        return bytes::integer(out, integer);
    }
    let float = number.to_f64();
    let is_whole = number.to_integer().is_some();
    if !is_whole && Number::from_f64(float).as_ref() == Some(number) {
        bytes::float(out, float);
    } else {
        bytes::string(out, &number.to_string());
    }
}

#[cfg(test)]
mod tests;
