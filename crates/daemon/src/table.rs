//! Turns the table of settings into structs, their reader and the list of keys.

/// A row is a field: `/// meaning`, then `name: Type = default, kind;`. The default is a text as in
/// a variable, or `unset`, or `data_file`.
macro_rules! settings {
    ($(
        $section:ident: $struct:ident {$(
            $(#[doc = $doc:literal])+
            $field:ident: $type:ty = $default:tt, $kind:expr;
        )+}
    )+) => {
        /// All settings. Secrets are redacted in `Debug`.
        #[derive(Clone, Debug)]
        pub struct Config {
            $(pub $section: $struct),+
        }

        impl Config {
            /// Reads every key, even after one that cannot be read.
            pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
                $(let $section = $struct::read(reader);)+
                Some(Self { $($section: $section?),+ })
            }
        }

        $(
            #[derive(Clone, Debug)]
            pub struct $struct {$(
                $(#[doc = $doc])+
                pub $field: $type
            ),+}

            impl $struct {
                fn read(reader: &mut Reader<'_>) -> Option<Self> {
                    $(
                        let name = concat!(stringify!($section), ".", stringify!($field));
                        let $field = read!(reader, name, &$kind, $default);
                    )+
                    Some(Self { $($field: $field?),+ })
                }
            }
        )+

        /// In the order of the sections of [`Config`].
        pub(crate) static KEYS: &[Key] = &[$($(
            Key {
                section: stringify!($section),
                leaf: stringify!($field),
                name: concat!(stringify!($section), ".", stringify!($field)),
                kind: &$kind,
                default: preset!($default),
                doc: concat!($($doc),+),
            },
        )+)+];
    };
}

macro_rules! read {
    ($reader:ident, $name:ident, $kind:expr, unset) => {
        $reader.or_unset($name, $kind)
    };
    ($reader:ident, $name:ident, $kind:expr, data_file) => {
        $reader.or_data_file($name, $kind)
    };
    ($reader:ident, $name:ident, $kind:expr, $text:literal) => {
        $reader.or_text($name, $kind, $text)
    };
}

macro_rules! preset {
    (unset) => {
        Preset::Unset
    };
    (data_file) => {
        Preset::DataFile
    };
    ($text:literal) => {
        Preset::Text($text)
    };
}

pub(crate) use {preset, read, settings};
