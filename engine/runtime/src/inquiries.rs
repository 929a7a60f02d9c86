//! Answers what workflows ask about all cases and work items, beside the loop.

use yiwang_core::Timestamp;
use yiwang_core::district::District;
use yiwang_core::input::EffectOutcome;
use yiwang_core::inquiry::Inquiry;
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::ports::{Census, Ranking, SelectFrom, StoreError};

/// Answers a question as of now. A store that cannot answer is asked again.
pub(crate) async fn answer(
    census: &dyn Census,
    district: &District,
    with: &Data,
    now: Timestamp,
) -> EffectOutcome {
    let refused = |detail: String| EffectOutcome::Faulted { error: Fault::new(Kind::Validation, "", detail) };
    let inquiry = match Inquiry::parse(&with.to_json()) {
        Ok(inquiry) => inquiry,
        Err(mistakes) => {
            let told: Vec<String> = mistakes.into_iter().map(|mistake| mistake.message).collect();
            return refused(told.join("; "));
        }
    };
    match look(census, district, &inquiry, now).await {
        Ok(Ok(data)) => EffectOutcome::done(data),
        Ok(Err(problem)) => refused(problem),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "answering a question of a workflow");
            let (code, message) = ("store.unavailable".to_owned(), "the store did not answer".to_owned());
            EffectOutcome::Retryable { code, message, retry_after: None }
        }
    }
}

async fn look(
    census: &dyn Census,
    district: &District,
    inquiry: &Inquiry,
    now: Timestamp,
) -> Result<Result<Data, String>, StoreError> {
    let selection = match inquiry.selector.resolve(now, district) {
        Ok(selection) => selection,
        Err(problem) => return Ok(Err(problem)),
    };
    let by = inquiry.group_by.iter().map(|(_, field)| field.clone()).collect();
    let groups = census.tally(selection.clone(), by).await?;
    let items = match (&inquiry.order_by, inquiry.limit) {
        (_, 0) => Vec::new(),
        (None, limit) => census.select(selection, SelectFrom::default(), limit).await?,
        (Some(field), limit) => {
            let by = Ranking { field: field.clone(), descending: inquiry.descending };
            census.ranked(selection, by, limit).await?
        }
    };
    let groups = groups.into_iter().map(|group| (group.values, group.count)).collect();
    Ok(Ok(inquiry.answer(now, groups, &items)))
}
