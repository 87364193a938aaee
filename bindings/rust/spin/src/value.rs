//! Values of WIT's types, and their way to C and back.

use spin_host_sys as sys;

use crate::ffi;
use crate::wit::Type;

/// Which kind of handle: a guest's resource, or an end of a stream or future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum HandleKind {
    Own = sys::SPIN_TYPE_OWN,
    Borrow = sys::SPIN_TYPE_BORROW,
    Stream = sys::SPIN_TYPE_STREAM,
    Future = sys::SPIN_TYPE_FUTURE,
    ErrorContext = sys::SPIN_TYPE_ERROR_CONTEXT,
}

/// A value. Names (of fields, cases and flags) are those of the WIT.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    S8(i8),
    U8(u8),
    S16(i16),
    U16(u16),
    S32(i32),
    U32(u32),
    S64(i64),
    U64(u64),
    F32(f32),
    F64(f64),
    Char(char),
    String(String),
    /// A `list<u8>`; a `List` of `U8` may go to a guest as well, but does not come from one.
    Bytes(Vec<u8>),
    /// Also of a fixed length.
    List(Vec<Value>),
    Tuple(Vec<Value>),
    /// Every field with its name, in any order.
    Record(Vec<(String, Value)>),
    Variant(String, Option<Box<Value>>),
    Enum(String),
    Option(Option<Box<Value>>),
    Result(Result<Option<Box<Value>>, Option<Box<Value>>>),
    /// The flags that are set.
    Flags(Vec<String>),
    Map(Vec<(Value, Value)>),
    Handle(HandleKind, u64),
}

macro_rules! from {
    ($($from:ty => $case:ident,)*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$case(value.into())
            }
        }
    )*};
}
from! {
    bool => Bool, i8 => S8, u8 => U8, i16 => S16, u16 => U16, i32 => S32, u32 => U32,
    i64 => S64, u64 => U64, f32 => F32, f64 => F64, char => Char,
    String => String, &str => String, &[u8] => Bytes,
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        Self::Option(value.map(|value| Box::new(value.into())))
    }
}

impl Value {
    /// A record of these fields.
    pub fn record<const N: usize>(fields: [(&str, Value); N]) -> Self {
        Self::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A case of a variant, with what it carries.
    pub fn variant(case: &str, payload: Option<Value>) -> Self {
        Self::Variant(case.to_owned(), payload.map(Box::new))
    }

    /// Of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Of any integer that fits.
    pub fn as_i64(&self) -> Option<i64> {
        Some(match *self {
            Self::S8(value) => value.into(),
            Self::U8(value) => value.into(),
            Self::S16(value) => value.into(),
            Self::U16(value) => value.into(),
            Self::S32(value) => value.into(),
            Self::U32(value) => value.into(),
            Self::S64(value) => value,
            Self::U64(value) => return value.try_into().ok(),
            _ => return None,
        })
    }

    /// The elements of a list or tuple.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// A field of a record.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Record(fields) => {
                fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    fn what(&self) -> &'static str {
        match self {
            Self::List(_) | Self::Tuple(_) => "a list",
            Self::Record(_) => "a record",
            Self::Variant(..) => "a variant",
            Self::Enum(_) => "an enum",
            Self::Option(_) => "an option",
            Self::Result(_) => "a result",
            Self::Flags(_) => "flags",
            Self::Map(_) => "a map",
            Self::String(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::Handle(..) => "a handle",
            _ => "a number",
        }
    }
}

// ── to C ───────────────────────────────────────────────────────────────────────────────────────

/// Values as C has them, with all that they point to: texts are the `Value`s' own.
pub struct Lowered<'a> {
    values: Vec<sys::spin_value_t>,
    // Vecs, so that what they hold stays where it is while they move.
    lists: Vec<Vec<sys::spin_value_t>>,
    words: Vec<Vec<u32>>,
    texts: std::marker::PhantomData<&'a Value>,
}

type Reason<T> = Result<T, String>;

fn value(kind: sys::spin_type_kind_t, of: sys::spin_value_of) -> sys::spin_value_t {
    // The members are of different sizes: the rest must not be left undefined.
    let mut value = sys::spin_value_t { kind, of: sys::spin_value_of { flags: NO_FLAGS } };
    value.of = of;
    value
}

const NO_FLAGS: sys::spin_value_flags =
    sys::spin_value_flags { words: std::ptr::null_mut(), len: 0 };

fn integer(kind: sys::spin_type_kind_t, number: i64) -> sys::spin_value_t {
    value(kind, sys::spin_value_of { integer: number })
}

fn natural(kind: sys::spin_type_kind_t, number: u64) -> sys::spin_value_t {
    value(kind, sys::spin_value_of { natural: number })
}

impl<'a> Lowered<'a> {
    pub fn new(len: usize) -> Self {
        Self {
            values: Vec::with_capacity(len),
            lists: Vec::new(),
            words: Vec::new(),
            texts: std::marker::PhantomData,
        }
    }

    pub fn as_ptr(&self) -> *const sys::spin_value_t {
        self.values.as_ptr()
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn push(&mut self, kind: Type<'_>, value: &'a Value) -> Reason<()> {
        let value = self.lower(kind, value)?;
        self.values.push(value);
        Ok(())
    }

    fn lower(&mut self, of: Type<'_>, from: &'a Value) -> Reason<sys::spin_value_t> {
        Ok(match from {
            Value::Bool(it) => value(sys::SPIN_TYPE_BOOL, sys::spin_value_of { boolean: *it }),
            Value::S8(it) => integer(sys::SPIN_TYPE_S8, (*it).into()),
            Value::S16(it) => integer(sys::SPIN_TYPE_S16, (*it).into()),
            Value::S32(it) => integer(sys::SPIN_TYPE_S32, (*it).into()),
            Value::S64(it) => integer(sys::SPIN_TYPE_S64, *it),
            Value::U8(it) => natural(sys::SPIN_TYPE_U8, (*it).into()),
            Value::U16(it) => natural(sys::SPIN_TYPE_U16, (*it).into()),
            Value::U32(it) => natural(sys::SPIN_TYPE_U32, (*it).into()),
            Value::U64(it) => natural(sys::SPIN_TYPE_U64, *it),
            Value::F32(it) => value(sys::SPIN_TYPE_F32, sys::spin_value_of { f32: *it }),
            Value::F64(it) => value(sys::SPIN_TYPE_F64, sys::spin_value_of { f64: *it }),
            Value::Char(it) => natural(sys::SPIN_TYPE_CHAR, u32::from(*it).into()),
            // What a guest gave away may be lent to it.
            Value::Handle(HandleKind::Own, index) if of.kind() == sys::SPIN_TYPE_BORROW => {
                natural(sys::SPIN_TYPE_BORROW, *index)
            }
            Value::Handle(kind, index) => natural(*kind as u32, *index),
            Value::String(it) => {
                value(sys::SPIN_TYPE_STRING, sys::spin_value_of { text: ffi::slice(it) })
            }
            Value::Bytes(it) => {
                value(sys::SPIN_TYPE_BYTES, sys::spin_value_of { text: ffi::bytes(it) })
            }
            _ => return self.lower_parts(of, from),
        })
    }

    /// What the type says how to write: for names it has numbers.
    fn lower_parts(&mut self, of: Type<'_>, from: &'a Value) -> Reason<sys::spin_value_t> {
        let kind = of.kind();
        match (kind, from) {
            (
                sys::SPIN_TYPE_LIST | sys::SPIN_TYPE_FIXED_LIST,
                Value::List(items) | Value::Tuple(items),
            ) => {
                let of = part(of, 0)?;
                self.list(kind, items.iter().map(|item| (of, item)))
            }
            (sys::SPIN_TYPE_TUPLE, Value::List(items) | Value::Tuple(items)) => {
                if items.len() != of.len() {
                    return Err(format!("{} elements, not {}", items.len(), of.len()));
                }
                let parts = (0..of.len()).map(|at| part(of, at)).collect::<Reason<Vec<_>>>()?;
                self.list(kind, parts.into_iter().zip(items))
            }
            (sys::SPIN_TYPE_RECORD, Value::Record(fields)) => self.record(of, fields),
            (sys::SPIN_TYPE_MAP, Value::Map(pairs)) => self.map(of, pairs),
            (sys::SPIN_TYPE_VARIANT, Value::Variant(name, payload)) => {
                self.case(of, case(of, name)?, payload.as_deref())
            }
            (sys::SPIN_TYPE_ENUM, Value::Enum(name)) => self.case(of, case(of, name)?, None),
            (sys::SPIN_TYPE_OPTION, Value::Option(payload)) => {
                self.case(of, payload.is_some().into(), payload.as_deref())
            }
            (sys::SPIN_TYPE_RESULT, Value::Result(Ok(payload))) => {
                self.case(of, 0, payload.as_deref())
            }
            (sys::SPIN_TYPE_RESULT, Value::Result(Err(payload))) => {
                self.case(of, 1, payload.as_deref())
            }
            (sys::SPIN_TYPE_FLAGS, Value::Flags(names)) => {
                let mut words = vec![0u32; of.len().div_ceil(32)];
                for name in names {
                    let flag = case(of, name)?;
                    words[flag as usize / 32] |= 1 << (flag % 32);
                }
                let flags = sys::spin_value_flags { words: words.as_mut_ptr(), len: words.len() };
                self.words.push(words);
                Ok(value(kind, sys::spin_value_of { flags }))
            }
            _ => Err(format!("{}, not {}", from.what(), of.text())),
        }
    }

    fn list<'t>(
        &mut self,
        kind: sys::spin_type_kind_t,
        items: impl Iterator<Item = (Type<'t>, &'a Value)>,
    ) -> Reason<sys::spin_value_t> {
        let lowered = items
            .enumerate()
            .map(|(at, (of, item))| {
                self.lower(of, item).map_err(|reason| format!("element {at}: {reason}"))
            })
            .collect::<Reason<Vec<_>>>()?;
        Ok(self.keep(kind, lowered))
    }

    fn keep(
        &mut self,
        kind: sys::spin_type_kind_t,
        mut items: Vec<sys::spin_value_t>,
    ) -> sys::spin_value_t {
        let list = sys::spin_value_list { items: items.as_mut_ptr(), len: items.len() };
        self.lists.push(items);
        value(kind, sys::spin_value_of { list })
    }

    fn record(&mut self, of: Type<'_>, fields: &'a [(String, Value)]) -> Reason<sys::spin_value_t> {
        if let Some((name, _)) = fields.iter().find(|(name, _)| of.index_of(name).is_none()) {
            return Err(format!("{} has no field {name:?}", of.text()));
        }
        let mut lowered = Vec::with_capacity(of.len());
        for at in 0..of.len() {
            let name = of.name(at);
            let (_, item) = fields
                .iter()
                .find(|(field, _)| field == name)
                .ok_or_else(|| format!("field {name:?} is missing"))?;
            let item = self.lower(part(of, at)?, item);
            lowered.push(item.map_err(|reason| format!("field {name}: {reason}"))?);
        }
        Ok(self.keep(sys::SPIN_TYPE_RECORD, lowered))
    }

    fn map(&mut self, of: Type<'_>, pairs: &'a [(Value, Value)]) -> Reason<sys::spin_value_t> {
        let (key_type, value_type) = (part(of, 0)?, part(of, 1)?);
        let mut lowered = Vec::with_capacity(pairs.len());
        for (key, item) in pairs {
            let pair = vec![self.lower(key_type, key)?, self.lower(value_type, item)?];
            lowered.push(self.keep(sys::SPIN_TYPE_TUPLE, pair));
        }
        Ok(self.keep(sys::SPIN_TYPE_MAP, lowered))
    }

    fn case(
        &mut self,
        of: Type<'_>,
        index: u32,
        payload: Option<&'a Value>,
    ) -> Reason<sys::spin_value_t> {
        let at = match (of.part(index as usize), payload) {
            (Some(of), Some(payload)) => {
                let mut lowered = vec![self.lower(of, payload)?];
                let at = lowered.as_mut_ptr();
                self.lists.push(lowered);
                at
            }
            (None, None) => std::ptr::null_mut(),
            (Some(want), None) => return Err(format!("carries nothing, not {}", want.text())),
            (None, Some(_)) => return Err("carries something, and has no payload".to_owned()),
        };
        let variant = sys::spin_value_variant { index, payload: at };
        Ok(value(of.kind(), sys::spin_value_of { variant }))
    }
}

fn part(of: Type<'_>, index: usize) -> Reason<Type<'_>> {
    of.part(index).ok_or_else(|| format!("{} has no part {index}", of.text()))
}

fn case(of: Type<'_>, name: &str) -> Reason<u32> {
    let index = of.index_of(name).ok_or_else(|| format!("{} has no {name:?}", of.text()))?;
    u32::try_from(index).map_err(|_| format!("{name:?} has no number"))
}

// ── from C ─────────────────────────────────────────────────────────────────────────────────────

/// A copy of `from`, a valid value of type `of`.
///
/// # Safety
/// What C says of spin_value_t holds for `from`.
pub unsafe fn lift(from: *const sys::spin_value_t, of: Type<'_>) -> Reason<Value> {
    let sys::spin_value_t { kind, of: it } = *from;
    Ok(match kind {
        sys::SPIN_TYPE_BOOL => Value::Bool(it.boolean),
        sys::SPIN_TYPE_S8 => Value::S8(it.integer as i8),
        sys::SPIN_TYPE_S16 => Value::S16(it.integer as i16),
        sys::SPIN_TYPE_S32 => Value::S32(it.integer as i32),
        sys::SPIN_TYPE_S64 => Value::S64(it.integer),
        sys::SPIN_TYPE_U8 => Value::U8(it.natural as u8),
        sys::SPIN_TYPE_U16 => Value::U16(it.natural as u16),
        sys::SPIN_TYPE_U32 => Value::U32(it.natural as u32),
        sys::SPIN_TYPE_U64 => Value::U64(it.natural),
        sys::SPIN_TYPE_F32 => Value::F32(it.f32),
        sys::SPIN_TYPE_F64 => Value::F64(it.f64),
        sys::SPIN_TYPE_CHAR => {
            let scalar = u32::try_from(it.natural).ok().and_then(char::from_u32);
            Value::Char(scalar.ok_or("not a character")?)
        }
        sys::SPIN_TYPE_STRING => Value::String(ffi::slice_text(it.text)),
        sys::SPIN_TYPE_BYTES => Value::Bytes(ffi::slice_bytes(it.text).to_vec()),
        sys::SPIN_TYPE_LIST | sys::SPIN_TYPE_FIXED_LIST => {
            let of = part(of, 0)?;
            Value::List(items(it.list).iter().map(|item| lift(item, of)).collect::<Reason<_>>()?)
        }
        sys::SPIN_TYPE_TUPLE => {
            let items = items(it.list).iter().enumerate();
            Value::Tuple(items.map(|(at, item)| lift(item, part(of, at)?)).collect::<Reason<_>>()?)
        }
        sys::SPIN_TYPE_RECORD => {
            let items = items(it.list).iter().enumerate();
            Value::Record(
                items
                    .map(|(at, item)| Ok((of.name(at).to_owned(), lift(item, part(of, at)?)?)))
                    .collect::<Reason<_>>()?,
            )
        }
        sys::SPIN_TYPE_MAP => {
            let (key, value) = (part(of, 0)?, part(of, 1)?);
            Value::Map(
                items(it.list)
                    .iter()
                    .map(|pair| match items(pair.of.list) {
                        [first, second] => Ok((lift(first, key)?, lift(second, value)?)),
                        _ => Err("not a pair".to_owned()),
                    })
                    .collect::<Reason<_>>()?,
            )
        }
        sys::SPIN_TYPE_VARIANT => {
            let name = of.name(it.variant.index as usize).to_owned();
            Value::Variant(name, payload(it.variant, of)?)
        }
        sys::SPIN_TYPE_ENUM => Value::Enum(of.name(it.variant.index as usize).to_owned()),
        sys::SPIN_TYPE_OPTION => Value::Option(payload(it.variant, of)?),
        sys::SPIN_TYPE_RESULT => {
            let payload = payload(it.variant, of)?;
            Value::Result(if it.variant.index == 0 { Ok(payload) } else { Err(payload) })
        }
        sys::SPIN_TYPE_FLAGS => {
            let words = match it.flags.len {
                0 => &[],
                len => std::slice::from_raw_parts(it.flags.words, len),
            };
            let set =
                |at: &usize| words.get(at / 32).is_some_and(|word| word >> (at % 32) & 1 == 1);
            Value::Flags((0..of.len()).filter(set).map(|at| of.name(at).to_owned()).collect())
        }
        sys::SPIN_TYPE_OWN => Value::Handle(HandleKind::Own, it.natural),
        sys::SPIN_TYPE_BORROW => Value::Handle(HandleKind::Borrow, it.natural),
        sys::SPIN_TYPE_STREAM => Value::Handle(HandleKind::Stream, it.natural),
        sys::SPIN_TYPE_FUTURE => Value::Handle(HandleKind::Future, it.natural),
        sys::SPIN_TYPE_ERROR_CONTEXT => Value::Handle(HandleKind::ErrorContext, it.natural),
        kind => return Err(format!("a value of an unknown kind, {kind}")),
    })
}

unsafe fn items<'a>(list: sys::spin_value_list) -> &'a [sys::spin_value_t] {
    match list.len {
        0 => &[],
        len => std::slice::from_raw_parts(list.items, len),
    }
}

unsafe fn payload(variant: sys::spin_value_variant, of: Type<'_>) -> Reason<Option<Box<Value>>> {
    if variant.payload.is_null() {
        return Ok(None);
    }
    let of = part(of, variant.index as usize)?;
    Ok(Some(Box::new(lift(variant.payload, of)?)))
}

// ── answers of host functions ──────────────────────────────────────────────────────────────────

/// `count` zeroed elements that go with the call.
unsafe fn room<T>(call: *mut sys::spin_host_call_t, count: usize) -> Reason<*mut T> {
    let size = count.max(1) * std::mem::size_of::<T>();
    let at = sys::spin_host_call_alloc(call, size);
    if at.is_null() {
        return Err("out of memory".to_owned());
    }
    Ok(at.cast())
}

unsafe fn copy_all(
    call: *mut sys::spin_host_call_t,
    from: &[sys::spin_value_t],
) -> Reason<*mut sys::spin_value_t> {
    let at = room::<sys::spin_value_t>(call, from.len())?;
    for (index, each) in from.iter().enumerate() {
        at.add(index).write(copy_for(call, each)?);
    }
    Ok(at)
}

/// `from` with all that it points to, in memory that goes with the call.
///
/// # Safety
/// `from` is of a `Lowered`.
pub unsafe fn copy_for(
    call: *mut sys::spin_host_call_t,
    from: &sys::spin_value_t,
) -> Reason<sys::spin_value_t> {
    let kind = from.kind;
    let of = match kind {
        sys::SPIN_TYPE_STRING | sys::SPIN_TYPE_BYTES => {
            let bytes = ffi::slice_bytes(from.of.text);
            let ptr = room::<u8>(call, bytes.len())?;
            ptr.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            sys::spin_value_of { text: sys::spin_slice_t { ptr, len: bytes.len() } }
        }
        sys::SPIN_TYPE_LIST
        | sys::SPIN_TYPE_FIXED_LIST
        | sys::SPIN_TYPE_TUPLE
        | sys::SPIN_TYPE_RECORD
        | sys::SPIN_TYPE_MAP => {
            let list = from.of.list;
            let items = copy_all(call, items(list))?;
            sys::spin_value_of { list: sys::spin_value_list { items, len: list.len } }
        }
        sys::SPIN_TYPE_VARIANT
        | sys::SPIN_TYPE_ENUM
        | sys::SPIN_TYPE_OPTION
        | sys::SPIN_TYPE_RESULT => {
            let mut variant = from.of.variant;
            if !variant.payload.is_null() {
                variant.payload = copy_all(call, std::slice::from_ref(&*variant.payload))?;
            }
            sys::spin_value_of { variant }
        }
        sys::SPIN_TYPE_FLAGS => {
            let mut flags = from.of.flags;
            let words = room::<u32>(call, flags.len)?;
            if flags.len > 0 {
                words.copy_from_nonoverlapping(flags.words, flags.len);
            }
            flags.words = words;
            sys::spin_value_of { flags }
        }
        _ => return Ok(*from),
    };
    Ok(value(kind, of))
}
