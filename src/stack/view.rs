//! What all views of modules have in common.

/// A view of a database: its type, and the method that makes it.
macro_rules! view {
    ($(#[$doc:meta])* $name:ident; $(#[$of:meta])* $method:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        #[must_use = "it does nothing by itself"]
        pub struct $name<'a> {
            db: &'a $crate::Database,
        }

        impl $crate::Database {
            $(#[$of])*
            pub fn $method(&self) -> $name<'_> {
                $name { db: self }
            }
        }

        impl<'a> $name<'a> {
            fn call<T, A>(
                self,
                name: impl Into<$crate::command::Named>,
                args: A,
            ) -> $crate::Call<'a, T, A> {
                self.db.call(name, args)
            }
        }
    };
}
pub(super) use view;
