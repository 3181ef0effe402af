//! Languages that servers know.

use crate::database::options::words;

words! {
    /// A language whose words the server reduces to their stems
    ///
    /// See [stemming](https://redis.io/docs/latest/develop/ai/search-and-query/advanced-concepts/stemming/).
    Language {
        /// Arabic.
        Arabic => "arabic",
        /// Armenian.
        Armenian => "armenian",
        /// Basque.
        Basque => "basque",
        /// Catalan.
        Catalan => "catalan",
        /// Chinese: words are parted by a dictionary.
        Chinese => "chinese",
        /// Danish.
        Danish => "danish",
        /// Dutch.
        Dutch => "dutch",
        /// English.
        English => "english",
        /// Finnish.
        Finnish => "finnish",
        /// French.
        French => "french",
        /// German.
        German => "german",
        /// Greek.
        Greek => "greek",
        /// Hindi.
        Hindi => "hindi",
        /// Hungarian.
        Hungarian => "hungarian",
        /// Indonesian.
        Indonesian => "indonesian",
        /// Irish.
        Irish => "irish",
        /// Italian.
        Italian => "italian",
        /// Lithuanian.
        Lithuanian => "lithuanian",
        /// Nepali.
        Nepali => "nepali",
        /// Norwegian.
        Norwegian => "norwegian",
        /// Portuguese.
        Portuguese => "portuguese",
        /// Romanian.
        Romanian => "romanian",
        /// Russian.
        Russian => "russian",
        /// Serbian.
        Serbian => "serbian",
        /// Spanish.
        Spanish => "spanish",
        /// Swedish.
        Swedish => "swedish",
        /// Tamil.
        Tamil => "tamil",
        /// Turkish.
        Turkish => "turkish",
        /// Yiddish.
        Yiddish => "yiddish",
    }
}
