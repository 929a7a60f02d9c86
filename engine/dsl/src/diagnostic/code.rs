//! The codes, one for each kind of mistake. They are stable: outsiders search for them.

use std::fmt;

use serde::Serialize;

use super::Language;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It will run, but probably not as meant.
    Warning,
    /// It cannot be deployed.
    Error,
}

/// One line for each code: variant, text, severity, what it says.
macro_rules! codes {
    ($($variant:ident $text:literal $severity:ident $summary:literal,)*) => {
        /// The kinds of mistakes. Each has a page in `docs/errors`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $summary] $variant,)*
        }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as people write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Does it prevent deployment?
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// One sentence.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary),* }
            }
        }
    };
}

codes! {
    // Text and YAML.
    Syntax "YW0001" Error "The text is not YAML.",
    TooLarge "YW0002" Error "The text is too long or has too many values.",
    TooDeep "YW0003" Error "The text is nested too deeply.",
    DuplicateKey "YW0004" Error "A key stands twice in one mapping.",
    KeyNotText "YW0005" Error "A key is not a text.",
    MergeKey "YW0006" Error "The text uses a merge key.",
    Tag "YW0007" Error "The text uses a YAML tag.",
    Alias "YW0008" Error "An alias repeats too much, or itself.",
    Number "YW0009" Error "A number cannot be kept exactly.",
    ManyDocuments "YW0010" Error "The text holds more than one document.",
    Empty "YW0011" Error "The text holds nothing.",
    Shape "YW0012" Error "A configuration value does not have the expected form.",

    // Flow and names.
    UnknownTask "YW0101" Error "`then` names a task that does not exist.",
    OtherScope "YW0102" Error "`then` names a task of another list.",
    DuplicateTask "YW0103" Error "Two tasks of one list have the same name.",
    Unreachable "YW0104" Warning "A task can never run.",
    UnknownFunction "YW0105" Error "`call` names a function that does not exist.",
    UnknownVersion "YW0106" Error "`call` names a version of a function that does not exist.",
    UnknownCatalog "YW0107" Error "`call` names a catalog or channel that does not exist.",
    UnknownChannel "YW0108" Error "A channel is named that does not exist.",
    UnknownReuse "YW0109" Error "A name is used that `use` does not define.",
    SecondDefault "YW0110" Error "A switch has two cases without a condition.",
    EndlessLoop "YW0111" Error "Tasks jump back to each other and nothing between them can end or wait.",
    BadName "YW0112" Error "A name has characters that names may not have.",
    HiddenTask "YW0113" Warning "A task is named like a flow directive, so that `then` cannot reach it.",
    BusyLoop "YW0114" Warning "Tasks go round without waiting or calling anything.",
    AcrossBranches "YW0115" Error "`then` leads from one branch of a fork to another.",
    ContextConflict "YW0116" Warning "Branches of a fork export the same member of `$context`.",
    ReadTooEarly "YW0117" Warning "A member of `$context` is read before any task can have exported it.",
    ListenForever "YW0118" Warning "A `listen` has no timeout.",
    TooLong "YW0119" Warning "A time is longer than the timeout around it.",
    CaseNever "YW0120" Warning "A case of a `switch` can never be taken.",
    ThenNever "YW0121" Warning "A `then` can never be followed.",
    CatchNever "YW0122" Warning "A `catch` waits for an error that is never raised.",
    Shadowed "YW0123" Warning "A loop's variable hides one of the same name.",
    Unused "YW0124" Warning "Something is defined and never used.",
    UnknownForm "YW0125" Error "A form is named that is not deployed with the workflow.",

    // Structure.
    UnknownKey "YW0201" Error "A key is not known at this place.",
    WrongType "YW0202" Error "A value has the wrong type.",
    MissingKey "YW0203" Error "A required key is missing.",
    NotOneKey "YW0204" Error "An item of a list must be one name with one value.",
    TwoKinds "YW0205" Error "A task does two things at once.",
    NoKind "YW0206" Error "A task does nothing that is known.",
    DslVersion "YW0207" Error "The language version is not one that is read here.",
    Version "YW0208" Error "A version is not a semantic version.",
    Nothing "YW0209" Error "A list or mapping that must hold something is empty.",
    BadValue "YW0210" Error "A value is not one of those allowed here.",
    Duration "YW0211" Error "A duration is not well formed.",
    Cron "YW0212" Error "A cron expression is not well formed.",
    TimeZone "YW0213" Error "A time zone is not known.",
    Schema "YW0214" Error "A JSON Schema is not valid.",
    With "YW0215" Error "An argument does not fit the function's schema.",
    FilterWithoutType "YW0216" Warning "An event filter names no event type.",
    Exclusive "YW0217" Error "Keys stand together that exclude each other.",
    UnknownSecret "YW0218" Error "A secret is read that `use.secrets` does not list.",
    SecretPlace "YW0219" Error "A secret is read where its value would be stored.",
    Refused "YW0220" Error "A process is run that the operator does not allow.",
    NotFetched "YW0221" Error "A text from elsewhere is not there.",
    InFunction "YW0222" Error "A function from elsewhere has a mistake.",
    CallsItself "YW0223" Error "A function calls itself.",
    CallerContext "YW0224" Error "A function reads the context of its caller.",
    Uri "YW0225" Error "A URI is not well formed.",
    RelativeUri "YW0226" Warning "A URI has no scheme.",
    SchemaFormat "YW0227" Error "A format of schemas is not known.",
    MisplacedUntil "YW0240" Error "`until` stands where it has no meaning.",
    LoneCorrelation "YW0241" Warning "A correlation has nothing to be compared with.",

    // Expressions.
    ExpressionSyntax "YW0301" Error "An expression is not well formed.",
    UnknownVariable "YW0302" Error "A variable is not available at this place.",
    UnknownFilter "YW0303" Error "An expression calls a function that does not exist.",
    Forbidden "YW0304" Error "An expression uses something that workflows may not use.",
    Unbounded "YW0305" Warning "An expression repeats without a fixed bound.",
    TooComplex "YW0306" Error "An expression is too long or nested too deeply.",
    Embedded "YW0307" Warning "An expression is embedded in a text.",
    NeverExported "YW0308" Warning "A member of `$context` is read that no task exports.",
    LooksLikeExpression "YW0309" Warning "A text looks like an expression but stands without `${ }`.",
    ManyResults "YW0310" Warning "An expression may give several results, of which the first is taken.",
    ExpressionLanguage "YW0311" Error "The language of expressions is not jq.",
    SameAnswer "YW0312" Warning "A loop's condition has the same answer in every round.",

    // Calendars: reference data, read by `core`.
    CalendarDay "YW0501" Error "A date is not a day of the calendar.",
    CalendarWindow "YW0502" Error "A window of working time is not well formed, or overlaps with another.",
    CalendarMakeUp "YW0503" Error "A make-up day is a working day anyway.",
    CalendarExtends "YW0504" Error "A calendar extends one that does not exist, or itself.",
    CalendarOutside "YW0505" Error "A date is outside the time that its calendar or its year covers.",
    CalendarSeason "YW0506" Error "Seasons leave days out, or overlap.",
    CalendarCount "YW0507" Error "The number of working days is not the one that is written.",
    CalendarTwice "YW0508" Error "A day stands twice in one calendar.",

    // Organisations: reference data, read by `core`.
    OrganisationForm "YW0551" Error "An organisation does not have the form that is wanted.",
    OrganisationUnknown "YW0552" Error "An organisation names a unit, a person or a role that it does not have.",
    OrganisationTwice "YW0553" Error "Two things of an organisation have the same id.",
    OrganisationCircle "YW0554" Error "Units of an organisation stand in a circle.",
    OrganisationId "YW0555" Error "An id has a character that cannot stand in one.",
    OrganisationTime "YW0556" Error "An absence has no proper time.",
    OrganisationSubstitute "YW0557" Error "Somebody is the own substitute.",
}

impl Code {
    /// Its page in a language, relative to the repository.
    pub fn page(self, language: Language) -> String {
        match language {
            Language::English => format!("docs/errors/{}.md", self.as_str()),
            Language::Chinese => format!("docs/errors/zh/{}.md", self.as_str()),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
