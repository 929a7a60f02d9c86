//! The two tables that are known: our own columns, and those of the petition system's export.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A field of the intake, by its path.
    Field(&'static str),
    /// As `Field`, a date and time.
    TimeField(&'static str),
    /// Topics from general to special.
    Category,
    /// Degrees.
    Degrees(&'static str),
    /// The number of the matter.
    Key,
    /// Text under `extra`.
    Text(&'static str),
    /// Date and time under `extra`.
    Time(&'static str),
    /// A number under `extra`.
    Count(&'static str),
    /// 是 or 否 under `extra`.
    Flag(&'static str),
}

/// A kind of table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Shape)],
    /// Columns that must be there, and filled in each row.
    pub(crate) key: &'static str,
    pub(crate) content: &'static str,
}

/// Ours.
pub(crate) const GENERAL: Kind = Kind {
    name: "general",
    key: "来源编号",
    content: "内容",
    columns: &[
        ("来源编号", Shape::Key),
        ("渠道", Shape::Text("source")),
        ("诉求类型", Shape::Field("kind")),
        ("标题", Shape::Field("title")),
        ("内容", Shape::Field("content")),
        ("诉求人", Shape::Field("petitioner.name")),
        ("电话", Shape::Field("petitioner.phone")),
        ("区划", Shape::Field("region")),
        ("地址", Shape::Field("address")),
        ("经度", Shape::Degrees("lon")),
        ("纬度", Shape::Degrees("lat")),
        ("发生时间", Shape::TimeField("occurredAt")),
        ("受理时间", Shape::Time("acceptedAt")),
        ("紧急程度", Shape::Field("urgency")),
        ("主题标签", Shape::Category),
    ],
};

/// The export of the petition system (信访).
pub(crate) const PETITION: Kind = Kind {
    name: "petition",
    key: "信访编号",
    content: "概况",
    columns: &[
        ("信访编号", Shape::Key),
        ("登记日期", Shape::Time("registeredAt")),
        ("信访形式", Shape::Text("form")),
        ("信访人", Shape::Field("petitioner.name")),
        ("人数", Shape::Count("persons")),
        ("是否集体", Shape::Flag("collective")),
        ("是否重复", Shape::Flag("repeat")),
        ("问题属地", Shape::Field("region")),
        ("内容分类", Shape::Category),
        ("概况", Shape::Field("content")),
        ("去向机关", Shape::Text("forwardedTo")),
        ("受理日期", Shape::Time("acceptedAt")),
        ("办结期限", Shape::Time("replyDue")),
        ("办理结果", Shape::Text("result")),
        ("满意度", Shape::Text("satisfaction")),
    ],
};
