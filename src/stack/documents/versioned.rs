//! A document with another version than it has: the number is replaced while `serde` writes it.

use std::cell::Cell;

use serde::{
    Serialize, Serializer,
    ser::{Error, Impossible, SerializeMap, SerializeStruct},
};

/// A document with another version
pub(super) struct Versioned<'a, T> {
    document: &'a T,
    version: Replaced<'a>,
}

/// The field, what it is to be, and whether it was there.
struct Replaced<'a> {
    field: &'a str,
    version: u64,
    is_found: Cell<bool>,
}

impl Replaced<'_> {
    /// The version, if this is its field.
    fn of(&self, name: &str) -> Option<u64> {
        let is_it = name == self.field;
        self.is_found.set(self.is_found.get() || is_it);
        is_it.then_some(self.version)
    }
}

impl<'a, T> Versioned<'a, T> {
    pub(super) fn new(document: &'a T, field: &'a str, version: u64) -> Self {
        Self { document, version: Replaced { field, version, is_found: Cell::new(false) } }
    }

    /// Whether the document, as it was written, has the field.
    pub(super) fn has_field(&self) -> bool {
        self.version.is_found.get()
    }
}

impl<T: Serialize> Serialize for Versioned<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.document.serialize(Root { serializer, version: &self.version })
    }
}

/// Takes the document itself, which is an object
struct Root<'a, S> {
    serializer: S,
    version: &'a Replaced<'a>,
}

fn refused<T, E: Error>() -> Result<T, E> {
    Err(E::custom("a document is an object"))
}

/// Values that are no objects.
macro_rules! refuse {
    ($($name:ident($($type:ty),*);)*) => {
        $(
            fn $name(self, $(_: $type),*) -> Result<S::Ok, S::Error> {
                refused()
            }
        )*
    };
}

impl<'a, S: Serializer> Serializer for Root<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Impossible<S::Ok, S::Error>;
    type SerializeTuple = Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = Members<'a, S::SerializeMap>;
    type SerializeStruct = Members<'a, S::SerializeStruct>;
    type SerializeStructVariant = Impossible<S::Ok, S::Error>;

    refuse! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<S::Ok, S::Error> {
        refused()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        refused()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, S::Error> {
        refused()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        refused()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        refused()
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let members = self.serializer.serialize_map(length)?;
        Ok(Members { members, version: self.version, is_next: false })
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        let members = self.serializer.serialize_struct(name, length)?;
        Ok(Members { members, version: self.version, is_next: false })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        refused()
    }
}

/// The members of the document
struct Members<'a, M> {
    members: M,
    version: &'a Replaced<'a>,
    /// The next value is the version.
    is_next: bool,
}

impl<M: SerializeStruct> SerializeStruct for Members<'_, M> {
    type Ok = M::Ok;
    type Error = M::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        match self.version.of(name) {
            None => self.members.serialize_field(name, value),
            Some(version) => self.members.serialize_field(name, &version),
        }
    }

    fn skip_field(&mut self, name: &'static str) -> Result<(), M::Error> {
        self.members.skip_field(name)
    }

    fn end(self) -> Result<M::Ok, M::Error> {
        self.members.end()
    }
}

/// A struct with `#[serde(flatten)]` is written as a map.
impl<M: SerializeMap> SerializeMap for Members<'_, M> {
    type Ok = M::Ok;
    type Error = M::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), M::Error> {
        let name = serde_json::to_value(key).map_err(M::Error::custom)?;
        self.is_next = name.as_str().is_some_and(|name| self.version.of(name).is_some());
        self.members.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), M::Error> {
        match std::mem::take(&mut self.is_next) {
            false => self.members.serialize_value(value),
            true => self.members.serialize_value(&self.version.version),
        }
    }

    fn end(self) -> Result<M::Ok, M::Error> {
        self.members.end()
    }
}
